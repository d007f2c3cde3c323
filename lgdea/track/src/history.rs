//! What a journal says about its run so far.

use std::collections::BTreeMap;

use lgdea_metric::{EvalSet, Name};

use crate::{Event, Reader, Result, RunDir, Status};

/// What a journal says about its run so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// Key of the run's identity.
    pub run_key: String,
    /// Name of the experiment.
    pub name: String,
    /// Attempts begun.
    pub attempts: u32,
    /// How the last attempt ended; `None` while it goes on, or where it was cut off without a word.
    pub status: Option<Status>,
    /// Why the last attempt did not finish.
    pub error: Option<String>,
    /// Wall-clock seconds of all attempts that ended.
    pub seconds: f64,
    /// Digest of each data set by its name; of one that several attempts read, the last one's.
    pub datasets: BTreeMap<String, String>,
    /// Digest of what is scored of each evaluation set, by its name; the last one's.
    pub sets: BTreeMap<String, String>,
    /// The protocols that scores are by, by what is scored and the task: `test.zero-shot`.
    pub protocols: BTreeMap<String, String>,
    /// Step and value of each metric's last entry.
    pub metrics: BTreeMap<String, (u64, f64)>,
    /// Step and path, relative to the run's folder, of the last checkpoint.
    pub checkpoint: Option<(u64, String)>,
    /// Warnings, oldest first.
    pub warnings: Vec<String>,
}

impl History {
    /// Last values of the scores of held-out splits and evaluation sets, without the ends of their intervals.
    pub fn scores(&self) -> impl Iterator<Item = (&str, f64)> {
        let values = self.metrics.iter().map(|(name, &(_, value))| (name.as_str(), value));
        values.filter(|(name, _)| Name::parse(name).is_score())
    }

    /// Reads a run's journal; `None` where there is none, or nothing in it.
    pub fn read(run: &RunDir) -> Result<Option<History>> {
        let path = run.journal();
        if !path.exists() {
            return Ok(None);
        }
        let mut history = History::default();
        let mut empty = true;
        for record in Reader::open(&path, 0)? {
            history.add(record?.1.event);
            empty = false;
        }
        Ok((!empty).then_some(history))
    }

    /// Takes in the next event.
    pub fn add(&mut self, event: Event) {
        match event {
            Event::Started { run_key, name, .. } => {
                self.run_key = run_key;
                self.name = name;
                self.attempts += 1;
                self.status = None;
                self.error = None;
            }
            Event::Dataset { name, digest, context, .. } => {
                let is_set = EvalSet::refusal(&context).is_none();
                let (known, name) = if is_set { (&mut self.sets, context) } else { (&mut self.datasets, name) };
                known.insert(name, digest);
            }
            Event::Metrics { step, values } => {
                let values = values.into_iter().map(|(name, value)| (name, (step, value)));
                self.metrics.extend(values);
            }
            Event::Warning { message } => self.warnings.push(message),
            Event::Checkpoint { step, path } => self.checkpoint = Some((step, path)),
            Event::Ended { status, error, seconds } => {
                self.status = Some(status);
                self.error = error;
                self.seconds += seconds;
            }
            Event::Tags { values } => {
                let protocol =
                    |(tag, value): (String, String)| Some((tag.strip_prefix("protocol.")?.to_owned(), value));
                self.protocols.extend(values.into_iter().filter_map(protocol));
            }
            Event::Params { .. } | Event::Artifact { .. } | Event::Note { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Journal, Lineage};

    fn started(attempt: u32) -> Event {
        Event::Started {
            run_key: "abc".to_owned(),
            name: "low-pair".to_owned(),
            attempt,
            lineage: Box::new(Lineage::default()),
        }
    }

    #[test]
    fn two_attempts_are_one_history() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::at(folder.path());
        assert_eq!(History::read(&run).unwrap(), None);
        let journal = Journal::open(&run).unwrap();
        assert_eq!(History::read(&run).unwrap(), None);

        journal.write(started(1)).unwrap();
        journal.metrics(1, &[("loss", 2.0), ("only-first", 1.0)]).unwrap();
        journal.write(Event::Checkpoint { step: 1, path: "checkpoints/1".to_owned() }).unwrap();
        let failed = Event::Ended { status: Status::Failed, error: Some("disk full".to_owned()), seconds: 2.0 };
        journal.write(failed).unwrap();
        assert_eq!(History::read(&run).unwrap().unwrap().status, Some(Status::Failed));

        journal.write(started(2)).unwrap();
        let resumed = History::read(&run).unwrap().unwrap();
        assert_eq!((resumed.status, resumed.error), (None, None));

        let dataset = |digest: &str| Event::Dataset {
            name: "phantom".to_owned(),
            digest: digest.to_owned(),
            context: "train".to_owned(),
            profile: String::new(),
        };
        journal.write(dataset("1")).unwrap();
        journal.write(dataset("2")).unwrap();
        journal.metrics(2, &[("loss", 1.0)]).unwrap();
        journal.write(Event::Ended { status: Status::Finished, error: None, seconds: 3.0 }).unwrap();
        let history = History::read(&run).unwrap().unwrap();
        assert_eq!((history.attempts, history.status, history.seconds), (2, Some(Status::Finished), 5.0));
        assert_eq!(history.datasets["phantom"], "2");
        assert_eq!(history.metrics["loss"], (2, 1.0));
        assert_eq!(history.metrics["only-first"], (1, 1.0));
        assert_eq!(history.checkpoint, Some((1, "checkpoints/1".to_owned())));
    }
}
