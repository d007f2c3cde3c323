//! Inner products of all queries with all candidates, block by block: the whole matrix is never there.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, s};
use rayon::prelude::*;

use crate::{EvalError, check};

/// Bytes of similarities that all threads hold together.
const BUDGET: usize = 256 << 20;
/// Queries of a block: so many that the candidates are read from memory for many at once, and that each thread has work.
const QUERIES: std::ops::RangeInclusive<usize> = 16..=256;

/// What `of_row` says of each query (its index, and its inner products with all candidates), in the order of the queries.
///
/// `queries` `[n, width]` and `candidates` `[m, width]` are of unit length where the inner product is to be the cosine. At
/// most 256 MiB of similarities (or 16 queries a thread) are held at once, and what is found does not depend on the number
/// of threads. An error if the widths differ or a value is not finite.
pub fn of_each_query<T: Send>(
    queries: ArrayView2<'_, f32>,
    candidates: ArrayView2<'_, f32>,
    of_row: impl Fn(usize, &[f32]) -> T + Sync,
) -> Result<Vec<T>, EvalError> {
    check::shape("the matrix of candidates", candidates.shape(), &[candidates.nrows(), queries.ncols()])?;
    check::finite("the matrix of queries", queries)?;
    check::finite("the matrix of candidates", candidates)?;
    let row_bytes = candidates.nrows().max(1) * size_of::<f32>();
    let height = (BUDGET / rayon::current_num_threads() / row_bytes).clamp(*QUERIES.start(), *QUERIES.end());
    // A thread keeps its room between blocks: fresh memory for each took a third of the time.
    let room = || Array2::zeros((height.min(queries.nrows()), candidates.nrows()));
    let of_block = |room: &mut Array2<f32>, first: usize| -> Vec<T> {
        let block = queries.slice(s![first..(first + height).min(queries.nrows()), ..]);
        let mut similarities = room.slice_mut(s![..block.nrows(), ..]);
        general_mat_mul(1.0, &block, &candidates.t(), 0.0, &mut similarities);
        let rows = similarities.rows().into_iter().enumerate();
        // A row of a row-major matrix is in one piece.
        rows.map(|(row, similarities)| of_row(first + row, similarities.as_slice().unwrap_or_default())).collect()
    };
    let firsts: Vec<usize> = (0..queries.nrows()).step_by(height).collect();
    Ok(firsts.into_par_iter().map_init(room, of_block).collect::<Vec<_>>().into_iter().flatten().collect())
}

/// Each row divided by its length; a row of zeros stays.
pub fn unit_rows(embeddings: ArrayView2<'_, f32>) -> Array2<f32> {
    let mut unit = embeddings.to_owned();
    for mut row in unit.rows_mut() {
        let length = row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
        if length > 0.0 {
            row.mapv_inplace(|value| (f64::from(value) / length) as f32);
        }
    }
    unit
}

/// The `depth` best of scores with a mark each, best first; of equal scores (0 and −0, too) those first whose mark is less.
/// Scores of NaN have no place.
pub(super) fn top<M: PartialOrd>(
    scores: impl IntoIterator<Item = f32>,
    mark: impl Fn(usize) -> M,
    depth: usize,
) -> Vec<(f32, M)> {
    let best_first = |a: &(f32, M), b: &(f32, M)| {
        let by_mark = || a.1.partial_cmp(&b.1).unwrap_or(std::cmp::Ordering::Equal);
        // Adding 0 makes −0 a tie of 0 in the total order, too.
        (b.0 + 0.0).total_cmp(&(a.0 + 0.0)).then_with(by_mark)
    };
    if depth == 0 {
        return Vec::new();
    }
    let mut kept: Vec<(f32, M)> = Vec::new();
    // What cannot be among the best is not kept, and the kept are thinned out when they are twice too many.
    let mut least = f32::NEG_INFINITY;
    for (candidate, score) in scores.into_iter().enumerate() {
        if score >= least {
            kept.push((score, mark(candidate)));
            if kept.len() >= depth.saturating_mul(2) {
                kept.select_nth_unstable_by(depth - 1, best_first);
                kept.truncate(depth);
                least = kept[depth - 1].0;
            }
        }
    }
    kept.sort_unstable_by(best_first);
    kept.truncate(depth);
    kept
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_come_in_order_whatever_the_number_of_threads() {
        let embeddings = Array2::from_shape_fn((600, 5), |(row, column)| ((row * 7 + column * 13) % 17) as f32 - 8.0);
        let found = || of_each_query(embeddings.view(), embeddings.view(), |query, row| (query, row.to_vec())).unwrap();
        let single = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let (many, one) = (found(), single.install(found));
        assert_eq!(many, one);
        let whole = embeddings.dot(&embeddings.t());
        for (query, (index, row)) in many.into_iter().enumerate() {
            assert_eq!(query, index);
            assert_eq!(row, whole.row(query).to_vec());
        }
    }

    #[test]
    fn widths_and_values_are_checked() {
        let (two, three) = (Array2::<f32>::zeros((4, 2)), Array2::<f32>::zeros((4, 3)));
        let error = of_each_query(two.view(), three.view(), |_, _| ()).unwrap_err();
        assert_eq!(error.to_string(), "the matrix of candidates has shape [4, 3], but [4, 2] is needed");
        let nan = array![[0.0, f32::NAN]];
        assert!(of_each_query(two.view(), nan.view(), |_, _| ()).is_err());
        assert!(of_each_query(nan.view(), two.view(), |_, _| ()).is_err());
        let none = Array2::<f32>::zeros((0, 2));
        assert_eq!(of_each_query(none.view(), two.view(), |query, _| query).unwrap(), [0; 0]);
        assert_eq!(of_each_query(two.view(), none.view(), |_, row| row.len()).unwrap(), [0; 4]);
    }

    #[test]
    fn unit_rows_have_length_1_and_zeros_stay() {
        assert_eq!(unit_rows(array![[3.0, 4.0], [0.0, 0.0]].view()), array![[0.6, 0.8], [0.0, 0.0]]);
    }

    proptest! {
        #[test]
        fn the_best_equal_a_full_sort(scores in prop::collection::vec(-3_i8..4, 0..60), depth in 0_usize..12) {
            let found = top(scores.iter().map(|&score| f32::from(score) * 0.5), |candidate| candidate % 5, depth);
            let mut all: Vec<(f32, usize)> =
                scores.iter().enumerate().map(|(candidate, &score)| (f32::from(score) * 0.5, candidate % 5)).collect();
            all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            all.truncate(depth);
            prop_assert_eq!(found, all);
        }
    }
}
