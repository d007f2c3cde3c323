//! What a run of an experiment needs besides itself: files, a device, a tracker's address.

use lgdea_fault::chain;
use lgdea_inputs::check;
use lgdea_spec::{Problem, Resolved, SpecError};
use lgdea_track::mlflow::Settings;

use crate::device;
use crate::failure::Failure;
use crate::progress::Progress;

/// What is wrong with all that is not data: small files, device, tracker.
fn problems(resolved: &Resolved) -> Vec<Problem> {
    let mut problems = check::references(resolved);
    let experiment = &resolved.experiment;
    if let Err(error) = device::open(&experiment.device.name, 0) {
        problems.push(resolved.problem("device.name", error.to_string(), ""));
    }
    let tracker = &experiment.tracker;
    if let Err(error) = Settings::from_env(&tracker.uri, &tracker.experiment) {
        problems.push(resolved.problem("tracker.uri", chain(&error), ""));
    }
    problems
}

/// Refuses an experiment that cannot be run; where anything is wrong, the data are looked at, too.
pub(super) fn require(resolved: &Resolved) -> Result<(), Failure> {
    if problems(resolved).is_empty() { Ok(()) } else { SpecError::unless_empty(all(resolved).0).map_err(Failure::from) }
}

/// All that is wrong, and what is hardly meant.
pub(super) fn all(resolved: &Resolved) -> (Vec<Problem>, Vec<String>) {
    let mut problems = problems(resolved);
    let (of_data, notes) = data(resolved);
    problems.extend(of_data);
    (problems, notes)
}

/// What is wrong with the data; `None` where nothing is found.
pub(super) fn of_data(resolved: &Resolved) -> Option<Failure> {
    SpecError::unless_empty(data(resolved).0).err().map(Failure::from)
}

fn data(resolved: &Resolved) -> (Vec<Problem>, Vec<String>) {
    let progress = Progress::new();
    let counter = progress.counter("reading data");
    check::data(resolved, &|done, total| counter.update(done, total))
}
