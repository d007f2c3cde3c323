//! Attention over tokens, as the architectures share it.

use burn::nn::Linear;
use burn::tensor::{Bool, Tensor};
use lgdea_kernel::softmax;

use crate::precision::{linear, product};

/// Multi-head attention of a sequence to itself (Vaswani et al. 2017): `x` `[texts, tokens, width]` to the heads' values side
/// by side, in the same shape. None attends to `padding` `[texts, tokens]`; `bias` `[1, heads, tokens, tokens]` is added to scores.
pub(crate) fn self_attention(
    [query, key, value]: [&Linear; 3],
    heads: usize,
    x: Tensor<3>,
    (padding, bias): (&Tensor<2, Bool>, Option<&Tensor<4>>),
) -> Tensor<3> {
    let [texts, length, width] = x.dims();
    let split =
        |layer: &Linear| linear(layer, x.clone()).reshape([texts, length, heads, width / heads]).swap_dims(1, 2);
    let unseen = unseen(padding);
    let bias = bias.map_or_else(|| unseen.clone(), |bias| bias.clone() + unseen.clone());
    attend(query, [split(query), split(key), split(value)], Some(bias)).swap_dims(1, 2).reshape([texts, length, width])
}

/// What is added to scores so that none attends to `padding` `[texts, tokens]`: `[texts, 1, 1, tokens]`. Adding is faster than
/// filling, forth and back.
pub(crate) fn unseen(padding: &Tensor<2, Bool>) -> Tensor<4> {
    let [texts, length] = padding.dims();
    padding.clone().float().reshape([texts, 1, 1, length]) * -1e9
}

/// `softmax(q kᵀ / √depth + bias) v` of queries, keys and values `[batch, heads, tokens, depth]`, its products in the precision
/// of `layer`.
pub(crate) fn attend(layer: &Linear, [q, k, v]: [Tensor<4>; 3], bias: Option<Tensor<4>>) -> Tensor<4> {
    let ([batch, heads, length, depth], queries) = (k.dims(), q.dims()[2]);
    // Heads as more of the batch: what the products read then lies in one piece, forth and back.
    let [q, k, v] = [q, k, v].map(|x| x.flatten::<3>(0, 1));
    let scores = product(layer, q, k.swap_dims(1, 2)) / (depth as f64).sqrt();
    let mut scores = scores.reshape([batch, heads, queries, length]);
    if let Some(bias) = bias {
        scores = scores + bias;
    }
    product(layer, softmax(scores).flatten::<3>(0, 1), v).reshape([batch, heads, queries, depth])
}
