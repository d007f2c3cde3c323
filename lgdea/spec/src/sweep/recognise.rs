//! Telling a sweep file from an experiment.

use std::path::Path;

use toml::de::DeTable;

use super::{Sweep, schema};
use crate::extends;
use crate::schema::Schema;

impl Sweep {
    /// Whether a file is a sweep, as far as its keys tell: it names an experiment, or has tables that only sweeps have. A file
    /// that cannot be read is none.
    pub fn is_in(path: &Path) -> bool {
        let Ok((source, _)) = extends::file(path) else { return false };
        let Ok(table) = DeTable::parse(&source.text) else { return false };
        let table = table.get_ref();
        let mut keys = table.keys().map(|key| key.get_ref().as_ref());
        table.contains_key("experiment") || keys.any(|key| of_sweeps(key) && !of_experiments(key))
    }
}

/// Whether sweeps have a key.
pub(super) fn of_sweeps(key: &str) -> bool {
    schema::root().child(key).is_some()
}

/// Whether experiments have a key.
pub(super) fn of_experiments(key: &str) -> bool {
    key == "extends" || Schema::root().child(key).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_are_told_from_experiments() {
        let folder = tempfile::tempdir().unwrap();
        let is_sweep = |text: &str| {
            let path = folder.path().join("file.toml");
            std::fs::write(&path, text).unwrap();
            Sweep::is_in(&path)
        };
        for text in [
            "experiment = []\n",
            "experiment = 'e.toml'\n[grid]\nseed = [1]\n",
            "[grid]\ntrain.steps = [1]\n",
            "[[case]]\nname = 'a'\n",
            "[search]\nobjective = 'x'\n",
        ] {
            assert!(is_sweep(text), "{text}");
        }
        for text in ["", "seed = 1\n", "extends = 'clip'\n[train]\nsteps = 1\n", "name = 'a'\n", "[train\n"] {
            assert!(!is_sweep(text), "{text}");
        }
        assert!(!Sweep::is_in(&folder.path().join("nowhere.toml")));
    }
}
