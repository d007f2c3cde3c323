//! Learning curves from the journals: every run as a thin line, and the mean of runs that differ in the seed alone.

use std::collections::{BTreeMap, BTreeSet};

use lgdea_metric::curve::{LOSS, is_loss_of_a_term};
use lgdea_metric::{Group, Name};
use lgdea_spec::counted;
use serde_json::{Value, json};

use crate::{ComparedRow, Comparison, Metric, Split};

use super::figure::{Choice, Figure, Plot, Style, embedded, plain, short};
use super::logged::{Curve, Logged, Logs};
use super::summary::describe;

/// Points of a curve, at the most; all curves together have no more than the other number, as far as the least allows.
const POINTS: usize = 300;
const POINTS_OF_ALL: usize = 150_000;
const FEWEST_POINTS: usize = 30;
/// Curves of runs, at the most; of more, evenly chosen ones are shown.
const CURVES: usize = 20_000;
/// Settings that are chosen one by one; of more, all runs are shown together.
const SETTINGS: usize = 12;

/// A row of the comparison with the journals of its runs, and its group's position.
struct Logging<'a> {
    row: &'a ComparedRow,
    group: usize,
    runs: Vec<&'a Logged>,
}

/// The curves; `None` where no journal has any.
pub(super) fn learning(comparison: &Comparison, logs: &Logs<'_>) -> Option<Figure> {
    let rows = logging(comparison, logs);
    let asked = asked(comparison);
    let names = names(&asked, &rows);
    if names.is_empty() {
        return None;
    }
    let settings: Vec<&[Logging<'_>]> = rows.chunk_by(|a, b| a.row.setting == b.row.setting).collect();
    let many = settings.len() > SETTINGS;
    let settings = if many { vec![rows.as_slice()] } else { settings };
    let curves = names.len() * rows.iter().map(|row| row.runs.len() + 1).sum::<usize>();
    let points = (POINTS_OF_ALL / curves.max(1)).clamp(FEWEST_POINTS, POINTS);
    let every = curves.div_ceil(CURVES).max(1);
    let mut plots = Vec::new();
    for name in &names {
        for rows in &settings {
            let data = if many {
                all_runs(comparison, rows, name, [points, every])
            } else {
                rows.iter().flat_map(|row| traces(row, name, [points, every])).collect()
            };
            plots.push(Plot { label: label(name, rows), data, layout: layout(name, many) });
        }
    }
    let mut choices =
        vec![Choice { name: "Metric".to_owned(), options: names.iter().map(|name| shown(name)).collect() }];
    if settings.len() > 1 {
        let options = settings.iter().map(|rows| describe(comparison, rows[0].row)).collect();
        choices.push(Choice { name: "Setting".to_owned(), options });
    }
    let lines = if many {
        "Every run is a thin line; the thick one is the run that is best by the first metric, whose settings the summary names."
    } else {
        "Thin lines are runs, a thick one is the mean over their seeds at the steps that all of them have."
    };
    let chosen = if every > 1 { format!(" One run in {every} has a line.") } else { String::new() };
    Some(Figure {
        id: "learning-curves".to_owned(),
        name: String::new(),
        text: format!(
            "{lines}{chosen} Of longer curves {points} points are shown. Scores on the way are those of the validation split.{}",
            without_curve(&asked, &names)
        ),
        choices,
        height: 460,
        plots: embedded(plots),
    })
}

fn logging<'a>(comparison: &'a Comparison, logs: &'a Logs<'_>) -> Vec<Logging<'a>> {
    let mut groups: Vec<&str> = Vec::new();
    let rows = comparison.rows.iter().map(|row| {
        let known = groups.iter().position(|group| *group == row.group);
        let group = known.unwrap_or_else(|| {
            groups.push(&row.group);
            groups.len() - 1
        });
        let runs = row.run_keys.iter().filter_map(|key| logs.of(key)).collect();
        Logging { row, group, runs }
    });
    rows.filter(|row| !row.runs.is_empty()).collect()
}

