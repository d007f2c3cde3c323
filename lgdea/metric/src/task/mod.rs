//! The declarations, a file for each task.
//!
//! A task lists its declarations, and each names its task: a circle of imports with `declaration.rs`.

pub mod evidence;
pub mod grounding;
pub mod retrieval;
pub mod zero_shot;

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
}

impl Task {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Task; 4] = [Task::ZeroShot, Task::Retrieval, Task::Grounding, Task::Evidence];
    /// Those that a run evaluates.
    pub const OF_RUNS: [Task; 3] = [Task::ZeroShot, Task::Retrieval, Task::Grounding];

    /// Name for readers.
    pub fn label(self) -> &'static str {
        match self {
            Task::ZeroShot => "zero-shot",
            Task::Retrieval => "retrieval",
            Task::Grounding => "grounding",
            Task::Evidence => "evidence",
        }
    }

    /// Its scores, in the order in which they are shown.
    pub fn declarations(self) -> impl Iterator<Item = &'static Declaration> {
        let declarations: &[&Declaration] = match self {
            Task::ZeroShot => zero_shot::ALL,
            Task::Retrieval => retrieval::ALL,
            Task::Grounding => grounding::ALL,
            Task::Evidence => evidence::ALL,
        };
        declarations.iter().copied()
    }
}
