//! `lgdea score grounding`: heat maps of phrases.

use lgdea_eval::protocol::GroundingProtocol;
use lgdea_eval::scoring::{self, Scored};
use lgdea_predictions::{HeatMaps, Regions};

use super::Inputs;
use crate::args::score::GroundingArgs;
use crate::failure::{Failure, refused};

pub(super) fn score(args: &GroundingArgs) -> Result<(), Failure> {
    let columns = args.cases.of(args.columns.columns());
    let inputs = Inputs::new(&args.predictions, &args.answer.names, &args.reference, columns);
    inputs.show(&args.protocol, "grounding", &args.answer)
}

/// What each model's heat maps are worth.
pub(super) fn scored(rules: &GroundingProtocol, inputs: &Inputs<'_>) -> Result<Vec<Scored>, Failure> {
    if !inputs.validation.validation_predictions.is_empty() {
        let problem = "grounding chooses no thresholds; leave --validation-predictions out";
        return Err(refused(problem.to_owned()));
    }
    if inputs.columns.text.is_some() || !inputs.columns.classes.is_empty() {
        let problem =
            "the reference of grounding has no texts, and all of its phrases count; leave --text and --classes out";
        return Err(refused(problem.to_owned()));
    }
    let regions = Regions::read_as(inputs.reference, &inputs.columns)?;
    let mut scored = Vec::new();
    for path in inputs.predictions {
        scored.push(scoring::grounding(rules, &HeatMaps::read(path)?, &regions)?);
    }
    Ok(scored)
}
