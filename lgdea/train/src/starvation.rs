//! A warning of steps that wait too long for their batches.

/// Share of the time that may pass in waiting for batches.
const STARVED: f64 = 0.1;
/// Logged steps in a row of which more is worth a word.
const PATIENCE: u8 = 3;

/// Watches the logged joint steps.
#[derive(Debug, Default)]
pub(crate) struct StarvationWatch {
    /// Logged steps in a row of which too much was waiting.
    starved: u8,
}

impl StarvationWatch {
    /// What to say, once, where batches come too slowly for too long; `waiting` is the share of the time since the last logged
    /// step.
    pub(crate) fn check(&mut self, waiting: f64) -> Option<String> {
        if self.starved == PATIENCE {
            return None;
        }
        self.starved = if waiting > STARVED { self.starved + 1 } else { 0 };
        let percent = 100.0 * waiting;
        (self.starved == PATIENCE)
            .then(|| format!("{percent:.0} % of the time passes in waiting for batches: raise device.loader-threads"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_hungry_steps_in_a_row_are_told_once() {
        let mut watch = StarvationWatch::default();
        assert_eq!([0.5, 0.5, 0.05, 0.5, 0.5].map(|waiting| watch.check(waiting)), [const { None }; 5]);
        let told = watch.check(0.25).unwrap();
        assert!(told.starts_with("25 % of the time"), "{told}");
        assert!((0..10).all(|_| watch.check(0.9).is_none()));
    }
}
