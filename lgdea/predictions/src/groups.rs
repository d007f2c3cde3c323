//! Subgroups of cases: by the values of a column of the reference, or by bands of a numeric one.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use lgdea_spec::GroupBy;

use crate::table::{Place, Table};

/// Most subgroups of a column: more is a column of numbers or of texts.
const MOST: usize = 50;
/// Most characters of a value: what is longer may be a text, and texts are not printed.
const LONGEST: usize = 40;
/// Most words of a value.
const WORDS: usize = 3;

/// What cases are divided by: a column, or several that are crossed, as in `view+source` and `sex+age:40,60`.
#[derive(Debug, Clone, PartialEq)]
pub struct By(pub Vec<GroupBy>);

impl FromStr for By {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<GroupBy> = text.split('+').map(str::parse).collect::<Result<_, String>>()?;
        let twice = (1..parts.len())
            .find(|&at| parts[..at].iter().any(|one| one.column.eq_ignore_ascii_case(&parts[at].column)));
        match twice {
            Some(at) => Err(format!("the column `{}` is named twice", parts[at].column)),
            None => Ok(Self(parts)),
        }
    }
}

impl By {
    /// What tables call it.
    pub fn name(&self) -> String {
        self.0.iter().map(|one| one.column.as_str()).collect::<Vec<_>>().join("+")
    }
}

/// The subgroups of a column, or of several.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// The column; of several their names with `+` between them.
    pub column: String,
    /// Names of the subgroups that have cases.
    pub names: Vec<String>,
    /// The subgroup of each case; none where a cell is empty.
    pub of_case: Vec<Option<usize>>,
}

impl Groups {
    /// Takes the columns out of a table; or says what is wrong with them.
    pub(crate) fn take(by: &By, table: &mut Table) -> Result<Self, String> {
        let parts: Vec<Values> = by.0.iter().map(|one| Values::take(one, table)).collect::<Result<_, _>>()?;
        // The values of a case by their positions: their order is that of the subgroups.
        let of_row = |row: usize| parts.iter().map(|part| part.of_case[row]).collect();
        let of_case: Vec<Option<Vec<usize>>> = (0..table.rows.len()).map(of_row).collect();
        let found: BTreeSet<&Vec<usize>> = of_case.iter().flatten().collect();
        let column = by.name();
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
        let found: Vec<&Vec<usize>> = found.into_iter().collect();
        let name = |values: &&Vec<usize>| {
            let names: Vec<&str> = parts.iter().zip(*values).map(|(part, &value)| part.names[value].as_str()).collect();
            names.join(", ")
        };
        let names = found.iter().map(name).collect();
        let of_case = of_case.iter().map(|values| found.binary_search(&values.as_ref()?).ok()).collect();
        Ok(Self { column, names, of_case })
    }

    /// Those of some of the cases.
    pub(crate) fn select(&self, cases: &[usize]) -> Self {
        let of_case = cases.iter().map(|&case| self.of_case[case]).collect();
        Self { column: self.column.clone(), names: self.names.clone(), of_case }
    }
}

/// What a column says of the cases.
struct Values {
    /// All of them, in order.
    names: Vec<String>,
    /// That of each case; none where its cell is empty.
    of_case: Vec<Option<usize>>,
}

impl Values {
    fn take(by: &GroupBy, table: &mut Table) -> Result<Self, String> {
        let column = &by.column;
        let Some(cells) = table.take_again(column) else {
            let others: Vec<String> = table.others().map(|(_, name)| format!("`{name}`")).collect();
            let others = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
            return Err(format!("it has no column `{column}` for subgroups; other columns: {others}"));
        };
        let lines = table.rows.iter().map(|(line, _)| *line);
        let of_case: Vec<Option<String>> =
            cells.iter().zip(lines).map(|(cell, line)| group(by, cell, line)).collect::<Result<_, _>>()?;
        let names: Vec<String> = if by.cuts.is_empty() {
            of_case.iter().flatten().collect::<BTreeSet<_>>().into_iter().cloned().collect()
        } else {
            by.bands().collect()
        };
        let positions: HashMap<&String, usize> = names.iter().enumerate().map(|(at, name)| (name, at)).collect();
        let of_case = of_case.iter().map(|name| positions.get(name.as_ref()?).copied()).collect();
        Ok(Self { names, of_case })
    }
}

/// The subgroup of a cell; none of an empty one.
fn group(by: &GroupBy, cell: &str, line: Place) -> Result<Option<String>, String> {
    let column = &by.column;
    if cell.is_empty() || cell.eq_ignore_ascii_case("nan") {
        return Ok(None);
    }
    if by.cuts.is_empty() {
        // A number of words is a text, unless it is a name of theirs. Data sets have longer names.
        let times = if column.eq_ignore_ascii_case("source") { 2 } else { 1 };
        if cell.chars().count() > times * LONGEST
            || cell.split_whitespace().count() > times * WORDS
            || cell.contains(['.', '!', '?', '\n']) && number(cell).is_none()
        {
            return Err(format!(
                "{line}: column `{column}` has a text, which is no name of a subgroup and is not printed; take another column"
            ));
        }
        return Ok(Some(cell.to_owned()));
    }
    let value = number(cell)
        .ok_or_else(|| format!("{line}: column `{column}` has no number for its bands; write one, or nothing"))?;
    Ok(Some(by.band_of(value)))
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}
