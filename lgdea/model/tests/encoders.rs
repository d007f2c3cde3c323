//! What every encoder of the lists must do, whoever adds it.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Distribution, Int, Tensor};
use lgdea_model::weights::WeightsFile;
use lgdea_model::{ExportError, ImageEncoder, Lgdea, ModelShape, TextEncoder, TextShape, Tokenizer, export};
use lgdea_spec::{Experiment, Resolved, Seed, WordPieces};
use serde_json::Value;

/// D of the towers.
const DIM: usize = 8;
const TEXTS: [&str; 3] =
    ["No acute cardiopulmonary process.", "Small left pleural effusion.", "The heart is enlarged."];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/encoders")
}

fn experiment(settings: &[String]) -> Experiment {
    Resolved::from_overrides(settings).unwrap_or_else(|error| panic!("{settings:?}: {error}")).experiment
}

/// An experiment with each image encoder as its defaults have it.
fn images() -> impl Iterator<Item = Experiment> {
    let all = lgdea_spec::ImageEncoder::all().into_iter();
    all.map(|encoder| experiment(&[format!("encoder.dim={DIM}"), format!("encoder.image={{{}={{}}}}", encoder.name())]))
}

/// An experiment with each text encoder on short texts, and the word pieces that it has. A published one is that of its case
/// in `cases.json`.
fn texts() -> impl Iterator<Item = (Experiment, Tokenizer, TextShape)> {
    lgdea_spec::TextEncoder::all().into_iter().map(|encoder| {
        let (name, folder) = (encoder.name(), published_folder(encoder.name()));
        let mut settings = vec![
            format!("encoder.dim={DIM}"),
            format!("encoder.text={{{name}={{max-tokens=20, max-phrase-tokens=12}}}}"),
        ];
        let (tokenizer, config) = match encoder.word_pieces() {
            WordPieces::Learned(pieces) => (Tokenizer::train(TEXTS, pieces).unwrap(), None),
            WordPieces::Published { .. } => {
                settings.push(format!("encoder.text.{name}.model={}", folder.display()));
                (Tokenizer::open(&folder).unwrap(), Some(fs::read_to_string(folder.join("config.json")).unwrap()))
            }
        };
        let experiment = experiment(&settings);
        let shape = TextShape::new(&experiment.encoder.text, tokenizer.pieces(), config.as_deref()).unwrap();
        (experiment, tokenizer, shape)
    })
}

/// The folder of the first case of a text encoder; no folder where there is none.
fn published_folder(name: &str) -> PathBuf {
    let cases: Vec<Value> = serde_json::from_slice(&fs::read(fixtures().join("cases.json")).unwrap()).unwrap();
    let case = cases.iter().find(|case| case["kind"] == name);
    fixtures().join(case.map_or("", |case| case["weights"].as_str().unwrap()))
}

/// A device whose random numbers start anew.
fn device(seed: u64) -> Device {
    let device = Device::flex();
    device.seed(seed);
    device
}

fn noise(size: usize, device: &Device) -> Tensor<3> {
    Tensor::random([1, size, size], Distribution::Normal(0.0, 1.0), device)
}

fn ids(row: &[i32]) -> Tensor<2, Int> {
    Tensor::<1, Int>::from_data(row, &Device::flex()).unsqueeze::<2>()
}

/// Greatest difference; not a number where one of the two has one.
fn gap<const D: usize>(one: Tensor<D>, two: Tensor<D>) -> f32 {
    assert_eq!(one.dims(), two.dims());
    let differences: Vec<f32> = (one - two).abs().into_data().try_to_vec().unwrap();
    differences.into_iter().fold(0.0, |worst, one| if one <= worst { worst } else { one })
}

#[test]
fn images_become_a_square_grid_of_patches_and_a_unit_vector() {
    for experiment in images() {
        let (settings, device) = (&experiment.encoder.image, device(1));
        let name = settings.name();
        let features = ImageEncoder::new(settings, None, DIM, &device).forward(noise(settings.size(), &device));
        let [images, patches, width] = features.patches.dims();
        assert_eq!((images, width), (1, ImageEncoder::patch_width(settings, None)), "{name}");
        assert_eq!(patches.isqrt().pow(2), patches, "{name}: heat maps lay patches out row by row");
        assert_eq!(features.projected.dims(), [1, patches, DIM], "{name}");
        let length = features.global.square().sum().into_scalar::<f32>();
        assert!((length - 1.0).abs() < 1e-4, "{name}: the embedding's length is {length}");
    }
}

#[test]
fn a_size_that_patches_do_not_divide_is_refused_before_anything_runs() {
    for experiment in images() {
        let name = experiment.encoder.image.name();
        let size = experiment.encoder.image.size() + 1;
        let settings = [format!("encoder.image={{{name}={{size={size}}}}}")];
        let Err(error) = Resolved::from_overrides(&settings) else {
            panic!("{name} lets images of {size} pixels through: let `check` of its settings refuse them");
        };
        assert!(error.to_string().contains(&format!("images of {size} pixels")), "{name}: {error}");
    }
}

