//! Affinities within one modality: nearest neighbours by cosine.

use ndarray::ArrayView2;

use crate::{Csr, Neighbours, approximate_neighbours, nearest_neighbours};

/// `W`: each row's `neighbours` nearest rows by cosine, weight `exp((sim − max) / temperature)`, symmetrised and
/// row-normalised. `embeddings` are rows of unit length, `[nodes, width]`; a row is no neighbour of itself.
///
/// # Panics
///
/// If there are 2³² − 1 nodes or more.
pub fn affinity(embeddings: ArrayView2<'_, f32>, neighbours: usize, temperature: f64) -> Csr {
    weigh(&nearest_neighbours(embeddings, neighbours), temperature)
}

/// [`affinity`] as the settings ask for it: the neighbours of more than `exact-up-to` nodes are approximate.
///
/// # Panics
///
/// If there are 2³² − 1 nodes or more.
pub fn affinity_at_scale(embeddings: ArrayView2<'_, f32>, settings: &lgdea_spec::Graph) -> Csr {
    let search = if embeddings.nrows() > settings.exact_up_to { approximate_neighbours } else { nearest_neighbours };
    weigh(&search(embeddings, settings.neighbours), settings.affinity_temperature)
}

/// Edges of the neighbours that were found.
fn weigh(neighbours: &Neighbours, temperature: f64) -> Csr {
    let rows = (0..neighbours.rows()).map(|row| {
        let best = neighbours.row(row).next().map_or(0.0, |(_, similarity)| similarity);
        let weight = move |similarity: f32| (f64::from(similarity - best) / temperature).exp() as f32;
        neighbours.row(row).map(move |(node, similarity)| (node, weight(similarity)))
    });
    Csr::from_rows(neighbours.rows(), rows).symmetrise().normalise_rows()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, s};

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
