//! What a journal says about its run so far.

use std::collections::BTreeMap;
use std::time::Duration;

use lgdea_metric::{EvalSet, Name};

use crate::{Event, Reader, Record, Result, RunDir, Status};

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
    /// Wall-clock seconds of all attempts: as an attempt's end says, and of one without an end from its first event to its last.
    pub seconds: f64,
    /// When the attempt without an end began, and the seconds of those before it; `None` where the last attempt ended.
    pub under_way: Option<(u64, f64)>,
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
        values.filter(|(name, _)| Name::is_of_score(name))
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
            history.add(record?.1);
            empty = false;
        }
        Ok((!empty).then_some(history))
    }

    /// Seconds of the attempt without an end; 0 where there is none.
    pub fn seconds_under_way(&self) -> f64 {
        self.under_way.map_or(0.0, |(_, before)| self.seconds - before)
    }

    /// Takes in the next line.
    pub fn add(&mut self, record: Record) {
        let Record { time, event } = record;
        self.count(time, &event);
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
            Event::Ended { status, error, .. } => {
                self.status = Some(status);
                self.error = error;
            }
            Event::Tags { values } => {
                let protocol =
                    |(tag, value): (String, String)| Some((tag.strip_prefix("protocol.")?.to_owned(), value));
                self.protocols.extend(values.into_iter().filter_map(protocol));
            }
            Event::Params { .. } | Event::Artifact { .. } | Event::Note { .. } => {}
        }
    }

    /// Counts the time of the attempt that an event is of.
    fn count(&mut self, time: u64, event: &Event) {
        match (event, self.under_way) {
            (Event::Started { .. }, _) => self.under_way = Some((time, self.seconds)),
            (Event::Ended { seconds, .. }, _) => {
                let before = self.under_way.take().map_or(self.seconds, |(_, before)| before);
                self.seconds = before + seconds;
            }
            // That a line was cut short is told when somebody opens the journal again, long after the attempt maybe.
            (Event::Warning { .. }, _) | (_, None) => {}
            (_, Some((began, before))) => {
                self.seconds = before + Duration::from_millis(time.saturating_sub(began)).as_secs_f64();
            }
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
    fn the_time_of_an_attempt_that_was_cut_off_is_that_of_its_events() {
        let mut history = History::default();
        let mut add = |time, event| {
            history.add(Record { time, event });
            (history.seconds, history.seconds_under_way())
        };
        let note = || Event::Note { text: String::new() };
        let ended = |seconds| Event::Ended { status: Status::Finished, error: None, seconds };
        assert_eq!(add(1000, started(1)), (0.0, 0.0));
        assert_eq!(add(3500, note()), (2.5, 2.5));
        // It was killed, and goes on an hour later.
        assert_eq!(add(3_603_000, Event::Warning { message: "a line was cut short".to_owned() }), (2.5, 2.5));
        assert_eq!(add(3_603_500, started(2)), (2.5, 0.0));
        assert_eq!(add(3_604_500, note()), (3.5, 1.0));
        assert_eq!(add(3_605_000, ended(1.25)), (3.75, 0.0));
        assert_eq!(add(3_606_000, note()), (3.75, 0.0));
        assert_eq!(add(9_000_000, started(3)), (3.75, 0.0));
        assert_eq!(add(9_002_000, ended(2.0)), (5.75, 0.0));
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
