//! Which part of the labelled cases a probe may see.

use std::collections::BTreeMap;

use lgdea_spec::Seed;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A share of the cases (0.01, 0.1, 1), drawn by seed and stratified: of each stratum (a class, or a set of labels) about its
/// share, in all `share · cases`, rounded, at least one. The cases come in ascending order. None where `share` is not in
/// (0, 1].
///
/// Draws of one seed are nested: what 1 % holds, 10 % holds too, so a curve over shares adds cases and exchanges none. A
/// stratum that is too small for its share may be missing, and is there as often as its size says over seeds.
pub fn subset(strata: &[usize], share: f64, seed: Seed) -> Option<Vec<usize>> {
    if !(share > 0.0 && share <= 1.0) {
        return None;
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed.0);
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (case, &stratum) in strata.iter().enumerate() {
        members.entry(stratum).or_default().push(case);
    }
    // The shuffled cases of a stratum are spread evenly over [0, 1), from a random start; the first of all are taken.
    let mut spread: Vec<(f64, usize)> = Vec::with_capacity(strata.len());
    for cases in members.values_mut() {
        cases.shuffle(&mut random);
        let (start, size) = (random.random::<f64>(), cases.len() as f64);
        spread.extend(cases.iter().enumerate().map(|(place, &case)| ((place as f64 + start) / size, case)));
    }
    spread.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let count = ((share * strata.len() as f64).round() as usize).clamp(1.min(strata.len()), strata.len());
    let mut drawn: Vec<usize> = spread[..count].iter().map(|&(_, case)| case).collect();
    drawn.sort_unstable();
    Some(drawn)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_that_are_none_and_no_cases() {
        for share in [0.0, -0.1, 1.1, f64::NAN] {
            assert_eq!(subset(&[0, 1], share, Seed(1)), None);
        }
        assert_eq!(subset(&[], 0.5, Seed(1)), Some(vec![]));
        assert_eq!(subset(&[0, 0, 1], 1e-9, Seed(1)).unwrap().len(), 1);
        assert_eq!(subset(&[0, usize::MAX], 1.0, Seed(1)), Some(vec![0, 1]));
    }

    #[test]
    fn a_rare_stratum_is_drawn_as_often_as_its_size_says() {
        // One of 100 cases, 10 % drawn: in about 10 % of 1,000 seeds, 100 ± 9.5.
        let strata: Vec<usize> = (0..100).map(|case| usize::from(case == 57)).collect();
        let drawn = (0..1000).filter(|&seed| subset(&strata, 0.1, Seed(seed)).unwrap().contains(&57)).count();
        assert!((65..135).contains(&drawn), "{drawn} of 1000");
    }

    proptest! {
        #[test]
        fn draws_are_stratified_nested_and_repeat(
            strata in prop::collection::vec(0_usize..4, 40..200),
            seed in 0_u64..100,
        ) {
            let draw = |share| subset(&strata, share, Seed(seed)).unwrap();
            let (small, large) = (draw(0.1), draw(0.4));
            prop_assert_eq!(&small, &draw(0.1));
            prop_assert_eq!(small.len(), (0.1 * strata.len() as f64).round() as usize);
            prop_assert!(small.iter().all(|case| large.contains(case)));
            prop_assert_eq!(draw(1.0), (0..strata.len()).collect::<Vec<_>>());
            for stratum in 0..4 {
                let size = strata.iter().filter(|&&other| other == stratum).count() as f64;
                let drawn = large.iter().filter(|&&case| strata[case] == stratum).count() as f64;
                prop_assert!((drawn - 0.4 * size).abs() <= 3.5, "{drawn} of {size}");
            }
        }
    }
}
