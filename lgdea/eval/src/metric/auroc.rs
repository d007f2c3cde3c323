//! Area under the receiver operating characteristic curve.
//!
//! `AUROC = P(s⁺ > s⁻) + ½ P(s⁺ = s⁻)` over all pairs of a positive and a negative: the Mann–Whitney statistic with
//! mid-ranks (Radiology 143:29, 1982), equal to scikit-learn's `roc_auc_score`.

/// AUROC of `scores` (higher means more likely positive); `positive[i]` tells the class of `scores[i]`.
///
/// Ties between a positive and a negative count one half. None when one class is missing, a score is NaN, or the two
/// slices differ in length.
pub fn auroc(scores: &[f32], positive: &[bool]) -> Option<f64> {
    RankedCases::of(scores, positive)?.auroc(&vec![1; scores.len()])
}

/// A scored case of a binary problem.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Position in the multiplicities of a resample.
    pub unit: usize,
    /// Higher means more likely positive.
    pub score: f64,
    /// The truth.
    pub positive: bool,
}

/// Cases sorted by score once, so that a metric of every bootstrap resample takes one pass.
///
/// `multiplicity` is how often a resample has each unit (a study, or a patient with all of his or her studies); all ones
/// for the data themselves.
#[derive(Debug, Clone)]
pub struct RankedCases {
    /// Ascending by score.
    cases: Vec<Case>,
    /// What a resample needs of each: a third of the memory, which 10,000 resamples read over and over.
    steps: Vec<Step>,
}

/// A case without its score.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// In 32 bits: the multiplicities of more units would not fit in memory.
    unit: u32,
    positive: bool,
    /// Whether the next case has another score.
    last_of_tie: bool,
}

/// How many positives and negatives have one score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tie {
    /// Their score.
    pub score: f64,
    /// Positives, each as often as its unit occurs.
    pub positives: u64,
    /// Negatives, likewise.
    pub negatives: u64,
}

impl RankedCases {
    /// Sorts the cases; None if a score is NaN.
    pub fn new(cases: impl IntoIterator<Item = Case>) -> Option<Self> {
        let mut cases: Vec<Case> = cases.into_iter().collect();
        if cases.iter().any(|case| case.score.is_nan()) {
            return None;
        }
        cases.sort_by(|a, b| a.score.total_cmp(&b.score));
        let mut steps = Vec::with_capacity(cases.len());
        for tied in cases.chunk_by(ties) {
            let step = |case: &Case| Step { unit: case.unit as u32, positive: case.positive, last_of_tie: false };
            steps.extend(tied.iter().map(step));
            steps.last_mut().into_iter().for_each(|step| step.last_of_tie = true);
        }
        Some(Self { cases, steps })
    }

    /// Cases of which each is a unit of its own; None if a score is NaN or the two slices differ in length.
    pub fn of<S: Copy + Into<f64>>(scores: &[S], positive: &[bool]) -> Option<Self> {
        if scores.len() != positive.len() {
            return None;
        }
        let cases = scores.iter().zip(positive).enumerate();
        Self::new(cases.map(|(unit, (&score, &positive))| Case { unit, score: score.into(), positive }))
    }

    /// The cases, ascending by score.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The distinct scores with their cases, ascending; a score of which a resample has no case counts none.
    pub fn ties<'a>(&'a self, multiplicity: &'a [u32]) -> impl DoubleEndedIterator<Item = Tie> + 'a {
        self.cases.chunk_by(ties).map(|tied| {
            let mut tie = Tie { score: tied[0].score, positives: 0, negatives: 0 };
            for case in tied {
                let count = u64::from(multiplicity[case.unit]);
                *(if case.positive { &mut tie.positives } else { &mut tie.negatives }) += count;
            }
            tie
        })
    }

