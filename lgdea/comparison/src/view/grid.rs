//! A comparison as grids of text: what every format lays out in its own way.

use lgdea_metric::readable;

use crate::difference::{Difference, Verdict};
use crate::{Comparison, Metric, Setting};

use super::p_value;

/// A table before it is laid out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grid {
    /// Names of the columns.
    pub(crate) header: Vec<String>,
    /// First of the columns that hold numbers; all others do, too.
    pub(crate) numbers: usize,
    /// The rows.
    pub(crate) rows: Vec<Vec<GridCell>>,
    /// Rows before which a new part of the table begins.
    pub(crate) breaks: Vec<usize>,
}

/// The text of a cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct GridCell {
    pub(crate) content: String,
    /// Whether it stands out as the best of its setting.
    pub(crate) best: bool,
    /// A mark of what is said about its difference to the base.
    pub(crate) mark: Option<Mark>,
}

/// A mark of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It is significant.
    Significant,
    /// It is if differences are normal.
    IfNormal,
}

impl Mark {
    pub(crate) fn of(difference: &Difference) -> Option<Mark> {
        match difference.verdict {
            Verdict::Significant => Some(Self::Significant),
            Verdict::IfNormal => Some(Self::IfNormal),
            Verdict::NotSignificant | Verdict::Unsupported(_) => None,
        }
    }

    /// As text.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Significant => "*",
            Self::IfNormal => "†",
        }
    }
}

impl<T: Into<String>> From<T> for GridCell {
    fn from(content: T) -> GridCell {
        GridCell { content: content.into(), ..GridCell::default() }
    }
}

/// Mean ± standard deviation of every row and metric: a grid of what is not measured on evaluation sets, and one of each of these,
/// with its name.
pub(crate) fn means(comparison: &Comparison) -> Vec<(Option<&str>, Grid)> {
    let mut sets: Vec<Option<&str>> = comparison.metrics.iter().map(Metric::set).collect();
    sets.sort_unstable();
    sets.dedup();
    sets.into_iter().map(|set| (set, means_of(comparison, set))).collect()
}

fn means_of(comparison: &Comparison, set: Option<&str>) -> Grid {
    let is_of_set = |metric: &&Metric| metric.set() == set;
    let labels = comparison.metrics.iter().filter(is_of_set).map(|metric| metric.label_in_set().to_owned());
    let header = comparison.keys.iter().cloned().chain([comparison.by.clone(), "seeds".to_owned()]).chain(labels);
    let mut grid = Grid { header: header.collect(), numbers: comparison.keys.len() + 1, rows: vec![], breaks: vec![] };
    let mut last: Option<&Setting> = None;
    for row in &comparison.rows {
        if last.is_some_and(|last| *last != row.setting) {
            grid.breaks.push(grid.rows.len());
        }
        let mut texts = place(&row.setting, row.label());
        texts.push(row.seeds.len().to_string().into());
        for (cell, metric) in row.cells.iter().zip(&comparison.metrics).filter(|(_, metric)| is_of_set(metric)) {
            // A metric that some runs lack is told with its own number.
            let fewer = if cell.values.len() < row.seeds.len() {
                format!(" (n = {})", cell.values.len())
            } else {
                String::new()
            };
            let text = match (cell.mean, cell.standard_deviation) {
                (Some(mean), Some(deviation)) => format!("{} ± {}{fewer}", metric.show(mean), metric.show(deviation)),
                (Some(mean), None) => format!("{}{fewer}", metric.show(mean)),
                (None, _) => String::new(),
            };
            texts.push(GridCell { content: text, best: cell.best, mark: cell.difference.as_ref().and_then(Mark::of) });
        }
        grid.rows.push(texts);
        last = Some(&row.setting);
    }
    grid
}

