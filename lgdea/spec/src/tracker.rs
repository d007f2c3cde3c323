//! `[tracker]`: where results are shown besides the journal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where results are shown besides the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tracker {
    /// `MLflow`'s experiment name.
    #[schemars(length(min = 1))]
    pub experiment: String,
    /// Address of the `MLflow` server; empty takes `MLFLOW_TRACKING_URI`, and none leaves only the journal.
    pub uri: String,
    /// Seconds to wait at the end of a run for the server to take what is left; `lgdea` never waits while training.
    pub flush_seconds: u64,
}
