//! When and how strongly a term acts.

/// When and how strongly a term acts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Weight in the total; 0 switches the term off.
    pub weight: f64,
    /// First step, counted from 0.
    pub start: usize,
    /// Steps of the linear ramp.
    pub ramp: usize,
}

/// Settings that have a [`Schedule`].
pub trait Scheduled {
    /// When and how strongly the term acts.
    fn schedule(&self) -> Schedule;
}

impl Schedule {
    /// Whether the term acts at any step.
    pub(crate) fn acts(self) -> bool {
        self.weight > 0.0
    }

    /// Weight at a step, counted from 0: after `start` a linear ramp to `weight`; `None` where the term does not act.
    pub fn weight_at(self, step: usize) -> Option<f64> {
        let weight = self.weight * ramp_at(step, self.start, self.ramp);
        (weight > 0.0).then_some(weight)
    }
}

/// Linear ramp from 0 before `start` to 1 at `start + ramp`.
pub(crate) fn ramp_at(step: usize, start: usize, ramp: usize) -> f64 {
    if step < start {
        0.0
    } else if step >= start + ramp {
        1.0
    } else {
        (step - start + 1) as f64 / (ramp + 1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_ramps_up_from_its_start() {
        let schedule = Schedule { weight: 2.0, start: 10, ramp: 3 };
        let weights: Vec<Option<f64>> = (8..15).map(|step| schedule.weight_at(step)).collect();
        assert_eq!(weights, [None, None, Some(0.5), Some(1.0), Some(1.5), Some(2.0), Some(2.0)]);
    }

    #[test]
    fn a_term_without_a_weight_never_acts() {
        let schedule = Schedule { weight: 0.0, start: 0, ramp: 0 };
        assert!(!schedule.acts() && (0..3).all(|step| schedule.weight_at(step).is_none()));
    }
}
