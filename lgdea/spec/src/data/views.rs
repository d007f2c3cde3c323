//! Which images of an examination are read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which images of an examination with several are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Views {
    /// The first frontal one.
    #[default]
    FirstFrontal,
    /// Each frontal one, as a study of its own with the examination's report.
    AllFrontal,
    /// Each one, lateral ones too.
    WithLaterals,
}
