//! The checkpoint that a finished run was evaluated with, as MLflow's logged models are.

use std::collections::BTreeMap;

use lgdea_metric::EvalSet;

use super::api::{Dataset, Metric, Pair};
use super::names;
use super::tags::{self, CHECKPOINT, CHECKPOINT_STEP, NOTE, RUN_KEY, STARTED};
use crate::{Event, Reader, Record, Result, RunDir, Status};

/// A checkpoint with its scores.
#[derive(Debug, PartialEq)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) step: u64,
    pub(super) params: Vec<Pair>,
    pub(super) tags: Vec<Pair>,
    pub(super) scores: Vec<Score>,
}

/// A score of a model on a data set.
#[derive(Debug, PartialEq)]
pub(super) struct Score {
    /// The row that the run has, too.
    pub(super) metric: Metric,
    /// Name and digest of the data set; none where the journal names none for the split.
    pub(super) dataset: Option<(String, String)>,
}

impl Model {
    /// What the first `length` bytes of a run's journal tell; none where no attempt finished, or it left no checkpoint.
    ///
    /// Equal beginnings of a journal give equal models, so that one can be sent again.
    pub(super) fn read(run: &RunDir, length: u64) -> Result<Option<Model>> {
        let (mut told, mut model) = (Told::default(), None);
        for record in Reader::open(&run.journal(), 0)? {
            let (start, record) = record?;
            if start >= length {
                break;
            }
            let is_end = matches!(record.event, Event::Ended { status: Status::Finished, .. });
            told.add(record);
            if is_end {
                model = told.model(&run.name());
            }
        }
        Ok(model)
    }
}

/// What a journal tells of its run's model.
#[derive(Default)]
struct Told {
    name: String,
    run_key: String,
    /// Milliseconds since 1970.
    started: Option<u64>,
    /// `image` and `text`.
    encoders: BTreeMap<String, String>,
    /// Name and digest by split or evaluation set. Of several the first: it is the corpus, whose digest a run never changes.
    datasets: BTreeMap<String, (String, String)>,
    /// Step and path of the last one.
    checkpoint: Option<(u64, String)>,
    /// The last row of each score with the step of its weights, by the journal's name.
    scores: BTreeMap<String, (u64, Metric)>,
}

impl Told {
    fn add(&mut self, Record { time, event }: Record) {
        match event {
            Event::Started { run_key, name, .. } => {
                (self.run_key, self.name) = (run_key, name);
                self.started.get_or_insert(time);
            }
            Event::Params { values } => {
                // `encoder.image.patch-cnn.width` names the image encoder.
                for key in values.into_keys() {
                    if let ["encoder", tower, name, _, ..] = key.split('.').collect::<Vec<_>>()[..] {
                        self.encoders.entry(tower.to_owned()).or_insert_with(|| name.to_owned());
                    }
                }
            }
            Event::Dataset { name, digest, context, profile } => {
                let dataset = Dataset::new(&name, &digest, context, profile);
                self.datasets.entry(dataset.context).or_insert((dataset.name, dataset.digest));
            }
            Event::Checkpoint { step, path } => self.checkpoint = Some((step, path)),
            Event::Metrics { step, values } => {
                // The server would show a model's NaN as 0; as the run's it is in the run's own rows.
                let scores = values.into_iter().filter(|(name, value)| EvalSet::of(name).is_some() && !value.is_nan());
                self.scores.extend(scores.map(|(name, value)| {
                    let metric = Metric::new(time, step, &name, value);
                    (name, (step, metric))
                }));
            }
            _ => {}
        }
    }

    fn model(&self, folder: &str) -> Option<Model> {
        let (step, path) = self.checkpoint.as_ref()?;
        let place = format!("runs/{folder}/{path}");
        let note = format!(
            "The checkpoint after step {step} that the run `{}` was evaluated with. Its weights are not uploaded; they \
             are in `{place}` of the results folder.",
            self.name
        );
        let pair = |(key, value): (&str, String)| Pair::new(key, &value);
        let tags = [
            (RUN_KEY, self.run_key.clone()),
            (STARTED, self.started.unwrap_or_default().to_string()),
            (CHECKPOINT_STEP, step.to_string()),
            (CHECKPOINT, place),
            (NOTE, note),
        ];
        let params = self.encoders.iter().map(|(tower, name)| Pair::new(&tags::encoder(tower), name));
        // Earlier scores are those of other weights.
        let scores = self.scores.iter().filter(|(_, (of, _))| of == step);
        Some(Model {
            name: names::model(&self.name),
            step: *step,
            params: params.collect(),
            tags: tags.into_iter().map(pair).collect(),
            scores: scores.map(|(name, (_, metric))| self.score(name, metric)).collect(),
        })
    }

