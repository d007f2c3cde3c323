//! Runs as the comparison sees them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The keys and tables of [`is_outside`].
const NO_AXES: [&str; 7] = ["seed", "name", "description", "tags.", "tracker.", "device.", "notify."];

/// Whether a setting names a run, or says where it is made and shown.
pub(crate) fn is_outside(key: &str) -> bool {
    NO_AXES.iter().any(|no| key == *no || (no.ends_with('.') && key.starts_with(no)))
}

/// Where a run stands in a sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepPlace {
    /// Key of the run.
    pub run_key: String,
    /// Name of its arm.
    pub arm: String,
    /// Its seed.
    pub seed: u64,
    /// The values that axes and a search gave it, by dotted key, in the sweep's order.
    pub deltas: Map<String, Value>,
}

/// A finished run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Where it stands.
    #[serde(flatten)]
    pub place: SweepPlace,
    /// Wall-clock seconds of all its attempts.
    pub seconds: f64,
    /// Scores of the validation and the test split and of evaluation sets by name, without the ends of their intervals.
    pub metrics: BTreeMap<String, f64>,
    /// Digest of what was scored of each evaluation set, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sets: BTreeMap<String, String>,
    /// Digest of the data that it was trained and scored on, without evaluation sets; none of what earlier versions recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The protocols that its scores are by, by what is scored and the task (`test.zero-shot`); none where a task has none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub protocols: BTreeMap<String, String>,
    /// Whether its settings make it a ceiling, see [`lgdea_spec::sweep::Role::is_ceiling`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ceiling: bool,
    /// Whether labels of unpaired images taught it (`graph.labels`, and a term that learns of unpaired images): other supervision than pairs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub labels: bool,
    /// Its settings by dotted key, without those that only name it or say where it is made; none of a run that a records file tells of.
    #[serde(skip)]
    pub settings: Arc<BTreeMap<String, String>>,
    /// Its folder; none of a run that a records file tells of.
    #[serde(skip)]
    pub folder: Option<PathBuf>,
}

/// A trial without a finished run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// Where the run would stand.
    #[serde(flatten)]
    pub place: SweepPlace,
    /// What came of it: `not begun`, `failed: …`.
    pub state: String,
}

/// A value as a reader writes it: text without quotes.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
