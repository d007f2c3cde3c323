//! Searches: many settings of one arm, seen together, and the one that validation chooses.

mod candidate;
mod chosen;
mod dimension;
mod settings;

use serde::Serialize;
use serde_json::{Value, json};

use crate::rows::ARM;
use crate::view::grid::{Grid, GridCell};
use crate::{Collection, ComparedRow, Comparison, Metric};

use super::figure::{Choice, Figure, Plot, embedded, plain, short};
use super::table::Table;

use chosen::Choices;
use dimension::{Dimension, Importance};

/// Settings that make a search, and without which nothing is said about importance.
const FEWEST: usize = 8;
/// Pixels of a bar, and of what is around the bars.
const BAR: usize = 30;
const AROUND: usize = 90;

/// The search of an arm.
#[derive(Serialize)]
pub(super) struct Search {
    arm: String,
    trials: usize,
    choices: Choices,
    /// All settings together; none of too few.
    overview: Option<Overview>,
}

/// All settings of a search.
#[derive(Serialize)]
struct Overview {
    coordinates: Figure,
    importance: Option<Figure>,
    table: Option<Table>,
}

/// The searches of the arms: those that a sweep declares, and settings of an arm that are no grid.
pub(super) fn searches(collection: &Collection, comparison: &Comparison) -> Vec<Search> {
    if comparison.by != ARM {
        return Vec::new();
    }
    let mut arms: Vec<&str> = Vec::new();
    for row in &comparison.rows {
        if !arms.contains(&row.group.as_str()) {
            arms.push(&row.group);
        }
    }
    let search = |(position, arm): (usize, &str)| {
        let trials: Vec<&ComparedRow> = comparison.rows.iter().filter(|row| row.group == arm).collect();
        let overview = Overview::new(comparison, position, &trials);
        let is_search = overview.is_some() || chosen::is_declared(collection, arm);
        is_search.then(|| Search {
            arm: arm.to_owned(),
            trials: trials.len(),
            choices: Choices::new(collection, comparison, arm, &trials),
            overview,
        })
    };
    arms.into_iter().enumerate().filter_map(search).collect()
}

impl Overview {
    /// `None` where there are few settings, or they are a grid: at least half of the combinations of their values were run.
    fn new(comparison: &Comparison, position: usize, trials: &[&ComparedRow]) -> Option<Overview> {
        let keys = comparison.keys.iter().enumerate();
        let dimensions: Vec<Dimension> = keys
            .filter_map(|(key, name)| Dimension::new(name, trials.iter().map(|row| row.setting[key].as_deref())))
            .collect();
        let combinations =
            dimensions.iter().fold(1_usize, |all, dimension| all.saturating_mul(dimension.distinct.len()));
        if trials.len() < FEWEST || dimensions.len() < 2 || combinations < 2 * trials.len() {
            return None;
        }
        let metrics = 0..comparison.metrics.len();
        let found: Vec<Importances> = metrics
            .map(|metric| dimensions.iter().map(|dimension| dimension.importance(trials, metric)).collect())
            .collect();
        let known = found.iter().flatten().any(Option::is_some);
        let caption = "Importance of settings, and whether more is better";
        Some(Overview {
            coordinates: coordinates(comparison, position, trials, &dimensions),
            importance: known.then(|| importance(comparison, position, &dimensions, &found)),
            table: known.then(|| {
                let grid = importance_grid(comparison, &dimensions, &found);
                Table::new(&format!("importance-table-{position}"), caption, &grid, false)
            }),
        })
    }
}

/// Of each dimension how it goes together with a metric.
type Importances = Vec<Option<Importance>>;

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
