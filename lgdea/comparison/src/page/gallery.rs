//! Galleries that runs made, of heat maps and of retrieval, one of each arm.

use std::path::Path;

use serde::Serialize;

use crate::Comparison;

use super::logged::Logs;
use super::picture::{self, Embedded};
use super::summary::describe;

/// Galleries of a page.
const MOST: usize = 12;
/// Splits whose galleries may be shown.
const SPLITS: [&str; 2] = ["test", "validation"];

/// The galleries.
#[derive(Serialize)]
pub(super) struct Galleries {
    pictures: Vec<Picture>,
    /// Arms that are not shown.
    more: usize,
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Picture {
    group: String,
    setting: String,
    seed: u64,
    run: String,
    split: &'static str,
    #[serde(flatten)]
    embedded: Embedded,
}

impl Galleries {
    /// Galleries of a task: of every arm the run of the first setting and seed, so that nobody chose it and all show the same
    /// studies.
    pub(super) fn new(task: &str, comparison: &Comparison, logs: &Logs<'_>) -> Galleries {
        let mut galleries = Galleries { pictures: Vec::new(), more: 0, problems: Vec::new() };
        let splits = if comparison.is_of_validation() { &SPLITS[1..] } else { &SPLITS[..] };
        let files: Vec<(String, &str)> =
            splits.iter().map(|&split| (format!("artifacts/{task}_{split}.png"), split)).collect();
        let mut seen: Vec<&str> = Vec::new();
        for row in &comparison.rows {
            let first = row.seeds.iter().zip(&row.run_keys).find_map(|(seed, key)| {
                let (logged, folder) = (logs.of(key)?, logs.folder(key)?);
                let file = files.iter().find(|(file, _)| logged.artifacts.iter().any(|known| known == file))?;
                Some((*seed, logged, folder, file))
            });
            let Some((seed, logged, folder, &(ref file, split))) = first else { continue };
            if seen.contains(&row.group.as_str()) {
                continue;
            }
            seen.push(&row.group);
            if galleries.pictures.len() == MOST {
                galleries.more += 1;
                continue;
            }
            match embedded(folder, file) {
                Ok(embedded) => galleries.pictures.push(Picture {
                    group: row.group.clone(),
                    setting: describe(comparison, row),
                    seed,
                    run: logged.name.clone(),
                    split,
                    embedded,
                }),
                Err(error) => galleries.problems.push(format!("no gallery of {}: {error}", logged.name)),
            }
        }
        galleries
    }

    pub(super) fn is_shown(&self) -> bool {
        !self.pictures.is_empty() || !self.problems.is_empty()
    }
}

/// A file of a run's folder, as large as it is: made smaller, its letters could not be read.
fn embedded(folder: &Path, file: &str) -> Result<Embedded, String> {
    Embedded::new(&picture::read(folder, Path::new(file))?.to_rgb8())
}
