//! The events of a journal.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::Lineage;

/// One line of a journal: an event and when it happened.
///
/// The time is fixed when the event is written, never when it is sent: a tracker that receives a line twice can tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Milliseconds since 1970-01-01 UTC.
    pub time: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Record {
    /// The event, as of now.
    pub fn now(event: Event) -> Record {
        Record { time: now(), event }
    }
}

/// Milliseconds since 1970-01-01 UTC; 0 on a clock set before that.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// What happens in a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// An attempt at the run begins; the first event of a journal.
    Started {
        /// The run's key, a hash of what determines its result.
        run_key: String,
        /// Name of the experiment.
        name: String,
        /// 1 for the first attempt; each resumption adds one.
        attempt: u32,
        /// What the attempt runs with and on.
        lineage: Box<Lineage>,
    },
    /// Settings of the run; a tracker keeps the first value of each.
    Params {
        /// Value by dotted name.
        values: BTreeMap<String, String>,
    },
    /// Labels of the run; a later value replaces an earlier one.
    Tags {
        /// Value by name.
        values: BTreeMap<String, String>,
    },
    /// Measured values.
    Metrics {
        /// Training step that they belong to.
        step: u64,
        /// Value by name. JSON has no NaN and no infinity, so these are written as strings.
        #[serde(with = "numbers")]
        values: BTreeMap<String, f64>,
    },
    /// A data set that the run reads.
    Dataset {
        /// Name of the data set.
        name: String,
        /// Hash of its content.
        digest: String,
        /// What it is for: `train`, `validation`, `test`.
        context: String,
        /// Statistics, as JSON; empty for none.
        profile: String,
    },
    /// A file to be shown beside the run. Only files named by such an event ever leave the machine.
    Artifact {
        /// Path of the file, relative to the run's folder, with `/` between its parts.
        path: String,
    },
    /// A readable summary in Markdown; a later one replaces an earlier one.
    Note {
        /// The summary.
        text: String,
    },
    /// Something that the user should know. Stays on this machine.
    Warning {
        /// What it is.
        message: String,
    },
    /// A checkpoint was written.
    Checkpoint {
        /// Training step after which it was taken.
        step: u64,
        /// Its path, relative to the run's folder.
        path: String,
    },
    /// The attempt ends.
    Ended {
        /// How.
        status: Status,
        /// Why, where it did not finish.
        error: Option<String>,
        /// Wall-clock seconds of this attempt.
        seconds: f64,
    },
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It did all that it was asked to.
    Finished,
    /// It met an error.
    Failed,
    /// It was told to stop.
    Killed,
    /// It was told to stop for good, because other trials of its sweep promise more.
    Pruned,
}

/// Maps of numbers in which NaN and the infinities survive JSON, as strings.
mod numbers {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde::ser::{SerializeMap, Serializer};

    pub(super) fn serialize<S: Serializer>(values: &BTreeMap<String, f64>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(values.len()))?;
        for (name, value) in values {
            map.serialize_entry(name, &Number(*value))?;
        }
        map.end()
    }

    struct Number(f64);

    impl Serialize for Number {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match super::non_finite(self.0) {
                Some(name) => serializer.serialize_str(name),
                None => serializer.serialize_f64(self.0),
            }
        }
    }
}

/// Name of a value that JSON cannot write as a number; MLflow reads the same names.
pub(crate) fn non_finite(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("Infinity")
    } else if value == f64::NEG_INFINITY {
        Some("-Infinity")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn metrics(step: u64, values: &[(&str, f64)]) -> Record {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        Record { time: 1_700_000_000_123, event: Event::Metrics { step, values } }
    }

    #[test]
    fn a_line_reads_as_documented() {
        let record = metrics(3, &[("loss", 0.5), ("odd", f64::NAN), ("top", f64::NEG_INFINITY)]);
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            r#"{"time":1700000000123,"event":"metrics","step":3,"values":{"loss":0.5,"odd":"NaN","top":"-Infinity"}}"#
        );
    }

    #[test]
    fn integers_are_numbers_and_other_strings_are_not() {
        let line = |value: &str| format!(r#"{{"time":0,"event":"metrics","step":0,"values":{{"a":{value}}}}}"#);
        let record: Record = serde_json::from_str(&line("-2")).unwrap();
        assert_eq!(record.event, metrics(0, &[("a", -2.0)]).event);
        let error = serde_json::from_str::<Record>(&line("\"much\"")).unwrap_err();
        assert!(error.to_string().contains("expected a number"), "{error}");
    }

    proptest! {
        #[test]
        fn any_value_survives(step: u64, bits: u64, name in "\\PC*") {
            let value = f64::from_bits(bits);
            let line = serde_json::to_string(&metrics(step, &[(&name, value)])).unwrap();
            let Event::Metrics { step: read_step, values } = serde_json::from_str::<Record>(&line).unwrap().event else {
                panic!("another event: {line}");
            };
            prop_assert_eq!(step, read_step);
            let read = values[&name];
            prop_assert!(read.to_bits() == bits || (read.is_nan() && value.is_nan()));
        }
    }
}
