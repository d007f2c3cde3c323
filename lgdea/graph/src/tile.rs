//! Similarities of two blocks of nodes, and which of them matter.

use std::ops::Range;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, s};

/// Nodes of a block: the similarities of two blocks stay within a core's second-level cache.
pub(crate) const BLOCK: usize = 384;
/// Similarities looked at together; nearly always none of them matters.
const LANES: usize = 16;

/// Consecutive parts that fit a tile.
pub(crate) fn blocks(nodes: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    nodes.clone().step_by(BLOCK).map(move |start| start..(start + BLOCK).min(nodes.end))
}

/// Room for the similarities of two blocks; a thread keeps one between blocks.
pub(crate) struct Tile {
    similarities: Array2<f32>,
    candidates: Vec<(usize, usize, f32)>,
}

impl Tile {
    pub(crate) fn new() -> Self {
        Self { similarities: Array2::zeros((BLOCK, BLOCK)), candidates: Vec::new() }
    }

    /// Rows of `a`, rows of `b` and their inner product, wherever it exceeds the threshold of either.
    ///
    /// Neither has more than [`BLOCK`] rows, and there is one threshold a row.
    pub(crate) fn compare(
        &mut self,
        a: ArrayView2<'_, f32>,
        b: ArrayView2<'_, f32>,
        of_a: &[f32],
        of_b: &[f32],
    ) -> &[(usize, usize, f32)] {
        let mut similarities = self.similarities.slice_mut(s![..a.nrows(), ..b.nrows()]);
        general_mat_mul(1.0, &a, &b.t(), 0.0, &mut similarities);
        self.candidates.clear();
        for (row, (similarities, &threshold)) in similarities.outer_iter().zip(of_a).enumerate() {
            // Rows of a row-major matrix are in one piece.
            if let Some(similarities) = similarities.as_slice() {
                select(row, similarities, threshold, of_b, &mut self.candidates);
            }
        }
        &self.candidates
    }
}

/// Adds what exceeds the threshold of its row or of its column.
fn select(
    row: usize,
    similarities: &[f32],
    of_row: f32,
    of_columns: &[f32],
    candidates: &mut Vec<(usize, usize, f32)>,
) {
    let lanes = similarities.chunks(LANES).zip(of_columns.chunks(LANES));
    for (start, (similarities, of_columns)) in (0..).step_by(LANES).zip(lanes) {
        let exceeds = |(&similarity, &of_column): (&f32, &f32)| similarity > of_row.min(of_column);
        let pairs = || similarities.iter().zip(of_columns);
        // Without an early end, so that it is a few vector instructions.
        if pairs().fold(false, |any, pair| any | exceeds(pair)) {
            let found = pairs().enumerate().filter(|&(_, pair)| exceeds(pair));
            candidates.extend(found.map(|(lane, (&similarity, _))| (row, start + lane, similarity)));
        }
    }
}
