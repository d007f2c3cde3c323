//! Approximate nearest neighbours: an inverted file over cells of similar rows.
//!
//! Why no crate: an affinity must be the same whenever it is built, on any number of threads. The indices that there are
//! (`hnsw_rs`, `instant-distance`, `usearch`) promise that only where a single thread fills them, and then they lose to
//! the exact search, which uses all cores. For 20,000 rows of 64 and 16 neighbours they take 22, 19 and 2.2 seconds of
//! processor time (the last is C++), at a recall of 1.00; the exact search takes 0.6, and 42 for 200,000 rows. `arroy` is
//! a data base on disk. An inverted file is the same blocked product over fewer blocks: 15 seconds for 200,000 rows, 160
//! for a million (`examples/graph_scale.rs` measures both).

use std::ops::Range;

use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::Neighbours;
use crate::cells::Cells;
use crate::tile::{Tile, blocks};

/// Cells that a row is compared with: its own and those around it. On synthetic reports' evidence, the harder of the two
/// kinds of embeddings, 32 give a recall of 0.93 at 200,000 rows, 64 one of 0.98.
const PROBED: usize = 64;

/// Each row's `count` most similar other rows among those of its own cell and of the cells around it, of which there
/// are √nodes: about `128 · nodes^1.5 · width` operations. `embeddings` are `[nodes, width]`, of unit length.
///
/// # Panics
///
/// If there are 2³² − 1 nodes or more.
pub fn approximate_neighbours(embeddings: ArrayView2<'_, f32>, count: usize) -> Neighbours {
    let nodes = embeddings.nrows();
    let places = Neighbours::places(nodes, count);
    if places == 0 {
        return Neighbours::none(nodes, 0);
    }
    let search = Search::new(embeddings, places);
    let queries: Vec<(usize, Range<usize>)> = (0..search.cells.places.len())
        .flat_map(|cell| blocks(search.cells.places[cell].clone()).map(move |block| (cell, block)))
        .collect();
    let probed: Vec<Vec<usize>> =
        (0..search.cells.places.len()).into_par_iter().map(|cell| search.cells.around(cell, PROBED)).collect();
    let found: Vec<Neighbours> = queries
        .par_iter()
        .map_init(Tile::new, |tile, (cell, block)| search.neighbours(block.clone(), &probed[*cell], tile))
        .collect();
    let mut neighbours = Neighbours::none(nodes, places);
    for ((_, block), found) in queries.into_iter().zip(found) {
        for (row, &own) in search.cells.order[block].iter().enumerate() {
            for (other, similarity) in found.row(row) {
                neighbours.offer(own, other, similarity);
                // Whom it found may not have found it.
                neighbours.offer(other as usize, own as u32, similarity);
            }
        }
    }
    neighbours
}

struct Search {
    cells: Cells,
    /// Rows in order of their cell.
    sorted: Array2<f32>,
    count: usize,
}

impl Search {
    fn new(embeddings: ArrayView2<'_, f32>, count: usize) -> Self {
        let cells = Cells::new(embeddings, embeddings.nrows().isqrt());
        let sorted = embeddings.select(Axis(0), &cells.order);
        Self { cells, sorted, count }
    }

    /// Neighbours of a block of a cell's rows among the rows of the cells that are probed.
    fn neighbours(&self, own: Range<usize>, probed: &[usize], tile: &mut Tile) -> Neighbours {
        let mut found = Neighbours::none(own.len(), self.count);
        let a = self.sorted.slice(s![own.clone(), ..]);
        for block in probed.iter().flat_map(|&cell| blocks(self.cells.places[cell].clone())) {
            let (nodes, queries) = (&self.cells.order[block.clone()], &self.cells.order[own.clone()]);
            let of_queries = found.thresholds(nodes[0] as u32);
            let of_nodes = vec![f32::INFINITY; nodes.len()];
            let b = self.sorted.slice(s![block, ..]);
            for &(query, node, similarity) in tile.compare(a, b, &of_queries, &of_nodes) {
                if queries[query] != nodes[node] {
                    found.offer(query, nodes[node] as u32, similarity);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nearest_neighbours;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::StandardNormal;

    /// Unit rows around 40 centres, many of them equal.
    fn clustered(rows: usize, seed: u64) -> Array2<f32> {
        const WIDTH: usize = 12;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = |rows| Array2::from_shape_simple_fn((rows, WIDTH), || rng.sample::<f32, _>(StandardNormal));
        let (centres, mut points) = (normal(40), normal(rows));
        for (row, mut point) in points.outer_iter_mut().enumerate() {
            point *= if row % 5 == 0 { 0.0 } else { 0.5 };
            point += &centres.row(row % 40);
            let norm = point.dot(&point).sqrt();
            point /= norm;
        }
        points
    }

    #[test]
    fn is_exact_where_every_cell_is_probed() {
        let points = clustered(PROBED * PROBED, 1);
        assert_eq!(approximate_neighbours(points.view(), 7), nearest_neighbours(points.view(), 7));
    }

    #[test]
    fn finds_nearly_all_neighbours_where_few_cells_are_probed() {
        let points = clustered(20_000, 2);
        let (found, exact) = (approximate_neighbours(points.view(), 10), nearest_neighbours(points.view(), 10));
        let mut missed = 0;
        for row in 0..found.rows() {
            assert_eq!(found.row(row).count(), 10);
            // A neighbour that is as similar as the last true one is as good.
            let last = exact.row(row).last().unwrap().1;
            missed += found.row(row).filter(|&(_, similarity)| similarity < last).count();
        }
        assert!(missed < 20_000 * 10 / 20, "{missed} missed");
        assert!(missed > 0, "a test of nothing: every cell was probed");
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let points = clustered(3000, 3);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| approximate_neighbours(points.view(), 5))
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn few_and_equal_rows() {
        let points = Array2::from_elem((500, 3), 0.577_350_26);
        let found = approximate_neighbours(points.view(), 2);
        assert_eq!(found.row(499).map(|(node, _)| node).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(approximate_neighbours(points.slice(s![..1, ..]), 2).row(0).count(), 0);
        assert_eq!(approximate_neighbours(points.slice(s![..0, ..]), 2).rows(), 0);
    }
}
