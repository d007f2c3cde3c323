//! Parts of a batch against the whole, bf16 against f32, and what is frozen.

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
    let text =
        TextShape::new(&experiment.encoder.text, lgdea_model::architecture::Pieces { count: 20, padding: 0 }, None)
            .unwrap();
    let shape = ModelShape { text, classes: 0 };
    let model = Lgdea::new(experiment, &shape, Seed(1), &device);
    let model = freeze(model, experiment).unwrap();
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
    let names = |gradients: &[(String, Tensor<1>)]| gradients.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
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
