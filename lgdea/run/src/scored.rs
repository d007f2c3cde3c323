//! What is scored together: a held-out split, or an evaluation set.

use lgdea_metric::EvalSet;
use lgdea_prepared::Prepared;
use lgdea_spec::{Experiment, HeldOut};

/// What is scored together.
pub(crate) struct Scored<'a> {
    /// What its scores are called after.
    pub(crate) on: EvalSet<'a>,
    /// The experiment with the tasks that are scored.
    pub(crate) experiment: &'a Experiment,
    pub(crate) prepared: &'a Prepared,
    /// Positions of its studies.
    pub(crate) studies: Vec<usize>,
    /// The data on whose validation split protocols choose thresholds, the training's; none where that split is the one that is scored.
    pub(crate) validation: Option<&'a Prepared>,
    /// The training's data.
    pub(crate) training: &'a Prepared,
    /// Digest of an evaluation set, see [`crate::OpenSet`]; empty for a split.
    pub(crate) data: &'a str,
}

impl<'a> Scored<'a> {
    /// A held-out split of the training's data.
    pub(crate) fn split(experiment: &'a Experiment, prepared: &'a Prepared, split: HeldOut) -> Scored<'a> {
        let (on, studies) = (split.split().into(), prepared.split(split.into()));
        let validation = (split != HeldOut::Validation).then_some(prepared);
        Scored { on, experiment, prepared, studies, validation, training: prepared, data: "" }
    }
}
