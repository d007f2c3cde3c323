//! `[pairing]`: how many training studies count as pairs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limited pairing: the share of training studies whose image and report may be used as a pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pairing {
    /// ρ, the share of paired studies kept as pairs, in (0, 1]. The pairs at 1 % are among those at 5 %.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub ratio: f64,
    /// What becomes of the other studies.
    pub unpaired: Unpaired,
    /// File of pairs that were drawn before (`lgdea data pair`), which are used instead of drawing; empty for none. `${NAME}` is
    /// replaced by the environment variable NAME.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("x-path" = "always"))]
    pub manifest: String,
}

impl Pairing {
    /// The file of pairs, where there is one.
    pub fn manifest_file(&self) -> Option<&str> {
        Some(self.manifest.as_str()).filter(|file| !file.is_empty())
    }
}

/// What becomes of studies outside the paired share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unpaired {
    /// Half of the patients give only their images, the other half only their reports.
    Disjoint,
    /// Every study gives both, but which belongs to which is hidden.
    Shuffled,
    /// They are left out.
    None,
}
