//! A run's model on studies, asked for what others go on with.

use std::cell::Cell;
use std::path::Path;

use burn::tensor::Device;
use lgdea_data::Split;
use lgdea_inspect::{Embedded, InspectError, Trained, Wanted};
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use lgdea_spec::{Experiment, Resolved};
use lgdea_train::{checkpoint_digest, load_model};
use serde_json::json;

use crate::embeddings::Embeddings;
use crate::opened::{Again, Found};
use crate::{Audience, Preparation, RunError};

/// What is to be embedded.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The file that names the studies, see [`Resolved::with_data`]; the run's own where there is none.
    pub data: Option<&'a Path>,
    /// The split of them that is wanted; all where there is none.
    pub split: Option<Split>,
    /// What is wanted besides embeddings.
    pub wanted: Wanted,
}

impl Found {
    /// Embeds studies with the run's newest model, on `device`, which is called `device_name`. Nothing is written into the run's
    /// folder. Of an evaluation set these are the studies that would be scored: those of patients that training has seen are
    /// left out.
    ///
    /// # Errors
    /// As of [`Found::open`]; the file of studies cannot be read; no study of them has an image.
    pub fn embed(
        &self,
        asked: Asked<'_>,
        (device, device_name): (&Device, &str),
        audience: &dyn Audience,
    ) -> Result<Embeddings, RunError> {
        let (step, checkpoint) = self.newest(audience)?;
        let (experiment, set) = self.with_data(asked.data)?;
        let mut read = experiment.clone();
        let left_out = &experiment.pairing.leave_out.sets;
        read.eval.sets.retain(|name, _| Some(name) == set.as_ref() || left_out.contains(name));
        let Again { prepared, provider, mut sets, .. } = self.read_again(&read, audience)?;

        let stages = Preparation { experiment: &experiment, results: &self.results, audience };
        let model = load_model(&self.experiment, &prepared, &checkpoint, device)?;
        let sets_of_file;
        let (of, studied, groups) = if let Some(name) = &set {
            sets.retain(|open| open.set.name == *name);
            let lines = sets.iter().flat_map(|open| open.set.corpus.skipped.lines());
            lines.for_each(|(_, line)| audience.say(&line));
            sets_of_file = stages.sets(sets, &prepared, &provider)?;
            // The file was laid over the experiment: the set is one of its own.
            let set = sets_of_file.first().ok_or(InspectError::NoImages)?.scored(&prepared);
            (set.experiment, set.prepared, vec![set.studies])
        } else {
            let splits = [Split::Train, Split::Validation, Split::Test].map(|split| prepared.split(split));
            (&experiment, &prepared, splits.into())
        };
        let model = &stages.reminded(model, &[studied])?;
        let mut embeddings = Asks { model, device, asked, audience }.of(of, studied, groups)?;
        let digest = checkpoint_digest(&checkpoint)?;
        let checkpoint = checkpoint.strip_prefix(self.run.path()).unwrap_or(&checkpoint);
        embeddings.tell("run", json!(self.run.name()));
        embeddings.tell("run_key", json!(self.history.run_key));
        embeddings.tell("checkpoint", json!({ "path": checkpoint, "digest": digest, "steps": step }));
        embeddings.tell("device", json!(device_name));
        embeddings.tell("evaluation_set", json!(set));
        Ok(embeddings)
    }

    /// The experiment with the studies of a file as an evaluation set, and the set's name; without a file as it is.
    fn with_data(&self, file: Option<&Path>) -> Result<(Experiment, Option<String>), RunError> {
        let Some(file) = file else { return Ok((self.experiment.clone(), None)) };
        let (resolved, name) = Resolved::from_file(&self.run.experiment(), &[])?.with_data(file)?;
        self.check_settings(&resolved.experiment, std::slice::from_ref(&name))?;
        Ok((resolved.experiment, Some(name)))
    }
}

/// A model that is asked for embeddings.
struct Asks<'a> {
    model: &'a Lgdea,
    device: &'a Device,
    asked: Asked<'a>,
    audience: &'a dyn Audience,
}

impl Asks<'_> {
    /// Embeds groups of studies, each of which is evaluated as one.
    fn of(
        &self,
        experiment: &Experiment,
        prepared: &Prepared,
        mut groups: Vec<Vec<usize>>,
    ) -> Result<Embeddings, RunError> {
        let Self { model, device, asked, audience } = *self;
        let has_image = |study: usize| prepared.images.pixels(study).is_some();
        let is_asked = |study: usize| asked.split.is_none_or(|split| prepared.studies[study].split == split);
        let mut all = 0;
        for group in &mut groups {
            group.retain(|&study| is_asked(study));
            all += group.len();
            group.retain(|&study| has_image(study));
        }
        groups.retain(|group| !group.is_empty());
        let images = groups.iter().map(Vec::len).sum::<usize>();
        if images < all {
            audience.say(&format!("studies without an image are left out: {}", all - images));
        }
        let texts = groups.iter().flatten().filter(|&&study| prepared.report(study).is_some()).count();

        let trained = Trained { model, experiment, prepared, device };
        if texts > 0 && experiment.eval.retrieval.is_of_more() {
            audience.say(
                "the run's own retrieval scores are of more than embeddings (`[eval.retrieval]`): how words or evidence fit \
                 images, or a bank",
            );
        }
        let (counter, done) = (audience.counter("embedding"), Cell::new(0));
        let more = |items: usize| {
            done.set(done.get() + items);
            counter(done.get(), images + texts);
        };
        let mut embedded: Option<Embedded> = None;
        for group in &groups {
            let next = trained.embeddings(group, asked.wanted, &more)?;
            embedded = Some(match embedded {
                Some(before) => before.and(next),
                None => next,
            });
        }
        let nothing = || asked.split.map_or(InspectError::NoImages, |split| InspectError::EmptySplit { split });
        Ok(Embeddings::new(embedded.ok_or_else(nothing)?, experiment, prepared))
    }
}
