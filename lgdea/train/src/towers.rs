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
mod tests {
    use std::sync::Mutex;

    use burn::module::ModuleVisitor;
    use burn::tensor::activation::log_softmax;
    use burn::tensor::{DType, Distribution};
    use lgdea_model::{ModelShape, TextShape};
    use lgdea_spec::{Experiment, Resolved, Seed};

    use super::*;
    use crate::optimizer::freeze;

    /// Studies of the batch, which parts of 2 do not divide.
    const BATCH: usize = 5;
    const WITHOUT_BATCH_NORM: [&str; 2] = ["encoder.image.vit.size=32", "encoder.image.vit.variant='small'"];

    fn experiment(settings: &[&str]) -> Experiment {
        let mut all: Vec<String> = ["encoder.text.transformer.width=16", "encoder.text.transformer.heads=2"]
            .iter()
            .chain(settings)
            .map(|setting| (*setting).to_owned())
            .collect();
        all.sort();
        Resolved::from_overrides(&all).unwrap().experiment
    }

    /// A model and one batch of images and token ids. A device has one generator for all threads.
    fn start(experiment: &Experiment) -> (Lgdea, Tensor<3>, Tensor<2, Int>) {
        static DRAWING: Mutex<()> = Mutex::new(());
        let _alone = DRAWING.lock().unwrap();
        let device = autodiff(&Device::flex(), &experiment.train);
        let text = TextShape::new(&experiment.encoder.text, 20, None).unwrap();
        let shape = ModelShape { text, classes: 0 };
        let model = Lgdea::new(experiment, &shape, Seed(1), &device);
        let model = freeze(model, &experiment.train).unwrap();
        let size = experiment.encoder.image.size();
        device.seed(2);
        let images = Tensor::random([BATCH, size, size], Distribution::Normal(0.0, 1.0), &device);
        let tokens = Tensor::<1, Int>::arange(1..(BATCH * 3 + 1) as i64, &device).reshape([BATCH, 3]);
        (model, images, tokens)
    }

    /// The batch's contrastive loss, and the gradient of each parameter.
    fn learn(settings: &[&str]) -> (Lgdea, f32, Vec<(String, Tensor<1>)>) {
        let experiment = experiment(settings);
        let (model, images, tokens) = start(&experiment);
        let towers = Towers::new(&model, &experiment.train);
        let similarity = towers.images(images).global.matmul(towers.texts(tokens).transpose());
        let likelihood = log_softmax(similarity * model.scale().unsqueeze::<2>(), 1);
        let loss = -(likelihood * Tensor::<2>::eye(BATCH, &Device::flex())).sum();
        let mut found = Found { gradients: towers.gradients(&loss), path: Vec::new(), all: Vec::new() };
        model.visit(&mut found);
        (model, loss.into_scalar::<f32>(), found.all)
    }

    struct Found {
        gradients: GradientsParams,
        path: Vec<String>,
        all: Vec<(String, Tensor<1>)>,
    }

