//! A comparison as grids of text: what every format lays out in its own way.

use lgdea_metric::readable;

use crate::difference::{Difference, Verdict};
use crate::{ComparedRow, Comparison, Metric, Setting};

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
    /// The row and the metric of the comparison whose runs its number is made of.
    pub(crate) of: Option<[usize; 2]>,
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
    let of_set: Vec<usize> =
        (0..comparison.metrics.len()).filter(|&metric| comparison.metrics[metric].set() == set).collect();
    let labels = of_set.iter().map(|&metric| comparison.metrics[metric].label_in_set().to_owned());
    let header = comparison.keys.iter().cloned().chain([comparison.by.clone(), "seeds".to_owned()]).chain(labels);
    let mut grid = Grid { header: header.collect(), numbers: comparison.keys.len() + 1, rows: vec![], breaks: vec![] };
    let mut last: Option<&Setting> = None;
    for (position, row) in comparison.rows.iter().enumerate() {
        if last.is_some_and(|last| *last != row.setting) {
            grid.breaks.push(grid.rows.len());
        }
        let mut texts = place(&row.setting, row.label());
        texts.push(row.seeds.len().to_string().into());
        texts.extend(of_set.iter().map(|&metric| mean(comparison, [position, metric], row.seeds.len())));
        grid.rows.push(texts);
        last = Some(&row.setting);
    }
    grid
}

/// The means of a few settings beside each other: a part for each metric, a row for each group, ceilings last. `None` of a single
/// setting, and of more than a terminal is wide for.
pub(crate) fn means_by_setting(comparison: &Comparison) -> Option<Grid> {
    const MOST: usize = 6;
    let settings: Vec<&Setting> = distinct(comparison.rows.iter().map(|row| &row.setting));
    if !(2..=MOST).contains(&settings.len()) {
        return None;
    }
    let mut groups: Vec<&ComparedRow> = Vec::new();
    for row in &comparison.rows {
        if !groups.iter().any(|known| known.group == row.group) {
            groups.push(row);
        }
    }
    groups.sort_by_key(|row| row.is_ceiling());
    let seeds = comparison.rows.iter().map(|row| row.seeds.len()).max().unwrap_or_default();
    let values = settings.iter().map(|setting| in_a_line(setting));
    let header = [format!("by {}", comparison.keys.join(", "))].into_iter().chain(values).collect();
    let mut grid = Grid { header, numbers: 1, rows: vec![], breaks: vec![] };
    for (position, metric) in comparison.metrics.iter().enumerate() {
        if position > 0 {
            grid.breaks.push(grid.rows.len());
        }
        grid.rows.push(vec![metric.label.as_str().into()]);
        for group in &groups {
            let at = |setting: &&Setting| {
                let row = comparison.rows.iter().position(|row| row.group == group.group && row.setting == **setting);
                row.map(|row| mean(comparison, [row, position], seeds)).unwrap_or_default()
            };
            let means: Vec<GridCell> = settings.iter().map(at).collect();
            if means.iter().any(|mean| mean.of.is_some()) {
                grid.rows.push([format!("  {}", group.label()).into()].into_iter().chain(means).collect());
            }
        }
    }
    Some(grid)
}

/// Each of several, once, in the order in which they come.
pub(crate) fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for one in all {
        if !distinct.contains(&one) {
            distinct.push(one);
        }
    }
    distinct
}

fn in_a_line(setting: &Setting) -> String {
    let values = setting.iter().map(|value| readable(value.as_deref().unwrap_or("–")));
    values.collect::<Vec<_>>().join(", ")
}

