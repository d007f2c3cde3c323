//! A file that names studies, read without an experiment: for scoring what another program makes of them.

use std::path::Path;

use crate::eval::data_file;
use crate::{Data, Resolved, ScoredStudies, Seed, SetInputs, SpecError};

/// Studies that a file names.
#[derive(Debug, Clone, PartialEq)]
pub struct StudiesFile {
    /// Where they come from.
    pub data: Data,
    /// What those without a split of their own are split with.
    pub seed: Seed,
    /// Which of them are meant.
    pub studies: ScoredStudies,
    /// Whether the file is an evaluation set, whose studies are scored as one, whatever their splits.
    pub is_set: bool,
}

impl StudiesFile {
    /// Reads a TOML file with `[data]`, as an experiment has it, or else with one evaluation set that has data of its own. What
    /// else an experiment says counts for its seed alone.
    ///
    /// # Errors
    /// As [`Resolved::from_file`] and [`Resolved::with_data`]; a set has no data of its own.
    pub fn read(path: &Path) -> Result<StudiesFile, SpecError> {
        if data_file::has_data(path) {
            let experiment = Resolved::from_file(path, &[])?.experiment;
            return Ok(StudiesFile {
                data: experiment.data,
                seed: experiment.seed,
                studies: ScoredStudies::All,
                is_set: false,
            });
        }
        let (resolved, name) = Resolved::from_overrides(&[])?.with_data(path)?;
        let set = &resolved.experiment.eval.sets[&name];
        let Some(data) = set.data.clone() else {
            let table = format!("eval.set.{name}");
            let reason = format!("`[{table}]` has no data of its own");
            return Err(resolved
                .problem(&table, reason, "give it a table `data`, or name an experiment's file")
                .into());
        };
        Ok(StudiesFile { data, seed: SetInputs::SEED, studies: set.studies, is_set: true })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::testing::render;

    fn read(text: &str) -> Result<StudiesFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("studies.toml");
        fs::write(&path, text).unwrap();
        StudiesFile::read(&path).map_err(|error| render(&error))
    }

    #[test]
    fn data_alone_an_experiment_and_a_set_name_studies() {
        let alone = read("[data.manifest]\nroot = '.'\nstudies = ['a.csv']\n").unwrap();
        assert_eq!((alone.studies, alone.data.name()), (ScoredStudies::All, "manifest".to_owned()));
        let experiment = read("seed = 7\ntrain.steps = 3\n[data.phantom]\nstudies = 40\n").unwrap();
        assert_eq!((experiment.seed, experiment.data.name()), (Seed(7), "phantom".to_owned()));
        let set = read("[eval.set.a]\nstudies = 'validation'\n[eval.set.a.data.phantom]\nstudies = 40\n").unwrap();
        assert_eq!((set.seed, set.studies), (SetInputs::SEED, ScoredStudies::Validation));
    }

    #[test]
    fn a_file_without_studies_is_refused_at_its_place() {
        let without = read("[eval.set.a]\nstudies = 'test'\n").unwrap_err();
        assert!(without.contains("has no data of its own") && without.contains("studies.toml:1"), "{without}");
        assert!(read("seed = 1\n").unwrap_err().contains("evaluation set"));
        let unknown = read("[data.manifest]\nroot = '.'\nstudies = ['a.csv']\ncolumns.imag = 'x'\n").unwrap_err();
        assert!(unknown.contains("columns.imag") && unknown.contains("studies.toml:4"), "{unknown}");
    }
}
