//! The space of a search: parameters with ranges or choices.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use lgdea_metric::Better;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Value};

use super::axis::{Axis, AxisReader, WHEN, nest};
use super::expression::Expression;
use super::quoted::as_paths;
use crate::constraint;
use crate::error::{Problem, ProblemKind};
use crate::layer;
use crate::schema::{Schema, join};
use crate::source::{Place, Source};
use crate::tree::Node;

/// What proposes the next trial of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sampler {
    /// Uniformly drawn points.
    Random,
    /// Tree-structured Parzen estimator (Bergstra et al., 2011).
    #[default]
    Tpe,
    /// A Gaussian process with expected improvement.
    Gp,
    /// Covariance matrix adaptation (Hansen and Ostermeier, 2001).
    CmaEs,
    /// A scrambled Sobol sequence: points that cover the space evenly.
    Sobol,
    // A new sampler is named last.
}

/// Whether more of a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// More is better.
    #[default]
    Maximise,
    /// Less is better.
    Minimise,
}

impl From<Better> for Goal {
    fn from(better: Better) -> Goal {
        match better {
            Better::Higher => Goal::Maximise,
            Better::Lower => Goal::Minimise,
        }
    }
}

impl Goal {
    /// Which way the metric is better.
    pub fn better(self) -> Better {
        match self {
            Goal::Maximise => Better::Higher,
            Goal::Minimise => Better::Lower,
        }
    }
}

/// A search, checked.
#[derive(Debug)]
pub struct Search {
    /// What proposes trials.
    pub sampler: Sampler,
    /// The metric that decides, of the validation split.
    pub objective: String,
    /// Whether more of it is better.
    pub goal: Goal,
    /// Seed of the sampler.
    pub seed: u64,
    /// Trials that are drawn before the sampler learns from them.
    pub startup: usize,
    /// The parameters, in the order of the file.
    pub space: Vec<Parameter>,
}

/// A key that is searched.
#[derive(Debug)]
pub struct Parameter {
    /// The key.
    pub key: String,
    /// What it may be.
    pub domain: Domain,
    pub(crate) when: Option<Expression>,
    pub(crate) place: Place,
}

/// What a parameter may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// A number of a range, with both ends.
    Range {
        /// Least value.
        low: f64,
        /// Greatest value.
        high: f64,
        /// Distance of the values; 0 for any value between.
        step: f64,
        /// Whether the logarithm is what is drawn.
        log: bool,
        /// Whether the key holds whole numbers.
        whole: bool,
    },
    /// One of some values.
    Choice(Vec<Value>),
}

impl fmt::Display for Domain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Domain::Choice(values) => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                formatter.write_str(&values.join(", "))
            }
            Domain::Range { low, high, step, log, .. } => {
                write!(formatter, "{low} to {high}")?;
                if *step > 0.0 {
                    write!(formatter, " by {step}")?;
                }
                formatter.write_str(if *log { ", logarithmic" } else { "" })
            }
        }
    }
}

impl Domain {
    /// Whether a value, as runs record it, is one of its own.
    pub fn contains(&self, value: &serde_json::Value) -> bool {
        match self {
            Domain::Choice(values) => values.iter().any(|one| serde_json::json!(one) == *value),
            Domain::Range { low, high, .. } => value.as_f64().is_some_and(|value| (*low..=*high).contains(&value)),
        }
    }

    /// The value at a coordinate in [0, 1]: the way from what samplers see to what an experiment holds.
    pub fn at(&self, coordinate: f64) -> Value {
        let coordinate = coordinate.clamp(0.0, 1.0);
        match self {
            Domain::Choice(values) => {
                let index = (coordinate * values.len() as f64) as usize;
                values[index.min(values.len() - 1)].clone()
            }
            &Domain::Range { low, high, step, log, whole } => {
                let step = if whole && step == 0.0 { 1.0 } else { step };
                let number = if log {
                    (low.ln() + coordinate * (high.ln() - low.ln())).exp()
                } else if step > 0.0 {
                    // Every value has the same share of the coordinates.
                    let values = ((high - low) / step + 1e-9).floor() + 1.0;
                    low + step * (coordinate * values).floor().min(values - 1.0)
                } else {
                    low + coordinate * (high - low)
                };
                let number = if log && step > 0.0 { low + step * ((number - low) / step).round() } else { number };
                let number = number.clamp(low, high);
                if whole { Value::Integer(number.round() as i64) } else { Value::Float(number) }
            }
        }
    }
}

/// Reads `[search.space]`.
pub(super) struct SpaceReader<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) folder: &'a Path,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl SpaceReader<'_> {
    pub(super) fn space(&mut self, table: DeTable<'_>) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        let table = as_paths(table, self.source, self.problems);
        self.walk(Schema::root(), "", table, &mut parameters);
        parameters.sort_by_key(|parameter| parameter.place.key.start);
        parameters
    }

