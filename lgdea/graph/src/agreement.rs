//! How near distributions over prototypes are to those of the reports that belong to the images.

use ndarray::{Array2, ArrayView1, ArrayView2, Zip};

/// Bhattacharyya coefficient `Σ √(p q)` of two distributions: 1 where they are equal, 0 where they do not overlap.
pub fn bhattacharyya(p: ArrayView1<'_, f32>, q: ArrayView1<'_, f32>) -> f64 {
    Zip::from(p).and(q).fold(0.0, |sum, &p, &q| sum + f64::from(p * q).sqrt())
}

/// `T ∝ q^(1−share) · G^share`, row by row: what unpaired images are taught before it is aligned and sharpened.
///
/// # Panics
///
/// If the shapes differ.
pub fn mix(own: ArrayView2<'_, f32>, graph: ArrayView2<'_, f32>, share: f64) -> Array2<f32> {
    const TINY: f32 = 1e-8;
    let share = share as f32;
    let mut mixed = Zip::from(own)
        .and(graph)
        .map_collect(|&own, &graph| own.max(TINY).powf(1.0 - share) * graph.max(TINY).powf(share));
    for mut row in mixed.outer_iter_mut() {
        let sum = row.sum();
        row /= sum;
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn coefficients_and_mixtures_by_hand() {
        let (p, q) = (array![[0.5_f32, 0.5], [1.0, 0.0]], array![[0.5_f32, 0.5], [0.36, 0.64]]);
        assert!((bhattacharyya(p.row(0), q.row(0)) - 1.0).abs() < 1e-6);
        assert!((bhattacharyya(p.row(1), q.row(1)) - 0.6).abs() < 1e-6);
        let mixed = mix(array![[0.5_f32, 0.5]].view(), array![[0.8_f32, 0.2]].view(), 0.5);
        assert!((mixed[[0, 0]] - 2.0 / 3.0).abs() < 1e-6, "√(.5 · .8) : √(.5 · .2) is 2 : 1");
        assert!((mix(p.view(), q.view(), 1.0) - &q).iter().all(|gap| gap.abs() < 1e-6));
    }
}
