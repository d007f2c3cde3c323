//! What training takes from its own model on the way: the relation graph's targets, matched reports, and the prototypes' start.

use burn::module::Param;
use burn::tensor::Device;
use lgdea_graph::{GraphTargets, propagate};
use lgdea_inspect::{BuiltGraph, arrays, build_graph, inference};
use lgdea_model::Lgdea;
use lgdea_objective::kmeans;
use lgdea_prepared::Prepared;
use lgdea_spec::Seed;
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

/// Rows compared with all others at a time, so that memory does not grow with the square of a pool.
const BLOCK: usize = 1024;

/// Evidence that reaches each unpaired image through the graph; rows follow the pool of unpaired images.
pub(crate) fn graph_targets(
    model: &Lgdea,
    prepared: &Prepared,
    settings: &lgdea_spec::Graph,
    device: &Device,
) -> GraphTargets {
    let images: Vec<usize> = prepared.pools.images_of_graph().collect();
    let BuiltGraph { image_affinity, report_affinity, report_evidence, .. } =
        build_graph(model, prepared, &images, settings, device);
    let pairs = prepared.pools.paired.len();
    let mut targets = propagate(&image_affinity, &report_affinity, report_evidence.view(), pairs, settings);
    let unpaired: Vec<usize> = (pairs..image_affinity.rows()).collect();
    targets.evidence = targets.evidence.select(Axis(0), &unpaired);
    targets.mass = targets.mass.select(Axis(0), &unpaired);
    targets
}

/// Matches each unpaired image with the unpaired report that is most similar to it, `g · r`, and keeps a share of the
/// matches: mutual nearest neighbours first, then the most similar. Returns, per unpaired image, the report's study.
pub(crate) fn match_reports(
    model: &Lgdea,
    prepared: &Prepared,
    settings: &lgdea_spec::loss::PseudoPair,
    device: &Device,
) -> Vec<Option<usize>> {
    let pools = &prepared.pools;
    let images = inference::images(model, prepared, &pools.images, device).global;
    let read = pools.reports.iter().filter_map(|&study| Some((study, prepared.report(study)?.tokens.as_slice())));
    let (studies, tokens): (Vec<usize>, Vec<&[i32]>) = read.unzip();
    if studies.is_empty() {
        return vec![None; pools.images.len()];
    }
    let reports = inference::texts(model, &tokens, device);
    let of_image = nearest(&images, &reports);
    let of_report = nearest(&reports, &images);
    let rank = |image: usize| {
        let (report, similarity) = of_image[image];
        (of_report[report].0 == image, similarity)
    };
    let mut order: Vec<usize> = (0..of_image.len()).collect();
    order.sort_by(|&a, &b| {
        let ((mutual_a, a), (mutual_b, b)) = (rank(a), rank(b));
        mutual_b.cmp(&mutual_a).then(b.total_cmp(&a))
    });
    let mut matches = vec![None; of_image.len()];
    let kept = (settings.share * of_image.len() as f64).ceil() as usize;
    for &image in order.iter().take(kept) {
        matches[image] = Some(studies[of_image[image].0]);
    }
    matches
}

/// Per row of `queries`, the most similar row of `keys` and how similar it is.
fn nearest(queries: &Array2<f32>, keys: &Array2<f32>) -> Vec<(usize, f32)> {
    let chunks: Vec<_> = queries.axis_chunks_iter(Axis(0), BLOCK).collect();
    let greatest =
        |chunk: ArrayView2<'_, f32>| chunk.dot(&keys.t()).rows().into_iter().map(arrays::greatest).collect::<Vec<_>>();
    chunks.into_par_iter().flat_map_iter(greatest).collect()
}

/// Moves the prototypes to the centres of k-means on the phrases' embeddings, each phrase counted as often as reports
/// have it. Returns the model and the clustering's inertia. `model` is in training mode.
pub(crate) fn start_prototypes(
    mut model: Lgdea,
    valid: &Lgdea,
    prepared: &Prepared,
    seed: Seed,
    device: &Device,
) -> (Lgdea, f64) {
    let embeddings = inference::texts(valid, &prepared.phrases, device);
    let mut uses = vec![0.0; embeddings.nrows()];
    for report in prepared.pools.reports().filter_map(|study| prepared.report(study)) {
        for &phrase in &report.phrases {
            uses[phrase] += 1.0;
        }
    }
    let prototypes = model.prototypes.mu.val().dims()[0];
    let clusters = kmeans(embeddings.view(), &uses, prototypes, seed.stream("k-means").0);
    let (id, learned) = (model.prototypes.mu.id, model.prototypes.mu.is_require_grad());
    let centres = arrays::tensor(&clusters.centres, &model.prototypes.mu.device());
    model.prototypes.mu = Param::initialized(id, centres.set_require_grad(learned));
    (model, clusters.inertia)
}
