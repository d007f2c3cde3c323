//! The encoders against PyTorch: what torchvision, timm and transformers make of the same weights.
//!
//! The small cases stand in `tests/fixtures/encoders`, beside `make.py`, which makes them. `LGDEA_PARITY` names a folder with
//! others: `just parity` makes those of full size.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]
#![expect(clippy::print_stdout, reason = "how near they are is worth a look")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::store::ModuleSnapshot;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use lgdea_data::pretrained::weights_file;
use lgdea_model::Tokenizer;
use lgdea_model::architecture::{
    self, Bert, BlockKind, EfficientNet, EfficientNetShape, ImageArchitecture, ResNet, ResNetShape, TextArchitecture,
    Vit, VitShape,
};
use lgdea_model::weights::{self, Loaded, Naming, WeightsFile};
use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::Value;

/// Largest relative difference of losses over the steps.
const LOSS_TOLERANCE: f32 = 1e-3;

/// One architecture with weights and what PyTorch makes of them.
#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    /// The architecture's name in TOML.
    kind: String,
    weights: String,
    #[serde(default)]
    prefix: String,
    expected: String,
    /// Of the greatest expected value.
    tolerance: f32,
    #[serde(flatten)]
    shape: Value,
}

/// Tensors of a safetensors file.
struct Expected(Vec<u8>);

impl Expected {
    fn values(&self, name: &str) -> Option<(Vec<usize>, Vec<f32>)> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let view = file.tensor(name).ok()?;
        let values = view.data().chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
        Some((view.shape().to_vec(), values.collect()))
    }

    fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Option<Tensor<D>> {
        let (shape, values) = self.values(name)?;
        Some(Tensor::from_data(TensorData::new(values, shape), device))
    }

    fn ids(&self, device: &Device) -> Tensor<2, Int> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let view = file.tensor("ids").unwrap();
        let ids = view.data().chunks(4).map(|bytes| i32::from_le_bytes(bytes.try_into().unwrap()));
        Tensor::from_data(TensorData::new(ids.collect::<Vec<i32>>(), view.shape().to_vec()), device)
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/encoders")
}

/// Greatest difference as a share of the greatest expected value.
fn gap<const D: usize>(found: Tensor<D>, expected: Tensor<D>) -> f32 {
    assert_eq!(found.dims(), expected.dims());
    let greatest = expected.clone().abs().max().into_scalar::<f32>();
    (found - expected).abs().max().into_scalar::<f32>() / greatest
}

/// Loads a case into a network, compares its features, and trains it for the steps that PyTorch took.
fn check<M: Module + ModuleSnapshot>(
    case: &Case,
    folder: &Path,
    naming: Option<Naming>,
    make: impl Fn(&Device) -> M,
    features: impl Fn(&M, &Expected, &Device) -> Tensor<3>,
    places: &str,
) -> Loaded {
    let device = Device::flex();
    let expected = Expected(fs::read(folder.join(&case.expected)).unwrap());
    let path = weights_file(&folder.join(&case.weights)).unwrap();
    let training = device.clone().autodiff();
    let mut network = make(&training);
    let place = WeightsFile { path: &path, prefix: &case.prefix };
    let loaded = weights::load(&mut network, naming, place).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    assert_eq!(loaded.unused, Vec::<String>::new(), "{}", case.name);

    let found = features(&network.valid(), &expected, &device);
    let difference = gap(found, expected.tensor(places, &device).unwrap());
    println!("{}: features differ by {difference:.1e}", case.name);
    assert!(difference < case.tolerance, "{}: {difference}", case.name);

    let (Some(target), Some((_, losses))) = (expected.tensor::<3>("target", &training), expected.values("losses"))
    else {
        return loaded;
    };
    let mut optimizer = AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(0.0).init();
    let mut worst: f32 = 0.0;
    for (step, expected_loss) in losses.into_iter().enumerate() {
        let squares = (features(&network, &expected, &training) - target.clone()).powi_scalar(2);
        // Padding is 0 in features and target, and does not count.
        let count = match expected.values("hidden") {
            Some(_) => present(&expected.ids(&training)).float().sum() * target.dims()[2] as f64,
            None => Tensor::ones([1], &training) * squares.shape().num_elements() as f64,
        };
        let loss = squares.sum() / count;
        let value = loss.clone().into_scalar::<f32>();
        worst = worst.max((value - expected_loss).abs() / expected_loss.abs());
        assert!(worst < LOSS_TOLERANCE, "{}, step {step}: {value} for {expected_loss}", case.name);
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = optimizer.step(1e-3, network, gradients);
    }
    println!("{}: losses differ by {worst:.1e}", case.name);
    loaded
}

