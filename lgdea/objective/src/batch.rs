//! What the loss terms see of a batch.

use burn::tensor::Tensor;

/// One forward pass. The first `pairs` images and the first `pairs` reports belong together, in order; the rest are
/// unpaired.
#[derive(Debug, Clone)]
pub struct Forward {
    /// Number of pairs.
    pub pairs: usize,
    /// Global image embeddings `g`, unit length, `[images, D]`.
    pub images: Tensor<2>,
    /// `Q̄_I` (equation 7), `[images, K]`.
    pub image_evidence: Tensor<2>,
    /// The text side.
    pub texts: TextForward,
}

/// The text side of a forward pass.
#[derive(Debug, Clone)]
pub struct TextForward {
    /// Report embeddings `r`, unit length, `[reports, D]`.
    pub reports: Tensor<2>,
    /// Embeddings `z` of the batch's distinct evidence phrases, unit length, `[phrases, D]`.
    pub phrases: Tensor<2>,
    /// `p(k | z)` (equation 4), `[phrases, K]`.
    pub phrase_evidence: Tensor<2>,
    /// `Q̄_R` (equation 8), a constant to every term, `[reports, K]`.
    pub report_evidence: Tensor<2>,
    /// Prototypes `µ`, `[K, D]`.
    pub prototypes: Tensor<2>,
    /// Similarity scale `s`, `[1]`.
    pub scale: Tensor<1>,
}

/// What the terms are to reach.
#[derive(Debug, Clone)]
pub struct Targets {
    /// 1 where a report has a phrase, `[reports, phrases]`; no row is empty.
    pub membership: Tensor<2>,
    /// Shares over reports with the same evidence set, `[reports, reports]`; rows sum to 1.
    pub same_evidence: Tensor<2>,
    /// Targets of the unpaired images, once there are any.
    pub unpaired: Option<UnpairedTargets>,
}

/// Evidence that an unpaired image is taught.
#[derive(Debug, Clone)]
pub struct UnpairedTargets {
    /// `T`, `[unpaired images, K]`; rows sum to 1.
    pub evidence: Tensor<2>,
    /// `c`, mean 1 over the batch, `[unpaired images]`.
    pub confidence: Tensor<1>,
}

impl Forward {
    /// Cross-modal logits `s · g · r`, `[images, reports]`.
    pub fn logits(&self) -> Tensor<2> {
        self.texts.scaled(self.images.clone().matmul(self.texts.reports.clone().transpose()))
    }
}

impl TextForward {
    /// Similarities times the learned scale.
    pub fn scaled(&self, similarity: Tensor<2>) -> Tensor<2> {
        similarity * self.scale.clone().unsqueeze::<2>()
    }
}

impl Targets {
    /// `Q̄_R(k) = mean_n p(k | z_n)` (equation 8), `[reports, K]`.
    pub fn report_evidence(membership: &Tensor<2>, phrase_evidence: Tensor<2>) -> Tensor<2> {
        let phrases = membership.clone().sum_dim(1);
        membership.clone().matmul(phrase_evidence) / phrases
    }
}
