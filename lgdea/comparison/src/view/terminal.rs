//! A comparison as tables for the terminal.

use lgdea_eval::table::with_header;

use crate::Comparison;

use super::caption::caption;
use super::grid::{self, Grid};

/// The comparison as tables for the terminal.
pub fn terminal(comparison: &Comparison) -> String {
    let mut parts = vec![lay_out(&grid::means(comparison))];
    if let Some(differences) = grid::differences(comparison) {
        parts.push(format!("differences to {}\n{}", comparison.base, lay_out(&differences)));
    }
    if let Some(efficiency) = grid::efficiency(comparison) {
        parts.push(format!("data efficiency\n{}", lay_out(&efficiency)));
    }
    parts.push(caption(comparison, "In brackets").join("\n").replace('`', ""));
    if !comparison.notes.is_empty() {
        parts.push(
            comparison
                .notes
                .iter()
                .map(|note| format!("note: {}", note.replace('`', "")))
                .collect::<Vec<_>>()
                .join("\n"),
        );
    }
    format!("{}\n", parts.join("\n\n"))
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
