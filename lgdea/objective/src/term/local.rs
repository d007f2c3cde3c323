//! Local contrast of words and image regions (`GLoRIA`).

use burn::tensor::Tensor;
use burn::tensor::activation::{log_softmax, softmax};
use lgdea_kernel::l2_normalise;

use crate::divergence::{NOTHING, info_nce};
use crate::{Forward, Tokens};

/// `GLoRIA`'s local loss on the batch's first pairs (Huang et al. 2021, equations 2 to 6); `None` without tokens or with a
/// single pair. [`word_region_fit`] divided by `τ3` enters a symmetric `InfoNCE`.
///
/// Unlike the published code, words are word pieces (they are not merged into words first), and attention is normalised
/// over regions alone.
pub fn loss(forward: &Forward, settings: &lgdea_spec::Local) -> Option<Tensor<1>> {
    let pairs = settings.pairs.min(forward.pairs);
    let tokens = forward.texts.tokens.as_ref().filter(|_| pairs > 1)?;
    let patches = forward.patches.clone().narrow(0, 0, pairs);
    let words = Tokens {
        embeddings: tokens.embeddings.clone().narrow(0, 0, pairs),
        padding: tokens.padding.clone().narrow(0, 0, pairs),
    };
    Some(info_nce(word_region_fit(patches, words, settings) / settings.temperature))
}

/// How well the words of texts fit the regions of images, `[images, texts]`.
///
/// A word `t` of text `j` attends to the regions `p` of image `i`, `a = softmax_p(⟨h_p, w_t⟩ / τ1)`, and gathers
/// `c_t = Σ_p a_p h_p`; the two fit as `Z_ij = τ2 log Σ_t exp(cos(c_t, w_t) / τ2)`. Regions and words have unit length.
///
/// - `patches`: `W h_p`, `[images, patches, D]`, of any length.
pub fn word_region_fit(patches: Tensor<3>, words: Tokens, settings: &lgdea_spec::Local) -> Tensor<2> {
    let regions = l2_normalise(patches);
    let [images, places, dim] = regions.dims();
    let [texts, length, _] = words.embeddings.dims();

    // Every word of every text is a row; every image a batch of its own.
    let rows = words.embeddings.reshape([1, texts * length, dim]);
    let similarity = rows.clone().expand([images, texts * length, dim]).matmul(regions.clone().swap_dims(1, 2));
    let attention = softmax(similarity / settings.attention_temperature, 2);
    debug_assert_eq!(attention.dims(), [images, texts * length, places]);
    let gathered = l2_normalise(attention.matmul(regions));
    let fit = (gathered * rows).sum_dim(2).reshape([images, texts, length]) / settings.aggregation_temperature;
    let fit = fit.mask_fill(words.padding.unsqueeze::<3>().expand([images, texts, length]), NOTHING);
    log_sum_exp(fit) * settings.aggregation_temperature
}

/// `log Σ exp` along the last dimension, `[a, b, c]` to `[a, b]`.
fn log_sum_exp(x: Tensor<3>) -> Tensor<2> {
    // x_0 − log_softmax(x)_0 is the sum's logarithm, and stable.
    let first = |x: Tensor<3>| x.narrow(2, 0, 1).squeeze_dim::<2>(2);
    first(x.clone()) - first(log_softmax(x, 2))
}
