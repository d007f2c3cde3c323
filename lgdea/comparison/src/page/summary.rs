//! What the comparison says, in words that say no more than it can.

use lgdea_metric::readable;
use serde::Serialize;

use crate::difference::{Difference, Verdict};
use crate::view::grid::signed;
use crate::{Cell, ComparedRow, Comparison, Metric};

/// Settings that are told one by one.
const TOLD: usize = 6;
/// Differences that are named.
const NAMED: usize = 4;

/// A metric in words.
#[derive(Serialize)]
pub(super) struct MetricSummary {
    label: String,
    better: &'static str,
    /// What is so of all settings; none where the settings say it all.
    finding: Option<String>,
    /// A setting, and what is so there.
    settings: Vec<(String, String)>,
    /// Settings that are not told.
    more: usize,
}

/// Of every metric, what is best at each setting, and what its difference to the base is worth.
pub(super) fn summary(comparison: &Comparison) -> Vec<MetricSummary> {
    let metrics = comparison.metrics.iter().enumerate();
    metrics.map(|(position, metric)| MetricSummary::new(comparison, position, metric)).collect()
}

impl MetricSummary {
    fn new(comparison: &Comparison, position: usize, metric: &Metric) -> MetricSummary {
        let settings: Vec<&[ComparedRow]> = comparison.rows.chunk_by(|a, b| a.setting == b.setting).collect();
        let alone = settings.len() > 1 && settings.iter().all(|rows| rows.len() == 1);
        let told =
            |rows: &&[ComparedRow]| (describe(comparison, &rows[0]), sentence(comparison, rows, position, metric));
        MetricSummary {
            label: metric.label.clone(),
            better: if metric.lower_is_better { "lower is better" } else { "higher is better" },
            finding: if alone { best_of_many } else { findings }(comparison, position, metric),
            settings: if alone { vec![] } else { settings.iter().take(TOLD).map(told).collect() },
            more: if alone { 0 } else { settings.len().saturating_sub(TOLD) },
        }
    }
}

/// A setting in words; empty where nothing varies.
pub(super) fn describe(comparison: &Comparison, row: &ComparedRow) -> String {
    let values = comparison.keys.iter().zip(&row.setting);
    let values = values.filter_map(|(key, value)| Some(format!("{key} = {}", readable(value.as_ref()?))));
    values.collect::<Vec<_>>().join(", ")
}

/// The best of a setting, and what its difference to the base is worth.
fn sentence(comparison: &Comparison, rows: &[ComparedRow], position: usize, metric: &Metric) -> String {
    let base = comparison.base.as_str();
    let most = rows.iter().map(|row| row.cells[position].values.len()).max().unwrap_or_default();
    let shown = |row: &ComparedRow| shown(metric, &row.cells[position], most);
    let judged = |row: &ComparedRow| judged(metric, base, row.cells[position].difference.as_ref());
    let scored = rows.iter().filter_map(|row| Some((metric.gain(row.contending(position)?), row)));
    let mut ordered: Vec<(f64, &ComparedRow)> = scored.collect();
    ordered.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = rows.iter().filter(|row| row.cells[position].best).map(|row| format!("`{}`", row.group));
    let best: Vec<String> = best.collect();
    let ceilings = rows.iter().filter(|row| row.is_ceiling() && row.cells[position].mean.is_some());
    let ceilings: Vec<String> = ceilings.map(|row| format!("`{}` has {}", row.group, shown(row))).collect();
    let ceilings = if ceilings.is_empty() { String::new() } else { format!(" Of ceilings, {}.", joined(&ceilings)) };
    let of_methods = match ordered.as_slice() {
        [] => "no run of a method has a score.".to_owned(),
        [(_, only)] => format!("`{}` has {}; there is nothing to compare it with.", only.group, shown(only)),
        [(_, first), ..] if best.len() > 1 => {
            let mean = first.cells[position].mean.map(|mean| metric.show(mean)).unwrap_or_default();
            format!("{} have the best mean, {mean}, by the decimals shown.", joined(&best))
        }
        [(_, best), (_, next), ..] if best.group == base => {
            let (best, what) = (shown(best), judged(next));
            format!("`{base}`, the base, has the best mean, {best}; the next, `{}`, {what}.", next.group)
        }
        [(_, best), ..] => format!("`{}` has the best mean, {}; it {}.", best.group, shown(best), judged(best)),
    };
    of_methods + &ceilings
}

