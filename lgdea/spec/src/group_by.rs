//! What cases are divided by, as `lgdea score --by` and `eval.within` write it: `sex`, or `age:40,60,80`.

use std::fmt;
use std::str::FromStr;

/// Columns that are no subgroups.
const RESERVED: [&str; 4] = ["id", "patient", "text", "label"];

/// What cases are divided by: `sex`, or `age:40,60,80`.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupBy {
    /// The column.
    pub column: String,
    /// Where one band ends and the next begins, ascending; empty where each value is a group.
    pub cuts: Vec<f64>,
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
        let number = |cut: &str| cut.trim().parse().ok().filter(|number: &f64| number.is_finite());
        let numbers: Option<Vec<f64>> = cuts.split(',').map(number).collect();
        match numbers {
            Some(cuts) if cuts.windows(2).all(|pair| pair[0] < pair[1]) => Ok(Self { column, cuts }),
            _ => Err(format!("`{cuts}` are no rising numbers; write the ends of the bands, as in `{column}:40,60,80`")),
        }
    }
}

impl fmt::Display for GroupBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cuts: Vec<String> = self.cuts.iter().map(f64::to_string).collect();
        let before = if cuts.is_empty() { "" } else { ":" };
        write!(formatter, "{}{before}{}", self.column, cuts.join(","))
    }
}

impl GroupBy {
    /// The name of the band that a value lies in.
    pub fn band_of(&self, value: f64) -> String {
        self.band(self.cuts.iter().filter(|&&cut| cut <= value).count())
    }

    /// The names of all bands, in rising order.
    pub fn bands(&self) -> impl Iterator<Item = String> {
        (0..=self.cuts.len()).map(|band| self.band(band))
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
