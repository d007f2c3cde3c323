//! The part of MLflow's REST interface that is about logged models. Servers have it from version 3 on.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Error;
use super::api::Done;
use super::client::Client;
use super::model::{Model, Score};
use super::tags::CHECKPOINT_STEP;

/// Most scores in a request.
const SCORES: usize = 1000;
const READY: &str = "LOGGED_MODEL_READY";

/// What is done, one after the other, to show a model. Each step looks first at what is there where doing it twice would
/// not be the same as once, so that all of them may be done again from the first on, whatever came of an earlier try.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Find or make it.
    Find(Box<Model>),
    /// Tell that it is whole: until then MLflow shows it as pending.
    Finish,
    /// Make it an output of the run, as of a training step.
    Link(u64),
    /// Log its scores.
    Score(Vec<Score>),
}

/// A model on the server.
#[derive(Debug, Deserialize)]
pub(super) struct LoggedModel {
    info: Info,
}

#[derive(Debug, Deserialize)]
struct Info {
    model_id: String,
    #[serde(default)]
    status: String,
}

/// The run that a model comes from.
pub(super) struct Source<'a> {
    pub(super) experiment_id: &'a str,
    pub(super) run_id: &'a str,
}

#[derive(Deserialize)]
struct Reply {
    model: LoggedModel,
}

impl Model {
    /// The steps that show it.
    pub(super) fn steps(mut self) -> impl Iterator<Item = Step> {
        let (step, mut scores) = (self.step, std::mem::take(&mut self.scores));
        let mut portions = Vec::new();
        while !scores.is_empty() {
            let rest = scores.split_off(SCORES.min(scores.len()));
            portions.push(Step::Score(std::mem::replace(&mut scores, rest)));
        }
        [Step::Find(Box::new(self)), Step::Finish, Step::Link(step)].into_iter().chain(portions)
    }
}

impl Client {
    /// Does a step. `model` is what the first one found, whose failure leaves nothing to do for the others.
    pub(super) fn show_model(
        &self,
        source: &Source<'_>,
        model: &mut Option<LoggedModel>,
        step: &Step,
    ) -> Result<(), Error> {
        if let Step::Find(wanted) = step {
            *model = None;
            let found = self.find_model(source, wanted.step)?;
            *model = Some(found.map_or_else(|| self.create_model(source, wanted), Ok)?);
            return Ok(());
        }
        let Some(LoggedModel { info }) = model else { return Ok(()) };
        match step {
            Step::Finish if info.status != READY => {
                let body = json!({ "model_id": info.model_id, "status": READY });
                self.patch::<Done>(&format!("logged-models/{}", info.model_id), &body)?;
                READY.clone_into(&mut info.status);
                Ok(())
            }
            // A second time the server would refuse it.
            Step::Link(_) if self.run(source.run_id)?.has_output(&info.model_id) => Ok(()),
            Step::Link(step) => {
                let models = json!([{ "model_id": info.model_id, "step": step }]);
                self.post::<Done>("runs/outputs", &json!({ "run_id": source.run_id, "models": models })).map(drop)
            }
            Step::Score(scores) => self.log_scores(source.run_id, &info.model_id, scores),
            Step::Find(_) | Step::Finish => Ok(()),
        }
    }

    /// The model of a run's checkpoint, if there is one. A run is known by its tags, so its identifier tells its models
    /// from those of a deleted run that showed the same journal.
    fn find_model(&self, source: &Source<'_>, step: u64) -> Result<Option<LoggedModel>, Error> {
        #[derive(Deserialize)]
        struct Found {
            #[serde(default)]
            models: Vec<LoggedModel>,
        }
        let body = json!({
            "experiment_ids": [source.experiment_id],
            "filter": format!("source_run_id = '{}' AND tags.`{CHECKPOINT_STEP}` = '{step}'", source.run_id),
            "order_by": [{ "field_name": "creation_timestamp", "ascending": true }],
            "max_results": 1,
        });
        self.post::<Found>("logged-models/search", &body).map(|mut found| found.models.pop())
    }

    fn create_model(&self, source: &Source<'_>, model: &Model) -> Result<LoggedModel, Error> {
        let body = json!({
            "experiment_id": source.experiment_id,
            "source_run_id": source.run_id,
            "name": model.name,
            "params": model.params,
            "tags": model.tags,
        });
        self.post::<Reply>("logged-models", &body).map(|reply| reply.model)
    }

    /// Logs rows of the run as a model's, too. Of a row that the server has it keeps one, of the run's and of the model's.
    fn log_scores(&self, run_id: &str, model_id: &str, scores: &[Score]) -> Result<(), Error> {
        let row = |Score { metric, dataset }: &Score| -> Value {
            let mut row = json!({
                "key": metric.key,
                "value": metric.value,
                "timestamp": metric.timestamp,
                "step": metric.step,
                "model_id": model_id,
            });
            if let Some((name, digest)) = dataset {
                row["dataset_name"] = name.as_str().into();
                row["dataset_digest"] = digest.as_str().into();
            }
            row
        };
        let rows: Vec<Value> = scores.iter().map(row).collect();
        self.post::<Done>("runs/log-batch", &json!({ "run_id": run_id, "metrics": rows })).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::Metric;
    use super::*;

    #[test]
    fn scores_keep_to_the_limit_and_come_last() {
        let score = |number: u64| Score { metric: Metric::new(1, number, "test/a", 0.5), dataset: None };
        let model = |scores: u64| Model {
            name: "m".to_owned(),
            step: 7,
            params: vec![],
            tags: vec![],
            scores: (0..scores).map(score).collect(),
        };
        let steps: Vec<Step> = model(2500).steps().collect();
        assert!(matches!(&steps[..3], [Step::Find(model), Step::Finish, Step::Link(7)] if model.scores.is_empty()));
        let sizes = steps[3..].iter().map(|step| match step {
            Step::Score(scores) => scores.len(),
            other => panic!("{other:?}"),
        });
        assert!(sizes.eq([1000, 1000, 500]));
        assert_eq!(model(0).steps().count(), 3);
    }
}
