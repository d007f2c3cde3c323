//! Slurm's own programs: `sbatch` and `squeue`.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use super::SlurmError;
use crate::ExecuteError;

/// Elements of a sweep's arrays that Slurm has not done with.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Queued {
    pub(super) running: usize,
    pub(super) pending: usize,
}

/// Whether jobs can be submitted from here at all.
pub(super) fn check() -> Result<(), SlurmError> {
    call("sbatch", &["--version"]).map(drop)
}

/// Name of a sweep's array jobs, by which they are found in the queue; sweeps of other results folders have other names.
/// `folder` is the sweep's, which must be there: however it is written, the name is the same.
pub(super) fn job_name(sweep: &str, folder: &Path) -> Result<String, ExecuteError> {
    let folder = folder.canonicalize().map_err(ExecuteError::file("find", folder))?;
    let hash = blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex();
    Ok(format!("lgdea-{sweep}-{}", &hash[..8]))
}

/// The elements of all array jobs of that name.
pub(super) fn elements(name: &str) -> Result<Queued, SlurmError> {
    let answer = call("squeue", &["--noheader", "--array", "--format=%T", "--name", name])?;
    Ok(count(&answer))
}

fn count(states: &str) -> Queued {
    let mut queued = Queued::default();
    for state in states.lines() {
        match state.trim() {
            "PENDING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "SPECIAL_EXIT" | "RESV_DEL_HOLD" => {
                queued.pending += 1;
            }
            "RUNNING" | "CONFIGURING" | "RESIZING" | "SUSPENDED" | "STOPPED" | "SIGNALING" => queued.running += 1,
            // It has let go of its trial, or will any moment.
            _ => {}
        }
    }
    queued
}

/// Submits a script, which is to wait until the job `after` has ended if there is one; gives the job's id.
pub(super) fn sbatch(script: &Path, after: Option<&str>) -> Result<String, SlurmError> {
    let dependency = after.map(|job| format!("--dependency=afterany:{job}"));
    let script = script.to_string_lossy();
    let arguments: Vec<&str> = ["--parsable"].into_iter().chain(dependency.as_deref()).chain([&*script]).collect();
    let answer = call("sbatch", &arguments)?;
    // `id;cluster` where there are several.
    Ok(answer.trim().split(';').next().unwrap_or_default().to_owned())
}

fn call(program: &'static str, arguments: &[&str]) -> Result<String, SlurmError> {
    let output = Command::new(program).args(arguments).output().map_err(|source| match source.kind() {
        ErrorKind::NotFound => SlurmError::Missing { program },
        _ => SlurmError::Program { program, source },
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let words = if words.is_empty() { output.status.to_string() } else { words };
    Err(SlurmError::Refused { command: format!("{program} {}", arguments.join(" ")), words })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_that_have_ended_do_not_count() {
        let queued = count("PENDING\nPENDING\n RUNNING \nCOMPLETING\nCANCELLED\n\n");
        assert_eq!(queued, Queued { running: 1, pending: 2 });
    }

    #[test]
    fn sweeps_of_other_folders_have_other_names() {
        let results = tempfile::tempdir().unwrap();
        let name = |folder: &str| job_name("table", &results.path().join(folder)).unwrap();
        for folder in ["a", "b"] {
            std::fs::create_dir(results.path().join(folder)).unwrap();
        }
        assert_eq!(name("a"), name("b/../a"));
        assert_ne!(name("a"), name("b"));
    }
}
