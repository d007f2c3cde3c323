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

    /// Both ends of a score's interval, where `value` knows both by their names.
    pub fn interval(score: &str, value: impl Fn(&str) -> Option<f64>) -> Option<[f64; 2]> {
        let [low, high] = Bound::ALL.map(|bound| value(&bound.of_score(score)));
        low.zip(high).map(|(low, high)| [low, high])
    }

    /// Takes the end off a name that has one.
    pub(crate) fn strip(name: &str) -> Option<(Bound, &str)> {
        let (score, end) = name.rsplit_once('/')?;
        Some((Bound::ALL.into_iter().find(|bound| bound.name() == end)?, score))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_has_both_ends() {
        let known = |name: &str| {
            [("a/low", 0.1), ("a/high", 0.2), ("b/low", 0.3)].iter().find(|(of, _)| *of == name).map(|it| it.1)
        };
        assert_eq!(Bound::interval("a", known), Some([0.1, 0.2]));
        assert_eq!(Bound::interval("b", known), None);
    }
}