/// `a, b and c`.
fn joined(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// Of settings with one row each, the best: no more than the best of many.
fn best_of_many(comparison: &Comparison, position: usize, metric: &Metric) -> Option<String> {
    let means = comparison.rows.iter().filter_map(|row| Some((row, row.contending(position)?)));
    let (best, _) = means.max_by(|a, b| metric.gain(a.1).total_cmp(&metric.gain(b.1)))?;
    let best_mean = best.cells[position].mean.map(|mean| metric.show(mean));
    let alike = |row: &&ComparedRow| row.contending(position).map(|mean| metric.show(mean)) == best_mean;
    let others = match comparison.rows.iter().filter(alike).count() - 1 {
        0 => String::new(),
        1 => " (and 1 other, by the decimals shown)".to_owned(),
        others => format!(" (and {others} others, by the decimals shown)"),
    };
    Some(format!(
        "Of {} settings the best mean is {}, at {}{others}: the best of so many is in part luck, and would be less good if it \
         were run again.",
        comparison.rows.iter().filter(|row| !row.is_ceiling()).count(),
        shown(metric, &best.cells[position], 0),
        describe(comparison, best),
    ))
}

/// Which of all differences are more than chance; `None` where there are not several that can be judged.
fn findings(comparison: &Comparison, position: usize, metric: &Metric) -> Option<String> {
    let differences = comparison.rows.iter().filter_map(|row| Some((row, row.cells[position].difference.as_ref()?)));
    let differences: Vec<(&ComparedRow, &Difference)> =
        differences.filter(|(_, found)| !found.has_too_few_seeds()).collect();
    if differences.len() < 2 {
        return None;
    }
    let told = |verdict: &Verdict, what: &str| {
        let found: Vec<_> = differences.iter().filter(|(_, found)| found.verdict == *verdict).collect();
        match found.len() {
            0 => format!("none is {what}"),
            1..=NAMED => {
                let named = found.iter().map(|(row, found)| named(comparison, metric, row, found));
                format!("{what}: {}", named.collect::<Vec<_>>().join(", "))
            }
            count => {
                let is_better = |found: &Difference| found.mean.is_some_and(|mean| metric.gain(mean) > 0.0);
                let better = found.iter().filter(|(_, found)| is_better(found)).count();
                format!("{count} are {what}: {better} for the better, {} for the worse", count - better)
            }
        }
    };
    let significant = told(&Verdict::Significant, "significant");
    let if_normal = differences.iter().any(|(_, found)| found.verdict == Verdict::IfNormal);
    let if_normal =
        if_normal.then(|| format!("; {}", told(&Verdict::IfNormal, "significant only if differences are normal")));
    let (count, base) = (differences.len(), &comparison.base);
    Some(format!("Of {count} differences to `{base}`, {significant}{}.", if_normal.unwrap_or_default()))
}

/// A difference by its row: `` `clip` at pairing.ratio = 0.02 (−0.103)``.
fn named(comparison: &Comparison, metric: &Metric, row: &ComparedRow, difference: &Difference) -> String {
    let setting = describe(comparison, row);
    let setting = if setting.is_empty() { setting } else { format!(" at {setting}") };
    let mean = difference.mean.map(|mean| signed(metric, mean)).unwrap_or_default();
    format!("`{}`{setting} ({mean})", row.group)
}

/// A mean with its deviation, and its seeds where others have more.
fn shown(metric: &Metric, cell: &Cell, most: usize) -> String {
    let mean = cell.mean.map(|mean| metric.show(mean)).unwrap_or_default();
    let deviation = cell.standard_deviation.map(|deviation| format!(" ± {}", metric.show(deviation)));
    let seeds = match cell.values.len() {
        seeds if seeds >= most => String::new(),
        1 => " (of 1 seed only)".to_owned(),
        seeds => format!(" (of {seeds} seeds only)"),
    };
    format!("{mean}{}{seeds}", deviation.unwrap_or_default())
}

/// `differs from w4 by +0.012, which is not significant`.
fn judged(metric: &Metric, base: &str, difference: Option<&Difference>) -> String {
    let Some((difference, mean)) = difference.and_then(|difference| Some((difference, difference.mean?))) else {
        return format!("shares no seed with `{base}`, so that no difference can be told");
    };
    let verdict = match &difference.verdict {
        Verdict::Significant => ", which is significant",
        Verdict::IfNormal => ", which is significant only if differences are normal, as so few seeds cannot show",
        Verdict::NotSignificant => ", which is not significant",
        // The page says once for all that these are not judged.
        Verdict::Unsupported(_) if difference.has_too_few_seeds() => "",
        Verdict::Unsupported(_) => ", and whether that is more than chance cannot be told",
    };
    format!("differs from `{base}` by {}{verdict}", signed(metric, mean))
}
