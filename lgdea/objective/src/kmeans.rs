//! Weighted k-means on the sphere of phrase embeddings, where prototypes start.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Restarts; the solution of least inertia is kept.
const RESTARTS: usize = 3;
/// Lloyd iterations of one start at the most.
const ITERATIONS: usize = 100;

/// A clustering.
#[derive(Debug, Clone)]
pub struct KMeans {
    /// Cluster centres, `[k, width]`.
    pub centres: Array2<f32>,
    /// Weighted mean squared distance of points to their centres.
    pub inertia: f64,
}

/// Weighted k-means with k-means++ seeding (Arthur and Vassilvitskii 2007) of `points` `[n, width]` with `weights`
/// `[n]`. Where there are fewer distinct points than `k`, the other centres are random directions: of centres that
/// repeat, none would ever leave the others.
///
/// # Panics
///
/// If there are no points, or not one weight a point.
pub fn kmeans(points: ArrayView2<'_, f32>, weights: &[f32], k: usize, seed: u64) -> KMeans {
    assert!(points.nrows() > 0, "k-means needs points");
    assert_eq!(points.nrows(), weights.len(), "one weight a point");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut best = lloyd(points, weights, plus_plus(points, weights, k, &mut rng));
    for _ in 1..RESTARTS {
        let other = lloyd(points, weights, plus_plus(points, weights, k, &mut rng));
        if other.inertia < best.inertia {
            best = other;
        }
    }
    best
}

fn squared_distance(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

/// Each next centre is a point drawn with probability proportional to its weighted squared distance from the centres so
/// far.
fn plus_plus(points: ArrayView2<'_, f32>, weights: &[f32], k: usize, rng: &mut ChaCha8Rng) -> Array2<f32> {
    let mut centres = Array2::zeros((k, points.ncols()));
    let mut share: Vec<f64> = weights.iter().map(|&weight| f64::from(weight)).collect();
    let mut distance = vec![f64::INFINITY; points.nrows()];
    for centre in 0..k {
        let Some(chosen) = draw(&share, rng) else {
            let direction = Array1::from_shape_fn(points.ncols(), |_| rng.random_range(-1.0..1.0_f32));
            let length = direction.dot(&direction).sqrt().max(f32::MIN_POSITIVE);
            centres.row_mut(centre).assign(&(direction / length));
            continue;
        };
        centres.row_mut(centre).assign(&points.row(chosen));
        let far = distance.par_iter_mut().zip(&mut share).enumerate();
        far.for_each(|(point, (distance, share))| {
            *distance = distance.min(squared_distance(points.row(point), points.row(chosen)));
            *share = f64::from(weights[point]) * *distance;
        });
    }
    centres
}

/// An index with probability proportional to its share; none where all are 0.
fn draw(share: &[f64], rng: &mut ChaCha8Rng) -> Option<usize> {
    let mut left = rng.random::<f64>() * share.iter().sum::<f64>();
    for (index, &share) in share.iter().enumerate() {
        left -= share;
        if left < 0.0 {
            return Some(index);
        }
    }
    // Of shares that sum to more than their parts by rounding, the last.
    share.iter().rposition(|&share| share > 0.0)
}

/// The nearest centre, the first of equals, and its squared distance.
fn nearest(point: ArrayView1<'_, f32>, centres: &Array2<f32>) -> (usize, f64) {
    let distances = centres.outer_iter().map(|centre| squared_distance(point, centre));
    distances
        .enumerate()
        .fold((0, f64::INFINITY), |best, (index, distance)| if distance < best.1 { (index, distance) } else { best })
}

fn lloyd(points: ArrayView2<'_, f32>, weights: &[f32], mut centres: Array2<f32>) -> KMeans {
    let total: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
    let mut inertia = f64::INFINITY;
    for _ in 0..ITERATIONS {
        let mut sums = Array2::<f64>::zeros(centres.raw_dim());
        let mut masses = Array1::<f64>::zeros(centres.nrows());
        let mut spread = 0.0;
        // Whose centre is the nearest is found on all cores, and summed up in the order of the points: sums depend on it.
        let of_points = (0..points.nrows()).into_par_iter().map(|point| nearest(points.row(point), &centres));
        for ((point, &weight), (nearest, distance)) in
            points.outer_iter().zip(weights).zip(of_points.collect::<Vec<_>>())
        {
            let weight = f64::from(weight);
            sums.row_mut(nearest).zip_mut_with(&point, |sum, &x| *sum += weight * f64::from(x));
            masses[nearest] += weight;
            spread += weight * distance / total;
        }
        for (centre, &mass) in masses.iter().enumerate() {
            if mass > 0.0 {
                centres
                    .row_mut(centre)
                    .zip_mut_with(&sums.index_axis(Axis(0), centre), |c, &sum| *c = (sum / mass) as f32);
            }
        }
        if inertia - spread < 1e-9 {
            return KMeans { centres, inertia: spread };
        }
        inertia = spread;
    }
    KMeans { centres, inertia }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn finds_separated_clusters_and_weighs_points() {
        let points = array![[0.0, 0.0], [0.0, 1.0], [10.0, 0.0], [10.0, 1.0], [0.0, 10.0]];
        let result = kmeans(points.view(), &[1.0, 3.0, 1.0, 1.0, 1.0], 3, 1);
        let mut centres: Vec<(f32, f32)> = result.centres.outer_iter().map(|c| (c[0], c[1])).collect();
        centres.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(centres, [(0.0, 0.75), (0.0, 10.0), (10.0, 0.5)]);
    }

    #[test]
    fn more_clusters_than_points_is_exact_and_repeatable() {
        let points = array![[1.0, 0.0], [0.0, 1.0]];
        let result = kmeans(points.view(), &[1.0, 1.0], 4, 7);
        assert!(result.inertia.abs() < 1e-12);
        for (one, other) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            assert_ne!(result.centres.row(one), result.centres.row(other), "{:?}", result.centres);
        }
        assert_eq!(result.centres, kmeans(points.view(), &[1.0, 1.0], 4, 7).centres);
    }
}
