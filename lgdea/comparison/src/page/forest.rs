//! Differences to the base with their intervals: a panel for each metric, a row for each arm.

use serde_json::{Value, json};

use crate::difference::{Difference, Verdict};
use crate::view::grid::{Mark, interval_name, signed};
use crate::{ComparedRow, Comparison, Metric};

use super::figure::{Figure, Plot, Style, embedded, plain};
use super::summary::describe;

/// Settings that a panel tells apart.
const SETTINGS: usize = 6;
/// Share of a row that its settings take.
const SPREAD: f64 = 0.62;
/// Pixels of a row, and of what is around the rows.
const ROW: usize = 34;
const AROUND: usize = 110;

/// A panel for each metric that has a difference.
pub(super) fn forests(comparison: &Comparison) -> Vec<Figure> {
    let panel = |(position, metric)| panel(comparison, position, metric);
    comparison.metrics.iter().enumerate().filter_map(panel).collect()
}

/// A difference and where it is drawn.
struct Point<'a> {
    row: &'a ComparedRow,
    difference: &'a Difference,
    mean: f64,
    /// Position of its arm and of its setting.
    arm: usize,
    setting: usize,
}

fn panel(comparison: &Comparison, position: usize, metric: &Metric) -> Option<Figure> {
    let (mut arms, mut settings): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
    let mut points = Vec::new();
    for row in &comparison.rows {
        let Some(difference) = row.cells[position].difference.as_ref() else { continue };
        let Some(mean) = difference.mean else { continue };
        let setting = position_of(&mut settings, describe(comparison, row));
        if setting < SETTINGS {
            let arm = position_of(&mut arms, row.group.as_str());
            points.push(Point { row, difference, mean, arm, setting });
        }
    }
    let shown = settings.len().min(SETTINGS);
    if points.is_empty() {
        return None;
    }
    let data = (0..shown).flat_map(|setting| {
        let of_setting: Vec<&Point<'_>> = points.iter().filter(|point| point.setting == setting).collect();
        traces(metric, &settings[setting], setting, shown, &of_setting)
    });
    let text = if settings.len() > shown {
        format!("The first {shown} of {} settings; the table has all.", settings.len())
    } else {
        String::new()
    };
    let label = format!(
        "{}: mean differences to {} with {}s, {} rows; the numbers stand in the table of differences.",
        metric.label,
        comparison.base,
        interval_name(comparison),
        points.len()
    );
    Some(Figure {
        id: format!("forest-{position}"),
        name: metric.label.clone(),
        text,
        choices: Vec::new(),
        height: AROUND + arms.len() * ROW.max(15 * shown),
        plots: embedded(vec![Plot { data: data.collect(), layout: layout(comparison, metric, &arms, shown), label }]),
    })
}

/// Lines between the arms, and axes of which the horizontal one says which side is better.
fn layout(comparison: &Comparison, metric: &Metric, arms: &[&str], shown: usize) -> Value {
    let better = if metric.lower_is_better { "left of 0 is better" } else { "right of 0 is better" };
    let between = (1..arms.len()).map(|arm| {
        let y = arm as f64 - 0.5;
        json!({"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "layer": "below",
            "line": {"color": "var(--line)", "width": 1}})
    });
    json!({
        "shapes": between.collect::<Vec<_>>(),
        "margin": {"l": 10, "r": 24, "t": if shown > 1 { 36 } else { 10 }, "b": 48},
        "showlegend": shown > 1,
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "xanchor": "left"},
        "xaxis": {"title": {"text": plain(&format!("difference to {} ({better})", comparison.base))},
            "zeroline": true, "rangemode": "tozero", "automargin": true},
        "yaxis": {"tickvals": (0..arms.len()).collect::<Vec<_>>(), "ticktext": arms.iter().map(|arm| plain(arm)).collect::<Vec<_>>(),
            "range": [arms.len() as f64 - 0.5, -0.5], "automargin": true, "zeroline": false, "showgrid": false},
    })
}

/// The points of a setting, and the marks beside their intervals.
fn traces(metric: &Metric, name: &str, setting: usize, settings: usize, points: &[&Point<'_>]) -> [Value; 2] {
    let style = Style::of(setting);
    // Settings of an arm stand below each other, in the middle of its row.
    let offset = ((setting as f64 + 0.5) / settings as f64 - 0.5) * SPREAD;
    let y: Vec<f64> = points.iter().map(|point| point.arm as f64 + offset).collect();
    let end = |point: &Point<'_>, end: usize| point.difference.interval.map_or(point.mean, |interval| interval[end]);
    let symbol = |point: &&Point<'_>| match point.difference.verdict {
        Verdict::Significant | Verdict::IfNormal => style.symbol.to_owned(),
        _ => format!("{}-open", style.symbol),
    };
    let hover = |point: &&Point<'_>| {
        let interval = point.difference.interval;
        let interval = interval.map(|[low, high]| format!(" ({} to {})", signed(metric, low), signed(metric, high)));
        plain(&format!(
            "{}: {}{}, {} seeds, {}",
            point.row.group,
            signed(metric, point.mean),
            interval.unwrap_or_default(),
            point.difference.seeds.len(),
            verdict(&point.difference.verdict),
        ))
    };
    let drawn = json!({
        "type": "scatter", "mode": "markers", "name": plain(name), "legendgroup": name,
        "x": points.iter().map(|point| point.mean).collect::<Vec<_>>(), "y": y,
        "error_x": {"type": "data", "symmetric": false, "thickness": 2, "width": 0, "color": style.colour,
            "array": points.iter().map(|point| end(point, 1) - point.mean).collect::<Vec<_>>(),
            "arrayminus": points.iter().map(|point| point.mean - end(point, 0)).collect::<Vec<_>>()},
        "marker": {"size": 10, "color": style.colour, "symbol": points.iter().map(symbol).collect::<Vec<_>>(),
            "line": {"width": 2, "color": style.colour}},
        "hovertext": points.iter().map(hover).collect::<Vec<_>>(), "hoverinfo": "text",
    });
    let marks: Vec<&str> = points.iter().map(|point| Mark::of(point.difference).map_or("", Mark::symbol)).collect();
    let marks = json!({
        "type": "scatter", "mode": "text", "showlegend": false, "hoverinfo": "skip", "legendgroup": name,
        "x": points.iter().map(|point| end(point, 1)).collect::<Vec<_>>(), "y": y,
        "text": marks.iter().map(|mark| format!(" {mark}")).collect::<Vec<_>>(), "textposition": "middle right",
    });
    [drawn, marks]
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Significant => "significant".to_owned(),
        Verdict::IfNormal => "significant if normal".to_owned(),
        Verdict::NotSignificant => "not significant".to_owned(),
        Verdict::Unsupported(reason) => format!("cannot tell: {reason}"),
    }
}

/// Where a name stands in a list, to which it is added where it is new.
fn position_of<T: PartialEq>(names: &mut Vec<T>, name: T) -> usize {
    let known = names.iter().position(|known| *known == name);
    known.unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    })
}
