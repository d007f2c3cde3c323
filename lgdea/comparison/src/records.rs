//! Records files: what is kept beside a table so that anybody can compute it again.
//!
//! The first line says which sweeps the runs are of, what they were made with, and which trials had no finished run; every other
//! line is a finished run.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use lgdea_sweep::SweepSummary;
use serde::{Deserialize, Serialize};

use crate::input::{What, what_is};
use crate::{Collection, ComparisonError, Missing, Provenance, Run};

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    sweeps: Vec<SweepSummary>,
    provenance: Provenance,
    #[serde(default)]
    missing: Vec<Missing>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    left_out: BTreeMap<String, BTreeSet<String>>,
}

/// Whether a file begins as a records file does.
pub(crate) fn is_records(first_line: &[u8]) -> bool {
    serde_json::from_slice::<Head>(first_line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first_line)).is_ok()
}

/// What is wrong with a first line; none of one that can be read.
pub(crate) fn problem(first_line: &str) -> Option<String> {
    serde_json::from_str::<Head>(first_line).err().map(|error| error.to_string())
}

/// Reads a records file.
pub(crate) fn read(path: &Path) -> Result<Collection, ComparisonError> {
    let text = std::fs::read_to_string(path).map_err(ComparisonError::file("read", path))?;
    let wrong =
        |line: usize, reason: String| ComparisonError::Line { path: path.to_path_buf(), line: line + 1, reason };
    // Editors of some systems put a byte order mark before a text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let (number, first) = lines.next().unwrap_or((0, ""));
    let head: Head = serde_json::from_str(first).map_err(|error| wrong(number, error.to_string()))?;
    let run = |(number, line): (usize, &str)| {
        serde_json::from_str::<Run>(line).map_err(|error| wrong(number, no_run(line, &error)))
    };
    Ok(Collection {
        sweeps: head.sweeps,
        runs: lines.map(run).collect::<Result<_, _>>()?,
        missing: head.missing,
        provenance: head.provenance,
        left_out: head.left_out,
        warnings: Vec::new(),
    })
}

/// Why a line after the first is no run.
fn no_run(line: &str, error: &serde_json::Error) -> String {
    match what_is(line) {
        Some(What::Head(_)) => {
            "a second records file begins here; give `lgdea compare` the two files as they were, it joins them \
                                (`--records` keeps them in one)"
                .to_owned()
        }
        Some(What::Journal) => {
            "it is a line of a run's journal; name the folder of the run beside this file".to_owned()
        }
        Some(What::List) => "it is of a sweep's list of trials; name the sweep beside this file".to_owned(),
        Some(What::Run) | None if error.is_eof() => "it ends in its midst, as if the file had been cut off".to_owned(),
        Some(What::Run) | None => error.to_string(),
    }
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
        left_out: collection.left_out.clone(),
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
