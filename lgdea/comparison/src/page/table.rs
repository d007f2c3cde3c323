//! A grid as the page's tables want it.

use lgdea_metric::readable;
use serde::Serialize;

use crate::view::grid::{Grid, Mark};

/// Rows of a table that is not folded.
const SHORT: usize = 20;

/// A table that readers sort and filter; a long one is folded.
#[derive(Serialize)]
pub(super) struct Table {
    /// Its place in the page.
    id: String,
    caption: String,
    is_long: bool,
    /// Whether a narrow screen shows its rows as cards.
    is_cards: bool,
    header: Vec<Head>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Head {
    name: String,
    is_number: bool,
}

#[derive(Serialize)]
struct Row {
    /// Whether a new part of the table begins.
    begins: bool,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    text: String,
    best: bool,
    mark: &'static str,
    /// The mark in words.
    meaning: &'static str,
    /// Where its runs are told.
    runs: Option<String>,
}

impl Table {
    /// Of a grid; `repeated` fills an empty first cell with the one above, which it stands for, so that rows can be sorted.
    pub(super) fn new(id: &str, caption: &str, grid: &Grid, repeated: bool) -> Table {
        let header = grid.header.iter().enumerate();
        let header = header.map(|(column, name)| Head { name: name.clone(), is_number: column >= grid.numbers });
        let mut first = String::new();
        let mut rows = Vec::new();
        for (position, row) in grid.rows.iter().enumerate() {
            let mut cells: Vec<Cell> = row
                .iter()
                .enumerate()
                .map(|(column, cell)| Cell {
                    text: if column < grid.numbers { readable(&cell.content) } else { cell.content.clone() },
                    best: cell.best,
                    mark: cell.mark.map_or("", Mark::symbol),
                    meaning: match cell.mark {
                        Some(Mark::Significant) => "significant",
                        Some(Mark::IfNormal) => "significant if normal",
                        None => "",
                    },
                    runs: cell.of.map(place_of_runs),
                })
                .collect();
            if let Some(cell) = cells.first_mut().filter(|_| repeated) {
                if cell.text.is_empty() {
                    cell.text.clone_from(&first);
                } else {
                    first.clone_from(&cell.text);
                }
            }
            rows.push(Row { begins: grid.breaks.contains(&position), cells });
        }
        let (id, caption, is_long) = (id.to_owned(), caption.to_owned(), rows.len() > SHORT);
        Table { id, caption, is_long, is_cards: false, header: header.collect(), rows }
    }

    /// The same table, of which a narrow screen shows each row as a card.
    pub(super) fn into_cards(self) -> Table {
        Table { is_cards: true, ..self }
    }
}

/// Id of the place that tells the runs behind a number, by its row and metric.
pub(super) fn place_of_runs([row, metric]: [usize; 2]) -> String {
    format!("row-{row}-{metric}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::grid::GridCell;

    #[test]
    fn a_row_says_by_itself_what_it_is_of() {
        let row = |first: &str, second: &str| vec![GridCell::from(first), GridCell::from(second)];
        let rows = vec![row("a", "1"), row("", "2"), row("b", "3")];
        let grid = Grid { header: vec!["metric".to_owned(), "n".to_owned()], numbers: 1, rows, breaks: vec![2] };
        let first = |repeated| -> Vec<String> {
            Table::new("t", "", &grid, repeated).rows.into_iter().map(|row| row.cells[0].text.clone()).collect()
        };
        assert_eq!(first(true), ["a", "a", "b"]);
        assert_eq!(first(false), ["a", "", "b"]);
    }
}
