//! A trained model as PyTorch, timm and transformers read it.

use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};
use lgdea_fault::{AtFault, Fault};
use lgdea_spec::Experiment;
use serde_json::{Value, json};

use crate::architecture::PyTorch;
use crate::weights::{self, WeightsError};
use crate::{ImageEncoder, Lgdea, ModelShape, PAD, Tokenizer, TokenizerError};

/// What loads the folder in PyTorch.
const LOADER: &str = include_str!("../../../templates/export/lgdea.py");
/// Texts that the loader is checked on; none is of a study.
const TEXTS: [&str; 3] =
    ["small left pleural effusion", "no pneumothorax", "the heart is enlarged. mild pulmonary edema."];

/// Why a model could not be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Weights could not be written.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Nothing in PyTorch is known to be like one of the two networks.
    #[error("PyTorch has no `{encoder}`: say what is like it in `fn pytorch` of its architecture")]
    NotInPyTorch {
        /// Name of the encoder in TOML.
        encoder: &'static str,
    },
    /// The tokenizer could not be written.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
}

impl AtFault for ExportError {
    fn fault(&self) -> Fault {
        match self {
            ExportError::File { .. } | ExportError::NotInPyTorch { .. } => Fault::Run,
            ExportError::Weights(error) => error.fault(),
            ExportError::Tokenizer(error) => error.fault(),
        }
    }
}

/// Writes a model, in validation mode, into a folder:
///
/// - `image/`: the architecture's weights and `config.json`, as timm reads a local folder;
/// - `text/`: the same as transformers reads it, with its tokenizer;
/// - `model.safetensors`, `config.json`: heads, lesion queries, prototypes, and how all of it goes together;
/// - `lgdea.py`, which loads it in PyTorch, and `check.safetensors`, by which that file checks itself. What stands there is
///   noise and made-up phrases, nothing of a study.
///
/// # Errors
/// A network is not known in PyTorch; what the file system says.
pub fn export(
    model: &Lgdea,
    experiment: &Experiment,
    shape: &ModelShape,
    tokenizer: &Tokenizer,
    folder: &Path,
    device: &Device,
) -> Result<(), ExportError> {
    // Adapters and the matrices that they adapt are one for others.
    let model = &model.clone().materialize();
    let encoder = &experiment.encoder;
    let known = |network: Option<PyTorch>, encoder| network.ok_or(ExportError::NotInPyTorch { encoder });
    let image_network = known(ImageEncoder::pytorch(&encoder.image), encoder.image.name())?;
    let text_network = known(shape.text.pytorch(), encoder.text.name())?;
    let (image, text) = (folder.join("image"), folder.join("text"));
    for folder in [&image, &text] {
        fs::create_dir_all(folder).map_err(file(folder))?;
    }
    model.image.save(&image.join("model.safetensors"))?;
    let network = image_network.config(encoder.image.name());
    write_json(&image.join("config.json"), &image_config(&network, encoder.image.size()))?;
    model.text.save(&text.join("model.safetensors"))?;
    write_json(&text.join("config.json"), &text_network.config(encoder.text.name()))?;
    write(&text.join("tokenizer.json"), &tokenizer.to_json()?)?;
    let class = json!({
        "tokenizer_class": "PreTrainedTokenizerFast", "pad_token": tokenizer.padding_token(), "unk_token": tokenizer.unknown_token(),
        "model_max_length": encoder.text.max_tokens(),
    });
    write_json(&text.join("tokenizer_config.json"), &class)?;
    weights::save_some(model, &rest, &folder.join("model.safetensors"))?;
    write_json(&folder.join("config.json"), &config(model, experiment, tokenizer))?;
    check_values(model, experiment, tokenizer, device, &folder.join("check.safetensors"))?;
    write(&folder.join("lgdea.py"), &loader(&image_network, &text_network))
}

/// The names of what is in neither architecture.
fn rest(name: &str) -> Option<String> {
    (!name.starts_with("image.backbone.") && !name.starts_with("text.backbone.")).then(|| name.to_owned())
}

fn config(model: &Lgdea, experiment: &Experiment, tokenizer: &Tokenizer) -> Value {
    let space = &experiment.evidence_space;
    json!({
        "dim": experiment.encoder.dim,
        "text": {
            "pooling": model.text.pooling(),
            "max_tokens": experiment.encoder.text.max_tokens(),
            "padding": tokenizer.pieces().padding,
        },
        "text_temperature": space.text_temperature,
        "image_temperature": space.image_temperature,
        "experiment": experiment.name,
        "seed": experiment.seed.0,
    })
}

/// What timm reads of a local folder; of our own encoder the same with a name that `lgdea.py` does not look up.
fn image_config(own: &Value, size: usize) -> Value {
    let mut config = json!({
        "architecture": null,
        "num_classes": 0,
        "stage": 4,
        "model_args": {},
        // Each image is standardised by its own mean and deviation before it is read.
        "pretrained_cfg": { "input_size": [1, size, size], "mean": [0.0], "std": [1.0], "num_classes": 0 },
    });
    for (key, value) in own.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    config
}

/// [`LOADER`] with the networks of our own that the model has.
fn loader(image: &PyTorch, text: &PyTorch) -> String {
    let own = [("ImageNetwork", image), ("TextNetwork", text)];
    own.into_iter().fold(LOADER.to_owned(), |loader, (alias, network)| {
        loader.replacen(&format!("{alias} = None\n"), &network.python(alias), 1)
    })
}

/// What the model makes of noise and of made-up phrases.
fn check_values(
    model: &Lgdea,
    experiment: &Experiment,
    tokenizer: &Tokenizer,
    device: &Device,
    path: &Path,
) -> Result<(), ExportError> {
    let size = experiment.encoder.image.size();
    let longest = experiment.encoder.text.max_tokens();
    let texts = TEXTS.iter().map(|text| tokenizer.encode(text, longest)).collect::<Result<Vec<_>, _>>()?;
    let length = texts.iter().map(Vec::len).max().unwrap_or(0);
    let ids: Vec<i32> =
        texts.iter().flat_map(|ids| ids.iter().copied().chain(std::iter::repeat_n(PAD, length - ids.len()))).collect();
    let (shape, of_files) = ([texts.len(), length], ids.iter().map(|&id| tokenizer.in_files(id)).collect::<Vec<i32>>());
    let ids: Tensor<2, Int> = Tensor::from_data(TensorData::new(ids, shape), device);
    let images: Tensor<3> = Tensor::random([2, size, size], Distribution::Normal(0.0, 1.0), device);
    let features = model.encode_images(images.clone());
    let text = model.encode_texts(ids.clone());
    let evidence = model.image_evidence(features.patches);
    let phrases = model.prototypes.of_phrases(text.clone());
    let tensors = [
        ("images", images.into_data()),
        ("ids", TensorData::new(of_files, shape)),
        ("image_embeddings", features.global.into_data()),
        ("text_embeddings", text.into_data()),
        ("image_evidence", evidence.into_data()),
        ("phrase_evidence", phrases.into_data()),
    ];
    let tensors = tensors.map(|(name, data)| (name.to_owned(), data));
    Ok(weights::write(tensors.into(), path)?)
}

fn write_json(path: &Path, value: &Value) -> Result<(), ExportError> {
    write(path, &format!("{value:#}\n"))
}

fn write(path: &Path, text: &str) -> Result<(), ExportError> {
    fs::write(path, text).map_err(file(path))
}

fn file(path: &Path) -> impl FnOnce(std::io::Error) -> ExportError {
    let path = path.to_owned();
    move |source| ExportError::File { path, source }
}
