//! A run that is looked into, on the device that the user wants.

use lgdea_fault::chain;
use lgdea_run::{Found, Opened};

use crate::args::inspect::RunRef;
use crate::device;
use crate::failure::{Failure, refused_with_help};
use crate::progress::Progress;

pub(crate) fn open(args: &RunRef, progress: &Progress) -> Result<Opened, Failure> {
    let found = Found::new(&args.run, &args.results)?;
    let settings = &found.experiment.device;
    let name = args.device.as_deref().unwrap_or(&settings.name);
    let device = device::open(name, settings.threads).map_err(|error| {
        let help = "a model can be looked at on another device than it was trained on: `--device flex`";
        refused_with_help(chain(&error), help)
    })?;
    Ok(found.open(device, progress)?)
}
