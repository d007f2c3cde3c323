//! Records files: what is kept beside a table so that anybody can compute it again.
//!
//! The first line says which sweeps the runs are of, what they were made with, and which trials had no finished run; every other
//! line is a finished run.

use std::collections::HashSet;
use std::path::Path;

use lgdea_sweep::SweepSummary;
use serde::{Deserialize, Serialize};

use crate::{Collection, ComparisonError, Missing, Provenance, Run};

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    sweeps: Vec<SweepSummary>,
    provenance: Provenance,
    #[serde(default)]
    missing: Vec<Missing>,
}

/// Whether a file begins as a records file does.
pub(crate) fn is_records(first_line: &str) -> bool {
    serde_json::from_str::<Head>(first_line).is_ok()
}

/// Reads a records file.
pub(crate) fn read(path: &Path) -> Result<Collection, ComparisonError> {
    let text = std::fs::read_to_string(path).map_err(ComparisonError::file("read", path))?;
    let wrong = |line: usize, error: serde_json::Error| ComparisonError::Line {
        path: path.to_path_buf(),
        line: line + 1,
        reason: error.to_string(),
    };
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let (number, first) = lines.next().unwrap_or((0, ""));
    let head: Head = serde_json::from_str(first).map_err(|error| wrong(number, error))?;
    let run = |(number, line)| serde_json::from_str::<Run>(line).map_err(|error| wrong(number, error));
    Ok(Collection {
        sweeps: head.sweeps,
        runs: lines.map(run).collect::<Result<_, _>>()?,
        missing: head.missing,
        provenance: head.provenance,
        warnings: Vec::new(),
    })
}

/// Writes a collection, in one step.
///
/// # Errors
/// The file cannot be written; it holds runs that the collection does not have; it is something else than a records file.
pub fn write(collection: &Collection, path: &Path) -> Result<(), ComparisonError> {
    if path.exists() {
        let kept: HashSet<&str> = collection.runs.iter().map(|run| run.place.run_key.as_str()).collect();
        let earlier = read(path)?;
        let count = earlier.runs.iter().filter(|run| !kept.contains(run.place.run_key.as_str())).count();
        if count > 0 {
            return Err(ComparisonError::WouldLose { path: path.to_path_buf(), count });
        }
    }
    let failed = || ComparisonError::file("write", path);
    let head = Head {
        sweeps: collection.sweeps.clone(),
        provenance: collection.provenance.clone(),
        missing: collection.missing.clone(),
    };
    let mut text = serde_json::to_vec(&head).map_err(|error| failed()(error.into()))?;
    text.push(b'\n');
    for run in &collection.runs {
        serde_json::to_writer(&mut text, run).map_err(|error| failed()(error.into()))?;
        text.push(b'\n');
    }
    // A reader sees the old file or the new one.
    let partial = path.with_added_extension("partial");
    std::fs::write(&partial, text).and_then(|()| std::fs::rename(&partial, path)).map_err(failed())
}
