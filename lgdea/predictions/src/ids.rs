//! Which row of a file is of which case of the reference.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use lgdea_data::table::shown_id;

use crate::{PredictionError, Reference};

/// For each case of the reference, the row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// The rows, in the order of the reference.
    pub rows: Vec<usize>,
    /// Rows of which the reference knows nothing, and which are left out.
    pub left_out: usize,
    /// Whether nothing names the rows, so that they are those of the reference, in its order.
    pub by_order: bool,
}

/// What a file says of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ids {
    /// Whose they are.
    Named(Vec<String>),
    /// Nothing.
    Unnamed,
    /// They were made of the reference's cases.
    OfReference,
}

impl From<Option<Vec<String>>> for Ids {
    fn from(ids: Option<Vec<String>>) -> Self {
        ids.map_or(Self::Unnamed, Self::Named)
    }
}

impl Rows {
    /// Finds the rows by their identifiers; without any, they are in the order of the reference. `count` is the number of
    /// rows, and `what` says what they are.
    pub(crate) fn find(
        path: &Path,
        what: &str,
        ids: &Ids,
        count: usize,
        reference: &Reference,
    ) -> Result<Self, PredictionError> {
        let cases = reference.ids.len();
        let unusable = |problem: String| PredictionError::unusable(path, problem);
        let Ids::Named(ids) = ids else {
            if count == cases {
                let by_order = *ids == Ids::Unnamed;
                return Ok(Self { rows: (0..count).collect(), left_out: 0, by_order });
            }
            return Err(unusable(format!(
                "it has {count} {what}, but {} has {cases} cases, and nothing says which is which; add the identifiers (`ids`)",
                reference.path.display()
            )));
        };
        if ids.len() != count {
            return Err(unusable(format!("it has {count} {what}, but {} identifiers; save one each", ids.len())));
        }
        let mut row_of = HashMap::new();
        for (row, id) in ids.iter().enumerate() {
            if let Some(first) = row_of.insert(id.as_str(), row) {
                return Err(unusable(format!(
                    "rows {first} and {row} (from 0) are both of `{}`; keep one",
                    shown_id(id)
                )));
            }
        }
        let missing: Vec<&String> = reference.ids.iter().filter(|id| !row_of.contains_key(id.as_str())).collect();
        if let Some(first) = missing.first() {
            let known: HashSet<&str> = reference.ids.iter().map(String::as_str).collect();
            let unknown = ids.iter().find(|id| !known.contains(id.as_str()));
            let unknown = unknown.map(|id| format!(", but has {what} of others, such as `{}`", shown_id(id)));
            return Err(unusable(format!(
                "it lacks {} of the {cases} cases of {}, the first of them `{}`{}; every case must be scored: add \
                 them, or remove them from the reference for every model",
                missing.len(),
                reference.path.display(),
                shown_id(first),
                unknown.unwrap_or_default()
            )));
        }
        let rows: Vec<usize> = reference.ids.iter().map(|id| row_of[id.as_str()]).collect();
        Ok(Self { left_out: count - rows.len(), rows, by_order: false })
    }
}
