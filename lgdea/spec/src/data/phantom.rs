//! `[data.phantom]`: rendered radiographs with reports, labels and boxes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SourceSettings;
use crate::Seed;

pub(super) const DEFAULTS: &str = "
[data.phantom]
studies = 3000
validation = 300
test = 600
seed = 1
";

/// A procedural chest radiograph benchmark; needs no download.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Phantom {
    /// Training studies.
    #[schemars(range(min = 1))]
    pub studies: usize,
    /// Validation studies.
    pub validation: usize,
    /// Test studies.
    pub test: usize,
    /// Seed of the generator, which the studies of all splits follow; pairs follow the experiment's seed.
    pub seed: Seed,
}

impl SourceSettings for Phantom {
    /// It comes in splits.
    fn is_split_by_seed(&self) -> bool {
        false
    }
}
