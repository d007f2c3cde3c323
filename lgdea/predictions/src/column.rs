//! A column that a user names, or what a pattern finds in its cells.

use std::str::FromStr;

use regex::Regex;

/// A column: `Path`, or what a pattern finds in its cells: `Path:patient\d+`.
#[derive(Debug, Clone)]
pub struct Column {
    /// The name, or name and pattern where no column has this name.
    pub(crate) name: String,
    pattern: Option<(String, Regex)>,
}

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().to_owned();
        let pattern = match name.split_once(':') {
            Some((column, pattern)) => {
                let regex = Regex::new(pattern).map_err(|error| {
                    // Its last line says what is wrong; the others show where.
                    let why = error.to_string().lines().last().unwrap_or_default().replace("error: ", "");
                    format!("`{pattern}` is no regular expression: {why}; write one after the column, as in `Path:patient\\d+`")
                })?;
                Some((column.trim().to_owned(), regex))
            }
            None => None,
        };
        if pattern.as_ref().map_or(&name, |(column, _)| column).is_empty() {
            return Err("it names no column; write its name, or name and pattern as in `Path:patient\\d+`".to_owned());
        }
        Ok(Self { name, pattern })
    }
}

impl Column {
    /// The name of the column without the pattern.
    pub(crate) fn bare(&self) -> Option<&str> {
        self.pattern.as_ref().map(|(column, _)| column.as_str())
    }

    /// What the pattern finds in a cell: its first group, or all of it where it has none.
    pub(crate) fn found<'a>(&self, cell: &'a str) -> Option<&'a str> {
        let (_, regex) = self.pattern.as_ref()?;
        let found = regex.captures(cell)?;
        Some(found.get(1).or_else(|| found.get(0))?.as_str())
    }
}
