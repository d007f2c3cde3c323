//! A run that is looked into, on the device that the user wants.

use burn::tensor::Device;
use lgdea_fault::chain;
use lgdea_run::{Found, Opened};

use crate::args::inspect::RunRef;
use crate::device;
use crate::failure::{Failure, refused_with_help};
use crate::progress::Progress;

pub(crate) fn open(args: &RunRef, progress: &Progress) -> Result<Opened, Failure> {
    let found = Found::new(&args.run, &args.results)?;
    let (device, _) = device(args, &found)?;
    Ok(found.open(device, progress)?)
}

/// The device that a run is to be looked at on, and its name.
pub(super) fn device<'a>(args: &'a RunRef, found: &'a Found) -> Result<(Device, &'a str), Failure> {
    let settings = &found.experiment.device;
    let name = args.device.as_deref().unwrap_or(&settings.name);
    let device = device::open(name, settings.threads).map_err(|error| {
        let help = "a model can be looked at on another device than it was trained on: `--device flex`";
        refused_with_help(chain(&error), help)
    })?;
    Ok((device, name))
}
