//! Differences between two rows, paired by seed.
//!
//! Arms share pairs of studies, initialisation and the order of the data at each seed, so that the difference at one seed is free
//! of what the seed alone does to both. Whether the mean difference is more than chance is asked in three ways, each two-sided:
//!
//! - the **paired t-test**, the default: it can tell with few seeds, because it assumes that differences are normal. Training
//!   noise sums many small causes, so that this is plausible, and the test is robust against moderate departures; a handful of
//!   seeds cannot confirm it. Where so few seeds could not show anything without the assumption, a finding is called
//!   [`Verdict::IfNormal`] and not significant.
//! - the **sign-flip permutation test**, which assumes only that without an effect both signs are as likely: n seeds cannot reach
//!   a p below 2 / 2^n, and so 5 seeds never 0.05.
//! - **Wilcoxon's signed-rank test**, on ranks, with the same floor.
//!
//! The chosen one's p values are corrected by Holm's method over all comparisons of a metric that are shown together. The
//! others stand beside it uncorrected. Of fewer than [`FEWEST_SEEDS`] there is a mean difference, and neither interval, p nor verdict.

use serde::Serialize;

use crate::statistic::bootstrap::{self, Correction};
use crate::statistic::paired_t::PairedT;
use crate::statistic::{holm, mean, permutation, standard_deviation, wilcoxon};
use crate::{Metric, Row};

/// Fewest seeds of which a difference is judged: of two, the spread has a single degree of freedom.
pub const FEWEST_SEEDS: usize = 3;

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

    /// Least p that so many seeds can reach.
    fn least(self, seeds: usize) -> f64 {
        if self == Self::PairedT { 0.0 } else { permutation::least(seeds) }
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
    /// The corrected p is below alpha, and there are enough seeds to say so without assuming a shape.
    Significant,
    /// The corrected p of the t-test is below alpha, on so few seeds that nothing but the assumption of normal differences
    /// could bring it there.
    IfNormal,
    /// The corrected p is not below alpha.
    NotSignificant,
    /// No test can tell; why.
    Unsupported(String),
}

impl Verdict {
    /// Where it stands among others that are told: what is significant first, what nobody can tell last.
    pub(crate) fn rank(&self) -> usize {
        match self {
            Self::Significant => 0,
            Self::IfNormal => 1,
            Self::NotSignificant => 2,
            Self::Unsupported(_) => 3,
        }
    }
}

/// A mean difference of two rows over the seeds that both have.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    /// The seeds that both rows have.
    pub seeds: Vec<u64>,
    /// The difference at each.
    pub values: Vec<f64>,
    /// Their mean; none without a seed.
    pub mean: Option<f64>,
    /// Their standard deviation; none of fewer than two.
    pub standard_deviation: Option<f64>,
    /// Interval of the mean; this and all below is there of [`FEWEST_SEEDS`] and more.
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
        let of_both = of_a.iter().filter_map(|(seed, value)| Some((*seed, value - of_b.get(seed)?)));
        let (seeds, values): (Vec<u64>, Vec<f64>) = of_both.unzip();
        let tested = (values.len() >= FEWEST_SEEDS).then_some(values.as_slice());
        Difference {
            mean: (!values.is_empty()).then(|| mean(&values)),
            standard_deviation: standard_deviation(&values),
            interval: tested.and_then(|values| judgement.interval.of(values, judgement.alpha)),
            p_paired_t: tested.and_then(PairedT::of).map(|t| t.p),
            p_permutation: tested.map(permutation::p),
            p_wilcoxon: tested.map(wilcoxon::p),
            p_corrected: None,
            family: 0,
            verdict: Verdict::Unsupported("not judged".to_owned()),
            seeds,
            values,
        }
    }

    /// Whether the seeds that both rows have are too few for any verdict.
    pub fn has_too_few_seeds(&self) -> bool {
        self.seeds.len() < FEWEST_SEEDS
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
    let tested: Vec<usize> = (0..family.len()).filter(|&at| family[at].p(judgement.test).is_some()).collect();
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
    let seeds = difference.seeds.len();
    let Some(p) = difference.p_corrected else {
        return Verdict::Unsupported(if difference.has_too_few_seeds() {
            format!("fewer than {FEWEST_SEEDS} seeds that both have")
        } else {
            "the differences do not vary".to_owned()
        });
    };
    let reached = |least: f64| least < alpha;
    if p < alpha {
        return if test == Test::PairedT && !reached(permutation::least(seeds)) {
            Verdict::IfNormal
        } else {
            Verdict::Significant
        };
    }
    if !reached(test.least(seeds)) {
        return Verdict::Unsupported(format!("{seeds} seeds cannot reach p < {alpha} two-sided"));
    }
    if !reached(test.least(seeds) * difference.family as f64) {
        let family = difference.family;
        let needed = permutation::fewest_pairs(alpha / family as f64);
        return Verdict::Unsupported(format!(
            "{seeds} seeds cannot reach p < {alpha} among {family} comparisons; {needed} could"
        ));
    }
    Verdict::NotSignificant
}

