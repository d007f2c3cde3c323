//! Which reports an image is related to, hop by hop.

use ndarray::{Array2, ArrayView1, Axis};

use crate::Csr;

/// Images whose relations are formed at a time; bounds the memory to `BLOCK` × (images + hops × reports).
const BLOCK: usize = 64;

/// Share of each hop in what [`crate::propagate`] ends with, `[iterations + 1]`: unrolling
/// `Y ← α W_I Y W_Rᵀ + (1 − α) S` from `Y = S` gives `Y = Σ_h share_h W_I^h S (W_R^h)ᵀ`.
pub fn hop_shares(alpha: f64, iterations: usize) -> Vec<f32> {
    let power = |hop: usize| alpha.powf(hop as f64);
    let share = |hop: usize| if hop == iterations { power(hop) } else { (1.0 - alpha) * power(hop) };
    (0..=iterations).map(|hop| share(hop) as f32).collect()
}

/// Calls `use_image` with each of `images` and, for every hop `h` from 0 to `hops`, its row of `W_I^h S (W_R^h)ᵀ`
/// `[reports]`.
///
/// `seeds` are the pairs whose seed edge stands: positions that are image and report at once. `Y` is never formed whole.
///
/// # Panics
///
/// If a seed or an image is outside of the matrices.
pub fn each_relation(
    image_affinity: &Csr,
    report_affinity: &Csr,
    seeds: &[usize],
    hops: usize,
    images: &[usize],
    mut use_image: impl FnMut(usize, &[ArrayView1<'_, f32>]),
) {
    let back = image_affinity.transpose();
    for block in images.chunks(BLOCK) {
        // Rows of W_I^h as columns, then their seeds' values carried over the reports.
        let mut carried = Array2::zeros((image_affinity.rows(), block.len()));
        for (column, &image) in block.iter().enumerate() {
            carried[[image, column]] = 1.0;
        }
        let mut of_hop = Vec::with_capacity(hops + 1);
        for hop in 0..=hops {
            if hop > 0 {
                carried = back.dot(carried.view());
            }
            let mut mass = Array2::zeros((report_affinity.rows(), block.len()));
            for &seed in seeds {
                mass.row_mut(seed).assign(&carried.row(seed));
            }
            for _ in 0..hop {
                mass = report_affinity.dot(mass.view());
            }
            of_hop.push(mass);
        }
        for (column, &image) in block.iter().enumerate() {
            let rows: Vec<ArrayView1<'_, f32>> = of_hop.iter().map(|mass| mass.index_axis(Axis(1), column)).collect();
            use_image(image, &rows);
        }
    }
}

/// Positions of the `count` greatest masses above 0, the greatest first, ties in order of position.
pub fn strongest(mass: ArrayView1<'_, f32>, count: usize) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..mass.len()).filter(|&position| mass[position] > 0.0).collect();
    let order = |a: &usize, b: &usize| mass[*b].total_cmp(&mass[*a]).then(a.cmp(b));
    if count < positions.len() {
        positions.select_nth_unstable_by(count, order);
        positions.truncate(count);
    }
    positions.sort_unstable_by(order);
    positions
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    /// A chain: image 0 is paired with report 0; images 0–1–2 and reports 0–1–2 are neighbours in a row.
    fn chain() -> Csr {
        Csr::from_rows(3, [vec![(1, 1.0)], vec![(0, 0.5), (2, 0.5)], vec![(1, 1.0)]])
    }

    #[test]
    fn relations_of_a_chain_by_hand() {
        let mut found = Vec::new();
        each_relation(&chain(), &chain(), &[0], 2, &[0, 1, 2], |image, hops| {
            found.push((image, hops.iter().map(|row| row.to_vec()).collect::<Vec<_>>()));
        });
        // W is the chain; its square is [[.5, 0, .5], [0, 1, 0], [.5, 0, .5]].
        let none = vec![0.0; 3];
        assert_eq!(found[0], (0, vec![vec![1.0, 0.0, 0.0], none.clone(), vec![0.25, 0.0, 0.25]]));
        assert_eq!(found[1], (1, vec![none.clone(), vec![0.0, 0.25, 0.0], none.clone()]));
        assert_eq!(found[2], (2, vec![none.clone(), none, vec![0.25, 0.0, 0.25]]));
    }

    #[test]
    fn hops_add_up_to_the_propagation() {
        let (alpha, iterations) = (0.7, 3);
        let dense = chain().dot(Array2::eye(3).view());
        let seeds = array![[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]];
        let mut y: Array2<f32> = seeds.clone();
        for _ in 0..iterations {
            y = dense.dot(&y).dot(&dense.t()) * alpha as f32 + &seeds * (1.0 - alpha as f32);
        }
        let shares = hop_shares(alpha, iterations);
        each_relation(&chain(), &chain(), &[0], iterations, &[0, 1, 2], |image, hops| {
            let mut sum = Array1::<f32>::zeros(3);
            for (row, &share) in hops.iter().zip(&shares) {
                sum.scaled_add(share, row);
            }
            assert!((&sum - &y.row(image)).iter().all(|gap| gap.abs() < 1e-6), "{sum} is not {}", y.row(image));
        });
    }

    #[test]
    fn the_strongest_come_first_and_nothing_is_none() {
        assert_eq!(strongest(array![0.1, 0.0, 0.3, 0.1, 0.2].view(), 3), [2, 4, 0]);
        assert_eq!(strongest(array![0.0, 0.5].view(), 3), [1]);
    }
}
