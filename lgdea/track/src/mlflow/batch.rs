//! A part of a journal in MLflow's terms, and the calls that send it.

use std::collections::BTreeMap;

use lgdea_metric::{EvalSet, Split, curve};
use serde_json::Value;

use super::api::{Dataset, Metric, Pair};
use super::logged_model::Step;
use super::model::Model;
use super::names::{self, PARAM_LENGTH, TAG_LENGTH};
use super::tags::{self, CHECKPOINT_STEP, ERROR, NOTE, SECONDS};
use super::view;
use crate::event::non_finite;
use crate::{Event, Record, Status};

/// Longest digest of a data set, in characters.
const DIGEST_LENGTH: usize = 36;
/// Most metrics in a request.
const METRICS: usize = 1000;
/// Most parameters, and most tags, in a request.
const PAIRS: usize = 100;
/// Bytes of parameters or tags that a request is kept under: the server takes 1 MB, and so do common proxies.
const PAIR_BYTES: usize = 500_000;

/// A call that carries a portion of a journal to a run. Each may be made again: the outcome is the same.
#[derive(Debug, PartialEq)]
pub(super) enum Request {
    Params(Vec<Pair>),
    Tags(Vec<Pair>),
    Metrics(Vec<Metric>),
    Dataset(Dataset),
    /// Path relative to the run's folder.
    Artifact(String),
    Model(Step),
    /// A status and, where it is an end, its time.
    Status(&'static str, Option<u64>),
}

/// A part of a journal in MLflow's terms.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Batch {
    pub(super) metrics: Vec<Metric>,
    /// In the order of the journal; the first value of a name counts.
    pub(super) params: Vec<Pair>,
    /// The last value of a name counts.
    pub(super) tags: BTreeMap<String, String>,
    pub(super) datasets: Vec<Dataset>,
    /// Paths relative to the run's folder.
    pub(super) artifacts: Vec<String>,
    /// The last status and, where it is an end, its time.
    pub(super) status: Option<(&'static str, Option<u64>)>,
    /// Whether an attempt finishes.
    pub(super) finishes: bool,
    /// Records in this batch.
    pub(super) records: usize,
}

impl Metric {
    /// A journal's value in MLflow's terms. `time` is in milliseconds since 1970.
    ///
    /// A score of the test split or of an evaluation set is no point of a curve. MLflow draws bars of step 0 alone, and of any other a curve with one
    /// point; the step of the weights is with the model.
    pub(super) fn new(time: u64, step: u64, name: &str, value: f64) -> Metric {
        let is_curve = matches!(EvalSet::of(name), None | Some(EvalSet::Split(Split::Validation)));
        let step = if is_curve { step } else { 0 };
        Metric {
            key: names::metric(name).into_owned(),
            value: non_finite(value).map_or_else(|| Value::from(value), Value::from),
            timestamp: time,
            step: i64::try_from(step).unwrap_or(i64::MAX),
        }
    }
}

impl Dataset {
    /// A journal's data set in MLflow's terms. MLflow knows a data set by its name and digest and remembers one use of it
    /// by a run, so that the splits of a corpus are told apart by name.
    pub(super) fn new(name: &str, digest: &str, context: String, profile: String) -> Dataset {
        Dataset {
            name: format!("{name}/{context}"),
            digest: digest.chars().take(DIGEST_LENGTH).collect(),
            context,
            profile,
        }
    }
}

impl Status {
    /// What MLflow calls it.
    pub(super) fn name_on_server(self) -> &'static str {
        match self {
            Status::Finished => "FINISHED",
            Status::Failed => "FAILED",
            Status::Killed | Status::Pruned => "KILLED",
        }
    }
}