/// Metrics with a curve: first those that all arms have, and of these the scores that are compared.
fn names(asked: &[String], rows: &[Logging<'_>]) -> Vec<String> {
    let mut arms: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for row in rows {
        for (name, _) in row.runs.iter().flat_map(|run| &run.curves).filter(|(_, points)| points.len() > 1) {
            arms.entry(name).or_default().insert(row.group);
        }
    }
    let all = rows.iter().map(|row| row.group).collect::<BTreeSet<usize>>().len();
    let of_all = |name: &str| arms.get(name).is_some_and(|arms| arms.len() == all);
    // Sums of other terms are no common measure.
    let one_sum = arms.keys().filter(|name| is_loss_of_a_term(name)).all(|name| of_all(name));
    let is_shared = |name: &str| of_all(name) && (name != LOSS.name || one_sum);
    let position = |name: &str| asked.iter().position(|asked| asked == name).unwrap_or(asked.len());
    let rank = |name: &str| match Group::of(name) {
        None => 0,
        _ if name == LOSS.name => 1,
        _ if is_loss_of_a_term(name) => 2,
        Some(Group::Evidence) => 3,
        Some(Group::Train) => 4,
        Some(_) => 5,
    };
    let is_shown =
        |name: &str| Split::of(name).is_none() || Name::parse(name).is_headline() || position(name) < asked.len();
    let mut names: Vec<String> = arms.keys().filter(|name| is_shown(name)).map(|&name| name.to_owned()).collect();
    names.sort_by_key(|name| (!is_shared(name), rank(name), position(name)));
    names
}

/// The compared scores as the validation split has them.
fn asked(comparison: &Comparison) -> Vec<String> {
    let scores = comparison.metrics.iter().filter_map(|metric| Split::strip(&metric.name));
    let mut asked: Vec<String> = scores.map(|(_, score)| Split::Validation.of_score(score)).collect();
    asked.dedup();
    asked
}

/// That compared scores have no curve, and how they get one; empty where all have.
fn without_curve(asked: &[String], names: &[String]) -> String {
    let without: Vec<String> = asked.iter().filter(|name| !names.contains(name)).map(|name| shown(name)).collect();
    if without.is_empty() {
        String::new()
    } else if names.iter().any(|name| Split::of(name).is_some()) {
        format!(" No run has a curve of {}: `eval.every` has scores taken on the way.", without.join(", "))
    } else {
        " No score was taken on the way: `eval.every` has it taken.".to_owned()
    }
}

/// The runs of a row in one trace, or one of `every` so many, and their mean.
fn traces(row: &Logging<'_>, name: &str, [points, every]: [usize; 2]) -> Vec<Value> {
    let curves: Vec<&Curve> = row.runs.iter().filter_map(|run| run.curves.get(name)).collect();
    if curves.is_empty() {
        return Vec::new();
    }
    let style = Style::of(row.group);
    let (x, y) = joined(curves.iter().step_by(every).map(|curve| thinned(curve, points)));
    let runs = json!({
        "type": "scatter", "mode": "lines", "showlegend": false, "hoverinfo": "skip", "legendgroup": row.row.group,
        "x": x, "y": y, "opacity": 0.35, "line": {"color": style.colour, "width": 1},
    });
    let mean = thinned(&mean(&curves), points);
    let (x, y) = joined([mean].into_iter());
    let mean = json!({
        "type": "scatter", "mode": "lines+markers", "name": plain(&row.row.group), "legendgroup": row.row.group,
        "x": x, "y": y, "line": {"color": style.colour, "width": 2.5, "dash": style.dash},
        "marker": {"color": style.colour, "symbol": style.symbol, "size": 8, "maxdisplayed": 8},
    });
    if curves.len() > 1 { vec![runs, mean] } else { vec![mean] }
}

/// The runs, or one of `every` so many, as thin lines, and the best one.
fn all_runs(comparison: &Comparison, rows: &[Logging<'_>], name: &str, [points, every]: [usize; 2]) -> Vec<Value> {
    let thin = |row: &Logging<'_>| -> Vec<Curve> {
        row.runs.iter().filter_map(|run| run.curves.get(name)).map(|curve| thinned(curve, points)).collect()
    };
    let (x, y) = joined(rows.iter().flat_map(thin).step_by(every));
    let all = json!({
        "type": "scatter", "mode": "lines", "name": if every > 1 { "runs" } else { "all runs" }, "hoverinfo": "skip", "opacity": 0.45,
        "x": x, "y": y, "line": {"color": "var(--soft)", "width": 1},
    });
    let gain = |metric: &Metric, row: &Logging<'_>| row.row.contending(0).map(|mean| metric.gain(mean));
    let scored = comparison.metrics.first().into_iter();
    let scored = scored.flat_map(|metric| rows.iter().filter_map(move |row| Some((gain(metric, row)?, row))));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, row)| {
        let (x, y) = joined(thin(row).into_iter());
        json!({
            "type": "scatter", "mode": "lines", "name": "best run",
            "x": x, "y": y, "line": {"color": "var(--c0)", "width": 3},
        })
    });
    [all].into_iter().chain(best).collect()
}

