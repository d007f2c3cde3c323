//! Outputs of anyone's model, scored by a protocol.
//!
//! [`zero_shot`], [`retrieval`], [`grounding`] and [`probe`] turn outputs and reference into [`Scored`]: named statistics of
//! the cases. That gives the scores with their intervals, and the differences between models that were scored on the same
//! reference; [`Models`] has both of several models, [`tables`] and [`page`] show them.

mod aligned;
mod grounding;
mod models;
pub mod of_run;
pub mod page;
mod probe;
mod retrieval;
mod subgroups;
pub mod tables;
mod zero_shot;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use lgdea_predictions::Reference;
use lgdea_spec::Seed;
use serde::Serialize;

pub use grounding::grounding;
pub use models::{Compared, Model, Models, Source, compared, warnings};
pub use probe::probe;
pub use retrieval::retrieval;
pub use subgroups::{BySubgroup, Size};
pub use zero_shot::zero_shot;

use crate::metric::auroc::{Case, RankedCases};
use crate::metric::bootstrap::Statistic;
use crate::metric::delong::{Estimate, PairedCase, delong, delong_difference};
use crate::metric::paired::Difference;
use crate::protocol::{Interval, Method, Unit};
use crate::{Bootstrap, Evaluation, Score, Scores};

/// What outputs are worth, before resampling.
#[derive(Default)]
pub struct Scored {
    /// What a resample draws: patients or cases.
    pub units: usize,
    /// Cases of the reference.
    pub cases: usize,
    /// Of each class the least score that is called positive, chosen on validation cases; of probes, of each share and class
    /// (`0.1/edema`).
    pub thresholds: BTreeMap<String, f64>,
    /// What was left out and why, one sentence each.
    pub warnings: Vec<String>,
    /// Of each share of the training cases, what a probe was fitted on; empty without probes.
    pub fits: BTreeMap<String, Fit>,
    statistics: Vec<(String, Statistic<'static>)>,
    /// Of each mean of classes, by its name, the classes that it is of: those whose own score is defined.
    means: BTreeMap<String, BTreeSet<String>>,
    /// The cases of each AUROC of a class, by the name of its score.
    ranked: BTreeMap<String, Arc<RankedCases>>,
    groups: Vec<subgroups::Group>,
}

/// What a probe was fitted on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fit {
    /// Training cases that were drawn.
    pub training_cases: usize,
    /// C of a logistic regression, in scikit-learn's sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c: Option<f64>,
}

impl Scored {
    /// The scores with their intervals, and the warnings.
    pub fn evaluation(self, interval: Interval) -> Evaluation {
        let Scored { units, statistics, warnings, ranked, .. } = self;
        let bootstrap = bootstrap(interval);
        let scores: Scores = match interval.method {
            Method::None | Method::Percentile => bootstrap.scores(units, statistics),
            Method::Bca => {
                let scored =
                    |(name, statistic): (String, Statistic<'_>)| Some((name, bootstrap.bca(units, statistic)?));
                statistics.into_iter().filter_map(scored).collect()
            }
            Method::Delong => {
                let others = statistics.into_iter().filter(|(name, _)| !ranked.contains_key(name)).collect();
                let mut scores = bootstrap.scores(units, others);
                scores.extend(ranked.into_iter().filter_map(|(name, cases)| Some((name, by_delong(&cases, units)?))));
                scores
            }
        };
        Evaluation { scores, warnings, ..Evaluation::default() }
    }

    /// The scores of all classes in the subgroups of each column that the reference was asked for, and how they differ. All
    /// intervals are percentiles.
    pub fn by_subgroup(&self, interval: Interval) -> Vec<BySubgroup> {
        subgroups::by_subgroup(bootstrap(interval), self.units, self)
    }

    /// How much greater each score is than that of `base`, which was scored on the same reference by the same protocol. Both
    /// see the same resamples. Scores that one of the two lacks are left out, and so are means of other classes than the base's
    /// ([`warnings`]): their difference would be that of the classes.
    pub fn differences(&self, base: &Scored, interval: Interval) -> BTreeMap<String, Difference> {
        let bootstrap = bootstrap(interval);
        let of_base: BTreeMap<&str, &Statistic<'_>> =
            base.statistics.iter().map(|(name, statistic)| (name.as_str(), statistic)).collect();
        let difference = |(name, own): &(String, Statistic<'static>)| {
            let other = of_base.get(name.as_str()).filter(|_| self.means.get(name) == base.means.get(name))?;
            let mut found = bootstrap.difference(self.units, own, other)?;
            if interval.method == Method::Delong {
                let both = self.ranked.get(name).zip(base.ranked.get(name));
                found.delong_p_value = both.and_then(|(own, other)| paired(own, other)?.p_value());
            }
            Some((name.clone(), found))
        };
        self.statistics.iter().filter_map(difference).collect()
    }
}

impl Scored {
    /// Means of classes that are of others than those of `base`, by name: how many there are of each.
    fn unlike<'a>(&'a self, base: &'a Scored) -> impl Iterator<Item = (&'a String, [usize; 2])> {
        let both = self.means.iter().filter_map(|(name, classes)| Some((name, classes, base.means.get(name)?)));
        both.filter(|(_, own, other)| own != other).map(|(name, own, other)| (name, [own.len(), other.len()]))
    }

    /// Whether not one score is defined.
    pub fn is_empty(&self) -> bool {
        let all = vec![1; self.units];
        self.statistics.iter().all(|(_, statistic)| statistic(&all).is_none())
    }
}

/// The AUROC of a class with `DeLong`'s interval; none where that is undefined (see [`delong`]).
fn by_delong(cases: &RankedCases, units: usize) -> Option<Score> {
    let value = cases.auroc(&vec![1; units])?;
    Some(Score { value, interval: delong(cases.cases()).and_then(Estimate::interval) })
}

/// The difference of the AUROC of a class between two models, of which each unit is a case; none where they are not of the same
/// cases.
fn paired(own: &RankedCases, base: &RankedCases) -> Option<Estimate> {
    let of_base: HashMap<usize, f64> = base.cases().iter().map(|case| (case.unit, case.score)).collect();
    let pair = |case: &Case| {
        Some(PairedCase { unit: case.unit, scores: [case.score, *of_base.get(&case.unit)?], positive: case.positive })
    };
    delong_difference(&own.cases().iter().map(pair).collect::<Option<Vec<PairedCase>>>()?)
}

fn bootstrap(interval: Interval) -> Bootstrap {
    Bootstrap { resamples: interval.resamples, seed: Seed(interval.seed) }
}

/// Patients below which an interval over them is in doubt.
const FEW: usize = 10;

/// The unit of each case, how many there are, and what is to be said of it.
fn units(interval: Interval, reference: &Reference) -> (Vec<usize>, usize, Option<String>) {
    let cases = reference.ids.len();
    match interval.of {
        Unit::Case => ((0..cases).collect(), cases, None),
        Unit::Patient => {
            let (units, count) = reference.units();
            let doubt = match &reference.patients {
                None => Some(
                    "the reference has no column `patient`: intervals take each case as a patient of its own, and are too narrow \
                     where patients have several"
                        .to_owned(),
                ),
                Some(_) if count < FEW => {
                    Some(format!("intervals over {count} patients are too narrow, or none: is `patient` the right column?"))
                }
                Some(_) => None,
            };
            (units, count, doubt)
        }
    }
}
