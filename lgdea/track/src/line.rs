//! A line of a journal, read.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Unexpected, Visitor};

use crate::{Event, Lineage, Record, Status};

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Record, D::Error> {
        deserializer.deserialize_map(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Record;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a line of a journal")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Record, A::Error> {
        Line::deserialize(MapAccessDeserializer::new(map))?.record()
    }
}

/// A line with the keys of all events. What is derived for [`Record`] would copy each line before it knows the event, and
/// take several times as long, which is felt with thousands of runs.
#[derive(Deserialize)]
struct Line {
    time: u64,
    event: Kind,
    run_key: Option<String>,
    name: Option<String>,
    attempt: Option<u32>,
    lineage: Option<Box<Lineage>>,
    #[serde(default)]
    values: Option<Values>,
    step: Option<u64>,
    digest: Option<String>,
    context: Option<String>,
    profile: Option<String>,
    path: Option<String>,
    text: Option<String>,
    message: Option<String>,
    status: Option<Status>,
    error: Option<String>,
    seconds: Option<f64>,
}

/// The name of an event.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Started,
    Params,
    Tags,
    Metrics,
    Dataset,
    Artifact,
    Note,
    Warning,
    Checkpoint,
    Ended,
}

impl Line {
    fn record<E: Error>(self) -> Result<Record, E> {
        fn given<T, E: Error>(value: Option<T>, key: &'static str) -> Result<T, E> {
            value.ok_or_else(|| E::missing_field(key))
        }
        let event = match self.event {
            Kind::Started => Event::Started {
                run_key: given(self.run_key, "run_key")?,
                name: given(self.name, "name")?,
                attempt: given(self.attempt, "attempt")?,
                lineage: given(self.lineage, "lineage")?,
            },
            Kind::Params => Event::Params { values: given(self.values, "values")?.texts()? },
            Kind::Tags => Event::Tags { values: given(self.values, "values")?.texts()? },
            Kind::Metrics => {
                Event::Metrics { step: given(self.step, "step")?, values: given(self.values, "values")?.numbers()? }
            }
            Kind::Dataset => Event::Dataset {
                name: given(self.name, "name")?,
                digest: given(self.digest, "digest")?,
                context: given(self.context, "context")?,
                profile: given(self.profile, "profile")?,
            },
            Kind::Artifact => Event::Artifact { path: given(self.path, "path")? },
            Kind::Note => Event::Note { text: given(self.text, "text")? },
            Kind::Warning => Event::Warning { message: given(self.message, "message")? },
            Kind::Checkpoint => Event::Checkpoint { step: given(self.step, "step")?, path: given(self.path, "path")? },
            Kind::Ended => Event::Ended {
                status: given(self.status, "status")?,
                error: self.error,
                seconds: given(self.seconds, "seconds")?,
            },
        };
        Ok(Record { time: self.time, event })
    }
}

/// Values by name, before it is known whether texts or numbers are meant.
struct Values(Vec<(String, Value)>);

enum Value {
    Number(f64),
    Text(String),
}

impl Values {
    fn texts<E: Error>(self) -> Result<BTreeMap<String, String>, E> {
        let text = |(name, value)| match value {
            Value::Text(text) => Ok((name, text)),
            Value::Number(number) => Err(E::invalid_type(Unexpected::Float(number), &"a string")),
        };
        self.0.into_iter().map(text).collect()
    }

    fn numbers<E: Error>(self) -> Result<BTreeMap<String, f64>, E> {
        let number = |(name, value)| match value {
            Value::Number(number) => Ok((name, number)),
            Value::Text(text) => match non_finite(&text) {
                Some(number) => Ok((name, number)),
                None => {
                    Err(E::invalid_value(Unexpected::Str(&text), &"a number, \"NaN\", \"Infinity\" or \"-Infinity\""))
                }
            },
        };
        self.0.into_iter().map(number).collect()
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Values, D::Error> {
        deserializer.deserialize_map(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("values by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = map.next_entry()? {
            values.push(value);
        }
        Ok(Values(values))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl Visitor<'_> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number or a string")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }
}

/// The value of which [`crate::event::non_finite`] gives the name.
fn non_finite(name: &str) -> Option<f64> {
    match name {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Record, String> {
        serde_json::from_str(line).map_err(|error| error.to_string())
    }

    #[test]
    fn every_event_comes_back_and_an_unknown_key_is_no_problem() {
        let texts = BTreeMap::from([("a".to_owned(), "1.5".to_owned())]);
        let numbers = BTreeMap::from([("a".to_owned(), 1.5), ("b".to_owned(), f64::INFINITY)]);
        let text = || "t".to_owned();
        for event in [
            Event::Started { run_key: text(), name: text(), attempt: 2, lineage: Box::default() },
            Event::Params { values: texts.clone() },
            Event::Tags { values: texts },
            Event::Metrics { step: 3, values: numbers },
            Event::Dataset { name: text(), digest: text(), context: text(), profile: text() },
            Event::Artifact { path: text() },
            Event::Note { text: text() },
            Event::Warning { message: text() },
            Event::Checkpoint { step: 3, path: text() },
            Event::Ended { status: Status::Failed, error: Some(text()), seconds: 1.5 },
            Event::Ended { status: Status::Finished, error: None, seconds: 0.0 },
        ] {
            let record = Record { time: 7, event };
            let line = serde_json::to_string(&record).unwrap();
            assert_eq!(read(&line).as_ref(), Ok(&record), "{line}");
            assert_eq!(read(&line.replacen('{', "{\"of_a_later_version\":[{}],", 1)).as_ref(), Ok(&record), "{line}");
        }
    }

    #[test]
    fn what_is_no_event_is_told_with_its_place() {
        for (line, told) in [
            (r#"{"time":1,"event":"metrics","values":{}}"#, "missing field `step` at line 1"),
            (r#"{"time":1,"event":"params","values":{"a":1.5}}"#, "expected a string at line 1"),
            (r#"{"time":1,"event":"metrics","step":1,"values":{"a":"much"}}"#, "expected a number"),
            (r#"{"time":1,"event":"metrics","step":1,"values":{"a":[]}}"#, "expected a number or a string"),
            (r#"{"time":1,"event":"sung"}"#, "unknown variant `sung`"),
            (r#"{"event":"note","text":"a"}"#, "missing field `time`"),
            ("[]", "expected a line of a journal"),
        ] {
            let said = read(line).unwrap_err();
            assert!(said.contains(told), "{line}: {said}");
        }
    }
}
