//! `lgdea score probe`: frozen features.

use lgdea_eval::protocol::ProbeProtocol;
use lgdea_eval::scoring::{self, Scored};
use lgdea_predictions::{Features, SplitReference};

use super::Inputs;
use crate::args::score::ProbeArgs;
use crate::failure::{Failure, refused};

pub(super) fn score(args: &ProbeArgs) -> Result<(), Failure> {
    let columns = args.columns.columns(&[]);
    let inputs = Inputs::new(&args.predictions, &args.answer.names, &args.reference, columns);
    inputs.show(&args.protocol, "probe", &args.answer)
}

/// What each model's features are worth.
pub(super) fn scored(rules: &ProbeProtocol, inputs: &Inputs<'_>) -> Result<Vec<Scored>, Failure> {
    if !inputs.validation.validation_predictions.is_empty() {
        let problem = "the validation cases of a probe are those that the reference's column `split` says; leave \
                       --validation-predictions out";
        return Err(refused(problem.to_owned()));
    }
    if inputs.columns.split.is_some() {
        return Err(refused("a probe is fitted on one split and scored on another; leave --split out".to_owned()));
    }
    let reference = SplitReference::read_as(inputs.reference, &inputs.columns)?;
    let mut scored = Vec::new();
    for path in inputs.predictions {
        scored.push(scoring::probe(rules, &Features::read(path)?, &reference)?);
    }
    Ok(scored)
}
