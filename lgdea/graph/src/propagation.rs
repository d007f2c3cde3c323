//! Propagation of seed edges over the affinities of both modalities.

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};

use crate::Csr;

/// Evidence that reaches images through the graph.
#[derive(Debug, Clone)]
pub struct GraphTargets {
    /// `G`, `[images, K]`; rows sum to 1. Images that no seed edge reaches have the reports' prior.
    pub evidence: Array2<f32>,
    /// Edge mass that reached each image, `[images]`.
    pub mass: Array1<f32>,
}

/// `Y ← α W_I Y W_Rᵀ + (1 − α) S`, iterated from `Y = S`; then `G = rownorm(Y) · Q̄_R`, rescaled to the report prior by
/// one factor per prototype, clipped.
///
/// The first `pairs` images and reports are the seed edges, in order. `Y` is never formed: what is wanted is `Y · Q̄_R`
/// and the row sums `Y · 1`, and both follow by Horner's rule from `X ← α W_I X + (1 − α) S (W_Rᵀ)^j [Q̄_R, 1]`, so memory
/// stays linear in edges and nodes.
///
/// # Panics
///
/// If the matrices' sizes do not fit, or there are more pairs than images or reports.
pub fn propagate(
    image_affinity: &Csr,
    report_affinity: &Csr,
    report_evidence: ArrayView2<'_, f32>,
    pairs: usize,
    settings: &lgdea_spec::Graph,
) -> GraphTargets {
    let seeds: Vec<usize> = (0..pairs).collect();
    propagate_seeds(image_affinity, report_affinity, report_evidence, &seeds, settings)
}

/// [`propagate`] from some of the pairs alone: `seeds` are positions, in ascending order, of an image and its report at
/// once.
///
/// # Panics
///
/// If the matrices' sizes do not fit, or a seed is outside.
pub fn propagate_seeds(
    image_affinity: &Csr,
    report_affinity: &Csr,
    report_evidence: ArrayView2<'_, f32>,
    seeds: &[usize],
    settings: &lgdea_spec::Graph,
) -> GraphTargets {
    let images = image_affinity.rows();
    let prototypes = report_evidence.ncols();
    let alpha = settings.alpha as f32;
    // Reports' evidence and a column of ones, carried 0, 1, … hops along W_Rᵀ; only the seed edges' rows enter.
    let across = report_affinity.transpose();
    let ones = Array2::ones((report_evidence.nrows(), 1));
    let mut carried = concatenate![Axis(1), report_evidence, ones];
    let mut hops = Vec::with_capacity(settings.iterations + 1);
    for hop in 0..=settings.iterations {
        hops.push(carried.select(Axis(0), seeds));
        if hop < settings.iterations {
            carried = across.dot(carried.view());
        }
    }
    let mut reached = Array2::<f32>::zeros((images, prototypes + 1));
    for (hop, at_seeds) in hops.iter().enumerate().rev() {
        let last = hop == settings.iterations;
        if !last {
            reached = image_affinity.dot(reached.view()) * alpha;
        }
        let share = if last { 1.0 } else { 1.0 - alpha };
        for (&seed, row) in seeds.iter().zip(at_seeds.outer_iter()) {
            reached.row_mut(seed).scaled_add(share, &row);
        }
    }
    let mass = reached.column(prototypes).to_owned();
    let mut evidence = reached.slice(s![.., 0..prototypes]).to_owned();
    let prior = report_evidence.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(prototypes));
    for (mut row, &mass) in evidence.axis_iter_mut(Axis(0)).zip(&mass) {
        if mass > f32::EPSILON { row /= mass } else { row.assign(&prior) }
    }
    rescale(&mut evidence, &prior, settings.alignment_clip);
    GraphTargets { evidence, mass }
}