/// Where token ids are no padding, `[texts, tokens]`.
fn present(ids: &Tensor<2, Int>) -> Tensor<2, Bool> {
    ids.clone().not_equal_scalar(0)
}

/// Patch features of the images that PyTorch read.
fn patches<A: ImageArchitecture>(network: &A, expected: &Expected, device: &Device) -> Tensor<3> {
    network.forward(expected.tensor("images", device).unwrap())
}

/// States of the tokens that PyTorch read, 0 at padding.
fn states<A: TextArchitecture>(network: &A, expected: &Expected, device: &Device) -> Tensor<3> {
    let ids = expected.ids(device);
    let padding = ids.clone().equal_scalar(0);
    network.forward(ids.clone(), &padding) * present(&ids).float().unsqueeze_dim::<3>(2)
}

fn check_image<A: ImageArchitecture>(case: &Case, folder: &Path) -> Loaded {
    let shape: A::Shape = serde_json::from_value(case.shape.clone()).unwrap();
    check(case, folder, A::NAMING, |device| A::new(&shape, device), patches, "patches")
}

/// The content of a published text encoder's `config.json`, which may be read with more of its `shape`.
fn config(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("config.json")).unwrap()).unwrap()
}

fn check_text<A: TextArchitecture>(case: &Case, folder: &Path) -> Loaded {
    let shape: A::Shape = serde_json::from_value(config(&folder.join(&case.weights))).unwrap();
    check(case, folder, A::NAMING, |device| A::new(&shape, device), states, "hidden")
}

/// How a case of an architecture is checked.
type Check = fn(&Case, &Path) -> Loaded;

/// The published architectures by their names in TOML.
fn published() -> Vec<(&'static str, Check)> {
    let mut all: Vec<(&str, Option<Naming>, Check)> = Vec::new();
    macro_rules! images {
        ($($name:literal => $_module:ident: $Network:ident,)*) => {
            $(all.push(($name, architecture::$Network::NAMING, check_image::<architecture::$Network>));)*
        };
    }
    macro_rules! texts {
        ($($name:literal => $_module:ident: $Network:ident,)*) => {
            $(all.push(($name, architecture::$Network::NAMING, check_text::<architecture::$Network>));)*
        };
    }
    lgdea_spec::for_each_image_encoder!(images);
    lgdea_spec::for_each_text_encoder!(texts);
    all.into_iter().filter(|(_, naming, _)| naming.is_some()).map(|(name, _, check)| (name, check)).collect()
}

fn cases(folder: &Path) -> Vec<Case> {
    serde_json::from_slice(&fs::read(folder.join("cases.json")).unwrap()).unwrap()
}

#[test]
fn encoders_agree_with_pytorch() {
    let folder = std::env::var_os("LGDEA_PARITY").map_or_else(fixtures, PathBuf::from);
    let (cases, published) = (cases(&folder), published());
    assert!(!cases.is_empty());
    for case in &cases {
        let (_, check) = published.iter().find(|(name, _)| *name == case.kind).unwrap_or_else(|| {
            panic!(
                "{}: the list of encoders has no published `{}` (lgdea/spec/src/encoder/list.rs)",
                case.name, case.kind
            )
        });
        assert!(check(case, &folder).parameters > 0);
    }
}

#[test]
fn each_published_architecture_has_a_case() {
    let cases = cases(&fixtures());
    for (name, _) in published() {
        assert!(
            cases.iter().any(|case| case.kind == name),
            "`{name}` has names of published files, and nothing compares it with PyTorch: give \
             tests/fixtures/encoders/make.py a small network of kind `{name}`, run it, and commit what it writes"
        );
    }
}

#[test]
fn settings_and_network_agree_on_what_is_published() {
    let images = lgdea_spec::ImageEncoder::all().into_iter().map(|settings| (settings.name(), settings.is_published()));
    let texts = lgdea_spec::TextEncoder::all().into_iter().map(|settings| (settings.name(), settings.is_published()));
    let by_settings: Vec<&str> =
        images.chain(texts).filter(|(_, published)| *published).map(|(name, _)| name).collect();
    let by_network: Vec<&str> = published().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        by_settings, by_network,
        "who says so in lgdea/spec must have NAMING in lgdea/model, and the other way round"
    );
}

