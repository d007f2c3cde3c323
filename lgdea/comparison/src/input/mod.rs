//! From paths to runs.

mod foreign;
mod journal;
mod locate;
mod loose;
mod stated;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lgdea_spec::sweep::{Role, Sweep};
use lgdea_sweep::{TrialEntry, Trials};
use lgdea_track::{History, RunDir, typed};
use serde_json::Value;

use crate::rows::axes;
use crate::run::{Missing, Run, SweepPlace, is_outside};
use crate::{Collection, ComparisonError, records};

pub(crate) use foreign::{What, what_is};
use journal::Told;
use locate::{Located, locate};

impl Collection {
    /// Collects the runs that paths name: sweeps (their folder, their file, their name below `results`), run folders, results
    /// folders (all their runs) and records files. A run that is in several counts once.
    ///
    /// # Errors
    /// A path names nothing of the kind, or what it names cannot be read.
    pub fn read(paths: &[PathBuf], results: &Path) -> Result<Collection, ComparisonError> {
        let mut parts = Vec::new();
        let mut loose = Vec::new();
        for path in paths {
            match locate(path, results)? {
                Located::Records(file) => parts.push(records::read(&file)?),
                Located::Sweep { trials, results } => parts.push(sweep(&trials, &results, None)?),
                Located::SweepFile(file) => {
                    let stated = Sweep::from_file(&file)?;
                    let trials = Trials::path(results, &stated.name);
                    if !trials.is_file() {
                        let reason = format!("has not been run: there is no {}", trials.display());
                        return Err(ComparisonError::NotResults { path: path.clone(), reason });
                    }
                    parts.push(sweep(&trials, results, Some((stated, &file)))?);
                }
                Located::Runs(folders) => loose.extend(folders),
            }
        }
        parts.push(loose::collect(&loose));
        show_fixed(&mut parts);
        let mut all = Collection::default();
        for part in parts {
            all.join(part);
        }
        let found: HashSet<&str> = all.runs.iter().map(|run| run.place.run_key.as_str()).collect();
        all.missing.retain(|missing| !found.contains(missing.place.run_key.as_str()));
        Ok(all)
    }

    /// The files that paths may name, as [`Collection::read`] understands them: what must not be written over.
    pub fn files<'p>(paths: &'p [PathBuf], results: &'p Path) -> impl Iterator<Item = PathBuf> + 'p {
        paths.iter().flat_map(|path| locate::files(path, results))
    }
}

/// Gives runs the values of axes that others vary, and that are fixed in the sweep or folder that they are of.
fn show_fixed(parts: &mut [Collection]) {
    let mut keys: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (key, value) in parts.iter().flat_map(|part| &part.runs).flat_map(|run| &run.place.deltas) {
        let known = keys.entry(key.clone()).or_default();
        if !known.contains(value) {
            known.push(value.clone());
        }
    }
    for part in parts {
        let varied: HashSet<String> = axes(&part.runs).into_iter().collect();
        for (key, known) in keys.iter().filter(|(key, _)| !varied.contains(*key)) {
            let mut values = part.runs.iter().map(|run| run.settings.get(key));
            let Some(Some(value)) = values.next() else { continue };
            if values.any(|other| other != Some(value)) {
                continue;
            }
            let value = typed(value);
            // A sweep file may write 1 for 1.0.
            let same = known.iter().find(|known| known.is_number() && known.as_f64() == value.as_f64());
            let value = same.cloned().unwrap_or(value);
            let runs = part.runs.iter_mut().map(|run| &mut run.place);
            for place in runs.chain(part.missing.iter_mut().map(|missing| &mut missing.place)) {
                place.deltas.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}

/// The runs of a sweep; `stated` is what its file says now, where that was named.
fn sweep(trials: &Path, results: &Path, stated: Option<(Sweep, &Path)>) -> Result<Collection, ComparisonError> {
    let mut listed = Trials::read(trials)?;
    let mut collection = runs_of(&listed, results);
    let (finished, warnings) = (collection.runs.len(), &mut collection.warnings);
    let (named, path) = stated.unzip();
    let path = path.map_or_else(|| PathBuf::from(&listed.sweep.file), Path::to_path_buf);
    if let Some(stated) = named.or_else(|| stated::file_of(&listed, warnings)) {
        stated::apply(&stated, &path, &mut listed, finished, warnings);
    }
    collection.sweeps.push(listed.sweep);
    Ok(collection)
}

/// The runs of listed trials.
fn runs_of(listed: &Trials, results: &Path) -> Collection {
    let by_key = locate::runs_by_key(&results.join("runs"));
    let mut seen = HashSet::new();
    let trials: Vec<&TrialEntry> = listed.trials.iter().filter(|trial| seen.insert(&trial.run_key)).collect();
    // The same run may have been made under another name.
    let folder = |trial: &TrialEntry| {
        let named = results.join("runs").join(&trial.dir);
        if named.is_dir() { Some(named) } else { by_key.get(&trial.run_key).cloned() }
    };
    let folders: Vec<Option<PathBuf>> = trials.iter().map(|trial| folder(trial)).collect();
    let folders: Vec<Option<&Path>> = folders.iter().map(Option::as_deref).collect();
    let mut collection = Collection::default();
    Told::read_all(&folders, |position, told| {
        let TrialEntry { run_key, arm, seed, deltas, .. } = trials[position].clone();
        let place = SweepPlace { run_key, arm, seed, deltas };
        match told {
            Ok(Some(told)) if told.is_finished() => collection.add(place, &told, folders[position]),
            Ok(Some(told)) => collection.missing.push(Missing { place, state: told.state() }),
            Ok(None) => collection.missing.push(Missing { place, state: "not begun".to_owned() }),
            Err(error) => {
                collection.warnings.push(format!("left out: {error}"));
                collection.missing.push(Missing { place, state: "unreadable".to_owned() });
            }
        }
    });
    collection
}

impl Collection {
    /// Adds a finished run that was read from this folder.
    fn add(&mut self, place: SweepPlace, told: &Told, folder: Option<&Path>) {
        let (defined, undefined): (Vec<_>, Vec<_>) = told.history.scores().partition(|(_, value)| value.is_finite());
        if !undefined.is_empty() {
            let names = undefined.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
            self.warnings.push(format!("run {} has no number as its {names}", place.run_key));
        }
        self.provenance.merge(&told.provenance);
        if let Some(left_out) = &told.left_out {
            self.left_out.entry(left_out.clone()).or_default().insert(place.run_key.clone());
        }
        let metrics = defined.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let History { seconds, ref sets, ref protocols, .. } = told.history;
        let (sets, protocols) = (sets.clone(), protocols.clone());
        let settings = self.settings(told);
        let data = told.data.clone();
        let ceiling = Role::is_ceiling(&told.params);
        let labels = folder.is_some_and(|folder| told.labels_taught(&RunDir::at(folder)));
        let folder = folder.map(Path::to_path_buf);
        self.runs.push(Run { place, seconds, metrics, sets, data, protocols, ceiling, labels, settings, folder });
    }

    /// The settings of a run that is to be added: those of the run before it, where they are the same, as of other seeds they are.
    fn settings(&self, told: &Told) -> Arc<BTreeMap<String, String>> {
        let settings = told.params.iter().filter(|(key, _)| !is_outside(key));
        let settings = settings.map(|(key, value)| (key.clone(), value.clone())).collect();
        let before = self.runs.last().map(|run| &run.settings).filter(|before| ***before == settings);
        before.map_or_else(|| Arc::new(settings), Arc::clone)
    }
}