    fn walk(&mut self, schema: Schema, path: &str, table: DeTable<'_>, parameters: &mut Vec<Parameter>) {
        for (key, value) in table {
            let place = Place { source: Arc::clone(self.source), key: key.span(), value: value.span() };
            let is_range = matches!(value.get_ref(), DeValue::Table(table) if table.contains_key("low") || table.contains_key("high"));
            let name = key.get_ref().as_ref();
            match (schema.child(name), value.get_ref()) {
                (Some(child), DeValue::Table(_)) if is_range => {
                    let DeValue::Table(table) = value.into_inner() else { continue };
                    parameters.extend(self.range(child, join(path, name), table, place));
                }
                (Some(child), DeValue::Table(below))
                    if child.is_table() && !below.contains_key(super::axis::VALUES) =>
                {
                    let path = join(path, name);
                    if let DeValue::Table(table) = value.into_inner() {
                        self.walk(child, &path, table, parameters);
                    }
                }
                _ => {
                    // Choices are read as an axis is: the checks and messages are the same.
                    let mut single = DeTable::new();
                    single.insert(key, value);
                    parameters.extend(self.choices(path, single));
                }
            }
        }
    }

    fn choices(&mut self, path: &str, table: DeTable<'_>) -> Vec<Parameter> {
        let mut reader = AxisReader { source: self.source, folder: self.folder, problems: self.problems };
        let axes = reader.below(path, table);
        axes.into_iter()
            .map(|axis| {
                let Axis { keys, points, when, place } = axis;
                let key = keys.into_iter().next().unwrap_or_default();
                let value = |point: &Vec<Node>| point.first()?.find(key.split('.')).map(Node::to_value);
                let domain = Domain::Choice(points.iter().filter_map(value).collect());
                Parameter { key, domain, when, place }
            })
            .collect()
    }

    fn range(&mut self, schema: Schema, key: String, mut table: DeTable<'_>, place: Place) -> Option<Parameter> {
        let before = self.problems.len();
        let whole = schema.kind() == "integer";
        if !whole && schema.kind() != "number" {
            let reason = format!("`{key}` is {}, which has no range", constraint::type_name(schema.kind()));
            self.refuse(&reason, "give a list of values to choose from", place.value);
            return None;
        }
        let when = table.remove(WHEN);
        let when = when.and_then(|when| {
            AxisReader { source: self.source, folder: self.folder, problems: self.problems }.condition(when)
        });
        let log = table.remove("log").is_some_and(|log| self.plain(&log, &key, "true or false", truth) == Some(true));
        let step = table.remove("step").map(|step| self.plain(&step, &key, "a number", plain_number));
        let mut number = |name: &str| {
            let value = table.remove(name)?;
            let place = Place { value: value.span(), key: value.span(), ..place.clone() };
            let read = layer::read_value(schema, &key, value, place, self.folder, self.problems)?;
            match read.value()? {
                Value::Integer(number) => Some(*number as f64),
                Value::Float(number) => Some(*number),
                _ => None,
            }
        };
        let (low, high) = (number("low"), number("high"));
        let step = step.flatten().unwrap_or(0.0);
        for unknown in table.keys() {
            let known = ["low", "high", "step", "log", WHEN].map(str::to_owned).to_vec();
            let kind = ProblemKind::UnknownKey { key: join(&key, unknown.get_ref()), known, meant: Vec::new() };
            self.problems.push(Problem::at(kind, self.source, unknown.span()));
        }
        if self.problems.len() > before {
            return None;
        }
        let (Some(low), Some(high)) = (low, high) else {
            self.refuse(&format!("the range of `{key}` needs both ends"), "give `low` and `high`", place.value);
            return None;
        };
        let domain = Domain::Range { low, high, step, log, whole };
        if let Some((reason, remedy)) = unusable(&key, &domain) {
            self.refuse(&reason, remedy, place.value);
            return None;
        }
        Some(Parameter { key, domain, when, place })
    }

    /// A setting of the range itself, which the key's own limits do not bind.
    fn plain<T>(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        key: &str,
        expected: &'static str,
        read: impl Fn(&DeValue<'_>) -> Option<T>,
    ) -> Option<T> {
        let found = read(value.get_ref());
        if found.is_none() {
            let kind =
                ProblemKind::WrongType { key: key.to_owned(), expected, found: layer::found_type(value.get_ref()) };
            self.problems.push(Problem::at(kind, self.source, value.span()));
        }
        found
    }

    fn refuse(&mut self, reason: &str, remedy: &str, bytes: std::ops::Range<usize>) {
        let kind = ProblemKind::Inconsistent { reason: reason.to_owned(), remedy: remedy.to_owned() };
        self.problems.push(Problem::at(kind, self.source, bytes));
    }
}

/// Why no value can be drawn from a range of the key, and the remedy.
fn unusable(key: &str, domain: &Domain) -> Option<(String, &'static str)> {
    let &Domain::Range { low, high, step, log, whole } = domain else { return None };
    if low >= high {
        Some((format!("the range of `{key}` is empty: {low} is not below {high}"), "swap them"))
    } else if log && low <= 0.0 {
        Some((format!("the logarithm of `{key}` is to be drawn, but {low} has none"), "raise `low` above 0"))
    } else if step.fract() != 0.0 && whole {
        Some((format!("`{key}` holds whole numbers, and {step} is none"), "give a whole step"))
    } else if !(0.0..=high - low).contains(&step) {
        Some((format!("the step {step} of `{key}` does not fit its range"), "give a step within the range"))
    } else {
        None
    }
}

fn truth(value: &DeValue<'_>) -> Option<bool> {
    value.as_bool()
}

fn plain_number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number as f64)
        }
        DeValue::Float(number) => number.as_str().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

impl Parameter {
    /// What a coordinate lays over the experiment.
    pub(crate) fn delta(&self, coordinate: f64) -> Node {
        let node = Node::of_value(self.domain.at(coordinate), &self.place);
        nest(&self.key, node)
    }
}