/// Multiplies each column by `clip(prior / column mean)` and renormalises the rows.
fn rescale(evidence: &mut Array2<f32>, prior: &Array1<f32>, [low, high]: [f64; 2]) {
    let Some(mean) = evidence.mean_axis(Axis(0)) else { return };
    let factor: Array1<f32> =
        prior.iter().zip(&mean).map(|(prior, mean)| (prior / mean.max(1e-8)).clamp(low as f32, high as f32)).collect();
    for mut row in evidence.axis_iter_mut(Axis(0)) {
        row *= &factor;
        let sum = row.sum().max(1e-8);
        row /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affinity;
    use lgdea_spec::ImageView;
    use ndarray::array;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn settings(alpha: f64, iterations: usize) -> lgdea_spec::Graph {
        lgdea_spec::Graph {
            share: 0.5,
            neighbours: 3,
            image_view: ImageView::Model,
            exact_up_to: 1000,
            affinity_temperature: 0.1,
            alpha,
            iterations,
            start: 0,
            refresh: 1,
            alignment_clip: [1.0, 1.0],
            alignment_momentum: 0.9,
            sharpening: 1.0,
            oracle: false,
            labels: false,
        }
    }

    fn unit_rows(rows: usize, width: usize, rng: &mut ChaCha8Rng) -> Array2<f32> {
        let mut x = Array2::from_shape_simple_fn((rows, width), || rng.random::<f32>() - 0.5);
        for mut row in x.axis_iter_mut(Axis(0)) {
            let norm = row.dot(&row).sqrt();
            row /= norm;
        }
        x
    }

    /// The definition, with `Y` formed.
    fn dense(w_i: &Csr, w_r: &Csr, q: &Array2<f32>, pairs: usize, settings: &lgdea_spec::Graph) -> Array2<f32> {
        let w_i = w_i.dot(Array2::eye(w_i.rows()).view());
        let w_r = w_r.dot(Array2::eye(w_r.rows()).view());
        let alpha = settings.alpha as f32;
        let seeds =
            Array2::from_shape_fn((w_i.nrows(), w_r.nrows()), |(i, j)| f32::from(u8::from(i == j && i < pairs)));
        let mut y = seeds.clone();
        for _ in 0..settings.iterations {
            y = w_i.dot(&y).dot(&w_r.t()) * alpha + &seeds * (1.0 - alpha);
        }
        let mass = y.sum_axis(Axis(1)).insert_axis(Axis(1));
        y.dot(q) / mass
    }

    #[test]
    fn horner_equals_the_definition() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let settings = settings(0.8, 4);
        let images = unit_rows(12, 4, &mut rng);
        let reports = unit_rows(15, 4, &mut rng);
        let w_i = affinity(images.view(), 3, 0.1);
        let w_r = affinity(reports.view(), 3, 0.1);
        let q = reports.mapv(f32::abs);
        let q = &q / &q.sum_axis(Axis(1)).insert_axis(Axis(1));
        let targets = propagate(&w_i, &w_r, q.view(), 6, &settings);
        let expected = dense(&w_i, &w_r, &q, 6, &settings);
        for (row, (found, expected)) in targets.evidence.outer_iter().zip(expected.outer_iter()).enumerate() {
            if targets.mass[row] > 1e-6 {
                let gap = (&found - &expected).mapv(f32::abs).sum();
                assert!(gap < 1e-4, "row {row}: {found} is not {expected}");
            }
        }
    }

    #[test]
    fn an_image_beside_a_pair_takes_its_evidence_and_a_lonely_one_the_prior() {
        // Images 0 and 1 are neighbours, 2 and 3 are; only image 0 is paired, with report 0.
        let images = array![[1.0, 0.0], [0.99, 0.141], [0.0, 1.0], [0.141, 0.99]];
        let w_i = affinity(images.view(), 1, 0.1);
        let w_r = affinity(array![[1.0, 0.0], [0.0, 1.0]].view(), 1, 0.1);
        let q = array![[0.9, 0.1], [0.2, 0.8]];
        // One iteration: the edge moves to image 1 and report 1.
        let targets = propagate(&w_i, &w_r, q.view(), 1, &settings(0.5, 1));
        assert!((targets.evidence[[0, 0]] - 0.9).abs() < 1e-5);
        assert!((targets.evidence[[1, 0]] - 0.2).abs() < 1e-5);
        assert!((targets.evidence[[2, 0]] - 0.55).abs() < 1e-5, "the prior");
        assert!(targets.mass[3].abs() < 1e-9);
    }
}
