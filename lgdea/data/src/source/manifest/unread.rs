//! Columns that no setting names, though their values say that they are the split or the view.

use lgdea_spec::Columns;

use super::columns::configured;
use crate::split::Split;
use crate::table::{Table, is_somewhere};
use crate::view::View;
use crate::{SkipReason, Skipped};

/// Most words of a view, and the share of a column's values that must be views or splits.
const WORDS: usize = 4;
const MOST: f64 = 0.8;

/// Counts the column that looks like the split and the one that looks like the view, where neither is read.
pub(super) fn note(tables: &[Table], columns: &Columns, skipped: &mut Skipped) {
    for (role, reason) in [("split", SkipReason::UnreadSplit), ("view", SkipReason::UnreadView)] {
        if let Some(name) = unread(tables, columns, role) {
            skipped.add(reason, format!("{role} = {name:?}"));
        }
    }
}

/// The column that looks like the split or the view, by its role, where none is read.
pub(crate) fn unread<'a>(tables: &'a [Table], columns: &Columns, role: &str) -> Option<&'a str> {
    let is_split = |cell: &str| Split::parse(cell).map(|_| true);
    let is_looked_for = |configured: &str| !configured.is_empty() && !is_somewhere(tables, configured);
    match role {
        "split" if is_looked_for(&columns.split) => looking_like(tables, columns, &is_split),
        "view" if is_looked_for(&columns.view) => looking_like(tables, columns, &is_frontal),
        _ => None,
    }
}

/// Whether a view is frontal; `None` where a cell names no view, or is a path.
fn is_frontal(cell: &str) -> Option<bool> {
    let is_word = cell.split_whitespace().count() <= WORDS && !cell.contains(['/', '\\', '.']);
    match View::parse(cell) {
        View::Frontal if is_word => Some(true),
        View::Lateral | View::OtherImage if is_word => Some(false),
        _ => None,
    }
}

/// The free column of which the most values can be parsed, nearly all that it has, and one of them as what is `true`.
fn looking_like<'a>(tables: &'a [Table], columns: &Columns, parse: &dyn Fn(&str) -> Option<bool>) -> Option<&'a str> {
    let mut best = (0, None);
    for table in tables {
        let names = table.column_names();
        for (position, name) in table.header.iter().enumerate() {
            if !names.contains(&name.as_str()) || configured(columns).any(|taken| taken == name) {
                continue;
            }
            let filled = table.filled(position).count();
            let parsed: Vec<bool> = table.filled(position).filter_map(|(_, cell)| parse(cell)).collect();
            if parsed.contains(&true) && parsed.len() as f64 >= MOST * filled as f64 && parsed.len() > best.0 {
                best = (parsed.len(), Some(name.as_str()));
            }
        }
    }
    best.1
}