    impl ModuleVisitor for Found {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.to_owned());
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = self.gradients.get::<D>(param.id) {
                self.all.push((self.path.join("."), gradient.flatten::<1>(0, D - 1)));
            }
        }
    }

    /// The length of the difference of two gradients, as a share of the first one's length.
    fn apart(one: &[(String, Tensor<1>)], two: &[(String, Tensor<1>)]) -> f32 {
        let names =
            |gradients: &[(String, Tensor<1>)]| gradients.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(one), names(two));
        let squared = |values: Tensor<1>| values.square().sum().into_scalar::<f32>();
        let difference: f32 = one.iter().zip(two).map(|((_, one), (_, two))| squared(one.clone() - two.clone())).sum();
        (difference / one.iter().map(|(_, one)| squared(one.clone())).sum::<f32>()).sqrt()
    }

    #[test]
    fn parts_have_the_gradient_of_the_whole() {
        let (_, loss, whole) = learn(&WITHOUT_BATCH_NORM);
        let [size, variant] = WITHOUT_BATCH_NORM;
        let (_, loss_in_parts, parts) = learn(&[size, variant, "train.micro-batch=2"]);
        assert!(whole.len() > 150, "both towers learn: {} gradients", whole.len());
        assert!((loss - loss_in_parts).abs() < 1e-5 * loss, "{loss} {loss_in_parts}");
        assert!(apart(&whole, &parts) < 1e-5, "{}", apart(&whole, &parts));
    }

    #[test]
    fn both_passes_see_the_same_where_there_are_batch_norms() {
        let checkpointing = "train.gradient-checkpointing=true";
        let experiment = experiment(&["encoder.image.patch-cnn.size=16", "train.micro-batch=2", checkpointing]);
        let (model, images, _) = start(&experiment);
        let towers = Towers::new(&model, &experiment.train);
        towers.images(images);
        let [Cached { input, output }] = &towers.cache.borrow()[..] else { panic!("one network was cached") };
        let again = input.clone().split(2).into_iter().map(|part| towers.forward(&model, part)).collect();
        let apart = (Tensor::cat(again, 0) - output.clone()).inner().abs().max().into_scalar::<f32>();
        assert!(apart < 1e-6, "{apart}");
    }

    #[test]
    fn a_frozen_network_has_no_gradient_in_parts_either() {
        let frozen = "train.learning-rate-factors={'^text\\.backbone\\.' = 0.0}";
        let [size, variant] = WITHOUT_BATCH_NORM;
        let (_, _, whole) = learn(&[size, variant, frozen]);
        let (_, _, parts) = learn(&[size, variant, frozen, "train.micro-batch=2"]);
        assert!(whole.iter().all(|(name, _)| !name.starts_with("text.backbone")));
        assert!(apart(&whole, &parts) < 1e-5, "{}", apart(&whole, &parts));
    }

    #[test]
    fn nothing_to_train_has_no_gradient() {
        let (_, _, gradients) = learn(&["encoder.image.patch-cnn.size=16", "train.learning-rate-factors={'.' = 0.0}"]);
        assert!(gradients.is_empty(), "{} gradients", gradients.len());
    }

    #[test]
    fn the_pass_without_gradients_leaves_no_trace_in_batch_norms() {
        let settings = ["encoder.image.patch-cnn.size=16", "train.micro-batch=2"];
        let (learned, ..) = learn(&settings);
        let (model, images, _) = start(&experiment(&settings));
        for part in images.split(2, 0) {
            model.image.patches(part);
        }
        let seen = |model: &Lgdea| {
            let mut statistics = Statistics(Vec::new(), Vec::new());
            model.valid().visit(&mut statistics);
            statistics.1
        };
        assert_eq!(seen(&learned).len(), 6, "mean and variance of three norms");
        assert_eq!(seen(&learned), seen(&model));
    }

    /// Running statistics.
    struct Statistics(Vec<String>, Vec<Vec<f32>>);

    impl ModuleVisitor for Statistics {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.0.push(name.to_owned());
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if self.0.last().is_some_and(|name| name.starts_with("running_")) {
                self.1.push(param.val().into_data().iter::<f32>().collect());
            }
        }
    }

    #[test]
    fn values_computed_again_change_nothing() {
        for small in [&["encoder.image.patch-cnn.size=16"][..], &WITHOUT_BATCH_NORM] {
            let (_, loss, kept) = learn(small);
            let settings: Vec<&str> = small.iter().copied().chain(["train.gradient-checkpointing=true"]).collect();
            let (_, loss_again, again) = learn(&settings);
            assert!((loss - loss_again).abs() < 1e-6 * loss, "{loss} {loss_again}");
            assert!(apart(&kept, &again) < 1e-6, "{}", apart(&kept, &again));
        }
    }

    #[test]
    fn half_precision_is_near_single_precision_and_its_gradients_are_single() {
        let (_, loss, single) = learn(&WITHOUT_BATCH_NORM);
        let [size, variant] = WITHOUT_BATCH_NORM;
        for parts in ["train.micro-batch=0", "train.micro-batch=2"] {
            let (model, loss_of_half, half) = learn(&[size, variant, "train.precision='bf16'", parts]);
            assert!((loss - loss_of_half).abs() < 0.02 * loss, "{loss} {loss_of_half}");
            let apart = apart(&single, &half);
            // bf16 has 8 bits: what is equal to the last bit was not computed in it.
            assert!((1e-4..0.1).contains(&apart), "{apart}");
            assert!(half.iter().all(|(_, gradient)| gradient.dtype() == DType::F32));
            assert_eq!(model.log_scale.val().dtype(), DType::F32);
        }
    }
}
