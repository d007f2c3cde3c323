//! What matters of a comparison, for the terminal: the means, the significant differences, and how many are undecided.

use lgdea_spec::agreeing;

use crate::difference::counted;
use crate::rows::ARM;
use crate::{Comparison, Setting};

use super::caption::{reading, sweeps};
use super::grid::{self, Grid};
use super::terminal::{lay_out, notes, without_code};

/// Most rows of means, and of differences and of data efficiency.
const MEANS: usize = 70;
const OTHERS: usize = 12;

/// What matters of the comparison, on a screen or two: what is compared, the means, the significant differences first. Data
/// efficiency is shown where it was asked for, as against another group than the base.
pub fn brief(comparison: &Comparison) -> String {
    let mut left = Vec::new();
    let mut cut = |mut grid: Grid, most: usize, what: &str| {
        if grid.rows.len() > most {
            left.push(format!("{} {what}", grid.rows.len()));
            shorten(&mut grid, most);
        }
        lay_out(&grid)
    };
    let mut parts = vec![head(comparison)];
    match grid::means_by_setting(comparison) {
        Some(means) => parts.push(cut(means, MEANS, "rows of means")),
        None => parts.extend(grid::means(comparison).into_iter().map(|(set, means)| {
            let title = set.map(|set| format!("evaluation set {set}\n")).unwrap_or_default();
            format!("{title}{}", cut(means, MEANS, "rows of means"))
        })),
    }
    if let Some(differences) = grid::differences_by_verdict(comparison) {
        let counts = counted(comparison.differences().map(|(_, _, difference)| difference));
        let counts = counts.map(|counts| format!(": {counts}")).unwrap_or_default();
        let table = cut(with_one_p(differences), OTHERS, "differences");
        parts.push(format!("differences to {}{counts}\n{table}", comparison.base));
    }
    if let Some(efficiency) = grid::efficiency(comparison).filter(|_| comparison.equals != comparison.base) {
        parts.push(format!("data efficiency\n{}", cut(efficiency, OTHERS, "rows of data efficiency")));
    }
    parts.push(without_code(&reading(comparison, "In brackets")));
    parts.extend(notes(comparison));
    parts.push(more(comparison, &left));
    format!("{}\n", parts.join("\n\n"))
}

/// What is compared, of how many runs.
fn head(comparison: &Comparison) -> String {
    let [runs, missing] = comparison.runs;
    let missing = if missing > 0 {
        format!(" ({} {} none)", lgdea_spec::counted(missing, "trial"), agreeing(missing, "has", "have"))
    } else {
        String::new()
    };
    let groups = grid::distinct(comparison.rows.iter().map(|row| &row.group)).len();
    let groups = if comparison.by == ARM {
        lgdea_spec::counted(groups, "arm")
    } else {
        format!("{groups} of {}", comparison.by)
    };
    let settings: Vec<&Setting> = grid::distinct(comparison.rows.iter().map(|row| &row.setting));
    let settings = match comparison.keys.as_slice() {
        [] => String::new(),
        keys => format!(" at {} of {}", lgdea_spec::counted(settings.len(), "setting"), keys.join(", ")),
    };
    let mut sentences = sweeps(comparison);
    sentences.push(format!(
        "{}{missing}: {groups}{settings}, compared with `{}`.",
        lgdea_spec::counted(runs, "finished run"),
        comparison.base
    ));
    without_code(&sentences)
}

/// Differences with the p that decides alone: those of each test are told with all rows.
fn with_one_p(mut grid: Grid) -> Grid {
    let columns = ["p (t)", "p (perm.)", "p (Wilc.)"];
    for name in columns {
        if let Some(column) = grid.header.iter().position(|header| header == name) {
            grid.header.remove(column);
            grid.rows.iter_mut().for_each(|row| drop(row.remove(column)));
        }
    }
    grid
}

/// Leaves so many rows of a grid at most; it is cut where a new part begins if there is such a place.
fn shorten(grid: &mut Grid, most: usize) {
    let shown = grid.breaks.iter().copied().filter(|&part| part <= most).max().unwrap_or(most);
    grid.rows.truncate(shown);
    grid.breaks.retain(|&part| part < shown);
}

/// How to get what is not shown.
fn more(comparison: &Comparison, left: &[String]) -> String {
    let mut all = left.to_vec();
    if comparison.is_judged() {
        all.push("the p of each test".to_owned());
    }
    if !comparison.efficiency.is_empty() && comparison.equals == comparison.base {
        all.push("data efficiency".to_owned());
    }
    all.push("how it was made".to_owned());
    format!("--all prints everything: {}.", all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_table_is_cut_between_its_parts() {
        let shown = |rows: usize, breaks: &[usize], most| {
            let rows = (0..rows).map(|row| vec![format!("row {row};").into()]).collect();
            let mut grid = Grid { header: vec!["name".to_owned()], numbers: 1, rows, breaks: breaks.to_vec() };
            shorten(&mut grid, most);
            (grid.rows.len(), grid.breaks)
        };
        assert_eq!(shown(41, &[], 40), (40, vec![]));
        assert_eq!(shown(90, &[30, 60], 40), (30, vec![]));
        assert_eq!(shown(90, &[30, 60], 60), (60, vec![30]));
        assert_eq!(shown(90, &[60], 40), (40, vec![]), "a part that is too long is cut in its midst");
    }
}
