//! Alignment of the tokens of a pair (`MGCA`).

use burn::tensor::activation::log_softmax;
use burn::tensor::{Bool, Tensor};
use lgdea_kernel::l2_normalise;

use crate::Forward;
use crate::divergence::NOTHING;

/// `MGCA`'s token-wise alignment (Wang et al. 2022, equations 4 to 7), mean over pairs; `None` where nothing was attended.
///
/// A word of a report and what it gathered from the regions of its own image are positives of each other; the other
/// words of that report are negatives: `InfoNCE` of `cos / temperature` both ways. Likewise regions and what they
/// gathered from the words. The two directions count half each.
///
/// Unlike the paper, all tokens of a text count alike; it weights them by the encoder's last attention.
pub fn loss(forward: &Forward, settings: &lgdea_spec::TokenAlignment) -> Option<Tensor<1>> {
    let (tokens, attended) = (forward.texts.tokens.as_ref()?, forward.attended.as_ref()?);
    let pairs = forward.pairs;
    let words = tokens.embeddings.clone().narrow(0, 0, pairs);
    let padding = tokens.padding.clone().narrow(0, 0, pairs);
    let regions = l2_normalise(forward.patches.clone().narrow(0, 0, pairs));
    let [_, places, _] = regions.dims();
    let no_padding = Tensor::<2>::zeros([pairs, places], &regions.device()).greater_elem(0.5);
    let of_words = contrast(words, l2_normalise(attended.words.clone()), padding, settings.temperature);
    let of_regions = contrast(regions, l2_normalise(attended.regions.clone()), no_padding, settings.temperature);
    Some((of_words + of_regions) * 0.5)
}

/// Symmetric contrast of `tokens` and `gathered`, both `[pairs, tokens, D]`, within each pair; mean over the pairs' means
/// over tokens that are no padding.
fn contrast(tokens: Tensor<3>, gathered: Tensor<3>, padding: Tensor<2, Bool>, temperature: f64) -> Tensor<1> {
    let [pairs, length, _] = tokens.dims();
    let logits = tokens.matmul(gathered.swap_dims(1, 2)) / temperature;
    let columns = padding.clone().unsqueeze_dim::<3>(1).expand([pairs, length, length]);
    let own = Tensor::<2>::eye(length, &logits.device()).unsqueeze::<3>();
    let present = padding.bool_not().float();
    let one_way = |logits: Tensor<3>| {
        let likelihood = log_softmax(logits.mask_fill(columns.clone(), NOTHING), 2) * own.clone();
        let of_token = likelihood.sum_dim(2).squeeze_dim::<2>(2) * present.clone();
        (of_token.sum_dim(1) / present.clone().sum_dim(1).clamp_min(1.0)).mean().neg()
    };
    (one_way(logits.clone()) + one_way(logits.swap_dims(1, 2))) * 0.5
}
