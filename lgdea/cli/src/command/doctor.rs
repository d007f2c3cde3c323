//! `lgdea doctor`: what this machine has for lgdea, and what to do about what it lacks.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use lgdea_data::pretrained;
use lgdea_fault::chain;
use lgdea_spec::counted;
use lgdea_track::mlflow::{self, Settings};
use lgdea_track::{Lineage, free_disk, free_memory};
use serde::Serialize;

use crate::args::setup::DoctorArgs;
use crate::command::named::readable_size;
use crate::device;
use crate::failure::Failure;
use crate::output::{print, print_json};

/// How long a server may stay without an answer.
const WAIT: Duration = Duration::from_secs(5);
/// Room below which a run is likely to end early: the main job's memory, and a few checkpoints with their images.
const LEAST_MEMORY: u64 = 1_000_000_000;
const LEAST_DISK: u64 = 2_000_000_000;
/// Repositories of models that are named.
const NAMED: usize = 5;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// It is there and works.
    Fine,
    /// It is not there, and is not needed for everything.
    Absent,
    /// It would spoil a run.
    Wrong,
}

/// Something that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    state: State,
    /// What was found.
    found: String,
    /// What to do; empty where nothing is to be done.
    advice: String,
}

pub(crate) fn doctor(args: &DoctorArgs) -> Result<(), Failure> {
    let lineage = Lineage::collect("", Path::new("."));
    let mut findings = vec![machine(&lineage), memory(lineage.memory)];
    findings.extend(devices());
    findings.extend([disk(&args.results), writable(&args.results), tracker(), mlflow_program(), slurm(), models()]);
    if args.json {
        print_json(&findings)?;
    } else {
        print(&findings.iter().map(line).collect::<String>())?;
    }
    let is_wrong = findings.iter().any(|finding| finding.state == State::Wrong);
    if is_wrong { Err(Failure::Quiet(ExitCode::from(1))) } else { Ok(()) }
}

fn line(finding: &Finding) -> String {
    let Finding { what, state, found, advice } = finding;
    let mark = match state {
        State::Fine => "fine",
        State::Absent => "–",
        State::Wrong => "WRONG",
    };
    let advice = if advice.is_empty() { String::new() } else { format!("\n{:26}{advice}", "") };
    format!("{mark:<7}{what:<19}{found}{advice}\n")
}

fn finding(what: &str, state: State, found: impl Into<String>, advice: &str) -> Finding {
    Finding { what: what.to_owned(), state, found: found.into(), advice: advice.to_owned() }
}

fn machine(lineage: &Lineage) -> Finding {
    let Lineage { lgdea, os, cpu, cores, .. } = lineage;
    let cores = counted(*cores, "core");
    finding("machine", State::Fine, format!("lgdea {lgdea} on {os}, {cores} ({cpu})"), "")
}

fn memory(all: u64) -> Finding {
    match free_memory() {
        Some(free) if free < LEAST_MEMORY => {
            let found = format!("{} of {} are free", readable_size(free), readable_size(all));
            finding(
                "memory",
                State::Wrong,
                found,
                "end other programs: a run of the main experiment takes 320 MB, one with published encoders several GB",
            )
        }
        Some(free) => {
            finding("memory", State::Fine, format!("{} of {} are free", readable_size(free), readable_size(all)), "")
        }
        None => finding("memory", State::Absent, "this system does not tell", ""),
    }
}

/// Every device that there could be. `lgdea devices` also computes on each.
fn devices() -> Vec<Finding> {
    let look = |(name, what): (String, &'static str)| match device::check(&name) {
        Ok(()) => finding(&name, State::Fine, what, ""),
        Err(error) => finding(&name, State::Absent, chain(&error), ""),
    };
    device::known().into_iter().map(look).collect()
}

fn disk(results: &Path) -> Finding {
    let there = there(results);
    match free_disk(&there) {
        Some(free) if free < LEAST_DISK => finding(
            "disk",
            State::Wrong,
            format!("{} are free for {}", readable_size(free), results.display()),
            "`lgdea gc` frees what is not needed; `--results` names another folder",
        ),
        Some(free) => {
            finding("disk", State::Fine, format!("{} are free for {}", readable_size(free), results.display()), "")
        }
        None => finding("disk", State::Absent, "this system does not tell", ""),
    }
}

