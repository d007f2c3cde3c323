//! A comparison as tables for the terminal, with every row of them.

use lgdea_eval::table::with_header;

use crate::Comparison;

use super::caption::caption;
use super::grid::{self, Grid};

/// The comparison as tables for the terminal, with every row.
pub fn terminal(comparison: &Comparison) -> String {
    let mut parts = means(comparison);
    if let Some(differences) = grid::differences(comparison) {
        parts.push(format!("differences to {}\n{}", comparison.base, lay_out(&differences)));
    }
    if let Some(efficiency) = grid::efficiency(comparison) {
        parts.push(format!("data efficiency\n{}", lay_out(&efficiency)));
    }
    parts.push(without_code(&caption(comparison, "In brackets")));
    parts.extend(notes(comparison));
    format!("{}\n", parts.join("\n\n"))
}

/// All means, of evaluation sets below their names.
pub(super) fn means(comparison: &Comparison) -> Vec<String> {
    let titled = |(set, grid): &(Option<&str>, Grid)| match set {
        None => lay_out(grid),
        Some(set) => format!("evaluation set {set}\n{}", lay_out(grid)),
    };
    grid::means(comparison).iter().map(titled).collect()
}

/// What a reader should know; `None` where that is nothing.
pub(super) fn notes(comparison: &Comparison) -> Option<String> {
    let notes: Vec<String> = comparison.notes.iter().map(|note| format!("note: {note}")).collect();
    (!notes.is_empty()).then(|| without_code(&notes))
}

/// Sentences below each other, in which code is text as any other.
pub(super) fn without_code(sentences: &[String]) -> String {
    sentences.join("\n").replace('`', "")
}

/// A grid as a table; the best of a setting is in brackets, because a terminal's bold does not survive a pipe.
pub(super) fn lay_out(grid: &Grid) -> String {
    let header: Vec<&str> = grid.header.iter().map(String::as_str).collect();
    let mut table = with_header(&header, grid.numbers..header.len());
    for (position, row) in grid.rows.iter().enumerate() {
        if grid.breaks.contains(&position) {
            table.add_row(vec![""; header.len()]);
        }
        table.add_row(row.iter().map(|cell| {
            let mark = cell.mark.map_or("", super::grid::Mark::symbol);
            if cell.best { format!("[{}]{mark}", cell.content) } else { format!("{}{mark}", cell.content) }
        }));
    }
    table.to_string()
}
