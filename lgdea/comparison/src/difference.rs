//! Differences between two rows, paired by seed.
//!
//! Arms share pairs of studies, initialisation and the order of the data at each seed, so that the difference at one seed is free
//! of what the seed alone does to both. Whether the mean difference is more than chance is asked in three ways, each two-sided:
//!
//! - the **paired t-test**, the default: it can tell with few seeds, because it assumes that differences are normal. Training
//!   noise sums many small causes, so that this is plausible, and the test is robust against moderate departures; a handful of
//!   seeds cannot confirm it. Where so few pairs could not show anything without the assumption, a finding is called
//!   [`Verdict::IfNormal`] and not significant.
//! - the **sign-flip permutation test**, which assumes only that without an effect both signs are as likely: n pairs cannot reach
//!   a p below 2 / 2^n, and so 5 pairs never 0.05.
//! - **Wilcoxon's signed-rank test**, on ranks, with the same floor.
//!
//! The chosen one's p values are corrected by Holm's method over all comparisons of a metric that are shown together. The
//! others stand beside it uncorrected.

use serde::Serialize;

use crate::statistic::bootstrap::{self, Correction};
use crate::statistic::paired_t::PairedT;
use crate::statistic::{holm, mean, permutation, standard_deviation, wilcoxon};
use crate::{Metric, Row};

/// Fewest pairs of which a difference is judged: of two, the spread has a single degree of freedom.
pub const FEWEST_PAIRS: usize = 3;

/// The test that decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    /// Student's t-test of the differences.
    #[default]
    PairedT,
    /// Sign flips of the differences.
    Permutation,
    /// Wilcoxon's signed-rank test.
    Wilcoxon,
}

impl Test {
    /// Name in captions.
    pub fn name(self) -> &'static str {
        match self {
            Self::PairedT => "paired t-test, which assumes normal differences",
            Self::Permutation => "sign-flip permutation test",
            Self::Wilcoxon => "Wilcoxon signed-rank test",
        }
    }

    /// Least p that so many pairs can reach.
    fn least(self, pairs: usize) -> f64 {
        if self == Self::PairedT { 0.0 } else { permutation::least(pairs) }
    }
}

/// The interval of a mean difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interval {
    /// Bootstrap, bias-corrected and accelerated.
    #[default]
    Bca,
    /// Bootstrap, percentiles.
    Percentile,
    /// Student's t.
    T,
}

impl Interval {
    /// Name in captions.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bca => "BCa bootstrap",
            Self::Percentile => "percentile bootstrap",
            Self::T => "t",
        }
    }

    /// Ends at confidence 1 − `alpha`; `None` of fewer than two values, or where they do not vary.
    fn of(self, values: &[f64], alpha: f64) -> Option<[f64; 2]> {
        let t = PairedT::of(values)?;
        if self == Self::T {
            return Some(t.interval(alpha));
        }
        let means = bootstrap::resampled_means(values);
        match self {
            Self::Percentile => Some(bootstrap::percentile_interval(&means, alpha)),
            _ => Some(Correction::of(values, &means)?.interval(&means, alpha)),
        }
    }
}

/// How differences are judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Judgement {
    /// The test that decides.
    pub test: Test,
    /// The interval that is shown.
    pub interval: Interval,
    /// What a corrected p must be below; intervals have confidence 1 − alpha.
    pub alpha: f64,
}

impl Default for Judgement {
    fn default() -> Self {
        Judgement { test: Test::default(), interval: Interval::default(), alpha: 0.05 }
    }
}

/// What can be said about a difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "is", content = "because", rename_all = "kebab-case")]
pub enum Verdict {
    /// The corrected p is below alpha, and there are enough pairs to say so without assuming a shape.
    Significant,
    /// The corrected p of the t-test is below alpha, on so few pairs that nothing but the assumption of normal differences
    /// could bring it there.
    IfNormal,
    /// The corrected p is not below alpha.
    NotSignificant,
    /// No test can tell; why.
    Unsupported(String),
}

/// A mean difference of two rows over the seeds that both have.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The difference at each.
    pub values: Vec<f64>,
    /// Their mean; none without pairs.
    pub mean: Option<f64>,
    /// Their standard deviation; none of fewer than two.
    pub standard_deviation: Option<f64>,
    /// Interval of the mean.
    pub interval: Option<[f64; 2]>,
    /// p of the paired t-test, uncorrected.
    pub p_paired_t: Option<f64>,
    /// p of the permutation test, uncorrected.
    pub p_permutation: Option<f64>,
    /// p of Wilcoxon's test, uncorrected.
    pub p_wilcoxon: Option<f64>,
    /// p of the chosen test after Holm's correction.
    pub p_corrected: Option<f64>,
    /// Comparisons that it was corrected for.
    pub family: usize,
    /// What follows.
    pub verdict: Verdict,
}

impl Difference {
    /// The difference `a` − `b` of a metric, not yet judged.
    pub fn of(metric: &Metric, a: &Row<'_>, b: &Row<'_>, judgement: &Judgement) -> Difference {
        let (of_a, of_b) = (a.values(&metric.name), b.values(&metric.name));
        let pairs = of_a.iter().filter_map(|(seed, value)| Some((*seed, value - of_b.get(seed)?)));
        let (seeds, values): (Vec<u64>, Vec<f64>) = pairs.unzip();
        let tested = values.len() >= 2;
        Difference {
            mean: (!values.is_empty()).then(|| mean(&values)),
            standard_deviation: standard_deviation(&values),
            interval: judgement.interval.of(&values, judgement.alpha),
            p_paired_t: PairedT::of(&values).map(|t| t.p),
            p_permutation: tested.then(|| permutation::p(&values)),
            p_wilcoxon: tested.then(|| wilcoxon::p(&values)),
            p_corrected: None,
            family: 0,
            verdict: Verdict::Unsupported("not judged".to_owned()),
            seeds,
            values,
        }
    }

