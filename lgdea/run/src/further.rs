//! A run that is scored on further evaluation sets.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use burn::tensor::Device;
use lgdea_eval::Scores;
use lgdea_inputs::check;
use lgdea_metric::EvalSet;
use lgdea_prepared::Prepared;
use lgdea_spec::{Experiment, Resolved, SpecError};
use lgdea_track::{Event, Journal, Reader, Status, params};
use lgdea_train::load_model;

use crate::evaluator::Evaluator;
use crate::open_set::OpenSet;
use crate::opened::{Again, Found};
use crate::outcome::Outcome;
use crate::recorder::Recorder;
use crate::sets::PreparedSet;
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
        SpecError::unless_empty(check::protocols(&resolved))?;
        self.check_settings(experiment, &names)?;
        let (_, checkpoint) = self.newest(audience)?;
        let mut read = experiment.clone();
        read.eval.sets.retain(|name, _| names.contains(name) || read.pairing.leave_out.sets.contains(name));
        let Again { prepared, provider, sets, digests, .. } = self.read_again(&read, audience)?;

        let sets: Vec<_> = sets.into_iter().filter(|open| names.contains(&open.set.name)).collect();
        self.check_studies(&sets)?;
        let journal = Journal::open(&self.run)?;
        let recorder = Recorder { run: &self.run, journal: &journal, run_key: &self.history.run_key, audience };
        for set in &sets {
            recorder.set(experiment, set)?;
            recorder.write(Event::Params { values: params_of(experiment, &set.set.name)? })?;
        }
        let stages = Preparation { experiment, results: &self.results, audience };
        let sets = stages.sets(sets, &prepared, &provider)?;
        // Another device computes other scores.
        let mut here = experiment.clone();
        device_name.clone_into(&mut here.device.name);
        let training = digests.training_key(&here);
        let shared = Shared::new(&self.results, &self.run, experiment, &training, false);
        let evaluator = Evaluator { experiment, recorder, shared: &shared, device };
        sets.iter().try_for_each(|set| set.tell(&evaluator))?;
        let of_sets: Vec<&Prepared> = sets.iter().map(PreparedSet::prepared).collect();
        let model = stages.reminded(load_model(&self.experiment, &prepared, &checkpoint, device)?, &of_sets)?;
        let mut scores = Scores::new();
        for set in &sets {
            scores.extend(evaluator.scores(&model, &set.scored(&prepared))?);
        }
        let earlier = Outcome::of_history(&self.run, &self.history);
        let mut all = earlier.scores.clone();
        all.extend(scores.clone());
        recorder.summary(experiment, &all)?;
        Ok(Outcome { scores, seconds: began.elapsed().as_secs_f64(), attempts: 1, ..earlier })
    }

    /// Refuses a set that is called as one that the journal has with other settings: a name stands for one set of a run.
    pub(crate) fn check_settings(&self, experiment: &Experiment, names: &[String]) -> Result<(), RunError> {
        let mut recorded = BTreeMap::new();
        for record in Reader::open(&self.run.journal(), 0)? {
            if let Event::Params { values } = record?.1.event {
                recorded.extend(values);
            }
        }
        for name in names {
            let mut known = recorded.iter().filter(|(key, _)| key.starts_with(&prefix(name))).peekable();
            if known.peek().is_some() && !known.eq(&params_of(experiment, name)?) {
                return Err(RunError::OtherSet { name: name.clone() });
            }
        }
        Ok(())
    }

    /// Refuses a set of which other studies were scored.
    fn check_studies(&self, sets: &[OpenSet]) -> Result<(), RunError> {
        let is_scored =
            |name: &str| self.history.scores().any(|(score, _)| EvalSet::of(score) == Some(EvalSet::Named(name)));
        let has_changed = |open: &&OpenSet| {
            let scored = self.history.sets.get(&open.set.name);
            scored.is_some_and(|digest| *digest != open.digest()) && is_scored(&open.set.name)
        };
        match sets.iter().find(has_changed) {
            Some(open) => Err(RunError::OtherSet { name: open.set.name.clone() }),
            None => Ok(()),
        }
    }
}

fn prefix(set: &str) -> String {
    format!("eval.set.{set}.")
}

/// The settings of a set, as the journal has them.
fn params_of(experiment: &Experiment, set: &str) -> Result<BTreeMap<String, String>, RunError> {
    let mut all = params(experiment)?;
    all.retain(|key, _| key.starts_with(&prefix(set)));
    Ok(all)
}
