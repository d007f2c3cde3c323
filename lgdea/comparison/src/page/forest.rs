//! Differences to the base with their intervals, a row for each arm: of all arms, and of ablations in the order of what is lost.

use lgdea_spec::counted;
use lgdea_spec::sweep::Role;
use serde_json::{Value, json};

use crate::difference::{Difference, Verdict};
use crate::statistic::mean;
use crate::view::caption::CEILING;
use crate::view::grid::{Mark, distinct, interval_name, signed};
use crate::{ComparedRow, Comparison, Metric};

use super::figure::{Choice, Figure, Plot, Style, embedded, plain};
use super::summary::describe;
use super::table::place_of_runs;

/// Settings that a plot tells apart.
const SETTINGS: usize = 6;
/// Share of a row that its settings take.
const SPREAD: f64 = 0.62;
/// Pixels of a row, and of what is around the rows.
const ROW: usize = 34;
const AROUND: usize = 110;

/// The differences of all arms in their order; `None` where there is none, or where the ablation shows them all.
pub(super) fn forest(comparison: &Comparison) -> Option<Figure> {
    let others = comparison.rows.iter().any(|row| row.group != comparison.base && !is_ablation(row));
    let heading = format!("Differences to {}", comparison.base);
    (others || ablations(comparison) < 2).then(|| figure(comparison, "forest", heading, |_| true, false))?
}

/// The differences of arms that take a part of the method away, the greatest loss first; `None` of fewer than two.
pub(super) fn ablation(comparison: &Comparison) -> Option<Figure> {
    let heading = format!("Ablation: {} without its parts, the greatest loss first", comparison.base);
    (ablations(comparison) > 1).then(|| figure(comparison, "ablation", heading, is_ablation, true))?
}

fn is_ablation(row: &ComparedRow) -> bool {
    row.role == Some(Role::Ablation)
}

fn ablations(comparison: &Comparison) -> usize {
    let ablations = comparison.rows.iter().filter(|row| row.group != comparison.base && is_ablation(row));
    distinct(ablations.map(|row| &row.group)).len()
}

/// A plot for each metric that has a difference, of which the reader chooses one; `None` where none has.
fn figure(
    comparison: &Comparison,
    id: &str,
    heading: String,
    is_shown: fn(&ComparedRow) -> bool,
    by_loss: bool,
) -> Option<Figure> {
    let of_metric = |(position, metric)| {
        let points = points(comparison, position, is_shown);
        (!points.is_empty()).then(|| Panel::new(metric, points, by_loss))
    };
    let panels: Vec<Panel<'_>> = comparison.metrics.iter().enumerate().filter_map(of_metric).collect();
    let settings = panels.iter().map(|panel| panel.settings.len()).max()?;
    let arms = panels.iter().map(|panel| panel.arms.len()).max()?;
    let mut text = vec!["Mean differences, paired by seed. A click on a point leads to its runs.".to_owned()];
    if comparison.is_judged() {
        text.push(
            "Lines are their intervals. A full marker is a significant difference (*), or one that is significant if differences \
             are normal (†); an open one is not, or cannot be told."
                .to_owned(),
        );
    }
    if settings > SETTINGS {
        text.push(format!("The first {SETTINGS} of {settings} settings; the table has all."));
    }
    if panels.iter().any(|panel| panel.points.iter().any(|point| point.row.is_ceiling())) {
        text.push(CEILING.to_owned());
    }
    Some(Figure {
        id: id.to_owned(),
        name: heading,
        text: text.join(" "),
        choices: vec![Choice {
            name: "Metric".to_owned(),
            options: panels.iter().map(|panel| panel.metric.label.clone()).collect(),
        }],
        height: AROUND + arms * ROW.max(15 * settings.min(SETTINGS)),
        plots: embedded(panels.iter().map(|panel| panel.plot(comparison)).collect()),
    })
}

/// A difference that is drawn.
struct Point<'a> {
    row: &'a ComparedRow,
    difference: &'a Difference,
    mean: f64,
    setting: String,
    /// Where its runs are told.
    runs: String,
}

fn points<'a>(comparison: &'a Comparison, metric: usize, is_shown: fn(&ComparedRow) -> bool) -> Vec<Point<'a>> {
    let point = |(position, row): (usize, &'a ComparedRow)| {
        let difference = row.cells[metric].difference.as_ref()?;
        let (setting, runs) = (describe(comparison, row), place_of_runs([position, metric]));
        Some(Point { row, difference, mean: difference.mean?, setting, runs })
    };
    comparison.rows.iter().enumerate().filter(|(_, row)| is_shown(row)).filter_map(point).collect()
}

/// The differences of a metric.
struct Panel<'a> {
    metric: &'a Metric,
    points: Vec<Point<'a>>,
    /// The arms from top to bottom, and the settings.
    arms: Vec<&'a str>,
    settings: Vec<String>,
}