    /// AUROC where the case of unit `u` occurs `multiplicity[u]` times; None when one class is missing.
    pub fn auroc(&self, multiplicity: &[u32]) -> Option<f64> {
        // Counted in whole half-wins, hence exact whatever the order of the cases within a tie. Without a branch: whether a case
        // is positive, or the last of its tie, no processor can guess.
        let (mut half_wins, mut positives, mut negatives) = (0_u64, 0_u64, 0_u64);
        let (mut tied_positives, mut tied_negatives) = (0_u64, 0_u64);
        for step in &self.steps {
            let count = u64::from(multiplicity[step.unit as usize]);
            let positive = count & mask(step.positive);
            tied_positives += positive;
            tied_negatives += count - positive;
            let last = mask(step.last_of_tie);
            half_wins += (tied_positives & last) * (2 * negatives + tied_negatives);
            positives += tied_positives & last;
            negatives += tied_negatives & last;
            tied_positives &= !last;
            tied_negatives &= !last;
        }
        let pairs = positives * negatives;
        (pairs > 0).then(|| half_wins as f64 / (2 * pairs) as f64)
    }
}

/// All bits where it holds, else none.
fn mask(holds: bool) -> u64 {
    u64::from(holds).wrapping_neg()
}

#[expect(clippy::float_cmp, reason = "only equal scores tie, 0.0 and -0.0 among them")]
fn ties(one: &Case, other: &Case) -> bool {
    one.score == other.score
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hand_computed_cases() {
        assert_eq!(auroc(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]), Some(0.75));
        assert_eq!(auroc(&[1.0, 2.0], &[false, true]), Some(1.0));
        assert_eq!(auroc(&[1.0, 1.0, 1.0], &[false, true, true]), Some(0.5));
        assert_eq!(auroc(&[0.0, -0.0], &[false, true]), Some(0.5));
    }

    #[test]
    fn undefined_without_both_classes_or_with_nan() {
        assert_eq!(auroc(&[0.1, 0.2], &[true, true]), None);
        assert_eq!(auroc(&[0.1, 0.2], &[false, false]), None);
        assert_eq!(auroc(&[], &[]), None);
        assert_eq!(auroc(&[0.1, f32::NAN], &[true, false]), None);
        assert_eq!(auroc(&[0.1], &[true, false]), None);
    }

    #[test]
    fn multiplicities_equal_repeated_cases() {
        let cases = [(0.3, true), (0.3, false), (0.1, false), (0.9, true), (0.5, false)];
        let counts = [2, 3, 0, 1, 4];
        let ranked = RankedCases::new(cases.iter().enumerate().map(|(unit, &(score, positive))| Case {
            unit,
            score: f64::from(score),
            positive,
        }));
        let repeated: Vec<(f32, bool)> =
            cases.iter().zip(counts).flat_map(|(&case, count)| vec![case; count as usize]).collect();
        let (scores, positive): (Vec<f32>, Vec<bool>) = repeated.into_iter().unzip();
        assert_eq!(ranked.unwrap().auroc(&counts), auroc(&scores, &positive));
    }

    /// Scores on a coarse grid, so that ties are common.
    fn problem() -> impl Strategy<Value = (Vec<f32>, Vec<bool>)> {
        prop::collection::vec((-8_i8..8, any::<bool>()), 2..60)
            .prop_map(|cases| cases.into_iter().map(|(score, positive)| (f32::from(score) / 4.0, positive)).unzip())
    }

    proptest! {
        #[test]
        fn equals_the_pairwise_definition((scores, positive) in problem()) {
            let (mut wins, mut pairs) = (0.0, 0.0);
            for (i, &a) in scores.iter().enumerate().filter(|(i, _)| positive[*i]) {
                for (j, &b) in scores.iter().enumerate().filter(|(j, _)| !positive[*j]) {
                    prop_assert_ne!(i, j);
                    pairs += 1.0;
                    wins += if a > b { 1.0 } else if a < b { 0.0 } else { 0.5 };
                }
            }
            let expected = (pairs > 0.0).then(|| wins / pairs);
            prop_assert_eq!(auroc(&scores, &positive), expected);
        }

        #[test]
        fn unchanged_by_increasing_transforms((scores, positive) in problem()) {
            let transformed: Vec<f32> = scores.iter().map(|s| s.exp() * 3.0 + 1.0).collect();
            prop_assert_eq!(auroc(&transformed, &positive), auroc(&scores, &positive));
        }

        #[test]
        fn complements_under_negation((scores, positive) in problem()) {
            let negated: Vec<f32> = scores.iter().map(|s| -s).collect();
            match (auroc(&scores, &positive), auroc(&negated, &positive)) {
                (Some(a), Some(b)) => prop_assert!((a + b - 1.0).abs() < 1e-12),
                (a, b) => prop_assert_eq!(a, b),
            }
        }
    }
}
