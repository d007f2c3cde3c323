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
    /// Most seconds to wait at the end of a run, or of a sweep, while the server takes what is left. One that does not answer is not
    /// waited for, and nothing is while training.
    pub flush_seconds: u64,
}