/// Loads a case with another shape, and compares its features alone.
fn check_features<M: Module + ModuleSnapshot>(
    case: &Case,
    naming: Option<Naming>,
    mut network: M,
    features: impl Fn(&M, &Expected, &Device) -> Tensor<3>,
    places: &str,
) -> Loaded {
    let (folder, device) = (fixtures(), Device::flex());
    let path = weights_file(&folder.join(&case.weights)).unwrap();
    let loaded = weights::load(&mut network, naming, WeightsFile { path: &path, prefix: &case.prefix }).unwrap();
    let expected = Expected(fs::read(folder.join(&case.expected)).unwrap());
    let difference = gap(features(&network, &expected, &device), expected.tensor(places, &device).unwrap());
    assert!(difference < case.tolerance, "{}: {difference}", case.name);
    loaded
}

#[test]
fn a_resnet_may_end_after_its_third_stage() {
    for case in cases(&fixtures()).iter().filter(|case| case.kind == "resnet") {
        let shape: ResNetShape = serde_json::from_value(case.shape.clone()).unwrap();
        let network = ResNet::new(&ResNetShape { stage: 3, ..shape }, &Device::flex());
        let left = check_features(case, ResNet::NAMING, network, patches, "patches_layer3");
        assert!(left.unused.iter().all(|name| name.contains("layer4.")) && !left.unused.is_empty());
    }
}

#[test]
fn a_bert_may_sum_its_last_four_layers() {
    for case in cases(&fixtures()).iter().filter(|case| case.kind == "bert") {
        let mut config = config(&fixtures().join(&case.weights));
        config["pooling"] = "last-four".into();
        let network = Bert::new(&serde_json::from_value(config).unwrap(), &Device::flex());
        check_features(case, Bert::NAMING, network, states, "last_four");
    }
}

#[test]
fn heads_are_left_out_by_name_and_what_does_not_fit_is_listed() {
    let network =
        |layers, width| ResNet::new(&ResNetShape { block: BlockKind::Basic, layers, width, stage: 4 }, &Device::flex());
    let load = |mut network: ResNet, file: &str| {
        weights::load(&mut network, ResNet::NAMING, WeightsFile { path: &fixtures().join(file), prefix: "" })
            .map_err(|error| error.to_string())
    };
    let loaded = load(network([1, 1, 1, 1], 8), "resnet-basic.safetensors").unwrap();
    assert!(loaded.left_out.contains(&"fc.weight".to_owned()), "{loaded:?}");

    let lacking = load(network([2, 1, 1, 1], 8), "resnet-basic.safetensors").unwrap_err();
    assert!(lacking.contains("it lacks `layer1.1.conv1.weight`"), "{lacking}");

    let wide = load(network([1, 1, 1, 1], 16), "resnet-basic.safetensors").unwrap_err();
    assert!(wide.contains("layer1.0.conv2.weight") && wide.contains("… and 48 more"), "{wide}");

    let elsewhere = load(network([1, 1, 1, 1], 8), "resnet-basic-checkpoint.pth").unwrap_err();
    assert!(elsewhere.contains("it lacks `conv1.weight`"), "{elsewhere}");
}

#[test]
fn blocks_that_a_file_counts_through_are_read_in_their_order() {
    let case = cases(&fixtures()).into_iter().find(|case| case.name == "efficientnet-counted").unwrap();
    let mut shape: EfficientNetShape = serde_json::from_value(case.shape.clone()).unwrap();
    let network = EfficientNet::new(&shape, &Device::flex());
    let loaded = check_features(&case, EfficientNet::NAMING, network, patches, "patches");
    assert!(0 < loaded.in_order && loaded.in_order < loaded.parameters, "{loaded:?}");

    // Of a network with one block more, what comes after it has other shapes.
    shape.stages[1].blocks += 1;
    let mut longer = EfficientNet::new(&shape, &Device::flex());
    let place = WeightsFile { path: &fixtures().join(&case.weights), prefix: "" };
    let error = weights::load(&mut longer, EfficientNet::NAMING, place).unwrap_err().to_string();
    assert!(error.contains("shape mismatch for 'blocks.1.2."), "{error}");
}

#[test]
fn weights_come_back_from_a_file_as_pytorch_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::flex();
    let path = folder.path().join("model.safetensors");
    let (small, vit) = (
        fixtures(),
        VitShape { size: 32, patch: 8, width: 32, depth: 2, heads: 2, mlp: 128, scaled: false, registers: 0 },
    );
    let mut network = Vit::new(&vit, &device);
    weights::load(&mut network, Vit::NAMING, WeightsFile { path: &small.join("vit-timm.safetensors"), prefix: "" })
        .unwrap();
    weights::save(&network, Vit::NAMING, &path).unwrap();
    let names = |path: &Path| {
        let file = fs::read(path).unwrap();
        let mut names: Vec<(String, Vec<usize>)> = SafeTensors::deserialize(&file)
            .unwrap()
            .iter()
            .map(|(name, view)| (name.to_owned(), view.shape().to_vec()))
            .filter(|(name, _)| !name.starts_with("head.") && name != "patch_embed.proj.weight")
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&path), names(&small.join("vit-timm.safetensors")));
}

