//! Ranking metrics of image–report retrieval.
//!
//! `similarity[q, c]` is the score of candidate `c` for query `q`, the query's own candidate on the diagonal; the view
//! is transposed for the other direction. Tied candidates are ranked against the query, wrong ones first, so that
//! collapsed embeddings score nothing instead of everything.
//!
//! Candidates are the whole evaluated split, never a batch (recall depends on their number), and reports of equal text
//! are not merged: a query whose report occurs twice can miss at K = 1 through no fault of its own. [`super::ranking`] takes
//! embeddings instead of the matrix, for any number of candidates, and equal reports as equally good.

use ndarray::{ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

use super::similarity::top;

/// Rank of each query's own candidate, from 1: the number of candidates that score at least as high.
pub fn ranks(similarity: ArrayView2<'_, f32>) -> Vec<usize> {
    let rank = |query: usize| {
        let own = similarity[[query, query]];
        similarity.row(query).iter().filter(|&&score| score >= own).count()
    };
    (0..similarity.nrows()).into_par_iter().map(rank).collect()
}

/// Per query 1 if its own candidate is among the first `k`, else 0; the mean is R@K (as in CXR-CLIP).
pub fn recall_at(ranks: &[usize], k: usize) -> Vec<f64> {
    ranks.iter().map(|&rank| if rank <= k { 1.0 } else { 0.0 }).collect()
}

/// Of each candidate the mean of its `nearest` greatest similarities to a bank of studies that nobody looks for; `bank` is `[studies of
/// the bank, candidates]`. What is near to everything is a hub, which many queries find: CSLS (Conneau et al. 2018, `r_S`) takes this
/// mean off. 0 with an empty bank.
pub fn hubness(bank: ArrayView2<'_, f32>, nearest: usize) -> Vec<f32> {
    let count = nearest.min(bank.nrows());
    let of_candidate = |column: ArrayView1<'_, f32>| {
        if count == 0 {
            return 0.0;
        }
        let mut similarities = column.to_vec();
        let (greatest, least, _) = similarities.select_nth_unstable_by(count - 1, |one, other| other.total_cmp(one));
        let sum: f64 = greatest.iter().chain([&*least]).map(|&similarity| f64::from(similarity)).sum();
        (sum / count as f64) as f32
    };
    let columns: Vec<_> = bank.axis_iter(Axis(1)).collect();
    columns.into_par_iter().map(of_candidate).collect()
}

/// Per query which of its first `depth` candidates are relevant, best first; `relevant(query, candidate)`.
pub fn relevance_of_top(
    similarity: ArrayView2<'_, f32>,
    relevant: impl Fn(usize, usize) -> bool + Sync,
    depth: usize,
) -> Vec<Vec<bool>> {
    let rows: Vec<_> = similarity.axis_iter(Axis(0)).enumerate().collect();
    let of_query = |(query, row): (usize, ArrayView1<'_, f32>)| {
        let best = top(row.iter().copied(), |candidate| relevant(query, candidate), depth);
        best.into_iter().map(|(_, relevant)| relevant).collect()
    };
    rows.into_par_iter().map(of_query).collect()
}

/// Per query the share of its first `k` candidates that are relevant; the mean is P@K (`ConVIRT`; with equal label sets
/// as relevance, `BenchX`). The query's own candidate counts as any other.
pub fn precision_at(relevance: &[Vec<bool>], k: usize) -> Vec<f64> {
    let share = |top: &Vec<bool>| top.iter().take(k).filter(|&&relevant| relevant).count() as f64 / k as f64;
    relevance.iter().map(share).collect()
}

/// Per query the reciprocal of the rank of its first relevant candidate; the mean is the MRR.
pub fn reciprocal_rank(ranks: &[usize]) -> Vec<f64> {
    ranks.iter().map(|&rank| 1.0 / rank as f64).collect()
}

/// Per query `(rank − 1) / (candidates − 1)`, the share of the wrong candidates that are not behind the own one (Müller et al.,
/// Pattern Recognition Letters 22:593, 2001): 0 at best and 0.5 by chance, whatever the number of candidates. None where the own
/// candidate is the only one.
pub fn normalised_rank(ranks: &[usize]) -> Option<Vec<f64>> {
    let wrong = ranks.len().checked_sub(1).filter(|&wrong| wrong > 0)? as f64;
    Some(ranks.iter().map(|&rank| rank.saturating_sub(1) as f64 / wrong).collect())
}

/// Mean rank, 1 at best: few lost queries rule it, read it beside the median. None without a query.
pub fn mean_rank(ranks: &[usize]) -> Option<f64> {
    (!ranks.is_empty()).then(|| ranks.iter().map(|&rank| rank as f64).sum::<f64>() / ranks.len() as f64)
}

