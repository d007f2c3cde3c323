//! A key that a search varies: its values, its axis, and what it has to do with the scores.

use serde_json::{Value, json};

use crate::ComparedRow;
use crate::statistic::association::{correlation_ratio, spearman};

use super::super::figure::{plain, short};
use super::FEWEST;

/// How often the greatest value is the least one for an axis to be logarithmic.
const LOGARITHMIC: f64 = 50.0;
/// Ticks of a logarithmic axis.
const TICKS: usize = 4;

/// How a setting goes together with a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Importance {
    /// Share of the variance, 0 to 1.
    pub(super) share: f64,
    /// Whether more is better; none of choices.
    more_is_better: Option<bool>,
}

impl Importance {
    /// `0.42, more is better`.
    pub(super) fn describe(self) -> String {
        // What does not go together has no direction.
        let direction = match self.more_is_better.filter(|_| self.share >= 0.01) {
            Some(true) => ", more is better",
            Some(false) => ", less is better",
            None => "",
        };
        format!("{:.2}{direction}", self.share)
    }
}

/// A key that a search varies.
pub(super) struct Dimension {
    pub(super) name: String,
    /// Value of each trial.
    values: Vec<String>,
    /// The same as numbers; none of choices.
    pub(super) numbers: Option<Vec<f64>>,
    pub(super) distinct: Vec<String>,
}

impl Dimension {
    /// `None` where all values are one.
    pub(super) fn new<'a>(name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Option<Dimension> {
        let values: Vec<String> = values.map(|value| value.unwrap_or("–").to_owned()).collect();
        let number = |value: &String| value.parse::<f64>().ok().filter(|number| number.is_finite());
        let numbers: Option<Vec<f64>> = values.iter().map(number).collect();
        let mut distinct = values.clone();
        distinct.sort();
        distinct.dedup();
        (distinct.len() > 1).then(|| Dimension { name: name.to_owned(), values, numbers, distinct })
    }

    /// How it goes together with a metric over the trials; none where too few have a score, or all have the same.
    pub(super) fn importance(&self, trials: &[&ComparedRow], metric: usize) -> Option<Importance> {
        let scores: Vec<Option<f64>> = trials.iter().map(|row| row.cells[metric].mean).collect();
        if scores.iter().flatten().count() < FEWEST {
            return None;
        }
        if let Some(numbers) = &self.numbers {
            let pairs: Vec<(f64, f64)> =
                numbers.iter().zip(&scores).filter_map(|(number, score)| Some((*number, (*score)?))).collect();
            let rank = spearman(&pairs)?;
            return Some(Importance { share: rank.powi(2), more_is_better: Some(rank > 0.0) });
        }
        let of_choice = |choice: &String| -> Vec<f64> {
            let scored = self.values.iter().zip(&scores).filter(|(value, _)| *value == choice);
            scored.filter_map(|(_, score)| *score).collect()
        };
        let groups: Vec<Vec<f64>> = self.distinct.iter().map(of_choice).collect();
        let groups: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
        Some(Importance { share: correlation_ratio(&groups)?, more_is_better: None })
    }

    /// The axis of parallel coordinates.
    pub(super) fn axis(&self) -> Value {
        let label = plain(&self.name);
        let Some(numbers) = &self.numbers else {
            let position = |value: &String| self.distinct.iter().position(|choice| choice == value);
            return json!({
                "label": label,
                "values": self.values.iter().map(position).collect::<Vec<_>>(),
                "tickvals": (0..self.distinct.len()).collect::<Vec<_>>(),
                "ticktext": self.distinct.iter().map(|choice| plain(choice)).collect::<Vec<_>>(),
            });
        };
        let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if least <= 0.0 || most / least < LOGARITHMIC {
            return json!({"label": label, "values": numbers});
        }
        let (low, high) = (least.log10(), most.log10());
        let ticks: Vec<f64> = (0..=TICKS).map(|tick| low + (high - low) * tick as f64 / TICKS as f64).collect();
        let names: Vec<String> = ticks.iter().map(|tick| in_short(10_f64.powf(*tick))).collect();
        let values: Vec<Value> = numbers.iter().map(|number| short(number.log10())).collect();
        json!({"label": label, "values": values, "tickvals": ticks, "ticktext": names})
    }
}

/// A number with two digits: `0.0012`, `1.2e-5`, `30`.
fn in_short(number: f64) -> String {
    let rounded = format!("{number:.1e}").parse::<f64>().unwrap_or(number);
    if (1e-3..1e4).contains(&rounded) { format!("{rounded}") } else { format!("{rounded:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_logarithmic_where_values_span_much_and_choices_have_names() {
        let axis = |values: &[&str]| Dimension::new("k", values.iter().map(|value| Some(*value))).unwrap().axis();
        assert_eq!(axis(&["1", "2"])["values"], json!([1.0, 2.0]));
        let wide = axis(&["0.0001", "0.1"]);
        assert_eq!(wide["values"], json!([-4.0, -1.0]));
        assert_eq!(wide["ticktext"][0], "1e-4");
        let choices = axis(&["b", "a", "b"]);
        assert_eq!((&choices["values"], &choices["ticktext"]), (&json!([1, 0, 1]), &json!(["a", "b"])));
        assert!(Dimension::new("k", ["1", "1"].into_iter().map(Some)).is_none());
    }
}
