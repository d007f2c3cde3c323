//! A run that is scored on further evaluation sets.

use std::path::PathBuf;
use std::time::Instant;

use burn::tensor::Device;
use lgdea_eval::Scores;
use lgdea_spec::Resolved;
use lgdea_track::{Journal, Status};
use lgdea_train::load_model;

use crate::evaluator::Evaluator;
use crate::opened::{Again, Found};
use crate::outcome::Outcome;
use crate::recorder::Recorder;
use crate::shared::Shared;
use crate::{Audience, Preparation, RunError};

impl Found {
    /// Scores the run's newest model on the evaluation sets of files, and writes the scores into its journal, beside those that
    /// it has. `device` is called `device_name`.
    ///
    /// # Errors
    /// As of [`Found::open`]; the files or the sets cannot be read; a set is called as another one of the run's experiment; the
    /// run has not finished.
    pub fn score(
        &self,
        files: &[PathBuf],
        (device, device_name): (&Device, &str),
        audience: &dyn Audience,
    ) -> Result<Outcome, RunError> {
        let began = Instant::now();
        if self.history.status != Some(Status::Finished) {
            return Err(RunError::NotFinished { path: self.run.path().to_owned() });
        }
        let (resolved, names) = Resolved::from_file(&self.run.experiment(), &[])?.with_sets(files)?;
        let experiment = &resolved.experiment;
        let is_other = |name: &&String| {
            let known = self.experiment.eval.sets.get(*name);
            known.is_some_and(|known| experiment.eval.sets.get(*name) != Some(known))
        };
        if let Some(name) = names.iter().find(is_other) {
            return Err(RunError::OtherSet { name: name.clone() });
        }
        let (_, checkpoint) = self.newest(audience)?;
        let mut read = experiment.clone();
        read.eval.sets.retain(|name, _| names.contains(name) || read.pairing.leave_out.sets.contains(name));
        let Again { prepared, provider, sets, digests, .. } = self.read_again(&read, audience)?;

        let journal = Journal::open(&self.run)?;
        let recorder = Recorder { run: &self.run, journal: &journal, run_key: &self.history.run_key, audience };
        let sets: Vec<_> = sets.into_iter().filter(|open| names.contains(&open.set.name)).collect();
        sets.iter().try_for_each(|set| recorder.set(experiment, set))?;
        let stages = Preparation { experiment, results: &self.results, audience };
        let sets = stages.sets(sets, &prepared, &provider)?;
        let training = digests.training_key(experiment);
        // Another device computes other scores.
        let is_elsewhere = device_name != self.experiment.device.name;
        let shared = Shared::new(&self.results, &self.run, experiment, &training, is_elsewhere);
        let evaluator = Evaluator { experiment, recorder, shared: &shared, device };
        sets.iter().try_for_each(|set| set.tell(&evaluator))?;
        let model = load_model(&self.experiment, &prepared, &checkpoint, device)?;
        let mut scores = Scores::new();
        for set in &sets {
            scores.extend(evaluator.scores(&model, &set.scored())?);
        }
        let earlier = Outcome::of_history(&self.run, &self.history);
        let mut all = earlier.scores.clone();
        all.extend(scores.clone());
        recorder.summary(experiment, &all)?;
        Ok(Outcome { scores, seconds: began.elapsed().as_secs_f64(), ..earlier })
    }
}
