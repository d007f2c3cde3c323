//! `lgdea gc`: removes what nothing needs any more of a results folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lgdea_cache::{Cache, Entry, Leases, Stage};
use lgdea_eval::table;

use crate::args::runs::{GcArgs, StateArg};
use crate::command::listed::Listed;
use crate::command::named::{REMOVING, all, is_wanted, readable_size, remove, size};
use crate::command::sync::owners;
use crate::failure::{Failure, failed, refused};
use crate::output::print;

const DAY: Duration = Duration::from_hours(24);

pub(crate) fn gc(args: &GcArgs) -> Result<(), Failure> {
    if !["runs", "cache"].iter().any(|folder| args.results.join(folder).is_dir()) {
        return Err(refused(format!("{} is no results folder; `--results` names another one", args.results.display())));
    }
    let found = found(args)?;
    if found.is_empty() {
        return print(&format!("nothing of {} can go\n", args.results.display()));
    }
    let mut table = table::with_header(&["what", "number", "size", "why"], 1..3);
    let mut sum = 0;
    for ((what, why), paths) in &found {
        let bytes: u64 = paths.iter().map(|path| size(path)).sum();
        sum += bytes;
        table.add_row([(*what).to_owned(), paths.len().to_string(), readable_size(bytes), why.clone()]);
    }
    print(&format!("{table}\n"))?;
    if args.dry_run {
        return print("nothing was removed (`--dry-run`)\n");
    }
    if !is_wanted(&format!("Remove this ({})? What is needed again is made again.", readable_size(sum)), args.yes)? {
        return print("nothing was removed\n");
    }
    for path in found.values().flatten() {
        match remove(path) {
            // Another process removed it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            removed => removed.map_err(|error| failed(format!("cannot remove {}: {error}", path.display())))?,
        }
    }
    print(&format!("{} were freed\n", readable_size(sum)))
}

/// What can go, by what it is and why.
type Found = BTreeMap<(&'static str, String), Vec<PathBuf>>;

fn found(args: &GcArgs) -> Result<Found, Failure> {
    let mut found = Found::new();
    let runs = args.results.join("runs");
    let old = DAY * args.days;
    for entry in std::fs::read_dir(&runs).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(REMOVING) {
            add(&mut found, "half-removed runs", "a removal was cut off".to_owned(), entry.path());
        } else if is_set_aside(&name) {
            add(&mut found, "runs set aside", "`lgdea run --force` ran them again".to_owned(), entry.path());
        }
    }
    let names: BTreeSet<String> = all(&args.results).iter().map(lgdea_track::RunDir::name).collect();
    for Entry { stage, path, used, is_draft } in Cache::of_results(&args.results).entries()? {
        let age = SystemTime::now().duration_since(used).unwrap_or_default();
        if is_draft {
            if age > DAY {
                add(&mut found, "unfinished cache files", "their processes ended".to_owned(), path);
            }
        } else if stage == Stage::Training && !trained_by(&path).is_some_and(|run| names.contains(&run)) {
            add(&mut found, "references to weights", "their runs were removed".to_owned(), path);
        } else if stage != Stage::Training && age > old {
            add(&mut found, kind(stage), format!("not used for {} days", args.days), path);
        }
    }
    if args.unfinished {
        unfinished(args, old, &mut found)?;
    }
    Ok(found)
}

/// Runs that have not finished, are of no sweep, and were not touched for so long.
fn unfinished(args: &GcArgs, old: Duration, found: &mut Found) -> Result<(), Failure> {
    let trials = owners(&args.results);
    let mut leases = Leases::new(&args.results.join("leases"), Leases::PATIENCE)?;
    for run in all(&args.results) {
        let (name, path) = (run.name(), run.path().to_owned());
        if trials.contains_key(&name) || is_set_aside(&name) {
            continue;
        }
        let Some(mut listed) = Listed::read(run) else { continue };
        listed.ask(&mut leases);
        let last = SystemTime::UNIX_EPOCH + Duration::from_millis(listed.last);
        let is_old = last.elapsed().unwrap_or_default() > old;
        if is_old && matches!(listed.state, StateArg::Failed | StateArg::Stopped | StateArg::Interrupted) {
            add(found, "runs that did not finish", format!("of no sweep, not touched for {} days", args.days), path);
        }
    }
    Ok(())
}

fn add(found: &mut Found, what: &'static str, why: String, path: PathBuf) {
    found.entry((what, why)).or_default().push(path);
}

/// Whether a folder's name is that of a run that another one took the place of.
fn is_set_aside(name: &str) -> bool {
    let number = name.rsplit_once(".old-").map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The run that a reference to weights names.
fn trained_by(path: &Path) -> Option<String> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn kind(stage: Stage) -> &'static str {
    match stage {
        Stage::Data => "descriptions of data",
        Stage::Images => "stores of images",
        Stage::Features => "features of frozen encoders",
        Stage::Training => "references to weights",
        Stage::Evaluation => "evaluations",
        Stage::Evidence => "evidence",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_set_aside_is_taken_for_it() {
        assert!(is_set_aside("low_pair-0123456789ab.old-1") && is_set_aside("a.old-12"));
        assert!(!is_set_aside("a.old-") && !is_set_aside("a.old-x") && !is_set_aside("my.older-1"));
    }
}
