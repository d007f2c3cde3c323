//! Searches: many settings of one arm, seen together.

use serde::Serialize;
use serde_json::{Value, json};

use crate::rows::ARM;
use crate::statistic::association::{correlation_ratio, spearman};
use crate::view::grid::{Grid, GridCell};
use crate::{ComparedRow, Comparison, Metric};

use super::figure::{Choice, Figure, Plot, embedded, plain, short};
use super::table::Table;

/// Trials that make a search, and without which nothing is said about importance.
const FEWEST: usize = 8;
/// How often the greatest value is the least one for an axis to be logarithmic.
const LOGARITHMIC: f64 = 50.0;
/// Ticks of a logarithmic axis.
const TICKS: usize = 4;
/// Pixels of a bar, and of what is around the bars.
const BAR: usize = 30;
const AROUND: usize = 90;

/// The search of an arm.
#[derive(Serialize)]
pub(super) struct Search {
    arm: String,
    trials: usize,
    coordinates: Figure,
    importance: Option<Figure>,
    table: Option<Table>,
}

/// Settings of one arm that are no grid: fewer than half of the combinations of their values were run.
pub(super) fn searches(comparison: &Comparison) -> Vec<Search> {
    if comparison.by != ARM {
        return Vec::new();
    }
    let mut arms: Vec<&str> = Vec::new();
    for row in &comparison.rows {
        if !arms.contains(&row.group.as_str()) {
            arms.push(&row.group);
        }
    }
    arms.into_iter().enumerate().filter_map(|(position, arm)| search(comparison, position, arm)).collect()
}

fn search(comparison: &Comparison, position: usize, arm: &str) -> Option<Search> {
    let trials: Vec<&ComparedRow> = comparison.rows.iter().filter(|row| row.group == arm).collect();
    let keys = comparison.keys.iter().enumerate();
    let dimensions: Vec<Dimension> = keys
        .filter_map(|(key, name)| Dimension::new(name, trials.iter().map(|row| row.setting[key].as_deref())))
        .collect();
    let combinations = dimensions.iter().fold(1_usize, |all, dimension| all.saturating_mul(dimension.distinct.len()));
    if trials.len() < FEWEST || dimensions.len() < 2 || combinations < 2 * trials.len() {
        return None;
    }
    let found: Vec<Importances> = comparison
        .metrics
        .iter()
        .enumerate()
        .map(|(metric, _)| dimensions.iter().map(|dimension| dimension.importance(&trials, metric)).collect())
        .collect();
    let known = found.iter().flatten().any(Option::is_some);
    Some(Search {
        arm: arm.to_owned(),
        trials: trials.len(),
        coordinates: coordinates(comparison, position, &trials, &dimensions),
        importance: known.then(|| importance(comparison, position, &dimensions, &found)),
        table: known.then(|| {
            let grid = importance_grid(comparison, &dimensions, &found);
            Table::new(
                &format!("importance-table-{position}"),
                "Importance of settings, and whether more is better",
                &grid,
                false,
            )
        }),
    })
}

/// Of each dimension how it goes together with a metric.
type Importances = Vec<Option<Importance>>;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Importance {
    /// Share of the variance, 0 to 1.
    share: f64,
    /// Whether more is better; none of choices.
    more_is_better: Option<bool>,
}