#[test]
fn texts_become_a_vector_for_each_token_and_a_unit_vector() {
    for (experiment, _, shape) in texts() {
        let name = experiment.encoder.text.name();
        let features = TextEncoder::new(&shape, DIM, &device(1)).features(ids(&[5, 6, 7, 8]));
        assert_eq!((features.global.dims(), features.tokens.dims()), ([1, DIM], [1, 4, DIM]), "{name}");
        let length = features.global.square().sum().into_scalar::<f32>();
        assert!((length - 1.0).abs() < 1e-4, "{name}: the embedding's length is {length}");
    }
}

#[test]
fn padding_changes_nothing() {
    for (experiment, _, shape) in texts() {
        let name = experiment.encoder.text.name();
        let encoder = TextEncoder::new(&shape, DIM, &device(3));
        let (short, padded) = (encoder.features(ids(&[5, 6, 7])), encoder.features(ids(&[5, 6, 7, 0, 0, 0])));
        assert!(gap(short.global.clone(), padded.global) < 1e-5, "{name}");
        assert!(gap(short.tokens, padded.tokens.narrow(1, 0, 3)) < 1e-5, "{name}");
        assert!(gap(short.global, encoder.forward(ids(&[5, 6, 7]))) < 1e-6, "{name}");
    }
}

#[test]
fn the_order_of_tokens_counts() {
    for (experiment, _, shape) in texts() {
        let encoder = TextEncoder::new(&shape, DIM, &device(3));
        let difference = gap(encoder.forward(ids(&[5, 6, 7, 8])), encoder.forward(ids(&[6, 5, 8, 7])));
        assert!(difference > 1e-4, "{}: {difference}", experiment.encoder.text.name());
    }
}

/// Exports an experiment's model with random weights; gives the model, but none where PyTorch does not know its networks.
fn exported(experiment: &Experiment, tokenizer: &Tokenizer, text: TextShape, folder: &Path) -> Option<Lgdea> {
    let device = Device::flex();
    let shape = ModelShape { text, classes: 0 };
    let model = Lgdea::new(experiment, &shape, Seed(1), &device);
    match export(&model, experiment, &shape, tokenizer, folder, &device) {
        Err(ExportError::NotInPyTorch { .. }) => None,
        written => written.map(|()| Some(model)).unwrap(),
    }
}

/// What `lgdea.py` of an export makes of a tower: the library's network, or one that the file holds.
fn is_told_to_pytorch(folder: &Path, tower: &str, alias: &str, published: bool) {
    let loader = fs::read_to_string(folder.join("lgdea.py")).unwrap();
    let config: Value = serde_json::from_slice(&fs::read(folder.join(tower).join("config.json")).unwrap()).unwrap();
    let line = loader.lines().find_map(|line| line.strip_prefix(&format!("{alias} = "))).unwrap();
    assert_eq!(line == "None", published, "{tower}: {config}");
    if !published {
        let class = loader.split_once(&format!("class {line}(nn.Module):")).unwrap().1;
        let made_with = class.split_once("def __init__(self").unwrap().1.split_once("):").unwrap().0;
        for argument in config["model_args"].as_object().unwrap().keys() {
            assert!(made_with.contains(&format!("{argument}:")), "class {line} takes no `{argument}`");
        }
    }
}

#[test]
fn an_exported_image_encoder_comes_back() {
    let tokenizer = Tokenizer::train(TEXTS, 60).unwrap();
    for experiment in images() {
        let folder = tempfile::tempdir().unwrap();
        let text = TextShape::new(&experiment.encoder.text, tokenizer.pieces(), None).unwrap();
        let Some(model) = exported(&experiment, &tokenizer, text, folder.path()) else { continue };
        let settings = &experiment.encoder.image;
        is_told_to_pytorch(folder.path(), "image", "ImageNetwork", settings.is_published());
        let (name, device) = (settings.name(), device(2));
        let mut other = ImageEncoder::new(settings, None, DIM, &device);
        let path = folder.path().join("image/model.safetensors");
        let loaded = other.load(WeightsFile { path: &path, prefix: "" }).unwrap();
        assert!(loaded.left_out.is_empty() && loaded.unused.is_empty(), "{name}: {loaded:?}");
        let images = noise(settings.size(), &device);
        assert!(gap(model.image.patches(images.clone()), other.patches(images)) < 1e-5, "{name}");
    }
}

#[test]
fn an_exported_text_encoder_comes_back() {
    for (experiment, tokenizer, shape) in texts() {
        let folder = tempfile::tempdir().unwrap();
        let Some(model) = exported(&experiment, &tokenizer, shape.clone(), folder.path()) else { continue };
        let settings = &experiment.encoder.text;
        is_told_to_pytorch(folder.path(), "text", "TextNetwork", settings.is_published());
        let mut other = TextEncoder::new(&shape, DIM, &device(2));
        let path = folder.path().join("text/model.safetensors");
        let loaded = other.load(WeightsFile { path: &path, prefix: "" }).unwrap();
        assert!(loaded.left_out.is_empty() && loaded.unused.is_empty(), "{}: {loaded:?}", settings.name());
        let tokens = ids(&tokenizer.encode(TEXTS[1], 12).unwrap());
        let gap = gap(model.text.hidden(tokens.clone()), other.hidden(tokens));
        assert!(gap < 1e-5, "{}: {gap}", settings.name());
    }
}
