//! What the backward passes share.

use burn::backend::Backend;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::Ops;
use burn::backend::tensor::FloatTensor;

/// Hands the gradients that follow from an operation's own on to its three inputs; burn has the same for one and for two.
pub(crate) fn ternary<B: Backend, S>(
    ops: Ops<S, 3>,
    grads: &mut Gradients,
    gradients: impl FnOnce(S, FloatTensor<B>) -> [FloatTensor<B>; 3],
) {
    let grad = grads.consume::<B>(&ops.node);
    for (parent, grad) in ops.parents.into_iter().zip(gradients(ops.state, grad)) {
        if let Some(parent) = parent {
            grads.register::<B>(parent.id, grad);
        }
    }
}

/// `1 / √(variance + ε)`.
pub(crate) fn inverse_deviation<B: Backend>(variance: FloatTensor<B>, epsilon: f64) -> FloatTensor<B> {
    B::float_recip(B::float_sqrt(B::float_add_scalar(variance, epsilon.into())))
}
