//! Which way a metric is better.

/// Which way a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

impl Better {
    /// A value, or a difference, turned so that more is better.
    pub fn gain(self, value: f64) -> f64 {
        match self {
            Better::Higher => value,
            Better::Lower => -value,
        }
    }

    /// Whether `one` is better than `other`. What is no number is worse than any number.
    pub fn prefers(self, one: f64, other: f64) -> bool {
        match (one.is_nan(), other.is_nan()) {
            (true, _) => false,
            (false, true) => true,
            (false, false) => self.gain(one) > self.gain(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_may_be_better_and_no_number_is_worst() {
        assert!(Better::Higher.prefers(0.9, 0.8) && Better::Lower.prefers(3.0, 40.0));
        assert!(!Better::Higher.prefers(0.8, 0.8) && !Better::Lower.prefers(40.0, 3.0));
        for better in [Better::Higher, Better::Lower] {
            assert!(better.prefers(1.0, f64::NAN) && !better.prefers(f64::NAN, 1.0));
        }
    }
}
