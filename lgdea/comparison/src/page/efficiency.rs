//! Scores by the share of pairs, a line for each arm.

use lgdea_spec::counted;
use serde_json::{Value, json};

use crate::efficiency::RATIO;
use crate::view::caption::CEILING;
use crate::{ComparedRow, Comparison, Metric};

use super::figure::{Choice, Figure, Plot, Style, embedded, plain};
use super::table::place_of_runs;

/// The curves of every metric; `None` where the share of pairs does not vary.
pub(super) fn curves(comparison: &Comparison) -> Option<Figure> {
    let axis = comparison.keys.iter().position(|key| key == RATIO)?;
    let lines = lines(comparison, axis);
    let mut ratios: Vec<f64> = lines.iter().flat_map(|(_, points)| points.iter().map(|(ratio, ..)| *ratio)).collect();
    ratios.sort_by(f64::total_cmp);
    ratios.dedup();
    if ratios.len() < 2 {
        return None;
    }
    let plots = comparison.metrics.iter().enumerate();
    let plots = plots.map(|(position, metric)| Plot {
        data: lines.iter().enumerate().map(|(line, points)| trace(line, points, position, metric)).collect(),
        layout: layout(&ratios, metric),
        label: format!(
            "{} by the share of pairs, {} lines with standard deviations; the numbers stand in the table of means.",
            metric.label,
            lines.len()
        ),
    });
    let options = comparison.metrics.iter().map(|metric| metric.label.clone()).collect();
    let ceilings = lines.iter().any(|(_, points)| points.iter().any(|(.., row)| row.is_ceiling()));
    Some(Figure {
        id: "efficiency-curves".to_owned(),
        name: "Data efficiency".to_owned(),
        text: format!(
            "Means over seeds, bars of one standard deviation. The share of pairs is on a logarithmic axis; points of one share are \
             set a little apart. A click on a point leads to its runs.{}",
            if ceilings { format!(" Grey and dotted are ceilings. {CEILING}") } else { String::new() }
        ),
        choices: vec![Choice { name: "Metric".to_owned(), options }],
        height: 460,
        plots: embedded(plots.collect()),
    })
}

/// A name, and by ascending share the rows with their positions.
type Line<'a> = (String, Vec<(f64, usize, &'a ComparedRow)>);

/// Rows that differ in the share of pairs alone.
fn lines(comparison: &Comparison, axis: usize) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (position, row) in comparison.rows.iter().enumerate() {
        let ratio = row.setting[axis].as_ref().and_then(|ratio| ratio.parse::<f64>().ok());
        let Some(ratio) = ratio.filter(|ratio| *ratio > 0.0 && ratio.is_finite()) else { continue };
        let others = comparison.keys.iter().zip(&row.setting).filter(|(key, _)| *key != RATIO);
        let others = others.filter_map(|(key, value)| Some(format!("{key} = {}", value.as_ref()?)));
        let name = [row.label()].into_iter().chain(others).collect::<Vec<_>>().join(", ");
        match lines.iter_mut().find(|(known, _)| *known == name) {
            Some((_, points)) => points.push((ratio, position, row)),
            None => lines.push((name, vec![(ratio, position, row)])),
        }
    }
    for (_, points) in &mut lines {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    lines
}

fn trace(position: usize, (name, points): &Line<'_>, metric: usize, of: &Metric) -> Value {
    let is_ceiling = points.iter().any(|(.., row)| row.is_ceiling());
    let style = if is_ceiling { Style::ceiling(position) } else { Style::of(position) };
    let points: Vec<_> = points
        .iter()
        .filter_map(|&(ratio, position, row)| {
            let cell = &row.cells[metric];
            Some((ratio, place_of_runs([position, metric]), cell.mean?, cell))
        })
        .collect();
    // Bars that lie on each other cannot be read.
    let apart = 1.0 + 0.008 * (position as f64 % 8.0 - 3.5);
    let deviation = |value: Option<f64>| value.map(|value| of.show(value));
    let hover = points.iter().map(|(ratio, _, mean, cell)| {
        let deviation =
            deviation(cell.standard_deviation).map(|deviation| format!(" ± {deviation}")).unwrap_or_default();
        plain(&format!("{name} at {ratio}: {}{deviation}, {}", of.show(*mean), counted(cell.values.len(), "seed")))
    });
    json!({
        "type": "scatter", "mode": "lines+markers", "name": plain(name),
        "x": points.iter().map(|(ratio, ..)| ratio * apart).collect::<Vec<_>>(),
        "y": points.iter().map(|(_, _, mean, _)| mean).collect::<Vec<_>>(),
        "error_y": {"type": "data", "thickness": 1.5, "width": 3, "color": style.colour,
            "array": points.iter().map(|(.., cell)| cell.standard_deviation).collect::<Vec<_>>()},
        "line": {"color": style.colour, "dash": style.dash, "width": 2.5},
        "marker": {"color": style.colour, "symbol": style.symbol, "size": 9},
        "hovertext": hover.collect::<Vec<_>>(), "hoverinfo": "text",
        "customdata": points.iter().map(|(_, runs, ..)| runs.as_str()).collect::<Vec<_>>(),
    })
}

fn layout(ratios: &[f64], metric: &Metric) -> Value {
    let percent = ratios.iter().map(|ratio| format!("{} %", crate::view::grid::percent(*ratio)));
    let better = if metric.lower_is_better { "lower is better" } else { "higher is better" };
    json!({
        "margin": {"l": 10, "r": 10, "t": 10, "b": 50},
        "showlegend": true,
        "xaxis": {"type": "log", "title": {"text": "share of studies that are pairs"}, "tickvals": ratios,
            "ticktext": percent.collect::<Vec<_>>(), "automargin": true},
        "yaxis": {"zeroline": false, "title": {"text": plain(&format!("{} ({better})", metric.label))}, "automargin": true},
    })
}
