//! JSON files of data sets.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Error;
use serde_json::error::Category;

use crate::DataError;
use crate::table::content;

/// Reads a JSON file of the data set `set`, also one that is packed.
///
/// # Errors
/// The file cannot be read, or is not what it should be. The message repeats nothing of it: it may hold reports.
pub(crate) fn read<Content: DeserializeOwned>(set: &str, path: &Path) -> Result<Content, DataError> {
    parse(path, |error| {
        let what = match error.classify() {
            Category::Eof => "the file ends too early".to_owned(),
            Category::Data => format!("what stands here is not what {set} has in this file"),
            Category::Syntax | Category::Io => format!("what stands here is no JSON, or more than {set} has"),
        };
        format!("{what} (column {}); fetch the file again, as it is distributed", error.column())
    })
}

/// Reads a JSON file, also one that is packed; `reason` says what is wrong with it, and repeats nothing of it.
///
/// # Errors
/// The file cannot be read, or is not what it should be.
pub(crate) fn parse<Content: DeserializeOwned>(
    path: &Path,
    reason: impl FnOnce(&Error) -> String,
) -> Result<Content, DataError> {
    serde_json::from_slice(&content(path)?).map_err(|error| {
        let line = error.line().max(1) as u64;
        DataError::Csv { path: path.to_owned(), line, reason: reason(&error) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reports.json");
        for (text, part) in [
            ("", "line 1: the file ends too early"),
            ("[1,\n2", "line 2: the file ends too early"),
            ("[1,\n\"Small left effusion.\"]", "line 2: what stands here is not what X has"),
            ("[1,\nnone]", "line 2: what stands here is no JSON"),
            ("{}", "line 1: what stands here"),
            ("[1] trailing", "line 1: what stands here is no JSON"),
            ("version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read::<Vec<u64>>("X", &path).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("reports.json") && error.contains("; "), "{error}");
            assert!(!error.contains("effusion"), "{error}");
        }
        for text in ["[1, 2]", "\u{feff}[1,\r\n2]"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read::<Vec<u64>>("X", &path).unwrap(), [1, 2]);
        }
    }
}