/// What is said, once for all of an output, where differences have too few seeds to be judged; `None` where each has enough.
pub(crate) fn too_few_seeds<'a>(differences: impl IntoIterator<Item = &'a Difference>) -> Option<String> {
    let (few, enough): (Vec<_>, Vec<_>) =
        differences.into_iter().partition(|difference| difference.has_too_few_seeds());
    let all = few.len() + enough.len();
    let here = match (few.len(), all) {
        (0, _) => return None,
        (1, 1) => "the one here has fewer".to_owned(),
        (few, all) if few == all => format!("all {all} here have fewer"),
        (1, all) => format!("1 of the {all} here has fewer"),
        (few, all) => format!("{few} of the {all} here have fewer"),
    };
    Some(format!(
        "No difference is judged from fewer than {FEWEST_SEEDS} seeds that both sides have; {here} (`seeds.count` in the sweep \
         file says how many are run)."
    ))
}

/// How many differences are significant and how many undecided, in words: `3 of 12 are significant (*), 9 undecided (8 not
/// significant, 1 cannot be told)`; `None` where none is judged.
pub(crate) fn counted<'a>(differences: impl IntoIterator<Item = &'a Difference>) -> Option<String> {
    let all: Vec<&Difference> = differences.into_iter().collect();
    if all.iter().all(|difference| difference.has_too_few_seeds()) {
        return None;
    }
    let mut counts = [0; 4];
    for difference in &all {
        counts[difference.verdict.rank()] += 1;
    }
    let ([significant, if_normal, not, untold], all) = (counts, all.len());
    let if_normal =
        if if_normal > 0 { format!(", {if_normal} if differences are normal (†)") } else { String::new() };
    let undecided = match (not, untold) {
        (0, 0) => String::new(),
        (not, 0) => format!(", {not} undecided (not significant)"),
        (0, untold) => format!(", {untold} undecided (cannot be told)"),
        _ => format!(", {} undecided ({not} not significant, {untold} cannot be told)", not + untold),
    };
    Some(format!("{significant} of {all} are significant (*){if_normal}{undecided}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde_json::Map;

    use super::*;
    use crate::{Run, SweepPlace};

    fn judged(values: &[f64], comparisons: usize, test: Test) -> Difference {
        let run = |seed: usize, value: f64| Run {
            place: SweepPlace { run_key: String::new(), arm: String::new(), seed: seed as u64, deltas: Map::new() },
            seconds: 0.0,
            metrics: BTreeMap::from([("m".to_owned(), value)]),
            sets: BTreeMap::new(),
            data: None,
            protocols: BTreeMap::new(),
            ceiling: false,
            labels: false,
            settings: Arc::default(),
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
    fn five_seeds_are_significant_only_if_normal() {
        assert_eq!(judged(&CLEAR[..5], 1, Test::PairedT).verdict, Verdict::IfNormal);
        assert_eq!(judged(&CLEAR, 1, Test::PairedT).verdict, Verdict::Significant);
        let refused = Verdict::Unsupported("5 seeds cannot reach p < 0.05 two-sided".to_owned());
        assert_eq!(judged(&CLEAR[..5], 1, Test::Permutation).verdict, refused);
        assert_eq!(judged(&CLEAR[..5], 1, Test::Wilcoxon).verdict, refused);
        assert_eq!(judged(&CLEAR, 1, Test::Permutation).verdict, Verdict::Significant);
    }

    #[test]
    fn a_family_may_be_too_large_for_the_seeds() {
        let refused = "7 seeds cannot reach p < 0.05 among 36 comparisons; 11 could".to_owned();
        assert_eq!(judged(&CLEAR, 36, Test::Permutation).verdict, Verdict::Unsupported(refused));
        assert_eq!(judged(&CLEAR, 36, Test::PairedT).verdict, Verdict::Significant);
    }

    #[test]
    fn too_few_seeds_and_equal_differences_are_not_judged() {
        let reason = |values: &[f64]| match judged(values, 1, Test::PairedT).verdict {
            Verdict::Unsupported(reason) => reason,
            other => panic!("{other:?}"),
        };
        for values in [&[][..], &[0.1], &[0.1, 0.2]] {
            assert_eq!(reason(values), "fewer than 3 seeds that both have");
        }
        assert_eq!(reason(&[0.1, 0.1, 0.1]), "the differences do not vary");
        assert_eq!(judged(&[0.1, -0.2, 0.05], 1, Test::PairedT).verdict, Verdict::NotSignificant);
    }

    #[test]
    fn fewer_than_three_seeds_show_no_interval_and_no_p_by_any_test() {
        for test in [Test::PairedT, Test::Permutation, Test::Wilcoxon] {
            for values in [&[0.1][..], &[0.1, 0.1], &[0.5, 0.501], &[-3.0, 3.0]] {
                let found = judged(values, 1, test);
                assert!(found.has_too_few_seeds() && found.mean.is_some());
                let p = [found.p_paired_t, found.p_permutation, found.p_wilcoxon, found.p_corrected];
                assert_eq!((found.interval, p, found.family), (None, [None; 4], 0), "{values:?}");
            }
            assert!(judged(&CLEAR[..3], 1, test).p_corrected.is_some());
        }
    }

    #[test]
    fn too_few_seeds_are_told_in_one_sentence_however_many_differences() {
        let (few, enough) = (judged(&[0.1, 0.2], 1, Test::PairedT), judged(&CLEAR, 1, Test::PairedT));
        let told = |few_times: usize, enough_times: usize| {
            let all = std::iter::repeat_n(&few, few_times).chain(std::iter::repeat_n(&enough, enough_times));
            too_few_seeds(all).unwrap_or_default()
        };
        assert_eq!((told(0, 0), told(0, 4)), (String::new(), String::new()));
        for (few, enough, part) in [
            (1, 0, "; the one here has fewer ("),
            (30, 0, "; all 30 here have fewer ("),
            (1, 5, "; 1 of the 6 here has fewer ("),
            (2, 5, "; 2 of the 7 here have fewer ("),
        ] {
            let sentence = told(few, enough);
            assert!(sentence.contains(part), "{sentence}");
            assert_eq!(sentence.matches("fewer than 3 seeds").count(), 1);
        }
    }

    #[test]
    fn verdicts_are_counted_in_words() {
        let of = |values: &[f64]| judged(values, 1, Test::PairedT);
        let (clear, few_clear, unclear, few) = (of(&CLEAR), of(&CLEAR[..5]), of(&[0.1, -0.2, 0.05]), of(&[0.1, 0.2]));
        assert_eq!(counted([&few, &few]), None, "nothing is judged");
        assert_eq!(counted([&clear, &clear]).unwrap(), "2 of 2 are significant (*)");
        assert_eq!(counted([&clear, &unclear]).unwrap(), "1 of 2 are significant (*), 1 undecided (not significant)");
        assert_eq!(
            counted([&few, &clear, &few_clear, &unclear]).unwrap(),
            "1 of 4 are significant (*), 1 if differences are normal (†), 2 undecided (1 not significant, 1 cannot be told)"
        );
    }
}
