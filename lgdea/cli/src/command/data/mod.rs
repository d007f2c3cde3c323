//! `lgdea data`: looks into an experiment's data.

mod doctor;
mod pair;
mod show;
mod stats;

use crate::args::data::DataCommand;
use crate::failure::Failure;

pub(crate) fn data(command: &DataCommand) -> Result<(), Failure> {
    match command {
        DataCommand::Stats(args) => stats::stats(args),
        DataCommand::Doctor(args) => doctor::doctor(args),
        DataCommand::Show(args) => show::show(args),
        DataCommand::Pair(args) => pair::pair(args),
    }
}
