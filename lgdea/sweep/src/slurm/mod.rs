//! Sweeps as array jobs of Slurm.
//!
//! Each element of the array is a `lgdea sweep` on a node that runs the first trial nobody has taken, under its lease. Which
//! element runs which trial is nobody's concern: Slurm's ids decide nothing, and a job that Slurm forgets is made up for by
//! the next submission, which counts what is left to run and what waits in the queue.

mod error;
mod queue;
mod script;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lgdea_cache::Leases;

use crate::execute::left;
use crate::{ExecuteError, Plan};

pub use error::SlurmError;

use script::Scripts;

/// How often it is looked whether leases that no element explains are renewed.
const PAUSE: Duration = Duration::from_millis(500);
/// Most elements of an array: Slurm's `MaxArraySize` is 1001 where nobody has changed it.
const MOST_ELEMENTS: usize = 1000;

/// What is to be submitted.
#[derive(Debug)]
pub struct Request<'a> {
    /// The sweep file, as it was given.
    pub file: &'a Path,
    /// Folder that results are written to.
    pub results: &'a Path,
    /// lgdea itself.
    pub program: &'a Path,
    /// Elements that run at a time; as many as Slurm lets where none are given.
    pub at_a_time: Option<usize>,
    /// Further arguments of each element's `lgdea sweep`.
    pub arguments: Vec<String>,
}

/// What was submitted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Submitted {
    /// Runs of the sweep that have not ended.
    pub left: usize,
    /// Of these, those that elements of earlier submissions or other processes have taken or will take.
    pub taken: usize,
    /// The array job; none where nothing is left that is not taken.
    pub array: Option<Array>,
}

/// An array job.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Array {
    /// Slurm's id.
    pub job: String,
    /// Its elements.
    pub elements: usize,
    /// Trials that each may run.
    pub trials_per_element: usize,
    /// Id of the job that writes the list of trials anew when the array has ended; none where Slurm does not take it.
    pub aggregation: Option<String>,
    /// Folder of its scripts and of what its elements say.
    pub folder: PathBuf,
}

/// Submits what is left to run of a plan and not taken. `tell` is called with what the user should know.
pub fn submit(plan: Plan, request: &Request<'_>, tell: &dyn Fn(&str)) -> Result<Submitted, SlurmError> {
    let sweep = plan.sweep.name.clone();
    let sweep_folder = request.results.join("sweeps").join(&sweep);
    queue::check()?;
    std::fs::create_dir_all(&sweep_folder).map_err(ExecuteError::file("write", &sweep_folder))?;
    let name = queue::job_name(&sweep, &sweep_folder)?;
    let queued = queue::elements(&name)?;
    let slurm = plan.sweep.execute.slurm.clone();
    let scripts = Scripts::new(&slurm, &sweep, &name)?;
    let left = left(plan, request.file, request.results)?;
    if let Some(behind) = &left.behind {
        tell(&format!("note: {behind}"));
    }
    let count = left.keys.len() + left.to_propose;
    let by_elements = queued.running + queued.pending * slurm.trials_per_element;
    let taken = by_elements.max(held(&left.keys, by_elements, request.results, tell)?).min(count);
    let mut submitted = Submitted { left: count, taken, array: None };
    let free = count - taken;
    if free == 0 {
        return Ok(submitted);
    }
    let trials_per_element = slurm.trials_per_element.max(free.div_ceil(MOST_ELEMENTS));
    let elements = free.div_ceil(trials_per_element);
    let folder = new_folder(&sweep_folder.join("slurm"))?;
    left.submission.write(&folder.join("submission.json"))?;
    let array = scripts.array(request, &folder, elements, trials_per_element)?;
    let job = queue::sbatch(&array, None)?;
    let aggregation = scripts.aggregate(request, &folder)?;
    let aggregation = queue::sbatch(&aggregation, Some(&job));
    let aggregation =
        aggregation.inspect_err(|error| tell(&format!("trials.jsonl is not written again: {error}"))).ok();
    submitted.array = Some(Array { job, elements, trials_per_element, aggregation, folder });
    Ok(submitted)
}

/// Runs that living processes hold, which `explained` elements account for. Where more are held, holders of other machines
/// that have died are found by watching for a while.
fn held(keys: &[String], explained: usize, results: &Path, tell: &dyn Fn(&str)) -> Result<usize, ExecuteError> {
    let folder = results.join("leases");
    let mut leases = Leases::new(&folder, Leases::PATIENCE).map_err(ExecuteError::file("write", &folder))?;
    let since = Instant::now();
    let mut told = false;
    loop {
        let held = keys.iter().filter(|key| leases.holder(key).is_some()).count();
        if held <= explained || since.elapsed() > Leases::PATIENCE {
            return Ok(held);
        }
        if !told {
            tell(&format!("{held} runs are held by other processes; whether they live is known within a minute"));
            told = true;
        }
        std::thread::sleep(PAUSE);
    }
}

/// A folder that nobody has: the next number.
fn new_folder(parent: &Path) -> Result<PathBuf, ExecuteError> {
    std::fs::create_dir_all(parent).map_err(ExecuteError::file("write", parent))?;
    let parent = std::path::absolute(parent).map_err(ExecuteError::file("find", parent))?;
    let mut number = 0_u64;
    loop {
        number += 1;
        let folder = parent.join(number.to_string());
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(ExecuteError::file("write", &folder)(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn submissions_have_folders_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let parent = folder.path().join("a/slurm");
        let folders = [new_folder(&parent).unwrap(), new_folder(&parent).unwrap()];
        assert_eq!(folders, [parent.join("1"), parent.join("2")]);
    }

    #[test]
    fn what_living_processes_hold_is_counted() {
        let results = tempfile::tempdir().unwrap();
        let mut other = Leases::new(&results.path().join("leases"), Leases::PATIENCE).unwrap();
        other.claim("a").unwrap();
        let keys = ["a", "b"].map(str::to_owned);
        let held = |explained| held(&keys, explained, results.path(), &|_| panic!("nothing to wait for")).unwrap();
        assert_eq!(held(1), 1);
        other.release("a").unwrap();
        assert_eq!(held(0), 0);
    }
}