/// The mean of curves at the steps that all of them have.
fn mean(curves: &[&Curve]) -> Curve {
    let Some((first, others)) = curves.split_first() else { return Curve::new() };
    let of = |curve: &Curve, step: u64| Some(curve[curve.binary_search_by_key(&step, |&(step, _)| step).ok()?].1);
    let at = |&(step, value): &(u64, f64)| {
        let sum = others.iter().try_fold(value, |sum, other| Some(sum + of(other, step)?))?;
        Some((step, sum / curves.len() as f64))
    };
    first.iter().filter_map(at).collect()
}

/// At most so many points of a curve, evenly chosen; its ends are among them.
fn thinned(curve: &Curve, points: usize) -> Curve {
    if curve.len() <= points || points < 2 {
        return curve.clone();
    }
    (0..points).map(|point| curve[point * (curve.len() - 1) / (points - 1)]).collect()
}

/// Curves as one line with gaps.
fn joined(curves: impl Iterator<Item = Curve>) -> (Vec<Value>, Vec<Value>) {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for curve in curves {
        if !x.is_empty() {
            x.push(Value::Null);
            y.push(Value::Null);
        }
        x.extend(curve.iter().map(|(step, _)| json!(step)));
        y.extend(curve.iter().map(|(_, value)| short(*value)));
    }
    (x, y)
}

/// `many` lines need no names at the side, and the best one's name is long.
fn layout(name: &str, many: bool) -> Value {
    let legend = if many {
        json!({"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"})
    } else {
        json!({})
    };
    let step = if Group::of(name) == Some(Group::TextWarmup) { "step of the text warm-up" } else { "training step" };
    json!({
        "margin": {"l": 10, "r": 10, "t": if many { 36 } else { 10 }, "b": 50},
        "showlegend": true,
        "legend": legend,
        "hovermode": "x unified",
        "xaxis": {"title": {"text": step}, "automargin": true, "zeroline": false},
        "yaxis": {"zeroline": false, "title": {"text": plain(&shown(name))}, "automargin": true},
    })
}

fn label(name: &str, rows: &[Logging<'_>]) -> String {
    let runs: usize = rows.iter().map(|row| row.runs.len()).sum();
    let groups: BTreeSet<usize> = rows.iter().map(|row| row.group).collect();
    format!("{} by training step: {} of {}.", shown(name), counted(runs, "run"), counted(groups.len(), "arm"))
}

/// A metric for readers: a score by its name, all else as journals have it.
fn shown(name: &str) -> String {
    if Split::of(name).is_some() { Metric::new(name).label } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compared_scores_without_a_curve_are_named() {
        let names = |names: &[&str]| -> Vec<String> { names.iter().map(|&name| name.to_owned()).collect() };
        let asked = names(&["validation/grounding/cnr", "validation/zero_shot/auroc_macro"]);
        let told = |have: &[&str]| without_curve(&asked, &names(have));
        assert_eq!(told(&["validation/grounding/cnr", "validation/zero_shot/auroc_macro", "train/loss"]), "");
        assert!(told(&["validation/grounding/cnr"]).contains("No run has a curve of validation zero-shot AUROC:"));
        assert!(told(&["train/loss"]).contains("No score was taken on the way"));
    }

    #[test]
    fn long_curves_keep_their_ends() {
        let curve: Curve = (0..1000).map(|step| (step, step as f64)).collect();
        let few = thinned(&curve, 300);
        assert_eq!((few.len(), few[0].0, few[299].0), (300, 0, 999));
        assert!(few.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(thinned(&curve, 1000).len(), 1000);
    }

    #[test]
    fn a_mean_is_of_steps_that_all_have() {
        let (a, b) = (vec![(1, 1.0), (2, 2.0), (3, 3.0)], vec![(1, 3.0), (3, 5.0)]);
        assert_eq!(mean(&[&a, &b]), [(1, 2.0), (3, 4.0)]);
        assert!(mean(&[]).is_empty());
    }

    #[test]
    fn curves_in_one_line_have_gaps_and_no_nan() {
        let (x, y) = joined([vec![(1, 0.5)], vec![(1, f64::NAN)]].into_iter());
        assert_eq!(x, [json!(1), Value::Null, json!(1)]);
        assert_eq!(y, [json!(0.5), Value::Null, Value::Null]);
    }
}
