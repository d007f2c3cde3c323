//! What the loss terms see of a batch.

use burn::tensor::{Bool, Tensor};

/// One forward pass. The first `pairs` images and the first `pairs` reports belong together, in order; the rest are
/// unpaired.
#[derive(Debug, Clone)]
pub struct Forward {
    /// Number of pairs.
    pub pairs: usize,
    /// Global image embeddings `g`, unit length, `[images, D]`.
    pub images: Tensor<2>,
    /// Projected patches `W h_p`, `[images, patches, D]`.
    pub patches: Tensor<3>,
    /// `Q̄_I` (equation 7), `[images, K]`.
    pub image_evidence: Tensor<2>,
    /// What the pairs' words and regions gather from each other, where a term needs it.
    pub attended: Option<CrossAttended>,
    /// Clusters of studies, `[clusters, D]`, where a term needs them.
    pub clusters: Option<Tensor<2>>,
    /// Logits of the labels' classes, `[images, classes]`, where a term needs them.
    pub classes: Option<Tensor<2>>,
    /// The text side.
    pub texts: TextForward,
}

/// The text side of a forward pass.
#[derive(Debug, Clone)]
pub struct TextForward {
    /// Report embeddings `r`, unit length, `[reports, D]`.
    pub reports: Tensor<2>,
    /// The reports' tokens, where a term needs them.
    pub tokens: Option<Tokens>,
    /// Embeddings of reports that were matched to unpaired images, `[matches, D]`, where a term needs them.
    pub matched: Option<Tensor<2>>,
    /// The reports' evidence phrases, where a term needs them.
    pub phrases: Option<PhraseForward>,
    /// Prototypes `µ`, `[K, D]`.
    pub prototypes: Tensor<2>,
    /// Similarity scale `s`, `[1]`.
    pub scale: Tensor<1>,
}

/// The evidence phrases of a batch's reports, each of them once.
#[derive(Debug, Clone)]
pub struct PhraseForward {
    /// Embeddings `z`, unit length, `[phrases, D]`.
    pub embeddings: Tensor<2>,
    /// `p(k | z)` (equation 4), `[phrases, K]`.
    pub evidence: Tensor<2>,
    /// `Q̄_R` (equation 8), a constant to every term, `[reports, K]`.
    pub of_reports: Tensor<2>,
}

/// What the tokens of each pair gather from its other modality.
#[derive(Debug, Clone)]
pub struct CrossAttended {
    /// What each word gathers from the regions of its image, `[pairs, tokens, D]`.
    pub words: Tensor<3>,
    /// What each region gathers from the words of its report, `[pairs, patches, D]`.
    pub regions: Tensor<3>,
}

/// Projected tokens of the reports.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Unit length, `[reports, tokens, D]`.
    pub embeddings: Tensor<3>,
    /// Whether a place is padding, `[reports, tokens]`.
    pub padding: Tensor<2, Bool>,
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
    /// Unpaired images, counted from 0, that have a matched report, in the order of [`TextForward::matched`].
    pub matched: Vec<usize>,
    /// The data's labels, where a term needs them.
    pub labels: Option<Labels>,
}

/// Labels of a batch's images.
#[derive(Debug, Clone)]
pub struct Labels {
    /// 1 where an image bears a label, `[images, classes]`.
    pub present: Tensor<2>,
    /// 1 where an image's label of a class is known, `[images, classes]`.
    pub known: Tensor<2>,
}

/// Evidence that an unpaired image is taught.
#[derive(Debug, Clone)]
pub struct UnpairedTargets {
    /// `T`, `[unpaired images, K]`; rows sum to 1.
    pub evidence: Tensor<2>,
    /// `c`, mean 1 over the batch, `[unpaired images]`.
    pub confidence: Tensor<1>,
    /// Which of the batch's phrases apply, where a term needs it.
    pub phrases: Option<PhraseTargets>,
    /// `g · r` of the teacher, `[unpaired images, unpaired reports]`, where a term needs it and both are there.
    pub similarity: Option<Tensor<2>>,
}

/// Which of a batch's phrases apply to its unpaired images.
#[derive(Debug, Clone)]
pub struct PhraseTargets {
    /// Shares over the phrases, `[unpaired images, phrases]`; rows sum to 1, or to 0 where none is known to apply.
    pub shares: Tensor<2>,
    /// 1 where it is known whether a phrase applies, `[unpaired images, phrases]`.
    pub known: Tensor<2>,
}

impl PhraseTargets {
    /// Of images of which everything is known.
    pub fn all_known(shares: Tensor<2>) -> Self {
        Self { known: Tensor::ones_like(&shares), shares }
    }
}

impl UnpairedTargets {
    /// These targets with the rows of `own` where `rows` `[unpaired images]` is 1, and as they are where it is 0.
    #[must_use]
    pub fn replaced(self, own: UnpairedTargets, rows: Tensor<1>) -> Self {
        let columns = rows.clone().unsqueeze_dim::<2>(1);
        let mix = |own: Tensor<2>, these: Tensor<2>| own * columns.clone() + these * (columns.clone().neg() + 1.0);
        Self {
            evidence: mix(own.evidence, self.evidence),
            confidence: own.confidence * rows.clone() + self.confidence * (rows.neg() + 1.0),
            phrases: own.phrases.zip(self.phrases).map(|(own, these)| PhraseTargets {
                shares: mix(own.shares, these.shares),
                known: mix(own.known, these.known),
            }),
            similarity: self.similarity,
        }
    }
}

impl Forward {
    /// Embeddings of the pairs' images, `[pairs, D]`.
    pub fn paired_images(&self) -> Tensor<2> {
        self.images.clone().narrow(0, 0, self.pairs)
    }

    /// Embeddings of the unpaired images, `[unpaired images, D]`; none where there are none.
    pub fn unpaired_images(&self) -> Option<Tensor<2>> {
        let count = self.images.dims()[0].checked_sub(self.pairs).filter(|&count| count > 0)?;
        Some(self.images.clone().narrow(0, self.pairs, count))
    }

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