impl Batch {
    /// Adds a line of the journal.
    pub(super) fn add(&mut self, Record { time, event }: Record) {
        self.records += 1;
        match event {
            Event::Started { attempt, lineage, .. } => {
                self.status = Some(("RUNNING", None));
                for (key, value) in tags::of_attempt(attempt, &lineage) {
                    self.tag(key, &value);
                }
            }
            Event::Params { values } => self.params.extend(values.into_iter().map(|(key, value)| Pair {
                key: names::name(&key).into_owned(),
                value: names::value(&value, PARAM_LENGTH).into_owned(),
            })),
            Event::Tags { values } => {
                for (key, value) in values {
                    self.tag(&key, &value);
                }
            }
            Event::Metrics { step, values } => {
                self.metrics.extend(values.into_iter().map(|(name, value)| Metric::new(time, step, &name, value)));
            }
            Event::Dataset { name, digest, context, profile } => {
                self.datasets.push(Dataset::new(&name, &digest, context, profile));
            }
            Event::Artifact { path } => self.artifacts.push(path),
            Event::Note { text } => self.tag(NOTE, &text),
            Event::Warning { .. } => {}
            Event::Checkpoint { step, .. } => self.tag(CHECKPOINT_STEP, &step.to_string()),
            Event::Ended { status, error, seconds } => {
                self.tag(SECONDS, &format!("{seconds:.1}"));
                self.tag(ERROR, &without_home(error.as_deref().unwrap_or_default()));
                self.status = Some((status.name_on_server(), Some(time)));
                self.finishes |= status == Status::Finished;
            }
        }
    }

    /// The calls that carry this part and the model that a run which finishes in it ends with, the status last: what is
    /// shown as finished is whole.
    pub(super) fn requests(self, model: Option<Model>) -> impl Iterator<Item = Request> {
        let tags = self.tags.into_iter().map(|(key, value)| Pair { key, value });
        let mut metrics = self.metrics;
        // MLflow's page *Compare* opens on the metric that it was told of first.
        let first: Vec<String> = view::scores().chain([curve::LOSS.name.to_owned()]).collect();
        metrics.sort_by_cached_key(|metric| first.iter().position(|name| *name == metric.key).unwrap_or(first.len()));
        let mut portions_of_metrics = Vec::new();
        while !metrics.is_empty() {
            let rest = metrics.split_off(METRICS.min(metrics.len()));
            portions_of_metrics.push(std::mem::replace(&mut metrics, rest));
        }
        let params = portions(self.params).into_iter().map(Request::Params);
        params
            .chain(portions(tags.collect()).into_iter().map(Request::Tags))
            .chain(portions_of_metrics.into_iter().map(Request::Metrics))
            .chain(self.datasets.into_iter().map(Request::Dataset))
            .chain(self.artifacts.into_iter().map(Request::Artifact))
            .chain(model.into_iter().flat_map(Model::steps).map(Request::Model))
            .chain(self.status.map(|(status, end_time)| Request::Status(status, end_time)))
    }

    fn tag(&mut self, key: &str, value: &str) {
        let value = names::value(value, TAG_LENGTH).into_owned();
        self.tags.insert(names::name(key).into_owned(), value);
    }
}

/// Errors name files, and files lie in a home folder that is named after its owner.
fn without_home(text: &str) -> String {
    match std::env::home_dir().map(|home| home.display().to_string()) {
        Some(home) if home.len() > 1 => text.replace(&home, "~"),
        _ => text.to_owned(),
    }
}

