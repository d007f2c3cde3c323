//! The heat maps of phrases on images: one rule for the evaluation, its gallery, and single images.

use lgdea_eval::task::grounding::MapName;
use lgdea_model::{ImageFeatures, Lgdea};
use ndarray::{Array1, Array2, Array3, ArrayView1, ArrayView2, Axis};

use crate::arrays::cube;

/// Keeps logarithms of probabilities finite.
const TINY: f32 = 1e-6;

/// The single heat maps `[patches, patches]` that a method has of a phrase on an image.
pub type HeatMaps = Vec<(MapName, Array2<f32>)>;

/// What the heat maps of a chunk of images are made from.
pub(crate) struct PatchMaps {
    /// `W h_p`, `[images, patches, D]`.
    projected: Array3<f32>,
    /// Where the method teaches images evidence.
    pub(crate) evidence: Option<PatchEvidence>,
}

/// Evidence of single patches and lesion queries.
pub(crate) struct PatchEvidence {
    /// `softmax_k(φ(W_v h_p) · µ_k / τ_p)`, `[images, patches, K]`.
    pub(crate) patches: Array3<f32>,
    /// `Q_I(l, k)`, `[images, L, K]`.
    pub(crate) queries: Array3<f32>,
    /// `A_lp`, `[images, L, patches]`.
    pub(crate) attention: Array3<f32>,
}

impl PatchMaps {
    pub(crate) fn new(model: &Lgdea, features: ImageFeatures, has_evidence: bool) -> Self {
        let ImageFeatures { patches, projected, .. } = features;
        let evidence = has_evidence.then(|| {
            let lesions = model.lesion_tokens(patches.clone());
            PatchEvidence {
                patches: cube(model.prototypes.of_tokens(model.lesion.patch_tokens(patches))),
                queries: cube(model.prototypes.of_tokens(lesions.tokens)),
                attention: cube(lesions.attention),
            }
        });
        Self { projected: cube(projected), evidence }
    }

    /// Maps of one image for a phrase with embedding `t` and distribution `p_c` over prototypes: `W h_p · t`;
    /// `log Σ_k p_c(k) softmax_k(φ(W_v h_p) · µ / τ_p)`; `log Σ_l w_l A_lp` with `w_l ∝ p_c · Q_I(l)`.
    pub(crate) fn of(&self, image: usize, t: ArrayView1<'_, f32>, p: ArrayView1<'_, f32>) -> HeatMaps {
        let similarity = self.projected.index_axis(Axis(0), image).dot(&t);
        let mut maps = vec![(MapName::Similarity, square(similarity))];
        if let Some(evidence) = &self.evidence {
            let log = |map: Array1<f32>| square(map.mapv(|p| (p + TINY).ln()));
            let patches = evidence.patches.index_axis(Axis(0), image).dot(&p);
            let weights = evidence.queries.index_axis(Axis(0), image).dot(&p);
            let weights = &weights / weights.sum().max(TINY);
            let attention = evidence.attention.index_axis(Axis(0), image).t().dot(&weights);
            maps.push((MapName::Evidence, log(patches)));
            maps.push((MapName::LesionAttention, log(attention)));
        }
        maps
    }

    /// Mean attention of a phrase's words `[words, D]` over the regions of one image, `softmax_p(⟨h_p, w_t⟩ / temperature)`
    /// (`GLoRIA`, equation 3). Regions are made of unit length; words are.
    pub(crate) fn word_attention(&self, image: usize, words: ArrayView2<'_, f32>, temperature: f64) -> Array2<f32> {
        let mut regions = self.projected.index_axis(Axis(0), image).to_owned();
        for mut region in regions.rows_mut() {
            let length = region.dot(&region).sqrt().max(TINY);
            region /= length;
        }
        let mut attention = words.dot(&regions.t()) / temperature as f32;
        for mut row in attention.rows_mut() {
            let greatest = row.fold(f32::NEG_INFINITY, |greatest, &value| greatest.max(value));
            row.mapv_inplace(|value| (value - greatest).exp());
            let sum = row.sum();
            row /= sum;
        }
        square(attention.sum_axis(Axis(0)) / attention.nrows().max(1) as f32)
    }
}

/// A row-major square of patches.
pub(crate) fn square(patches: Array1<f32>) -> Array2<f32> {
    let side = patches.len().isqrt();
    let mut map = Array2::zeros((side, side));
    map.iter_mut().zip(patches).for_each(|(place, value)| *place = value);
    map
}
