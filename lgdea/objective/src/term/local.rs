//! Local contrast of words and image regions (`GLoRIA`).

use burn::tensor::Tensor;
use burn::tensor::activation::{log_softmax, softmax};
use lgdea_model::l2_normalise;

use crate::Forward;
use crate::divergence::{NOTHING, info_nce};

/// `GLoRIA`'s local loss on the batch's first pairs (Huang et al. 2021, equations 2 to 6); `None` without tokens or with a
/// single pair.
///
/// A word `t` of report `j` attends to the regions `p` of image `i`, `a = softmax_p(⟨h_p, w_t⟩ / τ1)`, and gathers
/// `c_t = Σ_p a_p h_p`; the two fit as `Z_ij = τ2 log Σ_t exp(cos(c_t, w_t) / τ2)`, and `Z / τ3` enters a symmetric
/// `InfoNCE`. Regions and words have unit length.
///
/// Unlike the published code, words are word pieces (they are not merged into words first), and attention is normalised
/// over regions alone.
pub fn loss(forward: &Forward, settings: &lgdea_spec::Local) -> Option<Tensor<1>> {
    let pairs = settings.pairs.min(forward.pairs);
    let tokens = forward.texts.tokens.as_ref().filter(|_| pairs > 1)?;
    let regions = l2_normalise(forward.patches.clone().narrow(0, 0, pairs));
    let words = tokens.embeddings.clone().narrow(0, 0, pairs);
    let padding = tokens.padding.clone().narrow(0, 0, pairs);
    let [_, places, dim] = regions.dims();
    let [_, length, _] = words.dims();

    // Every word of every report is a row; every image a batch of its own.
    let rows = words.reshape([1, pairs * length, dim]);
    let similarity = rows.clone().expand([pairs, pairs * length, dim]).matmul(regions.clone().swap_dims(1, 2));
    let attention = softmax(similarity / settings.attention_temperature, 2);
    debug_assert_eq!(attention.dims(), [pairs, pairs * length, places]);
    let gathered = l2_normalise(attention.matmul(regions));
    let fit = (gathered * rows).sum_dim(2).reshape([pairs, pairs, length]) / settings.aggregation_temperature;
    let fit = fit.mask_fill(padding.unsqueeze::<3>().expand([pairs, pairs, length]), NOTHING);
    let score = log_sum_exp(fit) * settings.aggregation_temperature;
    Some(info_nce(score / settings.temperature))
}

/// `log Σ exp` along the last dimension, `[a, b, c]` to `[a, b]`.
fn log_sum_exp(x: Tensor<3>) -> Tensor<2> {
    // x_0 − log_softmax(x)_0 is the sum's logarithm, and stable.
    let first = |x: Tensor<3>| x.narrow(2, 0, 1).squeeze_dim::<2>(2);
    first(x.clone()) - first(log_softmax(x, 2))
}
