//! Targets of unpaired images: the relation graph and the EMA teacher, aligned with the reports' evidence.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use crate::UnpairedTargets;
use crate::divergence::{TINY, normalise_rows, sharpen_rows};

/// Running means that the distribution alignment compares, each `[1, K]`.
#[derive(Debug, Clone)]
pub struct RunningMeans {
    /// Of the reports' evidence.
    pub prior: Tensor<2>,
    /// Of the unpaired images' targets before alignment.
    pub target: Tensor<2>,
}

/// Targets of a batch's unpaired images, and the running means after it.
///
/// `T ∝ q^(1−share) · G^share`, with `q` the EMA teacher's `Q̄_I` on clean images and `G` the graph's target, both
/// `[images, K]`; then distribution alignment `T ∝ T · clip(prior / running mean of T)`, sharpening `T ∝ T^sharpening`,
/// and confidence `c = max_k T / batch mean`.
pub fn unpaired_targets(
    teacher: Tensor<2>,
    graph: Option<Tensor<2>>,
    report_evidence: Tensor<2>,
    means: Option<RunningMeans>,
    settings: &lgdea_spec::Graph,
) -> (UnpairedTargets, RunningMeans) {
    let mixed = match graph {
        Some(graph) if settings.share > 0.0 => normalise_rows(
            teacher.clamp_min(TINY).powf_scalar(1.0 - settings.share)
                * graph.clamp_min(TINY).powf_scalar(settings.share),
        ),
        _ => teacher,
    };
    let (prior, target) = (report_evidence.mean_dim(0), mixed.clone().mean_dim(0));
    let momentum = settings.alignment_momentum;
    let means = match means {
        Some(means) => RunningMeans {
            prior: means.prior * momentum + prior * (1.0 - momentum),
            target: means.target * momentum + target * (1.0 - momentum),
        },
        None => RunningMeans { prior, target },
    };
    let [low, high] = settings.alignment_clip;
    let factor = (means.prior.clone() / means.target.clone().clamp_min(TINY)).clamp(low, high);
    let aligned = normalise_rows(mixed * factor);
    let evidence = sharpen_rows(aligned, settings.sharpening);
    let peak = evidence.clone().max_dim(1).squeeze_dim::<1>(1);
    let confidence = peak.clone() / peak.mean();
    (UnpairedTargets { evidence, confidence, phrases: None, similarity: None }, means)
}

/// Which of a batch's phrases apply to its unpaired images, from the EMA teacher's `logits` `s · S_in` on clean images,
/// `[images, phrases]`: `softmax_n`, then the distribution alignment and sharpening of [`unpaired_targets`]. A phrase's
/// prior is its share in the batch's reports, of which `membership` `[reports, phrases]` is 1 where a report has it.
pub fn phrase_targets(logits: Tensor<2>, membership: Tensor<2>, settings: &lgdea_spec::Graph) -> Tensor<2> {
    let found = softmax(logits, 1);
    let prior = normalise_rows(membership).mean_dim(0);
    let [low, high] = settings.alignment_clip;
    let factor = (prior / found.clone().mean_dim(0).clamp_min(TINY)).clamp(low, high);
    sharpen_rows(normalise_rows(found * factor), settings.sharpening)
}
