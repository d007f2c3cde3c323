//! The folder of a run, before anything happens in it.

use lgdea_track::{Error, History, Journal, RunDir, Status};

use crate::RunError;
use crate::outcome::Outcome;
use crate::stop::Stop;

/// What a run came to that has finished.
pub(crate) fn earlier(run: &RunDir) -> Result<Option<Outcome>, RunError> {
    let history = History::read(run)?.filter(|history| history.status == Some(Status::Finished));
    Ok(history.map(|history| Outcome::of_history(run, &history)))
}

/// Moves a finished run's folder aside, so that nothing is lost by running it again.
pub(crate) fn set_aside(run: &RunDir) -> Result<(), RunError> {
    let mut number = 1;
    let aside = loop {
        let aside = run.path().with_added_extension(format!("old-{number}"));
        if !aside.exists() {
            break aside;
        }
        number += 1;
    };
    std::fs::rename(run.path(), aside).map_err(RunError::file("set aside", run.path()))
}

/// Opens the journal. A trial waits for it: the process of a sweep that was killed may still be writing its checkpoint. `None`
/// where it was told to stop meanwhile.
pub(crate) fn open_journal(run: &RunDir, is_trial: bool, stop: &Stop) -> Result<Option<Journal>, RunError> {
    loop {
        match Journal::open(run) {
            Err(Error::Busy { .. }) if is_trial && stop.is_asked() => return Ok(None),
            Err(Error::Busy { .. }) if is_trial => {}
            journal => return Ok(journal.map(Some)?),
        }
    }
}
