//! What is known of a class in a case.

use lgdea_data::StudyLabels;

/// What is known of a class in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// 1: it is there.
    Positive,
    /// 0: it is not.
    Negative,
    /// −1: nobody can say.
    Uncertain,
    /// Nobody said.
    Blank,
    /// The case does not count for the class, whatever a protocol says. No file has it.
    Excluded,
}

impl Label {
    /// What a study's labels say of a finding.
    pub fn of(labels: Option<&StudyLabels>, finding: &str) -> Self {
        match labels {
            None => Self::Blank,
            Some(labels) if labels.present.contains(finding) => Self::Positive,
            Some(labels) if labels.uncertain.contains(finding) => Self::Uncertain,
            Some(_) => Self::Negative,
        }
    }

    /// As a table has it.
    pub(crate) fn cell(self) -> &'static str {
        match self {
            Self::Positive => "1",
            Self::Negative => "0",
            Self::Uncertain => "-1",
            Self::Blank | Self::Excluded => "",
        }
    }
}