/// Median rank, the mean of the middle two for an even number. None without a query.
pub fn median_rank(ranks: &[usize]) -> Option<f64> {
    let mut sorted = ranks.to_vec();
    sorted.sort_unstable();
    let (low, high) = (sorted.len().checked_sub(1)? / 2, sorted.len() / 2);
    Some(f64::midpoint(sorted[low] as f64, sorted[high] as f64))
}

/// Discounted cumulative gain `Σ g_i / log₂(i + 1)` of gains in the order of the ranking; [`super::ranking`] normalises it.
pub fn discounted_gain(gains: &[f64]) -> f64 {
    gains.iter().enumerate().map(|(index, gain)| gain / ((index + 2) as f64).log2()).sum()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hand_computed_ranks() {
        let similarity = array![[0.9, 0.1, 0.2], [0.8, 0.5, 0.6], [0.3, 0.1, 0.2]];
        assert_eq!(ranks(similarity.view()), [1, 3, 2]);
        // The third column is 0.2, 0.6, 0.2: the tie counts against the query.
        assert_eq!(ranks(similarity.t()), [1, 1, 3]);
        assert_eq!(recall_at(&[1, 3, 2], 2), [1.0, 0.0, 1.0]);
    }

    #[test]
    fn a_hub_is_near_to_many() {
        let bank = array![[0.9, 0.1], [0.3, 0.1], [0.6, -0.5]];
        let of = |nearest| hubness(bank.view(), nearest);
        assert_eq!(of(1), [0.9, 0.1]);
        assert_eq!(of(2), [0.75, 0.1]);
        assert_eq!(of(9), of(3), "there are no more");
        assert_eq!(hubness(Array2::zeros((0, 2)).view(), 3), [0.0, 0.0]);
    }

    #[test]
    fn summaries_of_ranks() {
        assert_eq!(reciprocal_rank(&[1, 4]), [1.0, 0.25]);
        assert_eq!((mean_rank(&[1, 4, 10]), median_rank(&[10, 1, 4])), (Some(5.0), Some(4.0)));
        assert_eq!((mean_rank(&[]), median_rank(&[]), median_rank(&[2, 1])), (None, None, Some(1.5)));
        assert_eq!(normalised_rank(&[1, 3, 2, 5, 4]), Some(vec![0.0, 0.5, 0.25, 1.0, 0.75]));
        assert_eq!((normalised_rank(&[1]), normalised_rank(&[])), (None, None));
        assert!(
            (discounted_gain(&[3.0, 2.0, 0.0, 1.0]) - (3.0 + 2.0 / 3.0_f64.log2() + 1.0 / 5.0_f64.log2())).abs()
                < 1e-12
        );
    }

    #[test]
    fn collapsed_embeddings_retrieve_nothing() {
        let similarity = Array2::from_elem((4, 4), 0.5_f32);
        assert_eq!(ranks(similarity.view()), [4; 4]);
        let relevance = relevance_of_top(similarity.view(), |q, c| q == c, 3);
        assert_eq!(precision_at(&relevance, 3), [0.0; 4]);
    }

    #[test]
    fn precision_counts_relevant_candidates_of_the_top() {
        // Classes a a b; the ranking of query 0 is 2, 0, 1.
        let similarity = array![[0.5, 0.1, 0.9], [0.4, 0.6, 0.5], [0.1, 0.2, 0.3]];
        let class = [0, 0, 1];
        let relevance = relevance_of_top(similarity.view(), |q, c| class[q] == class[c], 2);
        assert_eq!(relevance, [[false, true], [true, false], [true, false]]);
        assert_eq!(precision_at(&relevance, 1), [0.0, 1.0, 1.0]);
        assert_eq!(precision_at(&relevance, 2), [0.5, 0.5, 0.5]);
    }

    proptest! {
        #[test]
        fn top_relevance_equals_a_full_sort(
            values in prop::collection::vec(0_u8..6, 49),
            classes in prop::collection::vec(0_u8..3, 7),
            depth in 0_usize..9,
        ) {
            let scores = Array2::from_shape_vec((7, 7), values).unwrap().mapv(f32::from);
            let found = relevance_of_top(scores.view(), |q, c| classes[q] == classes[c], depth);
            for (query, top) in found.iter().enumerate() {
                let mut all: Vec<(i32, bool)> = (0..7)
                    .map(|c| (-(scores[[query, c]] as i32), classes[query] == classes[c]))
                    .collect();
                all.sort_unstable();
                let expected: Vec<bool> = all.into_iter().take(depth).map(|(_, relevant)| relevant).collect();
                prop_assert_eq!(top, &expected);
            }
        }
    }
}
