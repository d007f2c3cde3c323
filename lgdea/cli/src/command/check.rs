//! `lgdea check`: validates experiment files, or explains a value.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use lgdea_eval::prompts::PromptSet;
use lgdea_evidence::Provider;
use lgdea_spec::{Experiment, Resolved};

use crate::args::CheckArgs;
use crate::failure::Failure;

pub(crate) fn check(args: &CheckArgs) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let mut wrong = 0;
    for file in &args.files {
        let text = Resolved::from_file(file, &args.overrides).map_err(Failure::input).and_then(|resolved| {
            references(&resolved.experiment)?;
            match &args.explain {
                Some(key) => Ok(resolved.explain(key).map_err(Failure::input)?.to_string()),
                None => Ok(fine(&resolved.experiment, file)),
            }
        });
        match text {
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

/// Says that a file is fine, and what of it is hardly meant.
fn fine(experiment: &Experiment, file: &Path) -> String {
    let remarks = experiment.remarks().into_iter().map(|remark| format!("\n  note: {remark}"));
    format!("{}: fine{}", file.display(), remarks.collect::<String>())
}

/// Reads the files that an experiment refers to and that are small: prompts of its evaluation, ontology and prompts of its
/// evidence.
pub(crate) fn references(experiment: &Experiment) -> Result<(), Failure> {
    Provider::new(&experiment.evidence).map_err(|error| Failure::bad(&error))?;
    if experiment.eval.zero_shot.enabled {
        PromptSet::named_or_path(&experiment.eval.zero_shot.prompts).map_err(|error| Failure::bad(&error))?;
    }
    Ok(())
}
