//! `[device]`: where tensors live.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where tensors live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Device {
    /// `flex` (pure Rust, CPU), `libtorch` (CPU), `libtorch-cuda:0`, …
    #[schemars(length(min = 1))]
    pub name: String,
    /// CPU threads; 0 takes all cores.
    pub threads: usize,
    /// Threads that make batches ahead of the steps, each a batch of its own. What is trained does not depend on them.
    #[schemars(range(min = 1))]
    pub loader_threads: usize,
}
