//! Affinities within one modality: exact nearest neighbours by cosine.

use ndarray::{ArrayView1, ArrayView2, s};
use rayon::prelude::*;

use super::Csr;

/// Rows compared at a time; bounds the memory to `BLOCK` × rows similarities a thread.
const BLOCK: usize = 256;

/// `W`: each row's `neighbours` nearest rows by cosine, weight `exp((sim − max) / temperature)`, symmetrised and
/// row-normalised. `embeddings` are rows of unit length, `[nodes, width]`; a row is no neighbour of itself.
pub fn affinity(embeddings: ArrayView2<'_, f32>, neighbours: usize, temperature: f64) -> Csr {
    let nodes = embeddings.nrows();
    let neighbours = neighbours.min(nodes.saturating_sub(1));
    let blocks: Vec<usize> = (0..nodes).step_by(BLOCK).collect();
    let entries: Vec<(u32, u32, f32)> = blocks
        .into_par_iter()
        .flat_map_iter(|start| {
            let end = (start + BLOCK).min(nodes);
            let similarities = embeddings.slice(s![start..end, ..]).dot(&embeddings.t());
            (start..end)
                .flat_map(|row| {
                    let nearest = nearest(similarities.row(row - start), row, neighbours);
                    let best = nearest.iter().map(|&(_, similarity)| similarity).fold(f32::MIN, f32::max);
                    nearest.into_iter().map(move |(column, similarity)| {
                        let weight = (f64::from(similarity - best) / temperature).exp();
                        (row as u32, column as u32, weight as f32)
                    })
                })
                .collect::<Vec<_>>()
        })
        .collect();
    Csr::from_entries(nodes, nodes, entries).symmetrise().normalise_rows()
}

/// The `count` largest similarities of a row besides its own, ties in order of the column.
fn nearest(similarities: ArrayView1<'_, f32>, own: usize, count: usize) -> Vec<(usize, f32)> {
    let mut candidates: Vec<(usize, f32)> =
        similarities.iter().copied().enumerate().filter(|&(column, _)| column != own).collect();
    let order = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if count < candidates.len() {
        candidates.select_nth_unstable_by(count, order);
        candidates.truncate(count);
    }
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn neighbours_of_points_on_a_circle() {
        let at = |degrees: f32| [degrees.to_radians().cos(), degrees.to_radians().sin()];
        let points = array![at(0.0), at(10.0), at(90.0), at(95.0)];
        let w = affinity(points.view(), 1, 0.1);
        let row = |r| w.row(r).map(|(column, _)| column).collect::<Vec<_>>();
        assert_eq!((row(0), row(1), row(2), row(3)), (vec![1], vec![0], vec![3], vec![2]));
    }

    #[test]
    fn fewer_nodes_than_neighbours() {
        let points = array![[1.0, 0.0], [0.0, 1.0]];
        assert_eq!(affinity(points.view(), 10, 0.1).entries(), 2);
        assert_eq!(affinity(points.slice(s![0..1, ..]), 10, 0.1).entries(), 0);
    }
}