/// Parameters or tags in portions that fit into a request.
fn portions(pairs: Vec<Pair>) -> Vec<Vec<Pair>> {
    let mut portions: Vec<Vec<Pair>> = Vec::new();
    let mut bytes = 0;
    for pair in pairs {
        let size = pair.key.len() + pair.value.len();
        match portions.last_mut() {
            Some(portion) if portion.len() < PAIRS && bytes + size <= PAIR_BYTES => {
                bytes += size;
                portion.push(pair);
            }
            _ => {
                bytes = size;
                portions.push(vec![pair]);
            }
        }
    }
    portions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(events: Vec<Event>) -> Batch {
        let mut batch = Batch::default();
        for (time, event) in (100..).zip(events) {
            batch.add(Record { time, event });
        }
        batch
    }

    #[test]
    fn numbers_that_json_lacks_go_by_name_with_the_journals_time() {
        let values = [("a".to_owned(), f64::NAN), ("b@1".to_owned(), f64::NEG_INFINITY), ("c".to_owned(), 0.1)];
        let batch = batch(vec![Event::Metrics { step: u64::MAX, values: values.into() }]);
        let rows: Vec<_> = batch.metrics.iter().map(|row| (row.key.as_str(), row.value.to_string())).collect();
        let key = names::name("b@1");
        assert_eq!(rows, [("a", "\"NaN\"".to_owned()), (&key, "\"-Infinity\"".to_owned()), ("c", "0.1".to_owned())]);
        assert!(batch.metrics.iter().all(|row| row.timestamp == 100 && row.step == i64::MAX));
    }

    #[test]
    fn scores_of_the_test_split_are_bars_and_others_are_curves() {
        let step = |name| Metric::new(1, 600, name, 0.5).step;
        for bar in ["test/zero_shot/auroc_macro", "test/grounding/cnr/low", "test/odd"] {
            assert_eq!(step(bar), 0, "{bar}");
        }
        for curve in ["validation/zero_shot/auroc_macro", "train/loss", "testing/a", "test", "loss"] {
            assert_eq!(step(curve), 600, "{curve}");
        }
    }

    #[test]
    fn what_is_compared_is_told_first_and_a_curve_keeps_its_order() {
        let metrics = |step, names: &[&str]| Event::Metrics {
            step,
            values: names.iter().map(|name| ((*name).to_owned(), 0.0)).collect(),
        };
        let mut requests = batch(vec![
            metrics(1, &["evidence/dead_prototypes", "train/loss"]),
            metrics(2, &["evidence/dead_prototypes", "train/loss"]),
            metrics(2, &["test/grounding/cnr", "test/odd", "test/zero_shot/auroc_macro"]),
        ])
        .requests(None);
        let Some(Request::Metrics(rows)) = requests.next() else { panic!("no metrics") };
        let rows: Vec<_> = rows.iter().map(|row| (row.key.as_str(), row.step)).collect();
        let expected = [
            ("test/zero_shot/auroc_macro", 0),
            ("test/grounding/cnr", 0),
            ("train/loss", 1),
            ("train/loss", 2),
            ("train/evidence/dead_prototypes", 1),
            ("train/evidence/dead_prototypes", 2),
            ("test/odd", 0),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn the_last_status_and_tag_count() {
        let started = |attempt| Event::Started {
            run_key: "k".to_owned(),
            name: "n".to_owned(),
            attempt,
            lineage: Box::default(),
        };
        let ended = |status| Event::Ended { status, error: Some("disk full".to_owned()), seconds: 1.0 };
        let resumed = batch(vec![started(1), ended(Status::Failed), started(2)]);
        assert_eq!(resumed.status, Some(("RUNNING", None)));
        assert_eq!(resumed.tags["lgdea.attempt"], "2");
        assert_eq!(resumed.tags["lgdea.error"], "disk full");
        let done = batch(vec![started(1), ended(Status::Killed)]);
        assert_eq!(done.status, Some(("KILLED", Some(101))));
    }

    #[test]
    fn warnings_stay_here_and_errors_name_no_home() {
        let quiet = batch(vec![Event::Warning { message: "secret".to_owned() }]);
        assert_eq!((quiet.records, quiet.tags.len()), (1, 0));
        let home = std::env::home_dir().unwrap();
        let text = format!("could not open {}", home.join("data/x.png").display());
        assert!(!without_home(&text).contains(&home.display().to_string()));
    }

    #[test]
    fn requests_keep_to_the_limits_and_end_with_the_status() {
        let values = (0..2500).map(|index| (index.to_string(), 0.0)).collect();
        let requests: Vec<_> = batch(vec![
            Event::Ended { status: Status::Finished, error: None, seconds: 1.0 },
            Event::Metrics { step: 1, values },
            Event::Artifact { path: "a".to_owned() },
        ])
        .requests(None)
        .collect();
        let sizes: Vec<_> = requests
            .iter()
            .filter_map(|request| match request {
                Request::Metrics(metrics) => Some(metrics.len()),
                _ => None,
            })
            .collect();
        assert_eq!(sizes, [1000, 1000, 500]);
        assert_eq!(requests.last(), Some(&Request::Status("FINISHED", Some(100))));
    }

    #[test]
    fn portions_keep_to_count_and_size() {
        let pair = |size: usize| Pair { key: "k".to_owned(), value: "v".repeat(size) };
        let sizes = |pairs: Vec<Pair>| portions(pairs).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(vec![pair(1); 250]), [100, 100, 50]);
        assert_eq!(sizes(vec![pair(199_999); 3]), [2, 1]);
        assert_eq!(sizes(vec![pair(900_000); 2]), [1, 1]);
        assert!(sizes(Vec::new()).is_empty());
    }
}
