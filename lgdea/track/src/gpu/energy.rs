//! Energy from what a card's driver tells at moments.

/// Joules in a kilowatt-hour.
const JOULES: f64 = 3.6e6;

/// What is known of a card at a moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moment {
    /// Seconds since some beginning.
    pub(super) seconds: f64,
    /// Millijoules that the card has taken since its driver was loaded; newer cards count them.
    pub(super) counter: Option<u64>,
    /// Power, in watts.
    pub(super) watts: Option<f64>,
}

/// The energy that a card takes from the first moment to the last.
#[derive(Debug, Default)]
pub(super) struct Energy {
    last: Option<Moment>,
    /// None until a time between two moments could be measured.
    joules: Option<f64>,
}

impl Energy {
    /// Adds what was taken since the moment before. A time without a measurement adds nothing.
    pub(super) fn add(&mut self, moment: Moment) {
        if let Some(joules) = self.last.and_then(|last| between(last, moment)) {
            *self.joules.get_or_insert(0.0) += joules;
        }
        self.last = Some(moment);
    }

    pub(super) fn kilowatt_hours(&self) -> Option<f64> {
        self.joules.map(|joules| joules / JOULES)
    }
}

/// Joules between two moments: by the card's own counter, else as if its power had changed evenly.
fn between(from: Moment, to: Moment) -> Option<f64> {
    let counted = from.counter.zip(to.counter).and_then(|(from, to)| to.checked_sub(from));
    if let Some(millijoules) = counted {
        return Some(millijoules as f64 / 1000.0);
    }
    let (start, end) = from.watts.zip(to.watts)?;
    Some((to.seconds - from.seconds) * f64::midpoint(start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kilowatt_hours(moments: &[(f64, Option<u64>, Option<f64>)]) -> Option<f64> {
        let mut energy = Energy::default();
        for &(seconds, counter, watts) in moments {
            energy.add(Moment { seconds, counter, watts });
        }
        energy.kilowatt_hours()
    }

    #[test]
    fn even_power_is_power_by_time() {
        let hour = [(0.0, None, Some(300.0)), (1800.0, None, Some(300.0)), (3600.0, None, Some(300.0))];
        assert_eq!(kilowatt_hours(&hour), Some(0.3));
    }

    #[test]
    fn changing_power_is_taken_as_a_straight_line() {
        // 10 s · (100 + 300)/2 W + 20 s · (300 + 0)/2 W = 2000 J + 3000 J.
        let power = [(5.0, None, Some(100.0)), (15.0, None, Some(300.0)), (35.0, None, Some(0.0))];
        assert_eq!(kilowatt_hours(&power), Some(5000.0 / 3.6e6));
    }

    #[test]
    fn the_cards_counter_goes_before_power() {
        // 7,200,000 mJ = 7200 J = 2 Wh.
        let counted = [(0.0, Some(1_000_000), Some(999.0)), (60.0, Some(8_200_000), Some(999.0))];
        assert_eq!(kilowatt_hours(&counted), Some(0.002));
        // A counter that begins anew is followed by power: 60 s · 60 W = 3600 J = 1 Wh.
        let anew = [(0.0, Some(5_000), Some(60.0)), (60.0, Some(10), Some(60.0))];
        assert_eq!(kilowatt_hours(&anew), Some(0.001));
    }

    #[test]
    fn what_is_not_measured_is_not_made_up() {
        assert_eq!(kilowatt_hours(&[]), None);
        assert_eq!(kilowatt_hours(&[(0.0, Some(1), Some(1.0))]), None);
        assert_eq!(kilowatt_hours(&[(0.0, None, None), (10.0, None, None)]), None);
        // A gap in the middle adds nothing: 3600 J before it, 3600 J after it.
        let gap = [(0.0, None, Some(60.0)), (60.0, None, Some(60.0)), (70.0, None, None), (80.0, None, Some(60.0))];
        let (before, after) = (kilowatt_hours(&gap).unwrap(), [(140.0, None, Some(60.0))]);
        assert_eq!((before, kilowatt_hours(&[&gap[..], &after].concat()).unwrap()), (0.001, 0.002));
    }
}
