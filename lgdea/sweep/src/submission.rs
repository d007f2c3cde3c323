//! What the elements of an array job know of the submission that they belong to.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::ExecuteError;
use crate::whole_file::replace;

/// A submission, as a file that its elements read.
///
/// A new call of a sweep tries what failed again; the elements of an array are to do so once between them. So they are told
/// what had failed when they were submitted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Attempts of the runs that had failed, by key.
    pub(crate) failed: BTreeMap<String, u32>,
}

impl Submission {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Submission, ExecuteError> {
        let text = std::fs::read(path).map_err(ExecuteError::file("read", path))?;
        serde_json::from_slice(&text).map_err(|error| ExecuteError::file("read", path)(error.into()))
    }

    /// Writes the file.
    pub(crate) fn write(&self, path: &Path) -> Result<(), ExecuteError> {
        let text = serde_json::to_vec(self).map_err(|error| ExecuteError::file("write", path)(error.into()))?;
        replace(path, &text).map_err(ExecuteError::file("write", path))
    }

    /// Whether a run that has failed, after so many attempts, did so after the submission.
    pub(crate) fn has_tried(&self, key: &str, attempts: u32) -> bool {
        self.failed.get(key).is_none_or(|before| attempts > *before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_had_failed_is_tried_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s/submission.json");
        Submission { failed: [("a".to_owned(), 2)].into() }.write(&path).unwrap();
        let submission = Submission::read(&path).unwrap();
        assert!(!submission.has_tried("a", 2));
        assert!(submission.has_tried("a", 3) && submission.has_tried("b", 1));
        std::fs::write(&path, "{").unwrap();
        assert!(Submission::read(&path).unwrap_err().to_string().contains("submission.json"));
    }
}