/// The differences to the base, metric by metric; `None` where there are none. Where each has too few seeds to be judged, there are
/// no columns for what only a judged one has.
pub(crate) fn differences(comparison: &Comparison) -> Option<Grid> {
    let mut header = vec!["metric".to_owned()];
    header.extend(comparison.keys.iter().cloned());
    header.push(comparison.by.clone());
    let level = interval_name(comparison);
    let columns = ["seeds", "difference", &level, "p (t)", "p (perm.)", "p (Wilc.)", "p (Holm)", "significant"];
    let columns = &columns[..if comparison.is_judged() { columns.len() } else { 2 }];
    header.extend(columns.iter().map(|&column| column.to_owned()));
    let mut grid = Grid { header, numbers: comparison.keys.len() + 2, rows: vec![], breaks: vec![] };
    for metric in &comparison.metrics {
        let of_metric = comparison.differences().filter(|(_, of, _)| *of == metric);
        for (position, (row, _, difference)) in of_metric.enumerate() {
            if position == 0 && !grid.rows.is_empty() && comparison.rows.len() > 2 {
                grid.breaks.push(grid.rows.len());
            }
            let name = if position == 0 { metric.label.clone() } else { String::new() };
            let mut texts: Vec<GridCell> = vec![name.into()];
            texts.extend(place(&row.setting, row.label()));
            texts.extend(judged(difference, metric).into_iter().take(columns.len()));
            grid.rows.push(texts);
        }
    }
    (!grid.rows.is_empty()).then_some(grid)
}

/// With how many times fewer pairs one is as good as another; `None` where the share of pairs is no axis.
pub(crate) fn efficiency(comparison: &Comparison) -> Option<Grid> {
    let mut header = vec!["metric".to_owned()];
    header.extend(comparison.keys.iter().cloned());
    header.extend([comparison.by.as_str(), "equals", "with × fewer pairs", "over seeds"].map(str::to_owned));
    let mut grid = Grid { header, numbers: comparison.keys.len() + 3, rows: vec![], breaks: vec![] };
    let mut last = None;
    for found in &comparison.efficiency {
        if last.is_some_and(|last| last != found.metric) {
            grid.breaks.push(grid.rows.len());
        }
        let name =
            if last == Some(found.metric) { String::new() } else { comparison.metrics[found.metric].label.clone() };
        let mut texts: Vec<GridCell> = vec![name.into()];
        texts.extend(place(&found.setting, readable(&found.group)));
        texts.push(found.equals.as_str().into());
        texts.push(found.reach.times(found.ratio).into());
        let range = found.over_seeds.filter(|_| found.seeds > 1);
        let range = range.map(|[low, high]| format!("{} – {}", low.times(found.ratio), high.times(found.ratio)));
        texts.push(range.unwrap_or_default().into());
        grid.rows.push(texts);
        last = Some(found.metric);
    }
    (!grid.rows.is_empty()).then_some(grid)
}

/// `95 % interval`.
pub(crate) fn interval_name(comparison: &Comparison) -> String {
    format!("{} % interval", percent(1.0 - comparison.judgement.alpha))
}

/// A share as a percentage without needless digits.
pub(crate) fn percent(share: f64) -> String {
    let text = format!("{:.2}", 100.0 * share);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn place(setting: &Setting, group: String) -> Vec<GridCell> {
    let values = setting.iter().map(|value| GridCell::from(readable(value.as_deref().unwrap_or("–"))));
    values.chain([group.into()]).collect()
}

/// The numbers of a difference and what follows.
pub(crate) fn judged(difference: &Difference, metric: &Metric) -> Vec<GridCell> {
    let mean = difference.mean.map(|mean| signed(metric, mean)).unwrap_or_default();
    let interval =
        difference.interval.map(|[low, high]| format!("{} to {}", signed(metric, low), signed(metric, high)));
    let verdict = match &difference.verdict {
        Verdict::Significant => "yes".to_owned(),
        Verdict::IfNormal => "if normal".to_owned(),
        Verdict::NotSignificant => "no".to_owned(),
        // The caption says, once for all, what too few seeds are, and why else nothing can be told.
        Verdict::Unsupported(_) if difference.has_too_few_seeds() => "–".to_owned(),
        Verdict::Unsupported(_) => "cannot tell".to_owned(),
    };
    let seeds = difference.seeds.len().to_string();
    let p = [difference.p_paired_t, difference.p_permutation, difference.p_wilcoxon, difference.p_corrected];
    let numbers = [seeds, mean, interval.unwrap_or_default()];
    numbers.into_iter().chain(p.map(p_value)).chain([verdict]).map(GridCell::from).collect()
}

/// A difference with its sign; a minus as typographers set it.
pub(crate) fn signed(metric: &Metric, value: f64) -> String {
    let shown = metric.show(value);
    match shown.strip_prefix('-') {
        Some(size) => format!("−{size}"),
        // A difference that rounds to nothing has no direction.
        None if shown.bytes().all(|digit| matches!(digit, b'0' | b'.')) => shown,
        None => format!("+{shown}"),
    }
}
