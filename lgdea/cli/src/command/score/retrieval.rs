//! `lgdea score retrieval`: embeddings of images and texts, or their similarities.

use std::path::PathBuf;

use lgdea_eval::protocol::RetrievalProtocol;
use lgdea_eval::scoring::{self, Scored};
use lgdea_predictions::{Reference, Retrieval};

use super::Inputs;
use crate::args::score::RetrievalArgs;
use crate::failure::{Failure, refused};

pub(super) fn score(args: &RetrievalArgs) -> Result<(), Failure> {
    let columns = args.cases.of(args.columns.columns(&args.subgroups.by));
    let inputs =
        Inputs { texts: &args.texts, ..Inputs::new(&args.predictions, &args.answer.names, &args.reference, columns) };
    inputs.show(&args.protocol, "retrieval", &args.answer)
}

/// What each model's embeddings or similarities are worth.
pub(super) fn scored(rules: &RetrievalProtocol, inputs: &Inputs<'_>) -> Result<Vec<Scored>, Failure> {
    if !inputs.validation.validation_predictions.is_empty() {
        return Err(refused("retrieval has no thresholds; leave --validation-predictions out".to_owned()));
    }
    let reference = Reference::read_pairs(inputs.reference, &inputs.columns)?;
    let mut scored = Vec::new();
    for (at, path) in inputs.predictions.iter().enumerate() {
        let outputs = Retrieval::read(path, inputs.texts.get(at).map(PathBuf::as_path))?;
        scored.push(scoring::retrieval(rules, &outputs, &reference)?);
    }
    Ok(scored)
}
