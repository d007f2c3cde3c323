//! The declarations, a file for each task.
//!
//! A task lists its declarations, and each names its task: a circle of imports with `declaration.rs`.

pub mod evidence;
pub mod grounding;
pub mod grounding_outputs;
pub mod probe;
pub mod retrieval;
pub mod retrieval_outputs;
pub mod within;
pub mod zero_shot;
pub mod zero_shot_outputs;

use crate::Declaration;

/// What is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Zero-shot classification.
    ZeroShot,
    /// Image–report retrieval.
    Retrieval,
    /// Phrase grounding.
    Grounding,
    /// The evidence that a provider reads, against what humans found. `lgdea evidence score` does it; runs do not.
    Evidence,
    /// Zero-shot classification beyond what runs score: what `lgdea score` measures of anyone's outputs.
    ZeroShotOutputs,
    /// Retrieval, likewise.
    RetrievalOutputs,
    /// Grounding, likewise.
    GroundingOutputs,
    /// Zero-shot classification within strata, where `eval.within` asks for it.
    ZeroShotWithin,
    /// Retrieval, likewise.
    RetrievalWithin,
    /// Probes of frozen features. `lgdea score probe` does it; runs do not.
    Probe,
}

impl Task {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Task; 10] = [
        Task::ZeroShot,
        Task::Retrieval,
        Task::Grounding,
        Task::Evidence,
        Task::ZeroShotOutputs,
        Task::RetrievalOutputs,
        Task::GroundingOutputs,
        Task::ZeroShotWithin,
        Task::RetrievalWithin,
        Task::Probe,
    ];
    /// Those that a run evaluates.
    pub const OF_RUNS: [Task; 3] = [Task::ZeroShot, Task::Retrieval, Task::Grounding];

    /// Where the scores are declared that are measured besides those of a run's task: by a protocol, and within strata.
    pub fn further(self) -> &'static [Task] {
        match self {
            Task::ZeroShot => &[Task::ZeroShotOutputs, Task::ZeroShotWithin],
            Task::Retrieval => &[Task::RetrievalOutputs, Task::RetrievalWithin],
            Task::Grounding => &[Task::GroundingOutputs],
            _ => &[],
        }
    }

    /// Name for readers.
    pub fn label(self) -> &'static str {
        match self {
            Task::ZeroShot => "zero-shot",
            Task::Retrieval => "retrieval",
            Task::Grounding => "grounding",
            Task::Evidence => "evidence",
            Task::ZeroShotOutputs => "zero-shot, of given outputs",
            Task::RetrievalOutputs => "retrieval, of given outputs",
            Task::GroundingOutputs => "grounding, of given outputs",
            Task::ZeroShotWithin => "zero-shot, within strata",
            Task::RetrievalWithin => "retrieval, within strata",
            Task::Probe => "probe",
        }
    }

    /// Its scores, in the order in which they are shown.
    pub fn declarations(self) -> impl Iterator<Item = &'static Declaration> {
        let declarations: &[&Declaration] = match self {
            Task::ZeroShot => zero_shot::ALL,
            Task::Retrieval => retrieval::ALL,
            Task::Grounding => grounding::ALL,
            Task::Evidence => evidence::ALL,
            Task::ZeroShotOutputs => zero_shot_outputs::ALL,
            Task::RetrievalOutputs => retrieval_outputs::ALL,
            Task::GroundingOutputs => grounding_outputs::ALL,
            Task::ZeroShotWithin => within::OF_ZERO_SHOT,
            Task::RetrievalWithin => within::OF_RETRIEVAL,
            Task::Probe => probe::ALL,
        };
        declarations.iter().copied()
    }
}
