//! A comparison as tables in Markdown.

use crate::Comparison;

use super::caption::caption;
use super::grid::{self, Grid, Mark};
use super::prose;

/// The comparison as tables in Markdown, with their caption below.
pub fn markdown(comparison: &Comparison) -> String {
    let titled = |(set, grid): &(Option<&str>, Grid)| match set {
        None => lay_out(grid),
        Some(set) => format!("Evaluation set {}:\n\n{}", escape(set), lay_out(grid)),
    };
    let mut parts: Vec<String> = grid::means(comparison).iter().map(titled).collect();
    let grids = [grid::differences(comparison), grid::efficiency(comparison)];
    parts.extend(grids.iter().flatten().map(lay_out));
    parts.push(caption(comparison, "Bold").iter().map(|text| sentence(text)).collect::<Vec<_>>().join(" "));
    if !comparison.notes.is_empty() {
        parts.push(comparison.notes.iter().map(|note| format!("- {}", sentence(note))).collect::<Vec<_>>().join("\n"));
    }
    format!("{}\n", parts.join("\n\n"))
}

fn lay_out(grid: &Grid) -> String {
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![line(grid.header.iter().map(|name| escape(name)).collect())];
    let rules = (0..grid.header.len()).map(|column| if column < grid.numbers { "---" } else { "---:" });
    lines.push(format!("|{}|", rules.collect::<Vec<_>>().join("|")));
    for row in &grid.rows {
        let cells = row.iter().map(|cell| {
            let text = escape(&cell.content);
            let mark = match cell.mark {
                Some(Mark::Significant) => "\\*",
                Some(Mark::IfNormal) => "†",
                None => "",
            };
            if cell.best { format!("**{text}**{mark}") } else { format!("{text}{mark}") }
        });
        lines.push(line(cells.collect()));
    }
    lines.join("\n")
}

/// A sentence; what stands between backticks stays code.
fn sentence(text: &str) -> String {
    prose(text, escape, |part| format!("`{part}`"))
}

/// Text that a table's cell shows as it is.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if matches!(character, '|' | '*' | '_' | '`' | '\\' | '<' | '[' | ']') {
            escaped.push('\\');
        }
        escaped.push(if character.is_control() { ' ' } else { character });
    }
    escaped
}
