//! `lgdea check`: validates experiment files, or explains a value.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use lgdea_run::references;
use lgdea_spec::{Experiment, Resolved};

use crate::args::CheckArgs;
use crate::device;
use crate::failure::Failure;

pub(crate) fn check(args: &CheckArgs) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let mut wrong = 0;
    for file in &args.files {
        match checked(file, args) {
            Ok(text) => {
                // A closed pipe ends the output, not the check.
                let _ = writeln!(out, "{}", text.trim_end());
            }
            Err(failure) => {
                failure.print();
                wrong += 1;
            }
        }
    }
    if wrong > 0 { Err(Failure::Quiet(ExitCode::from(2))) } else { Ok(()) }
}

/// What there is to say of a file that is fine.
fn checked(file: &Path, args: &CheckArgs) -> Result<String, Failure> {
    let resolved = Resolved::from_file(file, &args.overrides)?;
    references(&resolved.experiment)?;
    match &args.explain {
        Some(key) => Ok(resolved.explain(key)?.to_string()),
        None => fine(&resolved.experiment, file),
    }
}

/// Says that a file is fine, and what of it is hardly meant.
fn fine(experiment: &Experiment, file: &Path) -> Result<String, Failure> {
    let remarks = experiment.remarks().into_iter().chain(device::known_somewhere(&experiment.device.name)?);
    let remarks = remarks.map(|remark| format!("\n  note: {remark}"));
    Ok(format!("{}: fine{}", file.display(), remarks.collect::<String>()))
}
