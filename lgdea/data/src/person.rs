//! What is known of the person on an image.

use std::fmt;

/// Beyond this many years a number is no age (NIH's files have a patient of 414).
const OLDEST: f32 = 120.0;

/// Sex and age, as far as a source tells them; scores are told by both.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Person {
    /// The sex.
    pub sex: Option<Sex>,
    /// The age in years at the time of the image.
    pub age: Option<f32>,
}

/// Sex as radiographs' headers give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// "F", "Female", …
    Female,
    /// "M", "Male", …
    Male,
}

impl Person {
    /// The person that two cells tell of. What they do not tell, or what is none of the usual words, stays unknown.
    pub(crate) fn parse(sex: &str, age: &str) -> Person {
        Person { sex: Sex::parse(sex), age: years(age) }
    }

    /// This person, and what another row says of what is not known yet.
    pub(crate) fn or(self, other: Person) -> Person {
        Person { sex: self.sex.or(other.sex), age: self.age.or(other.age) }
    }
}

impl Sex {
    /// Whether a cell says in one of the usual words that the sex is another, or is not known.
    pub(crate) fn is_other(cell: &str) -> bool {
        ["o", "u", "x", "other", "unknown"].contains(&cell.trim().to_lowercase().as_str())
    }

    fn parse(cell: &str) -> Option<Sex> {
        match cell.trim().to_lowercase().as_str() {
            "f" | "female" | "w" | "woman" => Some(Sex::Female),
            "m" | "male" | "man" => Some(Sex::Male),
            _ => None,
        }
    }
}

impl fmt::Display for Sex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Sex::Female => "female",
            Sex::Male => "male",
        })
    }
}

/// Years of "58", "58.0", or DICOM's "058Y", "018M", "003W", "012D".
fn years(cell: &str) -> Option<f32> {
    let cell = cell.trim();
    let (number, years) = match cell.char_indices().last()? {
        (end, 'Y' | 'y') => (&cell[..end], 1.0),
        (end, 'M' | 'm') => (&cell[..end], 1.0 / 12.0),
        (end, 'W' | 'w') => (&cell[..end], 7.0 / 365.25),
        (end, 'D' | 'd') => (&cell[..end], 1.0 / 365.25),
        _ => (cell, 1.0),
    };
    let age = number.trim().parse::<f32>().ok()? * years;
    (0.0..=OLDEST).contains(&age).then_some(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_years_however_they_are_written() {
        for (cell, age) in [("58", 58.0), ("58.0", 58.0), ("058Y", 58.0), ("018M", 1.5), (" 7 ", 7.0), ("0", 0.0)] {
            assert_eq!(years(cell), Some(age), "{cell}");
        }
        assert!(years("003W").is_some_and(|age| age < 0.1) && years("012D").is_some_and(|age| age < 0.05));
        for cell in ["", "414", "-3", "old", "Y", "NaN", "inf", "1e9"] {
            assert_eq!(years(cell), None, "{cell}");
        }
    }

    #[test]
    fn what_is_not_told_stays_unknown() {
        let person = Person::parse("F", "");
        assert_eq!(person, Person { sex: Some(Sex::Female), age: None });
        assert_eq!(person.or(Person::parse("M", "40")), Person { sex: Some(Sex::Female), age: Some(40.0) });
        for cell in ["Male", "m", "MALE"] {
            assert_eq!(Sex::parse(cell), Some(Sex::Male), "{cell}");
        }
        for cell in ["", "O", "Unknown", "0", "1"] {
            assert_eq!(Sex::parse(cell), None, "{cell}");
        }
        assert!(
            ["O", "unknown", "X"].into_iter().all(Sex::is_other) && !["1", "old", "PA"].into_iter().any(Sex::is_other)
        );
    }
}
