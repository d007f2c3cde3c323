//! Outputs of anyone's model, scored by a protocol.
//!
//! [`zero_shot`], [`retrieval`] and [`grounding`] turn outputs and reference into [`Scored`]: named statistics of the cases. That gives the
//! scores with their intervals, and the differences between models that were scored on the same reference.

mod aligned;
mod grounding;
mod retrieval;
mod zero_shot;

use std::collections::BTreeMap;

use lgdea_predictions::Reference;
use lgdea_spec::Seed;

pub use grounding::grounding;
pub use retrieval::retrieval;
pub use zero_shot::zero_shot;

use crate::metric::bootstrap::Statistic;
use crate::metric::paired::Difference;
use crate::protocol::{Interval, Method, Unit};
use crate::{Bootstrap, Evaluation, Scores};

/// What outputs are worth, before resampling.
pub struct Scored {
    /// What a resample draws: patients or cases.
    pub units: usize,
    /// Cases of the reference.
    pub cases: usize,
    /// Of each class the least score that is called positive, chosen on validation cases.
    pub thresholds: BTreeMap<String, f64>,
    /// What was left out and why, one sentence each.
    pub warnings: Vec<String>,
    statistics: Vec<(String, Statistic<'static>)>,
}

impl Scored {
    /// The scores with their intervals, and the warnings.
    pub fn evaluation(self, interval: Interval) -> Evaluation {
        let Scored { units, statistics, warnings, .. } = self;
        let bootstrap = bootstrap(interval);
        let scores: Scores = match interval.method {
            Method::None | Method::Percentile => bootstrap.scores(units, statistics),
            Method::Bca => {
                let scored =
                    |(name, statistic): (String, Statistic<'_>)| Some((name, bootstrap.bca(units, statistic)?));
                statistics.into_iter().filter_map(scored).collect()
            }
        };
        Evaluation { scores, warnings }
    }

    /// How much greater each score is than that of `base`, which was scored on the same reference by the same protocol. Both
    /// see the same resamples. Scores that one of the two lacks are left out.
    pub fn differences(&self, base: &Scored, interval: Interval) -> BTreeMap<String, Difference> {
        let bootstrap = bootstrap(interval);
        let of_base: BTreeMap<&str, &Statistic<'_>> =
            base.statistics.iter().map(|(name, statistic)| (name.as_str(), statistic)).collect();
        let difference = |(name, own): &(String, Statistic<'static>)| {
            let other = of_base.get(name.as_str())?;
            Some((name.clone(), bootstrap.difference(self.units, own, other)?))
        };
        self.statistics.iter().filter_map(difference).collect()
    }
}

fn bootstrap(interval: Interval) -> Bootstrap {
    Bootstrap { resamples: interval.resamples, seed: Seed(interval.seed) }
}

/// The unit of each case, how many there are, and what is to be said of it.
fn units(interval: Interval, reference: &Reference) -> (Vec<usize>, usize, Option<String>) {
    let cases = reference.ids.len();
    match interval.of {
        Unit::Case => ((0..cases).collect(), cases, None),
        Unit::Patient => {
            let (units, count) = reference.units();
            let silent = reference.patients.is_none().then(|| {
                "the reference has no column `patient`: intervals take each case as a patient of its own, and are too narrow \
                 where patients have several"
                    .to_owned()
            });
            (units, count, silent)
        }
    }
}