    fn score(&self, name: &str, metric: &Metric) -> Score {
        let dataset = EvalSet::of(name).and_then(|on| self.datasets.get(on.name()));
        Score { metric: metric.clone(), dataset: dataset.cloned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Journal, Lineage};

    fn start(journal: &Journal, attempt: u32) {
        let (run_key, name) = ("abc".to_owned(), "tuning.clip".to_owned());
        journal.write(Event::Started { run_key, name, attempt, lineage: Box::default() }).unwrap();
    }

    fn dataset(journal: &Journal, name: &str, context: &str) {
        let (name, digest) = (name.to_owned(), format!("digest of {name}"));
        journal.write(Event::Dataset { name, digest, context: context.to_owned(), profile: String::new() }).unwrap();
    }

    fn checkpoint(journal: &Journal, step: u64) {
        journal.write(Event::Checkpoint { step, path: format!("checkpoints/step-{step}") }).unwrap();
    }

    fn end(journal: &Journal, status: Status) {
        journal.write(Event::Ended { status, error: None, seconds: 1.0 }).unwrap();
    }

    /// Metric, value, data set and its digest.
    fn shown(Score { metric, dataset }: &Score) -> (&str, f64, &str, &str) {
        let (name, digest) = dataset.as_ref().unwrap();
        (&metric.key, metric.value.as_f64().unwrap(), name, digest)
    }

    #[test]
    fn the_evaluated_checkpoint_is_the_model_with_the_last_scores_of_its_step() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::new(folder.path(), "tuning.clip", "abc");
        let journal = Journal::create(&run).unwrap();
        let read = || Model::read(&run, run.journal().metadata().unwrap().len()).unwrap();
        start(&journal, 1);
        let params = ["encoder.dim", "encoder.image.patch-cnn.width", "encoder.text.token-cnn.layers", "seed"];
        let values = params.into_iter().map(|key| (key.to_owned(), "1".to_owned())).collect();
        journal.write(Event::Params { values }).unwrap();
        for split in ["train", "validation", "test"] {
            dataset(&journal, "phantom", split);
        }
        dataset(&journal, "evidence", "test");
        journal.metrics(1, &[("validation/early", 0.1), ("validation/auroc", 0.2), ("train/loss", 1.0)]).unwrap();
        checkpoint(&journal, 1);
        journal.metrics(2, &[("validation/auroc", 0.3)]).unwrap();
        checkpoint(&journal, 2);
        end(&journal, Status::Killed);
        assert_eq!(read(), None);
        start(&journal, 2);
        let scores = [("validation/auroc", 0.4), ("validation/auroc/low", 0.3)];
        journal.metrics(2, &scores).unwrap();
        journal.metrics(2, &[("test/auroc", 0.5), ("test/odd", f64::NAN)]).unwrap();
        assert_eq!(read(), None);
        end(&journal, Status::Finished);

        let model = read().unwrap();
        assert_eq!((model.name.as_str(), model.step), ("tuning-clip", 2));
        let pairs = |pairs: &[Pair]| -> BTreeMap<String, String> {
            pairs.iter().map(|pair| (pair.key.clone(), pair.value.clone())).collect()
        };
        let params = pairs(&model.params);
        assert_eq!((params["encoder.image"].as_str(), params["encoder.text"].as_str()), ("patch-cnn", "token-cnn"));
        assert_eq!(params.len(), 2);
        let tags = pairs(&model.tags);
        assert_eq!((tags["lgdea.run_key"].as_str(), tags["lgdea.checkpoint_step"].as_str()), ("abc", "2"));
        assert_eq!(tags["lgdea.checkpoint"], "runs/tuning.clip-abc/checkpoints/step-2");
        assert!(tags["mlflow.note.content"].contains("not uploaded"));
        let expected = [
            ("test/auroc", 0.5, "phantom/test", "digest of phantom"),
            ("validation/auroc", 0.4, "phantom/validation", "digest of phantom"),
            ("validation/auroc.low", 0.3, "phantom/validation", "digest of phantom"),
        ];
        assert_eq!(model.scores.iter().map(shown).collect::<Vec<_>>(), expected);

        // What comes later does not change what was sent.
        let length = run.journal().metadata().unwrap().len();
        start(&journal, 3);
        checkpoint(&journal, 3);
        assert_eq!(Model::read(&run, length).unwrap(), Some(model));
    }

    #[test]
    fn a_run_without_a_checkpoint_has_no_model() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::at(folder.path());
        let journal = Journal::create(&run).unwrap();
        let lineage = Box::new(Lineage::default());
        let (run_key, name) = ("abc".to_owned(), "none".to_owned());
        journal.write(Event::Started { run_key, name, attempt: 1, lineage }).unwrap();
        end(&journal, Status::Finished);
        assert_eq!(Model::read(&run, u64::MAX).unwrap(), None);
    }
}
