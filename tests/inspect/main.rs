//! Looking into runs through the binary: heat maps, prototypes, and what cannot be looked into.
#![allow(clippy::unwrap_used, missing_docs)]

mod embed;
mod ground;
mod opening;
mod prototypes;

use lgdea_harness::{Finished, Workspace, tiny};

/// The method's run.
fn finished() -> (Workspace, Finished) {
    run(&[])
}

/// A baseline's run, which has no evidence space.
fn baseline() -> (Workspace, Finished) {
    let off = ["text-evidence", "reconstruction", "evidence-paired", "evidence-unpaired", "evidence-alignment"];
    let flags: Vec<String> = off.iter().map(|term| format!("--set=loss.{term}.weight=0")).collect();
    run(&flags.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A finished run of the tiny experiment, alone in its folder.
fn run(flags: &[&str]) -> (Workspace, Finished) {
    let place = Workspace::new();
    let run = place.finished(tiny::QUICK, flags);
    (place, run)
}
