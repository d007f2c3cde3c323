//! Training, validation and test: given by a source, or drawn by patient.

use std::collections::HashMap;
use std::fmt;

use lgdea_spec::{Fractions, HeldOut, ScoredStudies, Seed};
use serde::{Deserialize, Serialize};

use crate::{DataError, Study};

/// What a study is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Training.
    Train,
    /// Choice of settings.
    Validation,
    /// Final evaluation.
    Test,
}

impl Split {
    /// All splits, in the order in which they are reported.
    pub const ALL: [Split; 3] = [Split::Train, Split::Validation, Split::Test];

    /// Whether an evaluation set that scores these studies scores those of the split.
    pub fn is_scored(self, studies: ScoredStudies) -> bool {
        match studies {
            ScoredStudies::Test => self == Split::Test,
            ScoredStudies::Validation => self == Split::Validation,
            ScoredStudies::All => true,
        }
    }

    /// The split that a cell of a CSV file names, in the spellings that public data sets use.
    pub fn parse(text: &str) -> Option<Split> {
        match text.trim().to_lowercase().as_str() {
            "train" | "training" => Some(Split::Train),
            "validation" | "validate" | "valid" | "val" | "dev" => Some(Split::Validation),
            "test" | "testing" => Some(Split::Test),
            _ => None,
        }
    }
}

impl From<HeldOut> for Split {
    fn from(split: HeldOut) -> Split {
        match split {
            HeldOut::Validation => Split::Validation,
            HeldOut::Test => Split::Test,
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Split::Train => "train",
            Split::Validation => "validation",
            Split::Test => "test",
        })
    }
}

/// Splits of patients: given by their source, or drawn.
pub(crate) struct Splits<'a> {
    given: HashMap<String, Split>,
    fractions: &'a Fractions,
    seed: Seed,
}

impl<'a> Splits<'a> {
    /// Nothing is given yet.
    ///
    /// # Errors
    /// Fractions that leave no training data.
    pub(crate) fn new(fractions: &'a Fractions, seed: Seed) -> Result<Self, DataError> {
        let Fractions { validation, test } = *fractions;
        let shares = [validation, test];
        if shares.iter().all(|share| (0.0..1.0).contains(share)) && validation + test < 1.0 {
            Ok(Splits { given: HashMap::new(), fractions, seed })
        } else {
            Err(DataError::Fractions { validation, test })
        }
    }

    /// Notes the split that a source gives to a patient.
    pub(crate) fn give(&mut self, patient: &str, split: Split) {
        self.given.insert(patient.to_owned(), split);
    }

    /// The split of a patient: that which was given, or else one that depends on nothing but the seed and the patient, so
    /// that adding studies to a data set never moves the others.
    pub(crate) fn of(&self, patient: &str) -> Split {
        self.given.get(patient).copied().unwrap_or_else(|| self.draw(patient))
    }

    fn draw(&self, patient: &str) -> Split {
        let share = self.seed.stream("split").stream(patient).0 as f64 / (1_u64 << 63) as f64;
        if share < self.fractions.test {
            Split::Test
        } else if share < self.fractions.test + self.fractions.validation {
            Split::Validation
        } else {
            Split::Train
        }
    }
}

/// Refuses a corpus in which a patient has studies in two splits: evaluation would leak into training.
pub(crate) fn check_patients(studies: &[Study]) -> Result<(), DataError> {
    let mut seen: HashMap<&str, &Study> = HashMap::new();
    for study in studies {
        let first = *seen.entry(&study.patient).or_insert(study);
        if first.split != study.split {
            return Err(DataError::DividedPatient {
                patient: study.patient.clone(),
                first: first.id.clone(),
                first_split: first.split,
                second: study.id.clone(),
                second_split: study.split,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRACTIONS: Fractions = Fractions { validation: 0.1, test: 0.2 };

    #[test]
    fn shares_of_patients_are_met() {
        let splits = Splits::new(&FRACTIONS, Seed(3)).unwrap();
        let count = |split| (0..10_000).filter(|i| splits.of(&format!("p{i}")) == split).count();
        assert!((1_850..2_150).contains(&count(Split::Test)));
        assert!((900..1_100).contains(&count(Split::Validation)));
    }

    #[test]
    fn the_seed_changes_the_draw() {
        let draw = |seed| -> Vec<Split> {
            let splits = Splits::new(&FRACTIONS, Seed(seed)).unwrap();
            (0..100).map(|i| splits.of(&format!("p{i}"))).collect()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn fractions_that_leave_no_training_data_are_refused() {
        for (validation, test) in [(0.5, 0.5), (-0.1, 0.2), (0.0, 1.0), (f64::NAN, 0.1)] {
            assert!(Splits::new(&Fractions { validation, test }, Seed(0)).is_err());
        }
    }
}
