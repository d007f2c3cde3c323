//! Exact nearest neighbours by blocked matrix products.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ndarray::{ArrayView2, CowArray, Ix2, s};
use rayon::prelude::*;

use crate::Neighbours;
use crate::tile::{Tile, blocks};

/// Each row's `count` most similar other rows by inner product, ties in order of the row; all of them where there are
/// fewer. `embeddings` are `[nodes, width]`, of unit length where the inner product is to be the cosine.
///
/// Each two blocks are multiplied once and serve the rows of both: `nodes² · width` operations. Besides the result
/// there is one tile of similarities a thread.
///
/// # Panics
///
/// If there are 2³² − 1 nodes or more.
pub fn nearest_neighbours(embeddings: ArrayView2<'_, f32>, count: usize) -> Neighbours {
    let nodes = embeddings.nrows();
    let places = Neighbours::places(nodes, count);
    if places == 0 {
        return Neighbours::none(nodes, 0);
    }
    let search = Search::new(embeddings, places);
    let blocks = search.blocks.len();
    // Handed out in order: a list then sees its candidates nearly in order, too, where a tie fails the comparison with
    // the threshold. What the lists end with does not depend on the order.
    let tiles = (0..blocks).flat_map(|left| (left..blocks).map(move |right| (left, right)));
    tiles.par_bridge().for_each_init(Tile::new, |tile, (left, right)| search.compare(left, right, tile));
    let lists = search.lists.into_iter().map(|list| list.into_inner().unwrap_or_else(PoisonError::into_inner));
    Neighbours::join(places, lists)
}

struct Search<'a> {
    embeddings: CowArray<'a, f32, Ix2>,
    blocks: Vec<Range<usize>>,
    /// The neighbours of each block's nodes so far.
    lists: Vec<Mutex<Neighbours>>,
}

impl<'a> Search<'a> {
    fn new(embeddings: ArrayView2<'a, f32>, places: usize) -> Self {
        let blocks: Vec<Range<usize>> = blocks(0..embeddings.nrows()).collect();
        let lists = blocks.iter().map(|block| Mutex::new(Neighbours::none(block.len(), places))).collect();
        // Rows in one piece each, for the matrix product.
        let embeddings = if embeddings.is_standard_layout() { embeddings.into() } else { embeddings.to_owned().into() };
        Self { embeddings, blocks, lists }
    }

    fn list(&self, block: usize) -> MutexGuard<'_, Neighbours> {
        // A list is whole between any two offers, whatever stopped another thread.
        self.lists[block].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compares two blocks; `left` is not after `right`.
    fn compare(&self, left: usize, right: usize, tile: &mut Tile) {
        let (above, beside) = (&self.blocks[left], &self.blocks[right]);
        let of_rows = self.list(left).thresholds(beside.start as u32);
        // A block compared with itself has each two nodes twice; its rows are enough.
        let of_columns = if left == right {
            vec![f32::INFINITY; beside.len()]
        } else {
            self.list(right).thresholds(above.start as u32)
        };
        let a = self.embeddings.slice(s![above.clone(), ..]);
        let b = self.embeddings.slice(s![beside.clone(), ..]);
        let candidates = tile.compare(a, b, &of_rows, &of_columns);
        let mut list = self.list(left);
        for &(row, column, similarity) in candidates {
            if left != right || row != column {
                list.offer(row, (beside.start + column) as u32, similarity);
            }
        }
        drop(list);
        if left != right {
            let mut list = self.list(right);
            for &(row, column, similarity) in candidates {
                list.offer(column, (above.start + row) as u32, similarity);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tile::BLOCK;
    use ndarray::Array2;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// The definition: every other row, sorted.
    fn sorted(embeddings: ArrayView2<'_, f32>, count: usize) -> Vec<Vec<(u32, f32)>> {
        let similarities = embeddings.dot(&embeddings.t());
        let rows = similarities.outer_iter().enumerate();
        rows.map(|(own, row)| {
            let mut others: Vec<(u32, f32)> =
                row.iter().enumerate().filter(|&(node, _)| node != own).map(|(node, &s)| (node as u32, s)).collect();
            others.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            others.truncate(count);
            others
        })
        .collect()
    }

    fn assert_exact(embeddings: ArrayView2<'_, f32>, count: usize) {
        let found = nearest_neighbours(embeddings, count);
        assert_eq!(found.rows(), embeddings.nrows());
        for (row, expected) in sorted(embeddings, count).into_iter().enumerate() {
            assert_eq!(found.row(row).collect::<Vec<_>>(), expected, "row {row}");
        }
    }

    #[test]
    fn equals_sorting_every_similarity_across_blocks() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        // Two full blocks and one of a few rows; a row-major and a column-major matrix.
        let embeddings = Array2::from_shape_simple_fn((2 * BLOCK + 5, 7), || rng.random::<f32>() - 0.5);
        assert_exact(embeddings.view(), 6);
        assert_exact(embeddings.t().to_owned().t(), 6);
    }

    #[test]
    fn equal_rows_tie_and_the_first_ones_win() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        // Signs only: similarities are whole numbers, most rows have many equals.
        let embeddings = Array2::from_shape_simple_fn((2 * BLOCK + 5, 4), || if rng.random() { 1.0 } else { -1.0 });
        assert_exact(embeddings.view(), 10);
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let embeddings = Array2::from_shape_simple_fn((4 * BLOCK, 16), || rng.random::<f32>() - 0.5);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| nearest_neighbours(embeddings.view(), 9))
        };
        assert_eq!(with(1), with(4));
    }

    #[test]
    fn fewer_nodes_than_neighbours() {
        let embeddings = ndarray::array![[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]];
        assert_exact(embeddings.view(), 10);
        assert_eq!(nearest_neighbours(embeddings.slice(s![..1, ..]), 3).row(0).count(), 0);
        assert_eq!(nearest_neighbours(embeddings.slice(s![..0, ..]), 3).rows(), 0);
    }
}
