//! Runs as a Parquet file, a row a run, for pandas and Polars.

use std::collections::BTreeSet;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use serde_json::Value;

use crate::run::shown;
use crate::{Collection, ComparisonError, Request, Run, metric, rows};

/// The runs as a Parquet file: `run_key`, `arm`, `seed`, a column for each key that axes and searches gave, `seconds`, and one for
/// each metric, which are all that runs have unless the request names some. What a run lacks is null.
///
/// # Errors
/// A metric is not known; the writer cannot write, of which no cause is known.
pub fn parquet(collection: &Collection, request: &Request) -> Result<Vec<u8>, ComparisonError> {
    let metrics: Vec<String> = if request.metrics.is_empty() {
        let all: BTreeSet<&String> = collection.runs.iter().flat_map(|run| run.metrics.keys()).collect();
        all.into_iter().cloned().collect()
    } else {
        let chosen = metric::chosen(&request.metrics, request.split, &collection.runs)?;
        chosen.into_iter().map(|metric| metric.name).collect()
    };
    file(&columns(&collection.runs, &metrics)).map_err(|error| ComparisonError::Parquet(error.to_string()))
}

/// A name, and the value of each run.
struct Column {
    name: String,
    values: Values,
}

enum Values {
    Texts(Vec<Option<String>>),
    Whole(Vec<Option<i64>>),
    Numbers(Vec<Option<f64>>),
    Truths(Vec<Option<bool>>),
}

fn columns(runs: &[Run], metrics: &[String]) -> Vec<Column> {
    let column = |name: &str, values: Values| Column { name: name.to_owned(), values };
    let texts = |of: fn(&Run) -> &String| Values::Texts(runs.iter().map(|run| Some(of(run).clone())).collect());
    // A TOML file has no greater ones.
    let seed = |run: &Run| i64::try_from(run.place.seed).ok();
    let mut columns = vec![
        column("run_key", texts(|run| &run.place.run_key)),
        column("arm", texts(|run| &run.place.arm)),
        column("seed", Values::Whole(runs.iter().map(seed).collect())),
    ];
    columns.extend(rows::axes(runs).into_iter().map(|key| {
        let values: Vec<Option<&Value>> = runs.iter().map(|run| run.place.deltas.get(&key)).collect();
        Column { values: Values::of(&values), name: key }
    }));
    columns.push(column("seconds", Values::Numbers(runs.iter().map(|run| Some(run.seconds)).collect())));
    columns.extend(metrics.iter().map(|name| {
        let values = runs.iter().map(|run| run.metrics.get(name).copied());
        column(name, Values::Numbers(values.collect()))
    }));
    columns
}

impl Values {
    /// Values of the narrowest kind that all of them are of; text where there is none.
    fn of(values: &[Option<&Value>]) -> Values {
        fn all<T>(values: &[Option<&Value>], of: impl Fn(&Value) -> Option<T>) -> Option<Vec<Option<T>>> {
            values.iter().map(|value| value.map_or(Some(None), |value| of(value).map(Some))).collect()
        }
        None.or_else(|| all(values, Value::as_bool).map(Values::Truths))
            .or_else(|| all(values, Value::as_i64).map(Values::Whole))
            .or_else(|| all(values, Value::as_f64).map(Values::Numbers))
            .unwrap_or_else(|| Values::Texts(values.iter().map(|value| value.map(shown)).collect()))
    }

    fn physical(&self) -> Physical {
        match self {
            Values::Texts(_) => Physical::BYTE_ARRAY,
            Values::Whole(_) => Physical::INT64,
            Values::Numbers(_) => Physical::DOUBLE,
            Values::Truths(_) => Physical::BOOLEAN,
        }
    }

    fn write(&self, mut into: SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match self {
            Values::Texts(texts) => {
                let bytes: Vec<_> = texts.iter().map(|text| text.as_deref().map(ByteArray::from)).collect();
                put::<ByteArrayType>(&mut into, &bytes)
            }
            Values::Whole(values) => put::<Int64Type>(&mut into, values),
            Values::Numbers(values) => put::<DoubleType>(&mut into, values),
            Values::Truths(values) => put::<BoolType>(&mut into, values),
        }?;
        into.close()
    }
}

/// Writes the values that there are, and of each place whether there is one.
fn put<T: DataType>(into: &mut SerializedColumnWriter<'_>, values: &[Option<T::T>]) -> Result<(), ParquetError> {
    let there: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let known: Vec<T::T> = values.iter().flatten().cloned().collect();
    into.typed::<T>().write_batch(&known, Some(&there), None).map(drop)
}

fn file(columns: &[Column]) -> Result<Vec<u8>, ParquetError> {
    let field = |column: &Column| {
        let text = matches!(column.values, Values::Texts(_)).then_some(LogicalType::String);
        Type::primitive_type_builder(&column.name, column.values.physical())
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(text)
            .build()
            .map(Arc::new)
    };
    let fields = columns.iter().map(field).collect::<Result<_, _>>()?;
    let schema = Type::group_type_builder("runs").with_fields(fields).build()?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties))?;
    let mut rows = writer.next_row_group()?;
    for column in columns {
        if let Some(into) = rows.next_column()? {
            column.values.write(into)?;
        }
    }
    rows.close()?;
    writer.close()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use serde_json::json;

    use super::*;
    use crate::SweepPlace;

    fn run(key: &str, deltas: Value, metrics: &[(&str, f64)]) -> Run {
        let Value::Object(deltas) = deltas else { panic!("no object") };
        Run {
            place: SweepPlace { run_key: key.to_owned(), arm: "ärm".to_owned(), seed: 7, deltas },
            seconds: 1.5,
            metrics: metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
            sets: BTreeMap::new(),
            data: None,
            protocols: BTreeMap::new(),
            ceiling: false,
            labels: false,
            settings: Arc::default(),
            folder: None,
        }
    }

    fn written(runs: Vec<Run>, metrics: &[&str]) -> Vec<String> {
        let collection = Collection { runs, ..Collection::default() };
        let metrics = metrics.iter().map(|&name| name.to_owned()).collect();
        let bytes = parquet(&collection, &Request { metrics, ..Request::usual(String::new()) }).unwrap();
        let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect()
    }

    #[test]
    fn a_run_is_a_row_and_what_it_lacks_is_null() {
        let runs = vec![
            run(
                "a",
                json!({"steps": 1, "ratio": 1, "ema": true, "kind": "x"}),
                &[("test/m", 0.1), ("validation/m", 2.0)],
            ),
            run("b", json!({"ratio": 0.5, "kind": 3}), &[("test/m", 0.2)]),
        ];
        assert_eq!(
            written(runs.clone(), &[]),
            [
                r#"{run_key: "a", arm: "ärm", seed: 7, steps: 1, ratio: 1.0, ema: true, kind: "x", seconds: 1.5, test/m: 0.1, validation/m: 2.0}"#,
                r#"{run_key: "b", arm: "ärm", seed: 7, steps: null, ratio: 0.5, ema: null, kind: "3", seconds: 1.5, test/m: 0.2, validation/m: null}"#,
            ]
        );
        assert!(!written(runs, &["test/m"])[0].contains("validation"), "the metrics that are asked for");
    }

    #[test]
    fn no_runs_are_a_table_without_rows() {
        assert!(written(Vec::new(), &[]).is_empty());
    }
}
