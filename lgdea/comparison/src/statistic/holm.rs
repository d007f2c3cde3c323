//! Holm's correction (Holm 1979): the chance of one false finding in the whole family stays below alpha, whatever the tests have
//! to do with each other.

/// Adjusted p of each test, in the order given: what alpha is compared with instead of p.
pub fn adjusted(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut greatest: f64 = 0.0;
    for (rank, &test) in order.iter().enumerate() {
        greatest = greatest.max((p.len() - rank) as f64 * p[test]).min(1.0);
        adjusted[test] = greatest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn correction_only_raises_and_keeps_the_order(p in prop::collection::vec(0.0..=1.0_f64, 0..20)) {
            let adjusted = adjusted(&p);
            for (one, corrected) in p.iter().zip(&adjusted) {
                prop_assert!(corrected >= one && *corrected <= 1.0);
                for (other, also) in p.iter().zip(&adjusted) {
                    prop_assert!(one > other || corrected <= also);
                }
            }
        }
    }
}
