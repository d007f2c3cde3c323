//! The encoders against PyTorch: what torchvision, timm and transformers make of the same weights.
//!
//! The small cases stand in `tests/fixtures/encoders`, beside `make.py`, which makes them. `LGDEA_PARITY` names a folder with
//! others: `just parity` makes those of full size.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]
#![expect(clippy::print_stdout, reason = "how near they are is worth a look")]

use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::store::ModuleSnapshot;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use lgdea_data::pretrained::weights_file;
use lgdea_model::weights::{self, Loaded, Naming, Place};
use lgdea_model::{Bert, BertShape, DenseNet, DenseNetShape, ResNet, ResNetShape, Tokenizer, Vit, VitShape};
use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::Value;

/// Largest relative difference of losses over the steps.
const LOSS_TOLERANCE: f32 = 1e-3;

/// One architecture with weights and what PyTorch makes of them.
#[derive(Debug, Deserialize)]
struct Case {
    name: String,
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
    naming: Naming,
    make: impl Fn(&Device) -> M,
    features: impl Fn(&M, &Expected, &Device) -> Tensor<3>,
    places: &str,
) -> Loaded {
    let device = Device::flex();
    let expected = Expected(fs::read(folder.join(&case.expected)).unwrap());
    let path = weights_file(&folder.join(&case.weights)).unwrap();
    let training = device.clone().autodiff();
    let mut network = make(&training);
    let place = Place { path: &path, prefix: &case.prefix };
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

/// States of a BERT, 0 at padding.
fn states(bert: &Bert, expected: &Expected, device: &Device, last_four: bool) -> Tensor<3> {
    let ids = expected.ids(device);
    let padding = ids.clone().equal_scalar(0);
    let states = bert.forward(ids.clone(), &padding);
    let states = if last_four { states.last_four } else { states.last };
    states * present(&ids).float().unsqueeze_dim::<3>(2)
}

fn images(expected: &Expected, device: &Device) -> Tensor<3> {
    expected.tensor("images", device).unwrap()
}

fn check_case(case: &Case, folder: &Path) -> Loaded {
    match case.shape["kind"].as_str().unwrap() {
        "resnet" => {
            let shape: ResNetShape = serde_json::from_value(case.shape.clone()).unwrap();
            let forward =
                |network: &ResNet, expected: &Expected, device: &Device| network.forward(images(expected, device));
            let loaded =
                check(case, folder, ResNet::NAMING, |device| ResNet::new(&shape, 4, device), forward, "patches");
            let device = Device::flex();
            let mut shorter = ResNet::new(&shape, 3, &device);
            let path = folder.join(&case.weights);
            let left =
                weights::load(&mut shorter, ResNet::NAMING, Place { path: &path, prefix: &case.prefix }).unwrap();
            assert!(left.unused.iter().all(|name| name.contains("layer4.")) && !left.unused.is_empty());
            let expected = Expected(fs::read(folder.join(&case.expected)).unwrap());
            let difference =
                gap(shorter.forward(images(&expected, &device)), expected.tensor("patches_layer3", &device).unwrap());
            assert!(difference < case.tolerance, "{}: {difference}", case.name);
            loaded
        }
        "densenet" => {
            let shape: DenseNetShape = serde_json::from_value(case.shape.clone()).unwrap();
            let forward =
                |network: &DenseNet, expected: &Expected, device: &Device| network.forward(images(expected, device));
            check(case, folder, DenseNet::NAMING, |device| DenseNet::new(&shape, device), forward, "patches")
        }
        "vit" => {
            let shape: VitShape = serde_json::from_value(case.shape.clone()).unwrap();
            let forward =
                |network: &Vit, expected: &Expected, device: &Device| network.forward(images(expected, device));
            check(case, folder, Vit::NAMING, |device| Vit::new(&shape, device), forward, "patches")
        }
        "bert" => {
            let config = fs::read(folder.join(&case.weights).join("config.json")).unwrap();
            let shape: BertShape = serde_json::from_slice(&config).unwrap();
            let make = |device: &Device| Bert::new(&shape, device);
            let summed = |network: &Bert, expected: &Expected, device: &Device| states(network, expected, device, true);
            let expected = Expected(fs::read(folder.join(&case.expected)).unwrap());
            let device = Device::flex();
            let mut network = make(&device);
            let path = weights_file(&folder.join(&case.weights)).unwrap();
            weights::load(&mut network, Bert::NAMING, Place { path: &path, prefix: "" }).unwrap();
            let difference = gap(summed(&network, &expected, &device), expected.tensor("last_four", &device).unwrap());
            assert!(difference < case.tolerance, "{}: {difference}", case.name);
            let last = |network: &Bert, expected: &Expected, device: &Device| states(network, expected, device, false);
            check(case, folder, Bert::NAMING, make, last, "hidden")
        }
        kind => panic!("{}: an architecture that this test does not know: {kind}", case.name),
    }
}

#[test]
fn encoders_agree_with_pytorch() {
    let folder = std::env::var_os("LGDEA_PARITY").map_or_else(fixtures, PathBuf::from);
    let cases: Vec<Case> = serde_json::from_slice(&fs::read(folder.join("cases.json")).unwrap()).unwrap();
    assert!(!cases.is_empty());
    for case in &cases {
        let loaded = check_case(case, &folder);
        assert!(loaded.parameters > 0);
    }
}

#[test]
fn heads_are_left_out_by_name_and_what_does_not_fit_is_listed() {
    let folder = fixtures();
    let device = Device::flex();
    let shape = |width| ResNetShape { block: lgdea_model::BlockKind::Basic, layers: [1, 1, 1, 1], width };
    let path = folder.join("resnet-basic.safetensors");
    let loaded =
        weights::load(&mut ResNet::new(&shape(8), 4, &device), ResNet::NAMING, Place { path: &path, prefix: "" })
            .unwrap();
    assert!(loaded.left_out.contains(&"fc.weight".to_owned()), "{loaded:?}");

    let mut other =
        ResNet::new(&ResNetShape { block: lgdea_model::BlockKind::Basic, layers: [2, 1, 1, 1], width: 8 }, 4, &device);
    let lacking = weights::load(&mut other, ResNet::NAMING, Place { path: &path, prefix: "" }).unwrap_err().to_string();
    assert!(lacking.contains("it lacks `layer1.1.conv1.weight`"), "{lacking}");

    let wide =
        weights::load(&mut ResNet::new(&shape(16), 4, &device), ResNet::NAMING, Place { path: &path, prefix: "" });
    let message = wide.unwrap_err().to_string();
    assert!(message.contains("layer1.0.conv2.weight") && message.contains("… and 48 more"), "{message}");

    let prefix = weights::load(
        &mut ResNet::new(&shape(8), 4, &device),
        ResNet::NAMING,
        Place { path: &folder.join("resnet-basic-checkpoint.pth"), prefix: "" },
    );
    let message = prefix.unwrap_err().to_string();
    assert!(message.contains("it lacks `conv1.weight`"), "{message}");
}

#[test]
fn weights_come_back_from_a_file_as_pytorch_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::flex();
    let path = folder.path().join("model.safetensors");
    let (small, vit) = (fixtures(), VitShape { size: 32, patch: 8, width: 32, depth: 2, heads: 2, mlp: 128 });
    let mut network = Vit::new(&vit, &device);
    weights::load(&mut network, Vit::NAMING, Place { path: &small.join("vit-timm.safetensors"), prefix: "" }).unwrap();
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
fn published_word_pieces_split_as_their_own_library_splits() {
    #[derive(Deserialize)]
    struct Text {
        text: String,
        ids: Vec<i32>,
    }
    let folder = fixtures().join("bert");
    let texts: Vec<Text> = serde_json::from_slice(&fs::read(folder.join("texts.json")).unwrap()).unwrap();
    // With tokenizer.json, and with vocab.txt alone.
    let bare = tempfile::tempdir().unwrap();
    fs::copy(folder.join("vocab.txt"), bare.path().join("vocab.txt")).unwrap();
    for folder in [&folder, bare.path()] {
        let tokenizer = Tokenizer::open(folder).unwrap();
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
    let Some(folder) = std::env::var_os("LGDEA_TEST_MINILM").map(PathBuf::from) else {
        println!("skipped: LGDEA_TEST_MINILM is not set; tests/services/minilm.sh install prints it");
        return;
    };
    let device = Device::flex();
    let shape: BertShape = serde_json::from_slice(&fs::read(folder.join("config.json")).unwrap()).unwrap();
    let mut bert = Bert::new(&shape, &device);
    let path = weights_file(&folder).unwrap();
    let loaded = weights::load(&mut bert, Bert::NAMING, Place { path: &path, prefix: "" }).unwrap();
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
        let mean = bert.forward(tokens, &padding).last.mean_dim(1).squeeze_dim::<2>(1);
        let difference = gap(lgdea_kernel::l2_normalise(mean), expected.clone().narrow(0, row, 1));
        println!("sentence {row}: differs by {difference:.1e}");
        assert!(difference < 1e-4, "{text}: {difference}");
    }
}
