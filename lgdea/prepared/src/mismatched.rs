//! Pairs whose images have the reports of other pairs.

use lgdea_spec::Seed;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::PreparedError;

/// Gives each pair the report of another one.
///
/// # Errors
/// There is no other.
pub(crate) fn mismatch<T>(reports: &mut [T], mut pairs: Vec<usize>, seed: Seed) -> Result<(), PreparedError> {
    if pairs.len() < 2 {
        return Err(PreparedError::NoOtherPair { pairs: pairs.len() });
    }
    // Each report goes on to the next pair of a random circle.
    pairs.shuffle(&mut ChaCha8Rng::seed_from_u64(seed.0));
    for neighbours in pairs.windows(2) {
        reports.swap(neighbours[0], neighbours[1]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_has_the_report_of_another_and_what_is_no_pair_keeps_its_own() {
        for seed in 0..20 {
            let mut reports = [0, 1, 2, 3, 4, 5];
            mismatch(&mut reports, vec![0, 2, 3, 5], Seed(seed)).unwrap();
            assert_eq!((reports[1], reports[4]), (1, 4));
            assert!([0, 2, 3, 5].iter().all(|&pair| reports[pair] != pair), "{reports:?}");
            reports.sort_unstable();
            assert_eq!(reports, [0, 1, 2, 3, 4, 5], "none is lost");
        }
        assert!(mismatch(&mut [0, 1], vec![1], Seed(0)).unwrap_err().to_string().contains("there is 1 pair:"));
    }
}
