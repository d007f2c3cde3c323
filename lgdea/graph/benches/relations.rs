//! The relation graph, piece by piece, at the size of a small corpus: `cargo bench -p lgdea-graph --bench relations`.
//! `--example graph_scale` measures it at any size.
#![allow(missing_docs)]

use criterion::Criterion;
use lgdea_graph::{affinity, approximate_neighbours, nearest_neighbours, propagate};
use lgdea_spec::{Graph, ImageView};
use ndarray::{Array2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// Images, and as many reports.
const NODES: usize = 2000;
/// Of them pairs.
const PAIRS: usize = 100;
/// Width of an embedding.
const WIDTH: usize = 64;
/// Width of a report's evidence.
const PROTOTYPES: usize = 16;
/// `[graph]` of `defaults.toml`.
const SETTINGS: Graph = Graph {
    share: 0.5,
    neighbours: 10,
    image_view: ImageView::Model,
    exact_up_to: 200_000,
    affinity_temperature: 0.1,
    alpha: 0.8,
    iterations: 4,
    start: 100,
    refresh: 75,
    alignment_clip: [0.2, 5.0],
    alignment_momentum: 0.9,
    sharpening: 1.5,
    oracle: false,
    labels: false,
};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let images = unit_rows(WIDTH, &mut rng);
    // Squares of unit rows sum to 1, as evidence does; their roots are what reports are compared by.
    let roots = unit_rows(PROTOTYPES, &mut rng).mapv_into(f32::abs);
    let evidence = roots.mapv(|root| root * root);

    let Graph { neighbours, affinity_temperature, .. } = SETTINGS;
    criterion
        .bench_function("exact neighbours", |bencher| bencher.iter(|| nearest_neighbours(images.view(), neighbours)));
    criterion.bench_function("approximate neighbours", |bencher| {
        bencher.iter(|| approximate_neighbours(images.view(), neighbours));
    });
    let w_i = affinity(images.view(), neighbours, affinity_temperature);
    let w_r = affinity(roots.view(), neighbours, affinity_temperature);
    criterion.bench_function("propagation", |bencher| {
        bencher.iter(|| propagate(&w_i, &w_r, evidence.view(), PAIRS, &SETTINGS));
    });
    criterion.final_summary();
}

/// Normal directions, `[NODES, width]`.
fn unit_rows(width: usize, rng: &mut ChaCha8Rng) -> Array2<f32> {
    let mut rows = Array2::from_shape_simple_fn((NODES, width), || rng.sample::<f32, _>(StandardNormal));
    for mut row in rows.axis_iter_mut(Axis(0)) {
        let norm = row.dot(&row).sqrt();
        row.mapv_inplace(|x| x / norm);
    }
    rows
}
