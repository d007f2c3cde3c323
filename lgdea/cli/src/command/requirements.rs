//! What a run of an experiment needs besides itself: files, a device, a tracker's address.

use lgdea_fault::chain;
use lgdea_inputs::check::{self, Read};
use lgdea_spec::{Inputs, Problem, Resolved, SpecError};
use lgdea_track::mlflow::Settings;

use crate::device;
use crate::failure::Failure;
use crate::progress::Progress;

/// What is wrong, and what is hardly meant.
pub(super) type Told = (Vec<Problem>, Vec<String>);

/// What is wrong with all that is not data: small files, device, tracker.
fn problems(resolved: &Resolved) -> Vec<Problem> {
    let mut problems = check::references(resolved);
    let experiment = &resolved.experiment;
    if let Err(error) = device::check(&experiment.device.name) {
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
    let mut found = problems(resolved);
    if !found.is_empty() {
        found.extend(data(resolved).0);
    }
    SpecError::unless_empty(found).map_err(Failure::from)
}

/// All that there is to tell of an experiment, with its data as they were [`read`].
pub(super) fn told(resolved: &Resolved, read: &Read) -> Told {
    let mut problems = problems(resolved);
    let (of_data, notes) = check::told(resolved, read);
    problems.extend(of_data);
    (problems, notes)
}

/// Reads the data that inputs name.
pub(super) fn read(inputs: &Inputs) -> Read {
    let progress = Progress::new();
    let counter = progress.counter("reading data");
    check::read(inputs, &|done, total| counter.update(done, total))
}

/// What is wrong with the data; `None` where nothing is found.
pub(super) fn of_data(resolved: &Resolved) -> Option<Failure> {
    SpecError::unless_empty(data(resolved).0).err().map(Failure::from)
}

fn data(resolved: &Resolved) -> Told {
    check::told(resolved, &read(&resolved.experiment.inputs()))
}
