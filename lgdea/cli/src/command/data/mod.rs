//! `lgdea data`: looks into an experiment's data.

mod doctor;
mod pair;
mod stats;

use crate::args::data::DataCommand;
use crate::failure::Failure;

pub(crate) fn data(command: &DataCommand) -> Result<(), Failure> {
    match command {
        DataCommand::Stats(args) => stats::stats(args),
        DataCommand::Doctor(args) => doctor::doctor(args),
        DataCommand::Pair(args) => pair::pair(args),
    }
}