/// The nearest folder above that is there, or the folder itself.
fn there(results: &Path) -> PathBuf {
    let whole = std::path::absolute(results).unwrap_or_else(|_| results.to_owned());
    whole.ancestors().find(|folder| folder.is_dir()).map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// Whether files can be made, linked and locked where results are written: some network file systems cannot.
fn writable(results: &Path) -> Finding {
    if results.symlink_metadata().is_ok() && !results.is_dir() {
        let found = format!("{} is no folder", results.display());
        return finding("results folder", State::Wrong, found, "name a folder with `--results`");
    }
    let folder = there(results);
    let (file, link) = [".lgdea-doctor", ".lgdea-doctor-link"].map(|name| folder.join(name)).into();
    let tried = || -> std::io::Result<bool> {
        let opened = std::fs::File::create(&file)?;
        std::fs::hard_link(&file, &link)?;
        Ok(opened.try_lock().is_ok())
    };
    let tried = tried();
    // What is left of a trial that failed in its midst.
    let _ = std::fs::remove_file(&file);
    let _ = std::fs::remove_file(&link);
    let what = "results folder";
    match tried {
        Ok(true) => finding(what, State::Fine, format!("{} can be written, linked and locked", folder.display()), ""),
        Ok(false) => finding(
            what,
            State::Absent,
            format!("{} has no file locks", folder.display()),
            "take care that only one process runs an experiment; sweeps have leases of their own",
        ),
        Err(error) => finding(
            what,
            State::Wrong,
            format!("{} cannot be written with links: {error}", folder.display()),
            "name a folder on another disk with `--results`",
        ),
    }
}

/// The MLflow server that runs would be shown on.
fn tracker() -> Finding {
    let what = "MLflow server";
    let asked = Settings::from_env("", "lgdea")
        .and_then(|settings| settings.map(|settings| mlflow::answers(&settings, WAIT)).transpose());
    match asked {
        Ok(Some(server)) => finding(what, State::Fine, format!("{server} answers"), ""),
        Ok(None) => finding(
            what,
            State::Absent,
            "none is named",
            "set MLFLOW_TRACKING_URI or `tracker.uri`; without one, `lgdea ui` starts one on what is on disk",
        ),
        Err(error) => {
            finding(what, State::Absent, chain(&error), "runs go on without it, and `lgdea sync` sends them later")
        }
    }
}

fn mlflow_program() -> Finding {
    let what = "MLflow program";
    match ["mlflow", "uvx"].into_iter().find_map(on_path) {
        Some(path) => finding(what, State::Fine, path.display().to_string(), ""),
        None => finding(
            what,
            State::Absent,
            "neither `mlflow` nor `uvx` is on the PATH",
            "`pip install mlflow` gets it, for `lgdea ui`",
        ),
    }
}

fn slurm() -> Finding {
    let version = Command::new("sbatch").arg("--version").output().ok().filter(|output| output.status.success());
    match version {
        Some(output) => {
            let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            finding("Slurm", State::Fine, format!("{version}: `lgdea sweep FILE --launcher slurm`"), "")
        }
        None => finding("Slurm", State::Absent, "`sbatch` is not here: sweeps run on this machine", ""),
    }
}

/// Published models that encoders can start from.
fn models() -> Finding {
    let (hub, names) = pretrained::repositories();
    let what = "published models";
    if names.is_empty() {
        let advice = "`hf download timm/resnet50.tv_in1k` fetches one; the phantom needs none";
        return finding(what, State::Absent, format!("none in {}", hub.display()), advice);
    }
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    finding(what, State::Fine, format!("{named}{more} in {}", hub.display()), "")
}

/// A program on the PATH.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    let names = [name.to_owned(), format!("{name}.exe")];
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.clone().map(|name| folder.join(name)))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_looked_at_through_the_one_above() {
        let place = tempfile::tempdir().unwrap();
        let results = place.path().join("a/b/results");
        assert_eq!(there(&results), place.path());
        assert_eq!(writable(&results).state, State::Fine);
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "nothing is left");
    }

    #[test]
    fn what_is_wrong_stands_out() {
        let text = line(&finding("disk", State::Wrong, "1.0 MB are free", "free some"));
        assert_eq!(text, "WRONG  disk               1.0 MB are free\n                          free some\n");
    }
}
