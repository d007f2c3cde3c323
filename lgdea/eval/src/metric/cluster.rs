//! How well a clustering agrees with known classes, from the table of counts `[clusters, classes]`.

use ndarray::{Array1, ArrayView1, ArrayView2, Axis};

/// Entropy `−Σ p log p` of the shares of non-negative counts, in nats; 0 where there are none.
pub fn entropy(counts: ArrayView1<'_, f64>) -> f64 {
    let total = counts.sum();
    if total <= 0.0 {
        return 0.0;
    }
    let term = |&count: &f64| if count > 0.0 { -(count / total) * (count / total).ln() } else { 0.0 };
    counts.iter().map(term).sum()
}

/// [`entropy`] over its greatest value, the logarithm of the number of shares: 0 where one has everything, 1 where all
/// have alike. 0 for a single share.
pub fn normalised_entropy(counts: ArrayView1<'_, f64>) -> f64 {
    if counts.len() < 2 { 0.0 } else { entropy(counts) / (counts.len() as f64).ln() }
}

/// Share of the most frequent class in a cluster; `None` where the cluster is empty.
pub fn cluster_purity(counts: ArrayView1<'_, f64>) -> Option<f64> {
    let total = counts.sum();
    (total > 0.0).then(|| counts.iter().copied().fold(0.0, f64::max) / total)
}

/// Share of all that belongs to the most frequent class of its cluster (Manning, Raghavan and Schütze 2008, 16.3): the mean
/// of [`cluster_purity`], weighted by size. It is at least the share of the most frequent class, and grows with the number
/// of clusters: read it beside [`mutual_information`]. `None` of an empty table.
pub fn purity(table: ArrayView2<'_, f64>) -> Option<f64> {
    let total = table.sum();
    let most = |row: ArrayView1<'_, f64>| row.iter().copied().fold(0.0, f64::max);
    (total > 0.0).then(|| table.rows().into_iter().map(most).sum::<f64>() / total)
}

/// Normalised mutual information `2 I(U; V) / (H(U) + H(V))` of clusters and classes (arithmetic mean, as in
/// scikit-learn): 0 where they are independent, 1 where they determine each other. `None` where there is only one cluster
/// and one class, or nothing.
pub fn mutual_information(table: ArrayView2<'_, f64>) -> Option<f64> {
    let total = table.sum();
    let (clusters, classes): (Array1<f64>, Array1<f64>) = (table.sum_axis(Axis(1)), table.sum_axis(Axis(0)));
    let entropies = entropy(clusters.view()) + entropy(classes.view());
    if total <= 0.0 || entropies <= 0.0 {
        return None;
    }
    let term = |((cluster, class), &count): ((usize, usize), &f64)| {
        if count > 0.0 { count / total * (count * total / (clusters[cluster] * classes[class])).ln() } else { 0.0 }
    };
    let information: f64 = table.indexed_iter().map(term).sum();
    Some((2.0 * information / entropies).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hand_computed_agreement() {
        // Manning et al., figure 16.4: purity 12/17 and NMI 0.36; its further digits from Python's math.log.
        let table = array![[5.0, 1.0, 0.0], [1.0, 4.0, 1.0], [2.0, 0.0, 3.0]];
        assert!((purity(table.view()).unwrap() - 12.0 / 17.0).abs() < 1e-12);
        assert!((mutual_information(table.view()).unwrap() - 0.364_561_771_857_19).abs() < 1e-12);
        assert!((cluster_purity(table.row(2)).unwrap() - 0.6).abs() < 1e-12);
        assert!((entropy(array![2.0, 2.0].view()) - 2.0_f64.ln()).abs() < 1e-12);
        assert!((normalised_entropy(array![3.0, 3.0, 3.0].view()) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn perfect_independent_and_empty() {
        let table = array![[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]];
        assert!((purity(table.view()).unwrap() - 1.0).abs() < 1e-12);
        assert!((mutual_information(table.view()).unwrap() - 1.0).abs() < 1e-12);
        assert!(mutual_information(array![[2.0, 4.0], [1.0, 2.0]].view()).unwrap() < 1e-12);
        assert_eq!(cluster_purity(table.row(2)), None);
        let empty = Array2::zeros((0, 0));
        assert_eq!((purity(empty.view()), mutual_information(empty.view())), (None, None));
        assert_eq!(mutual_information(array![[5.0]].view()), None);
        assert_eq!((entropy(array![0.0].view()), normalised_entropy(array![9.0].view())), (0.0, 0.0));
    }

    proptest! {
        #[test]
        fn agreement_is_a_share_and_ignores_the_order_of_clusters(counts in prop::collection::vec(0_u32..9, 12)) {
            let table = Array2::from_shape_vec((4, 3), counts.into_iter().map(f64::from).collect()).unwrap();
            let turned = table.select(Axis(0), &[2, 0, 3, 1]);
            for measure in [purity, mutual_information] {
                let value = measure(table.view());
                prop_assert!(value.is_none_or(|value| (0.0..=1.0).contains(&value)));
                prop_assert!(value.zip(measure(turned.view())).is_none_or(|(a, b)| (a - b).abs() < 1e-9));
            }
        }
    }
}
