//! `L_evi_glo_u`: unpaired images as a whole find the evidence phrases that their teacher, or their labels, find in them.
//!
//! `phrase_contrast` of `g_i · z_n`, the unpaired images against the phrases of the batch. With labels this is the semantic
//! matching of `MedCLIP` (Wang et al., EMNLP 2022) with evidence phrases in the place of sentences, and with targets that are shares
//! of what the labels name; there they are a softmax of the cosines of label vectors.

use burn::tensor::Tensor;
use lgdea_spec::loss::EvidenceGlobalUnpaired;

use super::evidence_local_unpaired::phrase_contrast;
use super::{Pass, Term};

impl Term for EvidenceGlobalUnpaired {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let (forward, targets) = (pass.forward, pass.targets.unpaired.as_ref()?);
        let images = forward.images.clone().narrow(0, forward.pairs, targets.confidence.dims()[0]);
        let similarity = images.matmul(forward.texts.phrases.as_ref()?.embeddings.clone().transpose());
        phrase_contrast(forward.texts.scaled(similarity), targets)
    }
}
