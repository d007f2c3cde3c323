//! The held-out splits, as the names of scores begin with them.

use std::fmt;

/// A split that training does not see. The name of a score on it begins with the split's: `test/zero_shot/auroc_macro`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// What settings are chosen by.
    Validation,
    /// What is reported.
    Test,
}

impl Split {
    /// Both.
    pub const ALL: [Split; 2] = [Split::Validation, Split::Test];

    /// Name, as those of scores begin with it.
    pub fn name(self) -> &'static str {
        match self {
            Split::Validation => "validation",
            Split::Test => "test",
        }
    }

    /// The name of a score on this split.
    pub fn of_score(self, score: &str) -> String {
        format!("{}/{score}", self.name())
    }

    /// Takes the split off the name of a score; none where the name is not that of a score on a held-out split.
    pub fn strip(name: &str) -> Option<(Split, &str)> {
        let (split, score) = name.split_once('/')?;
        Some((Split::ALL.into_iter().find(|known| known.name() == split)?, score))
    }

    /// The split of a score's name.
    pub fn of(name: &str) -> Option<Split> {
        Split::strip(name).map(|(split, _)| split)
    }
}

impl fmt::Display for Split {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
