//! The ends of a score's interval.

/// An end of a score's interval. It is logged beside the score, under the score's name and its own: `test/…/auroc_macro/low`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The lower end.
    Low,
    /// The upper end.
    High,
}

impl Bound {
    /// Both.
    pub const ALL: [Bound; 2] = [Bound::Low, Bound::High];

    fn name(self) -> &'static str {
        match self {
            Bound::Low => "low",
            Bound::High => "high",
        }
    }

    /// The name under which this end of a score's interval is logged.
    pub fn of_score(self, score: &str) -> String {
        format!("{score}/{}", self.name())
    }

    /// Takes the end off a name that has one.
    pub(crate) fn strip(name: &str) -> Option<(Bound, &str)> {
        let (score, end) = name.rsplit_once('/')?;
        Some((Bound::ALL.into_iter().find(|bound| bound.name() == end)?, score))
    }
}
