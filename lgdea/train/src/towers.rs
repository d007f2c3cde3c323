//! The two towers over a batch while training: in one piece, or in parts whose activations are never in memory together.
//!
//! In parts it is `GradCache` (Gao et al. 2021, arXiv 2101.06983). A network sees the parts of a batch without a gradient, and
//! what comes out is cached; heads and losses see it all at once, and so compare everything with everything. The gradient that
//! reaches the cache then goes on through the network, a part at a time, in a second forward pass. It is the gradient of the
//! whole batch but for batch norms, which see the statistics of their part.

use std::cell::{OnceCell, RefCell};

use burn::module::{Flag, Module, ModuleMapper, Param};
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, FloatDType, Int, Tensor};
use lgdea_model::{ImageFeatures, Lgdea, TextFeatures};
use lgdea_spec::{Precision, Train};

/// The device that a model trains on.
pub(crate) fn autodiff(device: &Device, settings: &Train) -> Device {
    let device = device.clone().autodiff();
    if settings.gradient_checkpointing { device.gradient_checkpointing() } else { device }
}

/// The towers of a model for one step.
pub(crate) struct Towers<'m> {
    model: &'m Lgdea,
    precision: Precision,
    /// Rows that a network sees at a time; 0 for all.
    rows: usize,
    /// The model without gradients, in training mode; its batch norms keep running statistics of their own.
    still: OnceCell<Lgdea>,
    cache: RefCell<Vec<Cached>>,
}

/// What a network was given, and what came out, from where the gradient goes on.
struct Cached {
    input: Input,
    output: Tensor<3>,
}

/// What a network is given.
#[derive(Clone)]
enum Input {
    /// `[images, size, size]`.
    Images(Tensor<3>),
    /// Token ids `[texts, tokens]`.
    Texts(Tensor<2, Int>),
}

impl<'m> Towers<'m> {
    pub(crate) fn new(model: &'m Lgdea, settings: &Train) -> Self {
        let Train { precision, micro_batch: rows, .. } = *settings;
        Self { model, precision, rows, still: OnceCell::new(), cache: RefCell::default() }
    }

    /// The model that the towers belong to.
    pub(crate) fn model(&self) -> &'m Lgdea {
        self.model
    }

    /// Features of standardised images `[images, size, size]`.
    pub(crate) fn images(&self, images: Tensor<3>) -> ImageFeatures {
        self.model.image.embed(self.network(Input::Images(images)))
    }

    /// Embeddings `[texts, D]` of padded token ids `[texts, tokens]`.
    pub(crate) fn texts(&self, tokens: Tensor<2, Int>) -> Tensor<2> {
        self.model.text.embed(self.network(Input::Texts(tokens.clone())), tokens)
    }

    /// As [`Self::texts`], with the tokens.
    pub(crate) fn texts_and_tokens(&self, tokens: Tensor<2, Int>) -> TextFeatures {
        self.model.text.embed_all(self.network(Input::Texts(tokens.clone())), tokens)
    }

    /// Gradients of all parameters that are not frozen.
    pub(crate) fn gradients(self, loss: &Tensor<1>) -> GradientsParams {
        if !loss.is_tracked() {
            return GradientsParams::new();
        }
        let mut gradients = loss.backward();
        let mut all = GradientsAccumulator::new();
        all.accumulate(self.model, GradientsParams::from_module(&mut gradients, self.model));
        for Cached { input, output } in self.cache.take() {
            let Some(gradient) = output.grad_remove(&mut gradients) else { continue };
            let gradient = gradient.split(self.rows, 0);
            for (part, gradient) in input.split(self.rows).into_iter().zip(gradient) {
                // Its gradient is the network's, weighted by that of what came out.
                let onward = (self.forward(self.model, part) * gradient).sum();
                if !onward.is_tracked() {
                    break; // The network is frozen.
                }
                all.accumulate(self.model, GradientsParams::from_grads(onward.backward(), self.model));
            }
        }
        all.grads()
    }

    /// What a network makes of its input.
    fn network(&self, input: Input) -> Tensor<3> {
        if self.rows == 0 || input.rows() <= self.rows {
            return self.forward(self.model, input);
        }
        let device = self.model.log_scale.device();
        let copy = || self.model.valid().map(&mut Training).to_device(&device).no_grad();
        let still = self.still.get_or_init(copy);
        let parts = input.clone().split(self.rows).into_iter().map(|part| self.forward(still, part)).collect();
        let output = Tensor::cat(parts, 0).detach().require_grad();
        self.cache.borrow_mut().push(Cached { input, output: output.clone() });
        output
    }

    fn forward(&self, model: &Lgdea, input: Input) -> Tensor<3> {
        match (input, self.precision) {
            (Input::Images(images), Precision::F32) => model.image.patches(images),
            (Input::Images(images), Precision::Bf16) => model.image.clone().cast(FloatDType::BF16).patches(images),
            (Input::Texts(tokens), Precision::F32) => model.text.hidden(tokens),
            (Input::Texts(tokens), Precision::Bf16) => model.text.clone().cast(FloatDType::BF16).hidden(tokens),
        }
    }
}

/// Ends validation mode and nothing else: batch norms must see in the first pass what they see in the second.
struct Training;

impl ModuleMapper for Training {
    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        flag.train()
    }
}

impl Input {
    fn rows(&self) -> usize {
        match self {
            Self::Images(images) => images.dims()[0],
            Self::Texts(tokens) => tokens.dims()[0],
        }
    }

    fn split(self, rows: usize) -> Vec<Self> {
        match self {
            Self::Images(images) => images.split(rows, 0).into_iter().map(Self::Images).collect(),
            Self::Texts(tokens) => tokens.split(rows, 0).into_iter().map(Self::Texts).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
