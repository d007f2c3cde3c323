//! A comparison as tables for the terminal.

use lgdea_eval::table::with_header;

use crate::Comparison;

use super::caption::caption;
use super::grid::{self, Grid};

/// Rows of differences and of data efficiency that are shown unless all are asked for.
const ROWS: usize = 40;

/// The comparison as tables for the terminal: all means, and of the other tables the first metrics, unless `all` rows are asked for.
pub fn terminal(comparison: &Comparison, all: bool) -> String {
    let most = if all { usize::MAX } else { ROWS };
    let titled = |(set, grid): &(Option<&str>, Grid)| match set {
        None => lay_out(grid),
        Some(set) => format!("evaluation set {set}\n{}", lay_out(grid)),
    };
    let mut parts: Vec<String> = grid::means(comparison).iter().map(titled).collect();
    if let Some(differences) = grid::differences(comparison) {
        parts.push(format!("differences to {}\n{}", comparison.base, first_rows(differences, most)));
    }
    if let Some(efficiency) = grid::efficiency(comparison) {
        parts.push(format!("data efficiency\n{}", first_rows(efficiency, most)));
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

/// A grid as a table of at most so many rows, cut where a new part begins if there is such a place.
fn first_rows(mut grid: Grid, most: usize) -> String {
    let rows = grid.rows.len();
    if rows <= most {
        return lay_out(&grid);
    }
    let shown = grid.breaks.iter().copied().filter(|&part| part <= most).max().unwrap_or(most);
    grid.rows.truncate(shown);
    grid.breaks.retain(|&part| part < shown);
    format!("{}\n… and {} more rows; --all shows them", lay_out(&grid), rows - shown)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: usize, breaks: &[usize]) -> Grid {
        let rows = (0..rows).map(|row| vec![format!("row {row};").into()]).collect();
        Grid { header: vec!["name".to_owned()], numbers: 1, rows, breaks: breaks.to_vec() }
    }

    #[test]
    fn a_long_table_is_cut_between_its_parts_and_says_how_much_is_left() {
        let shown = |rows, breaks: &[usize], most| {
            let text = first_rows(grid(rows, breaks), most);
            let left = text.lines().last().unwrap().strip_prefix("… and ").map(str::to_owned);
            (text.matches("row ").count(), left.map(|left| left.split(' ').next().unwrap().to_owned()))
        };
        assert_eq!(shown(40, &[], 40), (40, None));
        assert_eq!(shown(41, &[], 40), (40, Some("1".to_owned())));
        assert_eq!(shown(90, &[30, 60], 40), (30, Some("60".to_owned())));
        assert_eq!(shown(90, &[30, 60], 60), (60, Some("30".to_owned())));
        assert_eq!(shown(90, &[60], 40), (40, Some("50".to_owned())), "a part that is too long is cut in its midst");
        assert_eq!(shown(90, &[30, 60], usize::MAX), (90, None));
    }
}