/// Mean ± standard deviation of a row and metric, with the number of its values where that is not the one that is told already.
fn mean(comparison: &Comparison, [row, metric]: [usize; 2], seeds: usize) -> GridCell {
    let (cell, of) = (&comparison.rows[row].cells[metric], &comparison.metrics[metric]);
    let fewer = if cell.values.len() < seeds { format!(" (n = {})", cell.values.len()) } else { String::new() };
    let content = match (cell.mean, cell.standard_deviation) {
        (Some(mean), Some(deviation)) => format!("{} ± {}{fewer}", of.show(mean), of.show(deviation)),
        (Some(mean), None) => format!("{}{fewer}", of.show(mean)),
        (None, _) => String::new(),
    };
    let mark = cell.difference.as_ref().and_then(Mark::of);
    GridCell { content, best: cell.best, mark, of: cell.mean.map(|_| [row, metric]) }
}

/// The differences to the base, metric by metric; `None` where there are none. Where each has too few seeds to be judged, there are
/// no columns for what only a judged one has.
pub(crate) fn differences(comparison: &Comparison) -> Option<Grid> {
    let found = found(comparison);
    let begins = |[_, a]: [usize; 2], [_, b]: [usize; 2]| a != b && comparison.rows.len() > 2;
    difference_rows(comparison, &found, begins)
}

/// The differences to the base, those first that are significant.
pub(crate) fn differences_by_verdict(comparison: &Comparison) -> Option<Grid> {
    let rank = |[row, metric]: [usize; 2]| {
        let difference = comparison.rows[row].cells[metric].difference.as_ref();
        difference.map(|difference| difference.verdict.rank())
    };
    let mut found = found(comparison);
    found.sort_by_key(|&at| rank(at));
    difference_rows(comparison, &found, |a, b| rank(a) != rank(b))
}

/// The row and the metric of each difference, metric by metric.
fn found(comparison: &Comparison) -> Vec<[usize; 2]> {
    let metrics = 0..comparison.metrics.len();
    let all = metrics.flat_map(|metric| (0..comparison.rows.len()).map(move |row| [row, metric]));
    all.filter(|&[row, metric]| comparison.rows[row].cells[metric].difference.is_some()).collect()
}

/// A grid of differences; a part of it begins where two that follow each other say so, and a metric's name stands in its first row
/// alone.
fn difference_rows(
    comparison: &Comparison,
    found: &[[usize; 2]],
    begins: impl Fn([usize; 2], [usize; 2]) -> bool,
) -> Option<Grid> {
    let mut header = vec!["metric".to_owned()];
    header.extend(comparison.keys.iter().cloned());
    header.push(comparison.by.clone());
    let level = interval_name(comparison);
    let columns = ["seeds", "difference", &level, "p (t)", "p (perm.)", "p (Wilc.)", "p (Holm)", "significant"];
    let columns = &columns[..if comparison.is_judged() { columns.len() } else { 2 }];
    header.extend(columns.iter().map(|&column| column.to_owned()));
    let mut grid = Grid { header, numbers: comparison.keys.len() + 2, rows: vec![], breaks: vec![] };
    let mut last: Option<[usize; 2]> = None;
    for &[at, of] in found {
        let (row, metric) = (&comparison.rows[at], &comparison.metrics[of]);
        let Some(difference) = &row.cells[of].difference else { continue };
        let is_new = last.is_some_and(|last| begins(last, [at, of]));
        if is_new {
            grid.breaks.push(grid.rows.len());
        }
        let is_told = !is_new && last.is_some_and(|[_, last]| last == of);
        let mut cells: Vec<GridCell> = vec![if is_told { "" } else { metric.label.as_str() }.into()];
        cells.extend(place(&row.setting, row.label()));
        cells.extend(judged(difference, metric).into_iter().take(columns.len()));
        cells[grid.numbers + 1].of = difference.mean.map(|_| [at, of]);
        grid.rows.push(cells);
        last = Some([at, of]);
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
        let is_of = |row: &ComparedRow| row.group == found.group && row.setting == found.setting;
        let of = comparison.rows.iter().position(is_of).map(|row| [row, found.metric]);
        texts.push(GridCell { of, ..found.reach.times(found.ratio).into() });
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