#[test]
fn kin_of_bert_are_written_with_the_names_of_their_files() {
    for name in ["bert", "roberta", "mpnet"] {
        let folder = fixtures().join(name);
        let network = Bert::new(&serde_json::from_value(config(&folder)).unwrap(), &Device::flex());
        let written = tempfile::tempdir().unwrap();
        let path = written.path().join("model.safetensors");
        weights::save(&network, network.naming(), &path).unwrap();
        let names = |path: &Path| -> BTreeSet<String> {
            let bytes = fs::read(path).unwrap();
            let file = SafeTensors::deserialize(&bytes).unwrap();
            let names = file.names().into_iter().filter(|name| !name.starts_with("pooler."));
            names.map(str::to_owned).collect()
        };
        assert_eq!(names(&path), names(&folder.join("model.safetensors")), "{name}");
    }
}

#[test]
fn published_word_pieces_split_as_their_own_library_splits() {
    #[derive(Deserialize)]
    struct Text {
        text: String,
        ids: Vec<i32>,
    }
    let [bert, roberta, mpnet] = ["bert", "roberta", "mpnet"].map(|name| fixtures().join(name));
    // With tokenizer.json, and with vocab.txt alone.
    let bare = tempfile::tempdir().unwrap();
    fs::copy(bert.join("vocab.txt"), bare.path().join("vocab.txt")).unwrap();
    for (folder, of) in [(bert.as_path(), &bert), (bare.path(), &bert), (&roberta, &roberta), (&mpnet, &mpnet)] {
        let texts: Vec<Text> = serde_json::from_slice(&fs::read(of.join("texts.json")).unwrap()).unwrap();
        let tokenizer = Tokenizer::open(folder).unwrap();
        assert_eq!(tokenizer.pieces().padding, usize::from(of != &bert), "{}", folder.display());
        for Text { text, ids } in &texts {
            assert_eq!(tokenizer.encode(text, 200).unwrap(), *ids, "{text}");
        }
        let longest = texts.iter().max_by_key(|text| text.ids.len()).unwrap();
        let cut = tokenizer.encode(&longest.text, 5).unwrap();
        assert_eq!((cut.len(), cut.last()), (5, longest.ids.last()), "a text that is cut ends as any other");
    }
    let nothing = Tokenizer::open(&fixtures()).err().unwrap().to_string();
    assert!(nothing.contains("neither tokenizer.json nor vocab.txt"), "{nothing}");
}

/// A real BERT: a sentence's embedding is the mean of its tokens, at unit length.
#[test]
fn a_real_bert_embeds_sentences_as_its_own_package_does() {
    #[derive(Deserialize)]
    struct Text {
        text: String,
        ids: Vec<i32>,
    }
    let Some(folder) = lgdea_harness::Service::MiniLm.find().map(PathBuf::from) else { return };
    let device = Device::flex();
    let mut bert = Bert::new(&serde_json::from_value(config(&folder)).unwrap(), &device);
    let path = weights_file(&folder).unwrap();
    let loaded = weights::load(&mut bert, Bert::NAMING, WeightsFile { path: &path, prefix: "" }).unwrap();
    assert_eq!(loaded.unused, Vec::<String>::new());
    let tokenizer = Tokenizer::open(&folder).unwrap();
    let texts: Vec<Text> = serde_json::from_slice(&fs::read(fixtures().join("minilm.texts.json")).unwrap()).unwrap();
    let expected = Expected(fs::read(fixtures().join("minilm.expected.safetensors")).unwrap());
    let expected = expected.tensor::<2>("embeddings", &device).unwrap();
    for (row, Text { text, ids }) in texts.iter().enumerate() {
        let found = tokenizer.encode(text, 256).unwrap();
        assert_eq!(found, *ids, "{text}");
        let tokens = Tensor::<1, Int>::from_data(found.as_slice(), &device).unsqueeze::<2>();
        let padding = tokens.clone().equal_scalar(0);
        let mean = bert.forward(tokens, &padding).mean_dim(1).squeeze_dim::<2>(1);
        let difference = gap(lgdea_kernel::l2_normalise(mean), expected.clone().narrow(0, row, 1));
        println!("sentence {row}: differs by {difference:.1e}");
        assert!(difference < 1e-4, "{text}: {difference}");
    }
}
