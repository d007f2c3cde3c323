//! Runs through the binary, on small phantoms and on the user's own kind of files.
#![allow(clippy::unwrap_used, missing_docs)]

mod flagship;
mod frozen;
mod kills;
mod labels;
mod methods;
mod own_files;
mod patience;
mod protocols;
mod reuse;
mod sets;
mod tables;

use serde_json::Value;

fn metric(outcome: &Value, name: &str) -> f64 {
    outcome["metrics"][name].as_f64().unwrap_or_else(|| panic!("{name} is missing in {outcome}"))
}
