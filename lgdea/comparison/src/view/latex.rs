//! A comparison as LaTeX tables.

use std::fmt::Write as _;

use crate::Comparison;

use super::caption::caption;
use super::grid::{self, Grid, Mark};
use super::prose;

/// The comparison as LaTeX tables for `booktabs`, each with its caption.
pub fn latex(comparison: &Comparison) -> String {
    let doubts = comparison.doubts.iter().map(|doubt| format!("Note: {doubt}."));
    let caption: Vec<String> =
        caption(comparison, "Bold").into_iter().chain(doubts).map(|sentence| code(&sentence)).collect();
    let caption = caption.join(" ");
    let mut text = "% needs \\usepackage{booktabs}\n".to_owned();
    for note in &comparison.notes {
        let _ = writeln!(text, "% note: {}", note.replace(['\n', '\r'], " "));
    }
    for (set, grid) in grid::means(comparison) {
        let of_set = set.map(|set| format!("Evaluation set {}. ", escape(set))).unwrap_or_default();
        text.push_str(&table(&grid, &format!("{of_set}{caption}")));
    }
    if let Some(differences) = grid::differences(comparison) {
        let caption = format!("Differences to {}, paired by seed. {caption}", code(&format!("`{}`", comparison.base)));
        text.push_str(&table(&differences, &caption));
    }
    if let Some(efficiency) = grid::efficiency(comparison) {
        text.push_str(&table(&efficiency, &format!("Data efficiency. {caption}")));
    }
    text
}

fn table(grid: &Grid, caption: &str) -> String {
    let columns: String = (0..grid.header.len()).map(|column| if column < grid.numbers { 'l' } else { 'r' }).collect();
    let line = |cells: Vec<String>| format!("{} \\\\\n", cells.join(" & "));
    let mut body = String::new();
    for (position, row) in grid.rows.iter().enumerate() {
        if grid.breaks.contains(&position) {
            body.push_str("\\midrule\n");
        }
        let cells = row.iter().map(|cell| {
            let text = escape(&cell.content);
            let text = if cell.best { format!("\\textbf{{{text}}}") } else { text };
            match cell.mark {
                Some(Mark::Significant) => format!("{text}$^{{*}}$"),
                Some(Mark::IfNormal) => format!("{text}$^{{\\dagger}}$"),
                None => text,
            }
        });
        body.push_str(&line(cells.collect()));
    }
    format!(
        "\\begin{{table}}\n\\centering\n\\begin{{tabular}}{{{columns}}}\n\\toprule\n{}\\midrule\n{body}\\bottomrule\n\
         \\end{{tabular}}\n\\caption{{{caption}}}\n\\end{{table}}\n",
        line(grid.header.iter().map(|name| escape(name)).collect())
    )
}

/// A sentence; what stands between backticks is set as code.
fn code(sentence: &str) -> String {
    prose(sentence, escape, |part| format!("\\texttt{{{}}}", escape(part)))
}

/// Text that LaTeX sets as it is.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', character]),
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '<' => escaped.push_str("$<$"),
            '>' => escaped.push_str("$>$"),
            '±' => escaped.push_str("$\\pm$"),
            '×' => escaped.push_str("$\\times$"),
            '−' => escaped.push_str("$-$"),
            '→' => escaped.push_str("$\\to$"),
            '†' => escaped.push_str("$^{\\dagger}$"),
            '–' => escaped.push_str("--"),
            // Two hyphens would become a dash in text.
            '-' if escaped.ends_with('-') => escaped.push_str("{}-"),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_name_is_a_command() {
        assert_eq!(
            escape(r"50 % of a_b & {c}\d~^"),
            r"50 \% of a\_b \& \{c\}\textbackslash{}d\textasciitilde{}\textasciicircum{}"
        );
        assert_eq!(code("by `a --b`."), r"by \texttt{a -{}-b}.");
    }
}
