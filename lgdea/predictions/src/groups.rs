//! Subgroups of cases: by the values of a column of the reference, or by bands of a numeric one.

use std::collections::BTreeSet;

pub use lgdea_spec::GroupBy;

use crate::table::Table;

/// Most subgroups of a column: more is a column of numbers or of texts.
const MOST: usize = 50;
/// Most characters of a value: what is longer may be a text, and texts are not printed.
const LONGEST: usize = 40;
/// Most words of a value.
const WORDS: usize = 3;

/// The subgroups of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// The column.
    pub column: String,
    /// Names of the subgroups that have cases.
    pub names: Vec<String>,
    /// The subgroup of each case; none where its cell is empty.
    pub of_case: Vec<Option<usize>>,
}

impl Groups {
    /// Takes the column out of a table; or says what is wrong with it.
    pub(crate) fn take(by: &GroupBy, table: &mut Table) -> Result<Self, String> {
        let column = &by.column;
        let Some(cells) = table.take(column) else {
            let others: Vec<String> = table.others().map(|(_, name)| format!("`{name}`")).collect();
            let others = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
            return Err(format!(
                "it has no column `{column}` for subgroups, or that is named twice; other columns: {others}"
            ));
        };
        let lines = table.rows.iter().map(|(line, _)| *line);
        let of_case: Vec<Option<String>> =
            cells.iter().zip(lines).map(|(cell, line)| group(by, cell, line)).collect::<Result<_, _>>()?;
        let found: BTreeSet<&String> = of_case.iter().flatten().collect();
        match found.len() {
            0 | 1 => {
                return Err(format!(
                    "its column `{column}` gives fewer than two subgroups; take another column, or other bands"
                ));
            }
            2..=MOST => {}
            many => {
                return Err(format!(
                    "its column `{column}` has {many} values, and at most {MOST} subgroups are possible; give bands of a \
                     numeric column, as in `{column}:40,60,80`, or take another one"
                ));
            }
        }
        let names: Vec<String> = if by.cuts.is_empty() {
            found.into_iter().cloned().collect()
        } else {
            by.bands().filter(|band| found.contains(band)).collect()
        };
        let position = |name: &Option<String>| names.iter().position(|one| Some(one) == name.as_ref());
        let of_case = of_case.iter().map(position).collect();
        Ok(Self { column: column.clone(), names, of_case })
    }

    /// Those of some of the cases.
    pub(crate) fn select(&self, cases: &[usize]) -> Self {
        let of_case = cases.iter().map(|&case| self.of_case[case]).collect();
        Self { column: self.column.clone(), names: self.names.clone(), of_case }
    }
}

/// The subgroup of a cell; none of an empty one.
fn group(by: &GroupBy, cell: &str, line: u64) -> Result<Option<String>, String> {
    let column = &by.column;
    if cell.is_empty() || cell.eq_ignore_ascii_case("nan") {
        return Ok(None);
    }
    if by.cuts.is_empty() {
        // A number of words is a text, unless it is a name of theirs.
        if cell.chars().count() > LONGEST
            || cell.split_whitespace().count() > WORDS
            || cell.contains(['.', '!', '?', '\n']) && number(cell).is_none()
        {
            return Err(format!(
                "line {line}: column `{column}` has a text, which is no name of a subgroup and is not printed; take another column"
            ));
        }
        return Ok(Some(cell.to_owned()));
    }
    let value = number(cell)
        .ok_or_else(|| format!("line {line}: column `{column}` has no number for its bands; write one, or nothing"))?;
    Ok(Some(by.band_of(value)))
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}
