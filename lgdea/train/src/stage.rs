//! The stages of the training.

use std::fmt;

/// Part of the training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reports alone.
    TextWarmup,
    /// Images and reports.
    Joint,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Stage::TextWarmup => "text warm-up",
            Stage::Joint => "training",
        })
    }
}
