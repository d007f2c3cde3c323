//! Subgroups of cases: by the values of a column of the reference, or by bands of a numeric one.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::table::Table;

/// Most subgroups of a column: more is a column of numbers or of texts.
const MOST: usize = 50;
/// Most characters of a value: what is longer may be a text, and texts are not printed.
const LONGEST: usize = 40;
/// Most words of a value.
const WORDS: usize = 3;
/// Columns that are no subgroups.
const RESERVED: [&str; 4] = ["id", "patient", "text", "label"];

/// What cases are grouped by: `sex`, or `age:40,60,80`.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupBy {
    /// The column of the reference.
    pub column: String,
    /// Where one band ends and the next begins, ascending; empty where each value is a subgroup.
    pub cuts: Vec<f64>,
}

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
    /// Those of some of the cases.
    pub(crate) fn select(&self, cases: &[usize]) -> Self {
        let of_case = cases.iter().map(|&case| self.of_case[case]).collect();
        Self { column: self.column.clone(), names: self.names.clone(), of_case }
    }
}

impl FromStr for GroupBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (column, cuts) = text.split_once(':').map_or((text, None), |(column, cuts)| (column, Some(cuts)));
        let column = column.trim().to_owned();
        if column.is_empty() {
            return Err("it names no column; write `sex`, or `age:40,60,80`".to_owned());
        }
        if RESERVED.iter().any(|name| column.eq_ignore_ascii_case(name)) {
            return Err(format!("the column `{column}` has a meaning of its own; take subgroups from another one"));
        }
        let Some(cuts) = cuts else { return Ok(Self { column, cuts: Vec::new() }) };
        let numbers: Option<Vec<f64>> = cuts.split(',').map(number).collect();
        match numbers {
            Some(cuts) if cuts.windows(2).all(|pair| pair[0] < pair[1]) => Ok(Self { column, cuts }),
            _ => Err(format!("`{cuts}` are no rising numbers; write the ends of the bands, as in `{column}:40,60,80`")),
        }
    }
}

impl GroupBy {
    /// Takes the column out of a table; or says what is wrong with it.
    pub(crate) fn take(&self, table: &mut Table) -> Result<Groups, String> {
        let column = &self.column;
        let Some(cells) = table.take(column) else {
            let others: Vec<String> = table.others().map(|(_, name)| format!("`{name}`")).collect();
            let others = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
            return Err(format!(
                "it has no column `{column}` for subgroups, or that is named twice; other columns: {others}"
            ));
        };
        let lines = table.rows.iter().map(|(line, _)| *line);
        let of_case: Vec<Option<String>> =
            cells.iter().zip(lines).map(|(cell, line)| self.group(cell, line)).collect::<Result<_, _>>()?;
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
        let names: Vec<String> = if self.cuts.is_empty() {
            found.into_iter().cloned().collect()
        } else {
            (0..=self.cuts.len()).map(|band| self.band(band)).filter(|band| found.contains(band)).collect()
        };
        let position = |name: &Option<String>| names.iter().position(|one| Some(one) == name.as_ref());
        let of_case = of_case.iter().map(position).collect();
        Ok(Groups { column: column.clone(), names, of_case })
    }

    /// The subgroup of a cell; none of an empty one.
    fn group(&self, cell: &str, line: u64) -> Result<Option<String>, String> {
        let column = &self.column;
        if cell.is_empty() || cell.eq_ignore_ascii_case("nan") {
            return Ok(None);
        }
        if self.cuts.is_empty() {
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
        let value = number(cell).ok_or_else(|| {
            format!("line {line}: column `{column}` has no number for its bands; write one, or nothing")
        })?;
        Ok(Some(self.band(self.cuts.iter().filter(|&&cut| cut <= value).count())))
    }

    /// The name of a band, from 0.
    fn band(&self, band: usize) -> String {
        let low = band.checked_sub(1).and_then(|below| self.cuts.get(below));
        match (low, self.cuts.get(band)) {
            (Some(low), Some(high)) => format!("{low} to below {high}"),
            (Some(low), None) => format!("{low} and more"),
            (None, Some(high)) => format!("below {high}"),
            (None, None) => "all".to_owned(),
        }
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}