impl Importance {
    fn describe(self) -> String {
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
struct Dimension {
    name: String,
    /// Value of each trial.
    values: Vec<String>,
    /// The same as numbers; none of choices.
    numbers: Option<Vec<f64>>,
    distinct: Vec<String>,
}

impl Dimension {
    /// `None` where all values are one.
    fn new<'a>(name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Option<Dimension> {
        let values: Vec<String> = values.map(|value| value.unwrap_or("–").to_owned()).collect();
        let number = |value: &String| value.parse::<f64>().ok().filter(|number| number.is_finite());
        let numbers: Option<Vec<f64>> = values.iter().map(number).collect();
        let mut distinct = values.clone();
        distinct.sort();
        distinct.dedup();
        (distinct.len() > 1).then(|| Dimension { name: name.to_owned(), values, numbers, distinct })
    }

    fn importance(&self, trials: &[&ComparedRow], metric: usize) -> Option<Importance> {
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
    fn axis(&self) -> Value {
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

fn coordinates(comparison: &Comparison, position: usize, trials: &[&ComparedRow], dimensions: &[Dimension]) -> Figure {
    let plots = comparison.metrics.iter().enumerate().map(|(metric, of)| {
        let scored: Vec<usize> =
            (0..trials.len()).filter(|&trial| trials[trial].cells[metric].mean.is_some()).collect();
        let scores: Vec<f64> = scored.iter().filter_map(|&trial| trials[trial].cells[metric].mean).collect();
        let mut axes: Vec<Value> = dimensions.iter().map(Dimension::axis).collect();
        for axis in &mut axes {
            let values: Vec<Value> = scored.iter().map(|&trial| axis["values"][trial].clone()).collect();
            axis["values"] = Value::from(values);
        }
        axes.push(json!({"label": plain(&of.label), "values": scores}));
        let line = json!({
            "color": scores, "colorscale": [[0, "var(--worst)"], [0.5, "var(--middling)"], [1, "var(--best)"]], "reversescale": of.lower_is_better, "showscale": true,
            "colorbar": {"thickness": 12, "title": {"text": plain(&of.label), "side": "right"}},
        });
        Plot {
            data: vec![
                json!({"type": "parcoords", "dimensions": axes, "line": line, "labelangle": -18, "labelside": "top"}),
            ],
            layout: json!({"margin": {"l": 70, "r": 30, "t": 110, "b": 30}}),
            label: format!(
                "{} trials over {} settings, coloured by {}; the numbers stand in the table of means.",
                scored.len(),
                dimensions.len(),
                of.label
            ),
        }
    });
    Figure {
        id: format!("coordinates-{position}"),
        name: "Parallel coordinates".to_owned(),
        text: "A line is a trial; the last axis and the colour are its score (the stronger, the better). Drag along an axis to pick out \
               trials."
            .to_owned(),
        choices: choice(&comparison.metrics),
        height: 460,
        plots: embedded(plots.collect()),
    }
}

fn importance(comparison: &Comparison, position: usize, dimensions: &[Dimension], found: &[Importances]) -> Figure {
    let plots = comparison.metrics.iter().zip(found).map(|(metric, found)| {
        let bars = dimensions.iter().zip(found).filter_map(|(dimension, found)| Some((dimension, (*found)?)));
        let mut bars: Vec<(&Dimension, Importance)> = bars.collect();
        bars.sort_by(|a, b| a.1.share.total_cmp(&b.1.share));
        let bar = json!({
            "type": "bar", "orientation": "h",
            "x": bars.iter().map(|(_, found)| short(found.share)).collect::<Vec<_>>(),
            "y": bars.iter().map(|(dimension, _)| plain(&dimension.name)).collect::<Vec<_>>(),
            "text": bars.iter().map(|(_, found)| format!(" {}", found.describe())).collect::<Vec<_>>(),
            "textposition": "outside", "cliponaxis": false, "hoverinfo": "none", "marker": {"color": "var(--c0)"},
        });
        Plot {
            data: vec![bar],
            layout: json!({
                "margin": {"l": 10, "r": 30, "t": 10, "b": 50}, "bargap": 0.35, "showlegend": false,
                "xaxis": {"title": {"text": "share of the variance (of ranks) that goes with the setting"}, "range": [0, 1.15],
                    "tickvals": [0, 0.25, 0.5, 0.75, 1], "automargin": true},
                "yaxis": {"automargin": true, "showgrid": false},
            }),
            label: format!("Importance of {} settings for {}; the table below has the numbers.", bars.len(), metric.label),
        }
    });
    Figure {
        id: format!("importance-{position}"),
        name: "Importance of settings".to_owned(),
        text: "Of numbers the squared rank correlation (Spearman) of setting and score, of choices the correlation ratio η²: each \
               setting by itself, over what was tried. A first look and no statement of cause: interactions and ranges that were \
               not tried do not show, and choices with many values seem more important than they are."
            .to_owned(),
        choices: choice(&comparison.metrics),
        height: AROUND + BAR * dimensions.len(),
        plots: embedded(plots.collect()),
    }
}

fn importance_grid(comparison: &Comparison, dimensions: &[Dimension], found: &[Importances]) -> Grid {
    let labels = comparison.metrics.iter().map(|metric| metric.label.clone());
    let header = ["setting", "measure"].map(str::to_owned).into_iter().chain(labels).collect();
    let rows = dimensions.iter().enumerate().map(|(position, dimension)| {
        let measure = if dimension.numbers.is_some() { "rank correlation, squared" } else { "correlation ratio η²" };
        let shares = found.iter().map(|found| found[position].map(Importance::describe).unwrap_or_default());
        [dimension.name.clone(), measure.to_owned()].into_iter().chain(shares).map(GridCell::from).collect()
    });
    Grid { header, numbers: 2, rows: rows.collect(), breaks: Vec::new() }
}

fn choice(metrics: &[Metric]) -> Vec<Choice> {
    let options = metrics.iter().map(|metric| metric.label.clone()).collect();
    vec![Choice { name: "Metric".to_owned(), options }]
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
