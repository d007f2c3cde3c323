//! `lgdea score zero-shot`: scores of classes.

use lgdea_eval::protocol::ZeroShotProtocol;
use lgdea_eval::scoring::{self, Scored};
use lgdea_predictions::{Reference, Scores};

use super::Inputs;
use crate::args::score::ZeroShotArgs;
use crate::failure::Failure;

pub(super) fn score(args: &ZeroShotArgs) -> Result<(), Failure> {
    let columns = args.cases.of(args.columns.columns(&args.subgroups.by));
    let inputs = Inputs {
        validation: &args.validation,
        ..Inputs::new(&args.predictions, &args.answer.names, &args.reference, columns)
    };
    inputs.show(&args.protocol, "zero-shot", &args.answer)
}

/// What each model's scores of classes are worth.
pub(super) fn scored(rules: &ZeroShotProtocol, inputs: &Inputs<'_>) -> Result<Vec<Scored>, Failure> {
    let reference = Reference::read_as(inputs.reference, &inputs.columns)?;
    let truth = inputs.validation.validation_reference.as_deref();
    let truth = truth.map(|path| Reference::read_validation(path, &inputs.columns)).transpose()?;
    let mut scored = Vec::new();
    for (at, path) in inputs.predictions.iter().enumerate() {
        let scores = Scores::read(path)?;
        let chosen_on = inputs.validation.validation_predictions.get(at).map(|path| Scores::read(path)).transpose()?;
        let chosen_on = chosen_on.as_ref().zip(truth.as_ref());
        scored.push(scoring::zero_shot(rules, &scores, &reference, chosen_on)?);
    }
    Ok(scored)
}
