//! `lgdea eval`: a run scored on further evaluation sets.

use lgdea_run::Found;
use lgdea_track::mlflow::{Settings, sync_command};

use crate::args::inspect::EvalArgs;
use crate::command::opened;
use crate::command::run::print;
use crate::failure::{Failure, or_full};
use crate::progress::{Progress, say};

pub(crate) fn eval(args: &EvalArgs) -> Result<(), Failure> {
    let found = Found::new(&args.run.run, &args.run.results)?;
    let (device, name) = opened::device(&args.run, &found)?;
    let outcome = found.score(&args.sets, (&device, name), &Progress::new()).map_err(or_full)?;
    let tracker = &found.experiment.tracker;
    if let Ok(Some(_)) = Settings::from_env(&tracker.uri, &tracker.experiment) {
        say(format!(
            "the scores are in the journal; `{}` shows them in the tracker",
            sync_command(&args.run.results, Some(&found.run))
        ));
    }
    print(&outcome, args.json)
}
