//! What runs take from each other: trained weights that nothing in which they differ determines, and evaluations.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lgdea_cache::{Cache, Stage};
use lgdea_eval::Evaluation;
use lgdea_eval::protocol::digest_of_files;
use lgdea_eval::task::Strata;
use lgdea_metric::EvalSet;
use lgdea_spec::{Eval, Experiment, Inputs};
use lgdea_track::mlflow::tags::TRAINED_AS;
use lgdea_track::{Event, RunDir};
use lgdea_train::{adopt_training, checkpoint_digest, newest_checkpoint};

use crate::RunError;
use crate::recorder::Recorder;
use crate::scored::Scored;

/// The shared work of a run.
pub(crate) struct Shared<'a> {
    cache: Cache,
    results: &'a Path,
    run: &'a RunDir,
    experiment: &'a Experiment,
    /// Key of all that determines the trained weights.
    training: &'a str,
    /// Whether finished work of others is taken, too.
    takes: bool,
}

impl<'a> Shared<'a> {
    /// `training` is the key of all that determines the weights; with `force` nothing is taken from others.
    pub(crate) fn new(
        results: &'a Path,
        run: &'a RunDir,
        experiment: &'a Experiment,
        training: &'a str,
        force: bool,
    ) -> Self {
        Self { cache: Cache::of_results(results), results, run, experiment, training, takes: !force }
    }

    /// Takes the weights of a run that differs in nothing that determines them, where this one has not begun. A run that is
    /// scored on the way trains itself.
    pub(crate) fn take_training(&self, recorder: &Recorder<'_>) -> Result<(), RunError> {
        let begun = newest_checkpoint(self.run)?.is_some();
        if begun || !self.takes || self.experiment.eval.every > 0 {
            return Ok(());
        }
        let Some(other) = self.cache.json::<String>(Stage::Training, self.training) else { return Ok(()) };
        let other = RunDir::at(self.results.join("runs").join(&other));
        let steps = self.experiment.train.all_steps();
        let Some(checkpoint) = adopt_training(self.run, &other, steps)? else { return Ok(()) };
        let name = checkpoint.file_name().unwrap_or_default().to_string_lossy().into_owned();
        recorder
            .warn(format!("trained as {}: nothing in which the two differ determines the weights", other.name()))?;
        recorder.write(Event::Checkpoint { step: steps as u64, path: format!("checkpoints/{name}") })?;
        recorder.write(Event::Tags { values: [(TRAINED_AS.to_owned(), other.name())].into() })
    }

    /// Lets others take the weights that training ended with.
    pub(crate) fn give_training(&self) {
        self.cache.keep_json(Stage::Training, self.training, &self.run.name());
    }

    /// What an evaluation is called; `galleries` are the files that it may draw, relative to the run's folder.
    pub(crate) fn evaluation<'g>(
        &'g self,
        scored: &Scored<'_>,
        galleries: &'g [PathBuf],
    ) -> Result<SharedEvaluation<'g>, RunError> {
        let checkpoint = match newest_checkpoint(self.run)? {
            Some((_, path)) => checkpoint_digest(&path)?,
            None => String::new(),
        };
        // Which others are scored, too, makes no difference; nor what a set is called, of which the data tell what it is.
        let eval = scored.experiment.eval.clone();
        let settings = serde_json::to_string(&Eval { splits: Vec::new(), sets: BTreeMap::new(), ..eval })?;
        let Inputs { prompts, protocols, .. } = scored.experiment.inputs();
        let prompts = digest_of_files(prompts.as_deref(), &protocols)?;
        let on = match scored.on {
            EvalSet::Split(split) => split.name(),
            EvalSet::Named(_) => scored.data,
        };
        let mut hasher = blake3::Hasher::new_derive_key("lgdea evaluation 4");
        // The digest of data does not tell all that divides studies.
        let Scored { prepared, studies, .. } = scored;
        let studies: Vec<_> = studies.iter().map(|&study| &prepared.studies[study]).collect();
        let strata = Strata::new(&scored.experiment.eval.within, &studies).map(|strata| strata.digest());
        let parts = [self.training, &checkpoint, &settings, &prompts, on];
        for part in parts.into_iter().chain(strata.as_deref()) {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        Ok(SharedEvaluation { shared: self, key: hasher.finalize().to_hex().to_string(), galleries })
    }
}

/// An evaluation.
pub(crate) struct SharedEvaluation<'a> {
    shared: &'a Shared<'a>,
    key: String,
    galleries: &'a [PathBuf],
}

impl SharedEvaluation<'_> {
    /// What was found before, with its galleries, where the same checkpoint was evaluated in the same way.
    pub(crate) fn take(&self) -> Option<Evaluation> {
        let Shared { cache, run, takes, .. } = self.shared;
        let found = cache.json::<(Evaluation, Vec<bool>)>(Stage::Evaluation, &self.key);
        let (evaluation, drawn) = found.filter(|_| *takes)?;
        for ((number, gallery), _) in self.galleries.iter().enumerate().zip(drawn).filter(|(_, drawn)| *drawn) {
            std::fs::copy(cache.path(Stage::Evaluation, &self.picture(number)), run.path().join(gallery)).ok()?;
        }
        Some(evaluation)
    }

    /// Keeps what was found, and the galleries that were drawn.
    pub(crate) fn keep(&self, evaluation: &Evaluation) {
        let Shared { cache, run, .. } = self.shared;
        let keep = |(number, gallery): (usize, &PathBuf)| {
            let gallery = run.path().join(gallery);
            let drawn = gallery.exists();
            if drawn {
                cache.keep_file(Stage::Evaluation, &self.picture(number), &gallery);
            }
            drawn
        };
        let drawn: Vec<bool> = self.galleries.iter().enumerate().map(keep).collect();
        cache.keep_json(Stage::Evaluation, &self.key, &(evaluation, drawn));
    }

    fn picture(&self, number: usize) -> String {
        format!("{}-{number}.png", self.key)
    }
}
