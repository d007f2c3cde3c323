//! Runs that are of no sweep: the experiment's name is the arm, and what varies among runs of one name are axes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lgdea_track::typed;
use serde_json::{Map, Value};

use crate::Collection;
use crate::run::{Missing, SweepPlace, is_outside};

use super::journal::Told;

/// Collects the runs in these folders.
pub(super) fn collect(folders: &[PathBuf]) -> Collection {
    let mut collection = Collection::default();
    let mut runs = Vec::new();
    let all: Vec<Option<&Path>> = folders.iter().map(|folder| Some(folder.as_path())).collect();
    Told::read_all(&all, |position, told| {
        let folder = folders[position].as_path();
        match told {
            Ok(Some(told)) => runs.push((told, folder)),
            Ok(None) => collection.warnings.push(format!("left out: {} has an empty journal", folder.display())),
            Err(error) => collection.warnings.push(format!("left out: {error}")),
        }
    });
    let axes = axes(runs.iter().map(|(told, _)| told));
    for (told, folder) in runs {
        let value = |axis: &String| Some((axis.clone(), typed(told.params.get(axis)?)));
        let deltas: Map<String, Value> = axes.iter().filter_map(value).collect();
        let seed = told.params.get("seed").and_then(|seed| seed.parse().ok()).unwrap_or_default();
        let place = SweepPlace { run_key: told.history.run_key.clone(), arm: told.history.name.clone(), seed, deltas };
        if told.is_finished() {
            collection.add(place, &told, Some(folder));
        } else {
            collection.missing.push(Missing { place, state: told.state() });
        }
    }
    collection
}

/// The settings that differ among runs of one name. What differs between names alone is what the arms are.
fn axes<'a>(runs: impl Iterator<Item = &'a Told>) -> BTreeSet<String> {
    let mut first: BTreeMap<(&'a str, &'a str), &'a str> = BTreeMap::new();
    let mut axes = BTreeSet::new();
    for told in runs {
        for (key, value) in &told.params {
            if !is_outside(key) && *first.entry((&told.history.name, key)).or_insert(value) != value {
                axes.insert(key.clone());
            }
        }
    }
    axes
}
