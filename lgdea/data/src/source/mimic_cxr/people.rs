//! MIMIC-IV's `patients.csv`: sex, and the age in a year.

use std::collections::HashMap;

use super::numbers::{Letter, number};
use crate::error::expand;
use crate::table::Table;
use crate::{DataError, Person};

/// People by their numbers.
pub(super) struct People(HashMap<u64, Anchored>);

/// A person, whose age is known in one of the years that dates are shifted to.
struct Anchored {
    person: Person,
    year: Option<f32>,
}

/// Reads the file that the setting names; `None` where it names none.
pub(super) fn read(named: &str) -> Result<Option<People>, DataError> {
    if named.is_empty() {
        return Ok(None);
    }
    let path = expand("data.mimic-cxr.patients", named)?;
    let mut people = HashMap::new();
    let columns = |table: &Table| table.columns("MIMIC-IV", ["subject_id", "gender", "anchor_age", "anchor_year"]);
    Table::each(&path, columns, |&[patient, sex, age, year], table, row| {
        let person = Person::parse(row.cell(Some(sex)), row.cell(Some(age)));
        let year = row.cell(Some(year)).parse().ok();
        people.insert(number(table, &row, patient, Letter::Patient)?, Anchored { person, year });
        Ok(())
    })?;
    Ok(Some(People(people)))
}

impl People {
    /// The person of a number on a date, which begins with its year: `21800506`. Who is older than 89 years is 91 in
    /// MIMIC-IV.
    pub(super) fn at(&self, patient: u64, date: &str) -> Person {
        let Some(Anchored { person, year }) = self.0.get(&patient) else { return Person::default() };
        let passed = || Some(date.get(..4)?.parse::<f32>().ok()? - (*year)?);
        let age = person.age.and_then(|age| Some(age + passed()?)).filter(|age| *age >= 0.0);
        Person { age, ..*person }
    }
}