impl<'a> Panel<'a> {
    fn new(metric: &'a Metric, mut points: Vec<Point<'a>>, by_loss: bool) -> Panel<'a> {
        let settings = distinct(points.iter().map(|point| point.setting.clone()));
        points.retain(|point| settings.iter().take(SETTINGS).any(|shown| *shown == point.setting));
        let mut arms = distinct(points.iter().map(|point| point.row.group.as_str()));
        if by_loss {
            let gain = |arm: &&str| {
                let of_arm = points.iter().filter(|point| point.row.group == **arm);
                mean(&of_arm.map(|point| metric.gain(point.mean)).collect::<Vec<_>>())
            };
            arms.sort_by(|a, b| gain(a).total_cmp(&gain(b)));
        }
        Panel { metric, points, arms, settings }
    }

    fn plot(&self, comparison: &Comparison) -> Plot {
        let shown = self.settings.len().min(SETTINGS);
        let label = format!(
            "{}: mean differences to {} with {}s, {}; the numbers stand in the table of differences.",
            self.metric.label,
            comparison.base,
            interval_name(comparison),
            counted(self.points.len(), "row")
        );
        Plot {
            data: (0..shown).flat_map(|setting| self.traces(setting, shown)).collect(),
            layout: self.layout(&comparison.base, shown),
            label,
        }
    }

    /// Lines between the arms, and axes of which the horizontal one says which side is better.
    fn layout(&self, base: &str, shown: usize) -> Value {
        let arms = self.arms.len();
        let better = if self.metric.lower_is_better { "left of 0 is better" } else { "right of 0 is better" };
        let between = (1..arms).map(|arm| {
            let y = arm as f64 - 0.5;
            json!({"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "layer": "below",
                "line": {"color": "var(--line)", "width": 1}})
        });
        let label =
            |arm: &&str| self.points.iter().find(|point| point.row.group == **arm).map(|point| point.row.label());
        json!({
            "shapes": between.collect::<Vec<_>>(),
            "margin": {"l": 10, "r": 24, "t": if shown > 1 { 36 } else { 10 }, "b": 48},
            "showlegend": shown > 1,
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "xanchor": "left"},
            "xaxis": {"title": {"text": plain(&format!("difference to {base} ({better})"))},
                "zeroline": true, "rangemode": "tozero", "automargin": true},
            "yaxis": {"tickvals": (0..arms).collect::<Vec<_>>(),
                "ticktext": self.arms.iter().filter_map(label).map(|label| plain(&label)).collect::<Vec<_>>(),
                "range": [arms as f64 - 0.5, -0.5], "automargin": true, "zeroline": false, "showgrid": false},
        })
    }

    /// The points of a setting, and the marks beside their intervals.
    fn traces(&self, setting: usize, shown: usize) -> [Value; 2] {
        let (style, name) = (Style::of(setting), &self.settings[setting]);
        let points: Vec<&Point<'_>> = self.points.iter().filter(|point| point.setting == *name).collect();
        // Settings of an arm stand below each other, in the middle of its row.
        let offset = ((setting as f64 + 0.5) / shown as f64 - 0.5) * SPREAD;
        let arm = |point: &&Point<'_>| self.arms.iter().position(|arm| *arm == point.row.group);
        let y: Vec<f64> = points.iter().filter_map(arm).map(|arm| arm as f64 + offset).collect();
        let symbol = |point: &&Point<'_>| match point.difference.verdict {
            Verdict::Significant | Verdict::IfNormal => style.symbol.to_owned(),
            _ => format!("{}-open", style.symbol),
        };
        let drawn = json!({
            "type": "scatter", "mode": "markers", "name": plain(name), "legendgroup": name,
            "x": points.iter().map(|point| point.mean).collect::<Vec<_>>(), "y": y,
            "error_x": {"type": "data", "symmetric": false, "thickness": 2, "width": 0, "color": style.colour,
                "array": points.iter().map(|point| point.end(1) - point.mean).collect::<Vec<_>>(),
                "arrayminus": points.iter().map(|point| point.mean - point.end(0)).collect::<Vec<_>>()},
            "marker": {"size": 10, "color": style.colour, "symbol": points.iter().map(symbol).collect::<Vec<_>>(),
                "line": {"width": 2, "color": style.colour}},
            "hovertext": points.iter().map(|point| point.hover(self.metric)).collect::<Vec<_>>(), "hoverinfo": "text",
            "customdata": points.iter().map(|point| point.runs.as_str()).collect::<Vec<_>>(),
        });
        let marks: Vec<&str> = points.iter().map(|point| Mark::of(point.difference).map_or("", Mark::symbol)).collect();
        let marks = json!({
            "type": "scatter", "mode": "text", "showlegend": false, "hoverinfo": "skip", "legendgroup": name,
            "x": points.iter().map(|point| point.end(1)).collect::<Vec<_>>(), "y": y,
            "text": marks.iter().map(|mark| format!(" {mark}")).collect::<Vec<_>>(), "textposition": "middle right",
        });
        [drawn, marks]
    }
}

impl Point<'_> {
    /// An end of its interval; the mean where there is none.
    fn end(&self, end: usize) -> f64 {
        self.difference.interval.map_or(self.mean, |interval| interval[end])
    }

    fn hover(&self, metric: &Metric) -> String {
        let interval = self.difference.interval;
        let interval = interval.map(|[low, high]| format!(" ({} to {})", signed(metric, low), signed(metric, high)));
        let verdict = match &self.difference.verdict {
            Verdict::Significant => "significant".to_owned(),
            Verdict::IfNormal => "significant if normal".to_owned(),
            Verdict::NotSignificant => "not significant".to_owned(),
            Verdict::Unsupported(reason) => format!("cannot tell: {reason}"),
        };
        plain(&format!(
            "{}: {}{}, {}, {verdict}",
            self.row.label(),
            signed(metric, self.mean),
            interval.unwrap_or_default(),
            counted(self.difference.seeds.len(), "seed"),
        ))
    }
}
