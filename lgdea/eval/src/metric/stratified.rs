//! AUROC within strata.
//!
//! `Σ_s n_s AUROC_s / Σ_s n_s` over the strata that have both positives and negatives, with `n_s` their cases: only pairs of a
//! positive and a negative of one stratum are compared, so what tells the strata apart alone scores 0.5. (The covariate-adjusted
//! AUC of Janes and Pepe, Biometrika 96:371, 2009, weights by the positives.)

use super::auroc::{Case, RankedCases};
use super::average::weighted_mean_of_defined;

/// The cases of each stratum that has both positives and negatives.
#[derive(Debug, Clone)]
pub struct StratifiedCases {
    strata: Vec<RankedCases>,
    /// The cases of each stratum that has positives or negatives alone.
    pub left_out: Vec<usize>,
}

impl StratifiedCases {
    /// The cases of strata; None if a score is NaN. Strata without a case count for nothing.
    pub fn new(strata: impl IntoIterator<Item = Vec<Case>>) -> Option<Self> {
        let (mut kept, mut left_out) = (Vec::new(), Vec::new());
        for cases in strata {
            let positives = cases.iter().filter(|case| case.positive).count();
            if positives > 0 && positives < cases.len() {
                kept.push(RankedCases::new(cases)?);
            } else if !cases.is_empty() {
                left_out.push(cases.len());
            }
        }
        Some(Self { strata: kept, left_out })
    }

    /// How many strata have both positives and negatives.
    pub fn strata(&self) -> usize {
        self.strata.len()
    }

    /// The mean AUROC where the case of unit `u` occurs `multiplicity[u]` times, by the cases that strata then have; a stratum that
    /// a resample leaves without positives or negatives is not in it. None where all are.
    pub fn auroc(&self, multiplicity: &[u32]) -> Option<f64> {
        let size =
            |cases: &RankedCases| -> u64 { cases.cases().iter().map(|case| u64::from(multiplicity[case.unit])).sum() };
        let of_stratum = |cases: &RankedCases| (size(cases) as f64, cases.auroc(multiplicity));
        weighted_mean_of_defined(self.strata.iter().map(of_stratum))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metric::auroc;

    fn cases(cases: &[(usize, f32, bool)], stratum: usize) -> Vec<Case> {
        let of_stratum = cases.iter().enumerate().filter(|(_, (of, _, _))| *of == stratum);
        of_stratum.map(|(unit, &(_, score, positive))| Case { unit, score: score.into(), positive }).collect()
    }

    #[test]
    fn by_hand() {
        // Stratum 0 is ranked rightly in 3 of 4 pairs, stratum 1 in none of 2, stratum 2 has positives alone.
        let all = [
            (0, 0.1, false),
            (0, 0.4, false),
            (0, 0.35, true),
            (0, 0.8, true),
            (1, 0.9, false),
            (1, 0.5, true),
            (1, 0.6, true),
            (2, 0.7, true),
        ];
        let strata = StratifiedCases::new((0..4).map(|stratum| cases(&all, stratum))).unwrap();
        assert_eq!((strata.strata(), strata.left_out.as_slice()), (2, &[1][..]));
        let expected = (4.0 * 0.75 + 3.0 * 0.0) / 7.0;
        assert!((strata.auroc(&[1; 8]).unwrap() - expected).abs() < 1e-15);
        // A resample without the negative of stratum 1 is of stratum 0 alone.
        assert_eq!(strata.auroc(&[1, 1, 1, 1, 0, 2, 2, 1]), Some(0.75));
        assert_eq!(strata.auroc(&[0, 0, 1, 1, 0, 2, 2, 1]), None);
        let nan = [(0, f32::NAN, true), (0, 0.1, false)];
        assert!(StratifiedCases::new([cases(&nan, 0)]).is_none());
        assert_eq!(StratifiedCases::new([]).unwrap().auroc(&[]), None);
    }

    proptest! {
        #[test]
        fn it_is_the_weighted_mean_of_strata_and_of_one_stratum_the_plain_one(
            all in prop::collection::vec((0_usize..4, -8_i8..8, any::<bool>()), 2..60),
        ) {
            let all: Vec<(usize, f32, bool)> =
                all.into_iter().map(|(stratum, score, positive)| (stratum, f32::from(score) / 3.0, positive)).collect();
            let plain = |of: &[(usize, f32, bool)]| {
                let (scores, positive): (Vec<f32>, Vec<bool>) = of.iter().map(|&(_, score, positive)| (score, positive)).unzip();
                auroc(&scores, &positive)
            };
            let once = vec![1; all.len()];
            let one: Vec<_> = all.iter().map(|&(_, score, positive)| (0, score, positive)).collect();
            prop_assert_eq!(StratifiedCases::new([cases(&one, 0)]).unwrap().auroc(&once), plain(&all));
            let (mut sum, mut count) = (0.0, 0.0);
            for stratum in 0..4 {
                let of: Vec<_> = all.iter().copied().filter(|(other, _, _)| *other == stratum).collect();
                if let Some(value) = plain(&of) {
                    sum += value * of.len() as f64;
                    count += of.len() as f64;
                }
            }
            let found = StratifiedCases::new((0..4).map(|stratum| cases(&all, stratum))).unwrap().auroc(&once);
            prop_assert_eq!(found.is_some(), count > 0.0);
            if let Some(found) = found {
                prop_assert!((found - sum / count).abs() < 1e-12);
            }
        }
    }
}