    /// p of a test, uncorrected.
    pub fn p(&self, test: Test) -> Option<f64> {
        match test {
            Test::PairedT => self.p_paired_t,
            Test::Permutation => self.p_permutation,
            Test::Wilcoxon => self.p_wilcoxon,
        }
    }
}

/// Corrects the p values of a family of comparisons and judges each.
pub fn judge(family: &mut [&mut Difference], judgement: &Judgement) {
    let tested: Vec<usize> = (0..family.len())
        .filter(|&at| family[at].values.len() >= FEWEST_PAIRS && family[at].p(judgement.test).is_some())
        .collect();
    let p: Vec<f64> = tested.iter().filter_map(|&at| family[at].p(judgement.test)).collect();
    for (&at, adjusted) in tested.iter().zip(holm::adjusted(&p)) {
        family[at].p_corrected = Some(adjusted);
    }
    for difference in family {
        difference.family = tested.len();
        difference.verdict = verdict(difference, judgement);
    }
}

fn verdict(difference: &Difference, judgement: &Judgement) -> Verdict {
    let Judgement { test, alpha, .. } = *judgement;
    let pairs = difference.values.len();
    let Some(p) = difference.p_corrected else {
        return Verdict::Unsupported(match pairs {
            0 => "no seed that both have".to_owned(),
            1 => "1 pair shows no spread".to_owned(),
            pairs if pairs < FEWEST_PAIRS => format!("{pairs} pairs are too few"),
            _ => "the differences do not vary".to_owned(),
        });
    };
    let reached = |least: f64| least < alpha;
    if p < alpha {
        return if test == Test::PairedT && !reached(permutation::least(pairs)) {
            Verdict::IfNormal
        } else {
            Verdict::Significant
        };
    }
    if !reached(test.least(pairs)) {
        return Verdict::Unsupported(format!("{pairs} pairs cannot reach p < {alpha} two-sided"));
    }
    if !reached(test.least(pairs) * difference.family as f64) {
        let family = difference.family;
        let needed = permutation::fewest_pairs(alpha / family as f64);
        return Verdict::Unsupported(format!(
            "{pairs} pairs cannot reach p < {alpha} among {family} comparisons; {needed} could"
        ));
    }
    Verdict::NotSignificant
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Map;

    use super::*;
    use crate::{Run, SweepPlace};

    fn judged(values: &[f64], comparisons: usize, test: Test) -> Difference {
        let run = |seed: usize, value: f64| Run {
            place: SweepPlace { run_key: String::new(), arm: String::new(), seed: seed as u64, deltas: Map::new() },
            seconds: 0.0,
            metrics: BTreeMap::from([("m".to_owned(), value)]),
            folder: None,
        };
        let (a, b): (Vec<Run>, Vec<Run>) =
            values.iter().enumerate().map(|(seed, &value)| (run(seed, value), run(seed, 0.0))).unzip();
        let as_row = |runs| Row { group: String::new(), setting: Vec::new(), runs };
        let a = as_row(a.iter().map(|run| (run.place.seed, run)).collect());
        let b = as_row(b.iter().map(|run| (run.place.seed, run)).collect());
        let judgement = Judgement { test, ..Judgement::default() };
        let mut all: Vec<Difference> =
            (0..comparisons).map(|_| Difference::of(&Metric::new("m"), &a, &b, &judgement)).collect();
        judge(&mut all.iter_mut().collect::<Vec<_>>(), &judgement);
        all.swap_remove(0)
    }

    const CLEAR: [f64; 7] = [0.20, 0.19, 0.23, 0.20, 0.21, 0.22, 0.18];

    #[test]
    fn five_pairs_are_significant_only_if_normal() {
        assert_eq!(judged(&CLEAR[..5], 1, Test::PairedT).verdict, Verdict::IfNormal);
        assert_eq!(judged(&CLEAR, 1, Test::PairedT).verdict, Verdict::Significant);
        let refused = Verdict::Unsupported("5 pairs cannot reach p < 0.05 two-sided".to_owned());
        assert_eq!(judged(&CLEAR[..5], 1, Test::Permutation).verdict, refused);
        assert_eq!(judged(&CLEAR[..5], 1, Test::Wilcoxon).verdict, refused);
        assert_eq!(judged(&CLEAR, 1, Test::Permutation).verdict, Verdict::Significant);
    }

    #[test]
    fn a_family_may_be_too_large_for_the_pairs() {
        let refused = "7 pairs cannot reach p < 0.05 among 36 comparisons; 11 could".to_owned();
        assert_eq!(judged(&CLEAR, 36, Test::Permutation).verdict, Verdict::Unsupported(refused));
        assert_eq!(judged(&CLEAR, 36, Test::PairedT).verdict, Verdict::Significant);
    }

    #[test]
    fn too_few_pairs_and_equal_differences_are_not_judged() {
        let reason = |values: &[f64]| match judged(values, 1, Test::PairedT).verdict {
            Verdict::Unsupported(reason) => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(&[]), "no seed that both have");
        assert_eq!(reason(&[0.1]), "1 pair shows no spread");
        assert_eq!(reason(&[0.1, 0.2]), "2 pairs are too few");
        assert_eq!(reason(&[0.1, 0.1, 0.1]), "the differences do not vary");
        assert_eq!(judged(&[0.1, -0.2, 0.05], 1, Test::PairedT).verdict, Verdict::NotSignificant);
    }
}
