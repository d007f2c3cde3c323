//! The small files that an experiment names.

use lgdea_eval::prompts::PromptSet;
use lgdea_evidence::Provider;
use lgdea_inputs::InputsError;
use lgdea_spec::Experiment;

/// Reads the files that an experiment names and that are small: prompts of its evaluation, ontology and prompts of its evidence.
///
/// # Errors
/// One is not there, or not what it should be.
pub fn references(experiment: &Experiment) -> Result<(), InputsError> {
    Provider::new(&experiment.evidence)?;
    let zero_shot = &experiment.eval.zero_shot;
    if zero_shot.enabled {
        PromptSet::named_or_path(&zero_shot.prompts)?;
    }
    Ok(())
}
