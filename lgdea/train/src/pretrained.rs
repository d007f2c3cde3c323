//! Published encoders: their word pieces and their weights.

use std::fs;
use std::path::Path;

use lgdea_data::pretrained::{locate, weights_file};
use lgdea_model::weights::{Loaded, Place};
use lgdea_model::{Lgdea, TextShape, Tokenizer};
use lgdea_spec::{Encoder, TextEncoder, WordPieces};

use crate::TrainError;

/// The word pieces of a text encoder, its own or learned from texts, and its shape.
///
/// # Errors
/// A published encoder is not on this machine, its files cannot be read, or it is of a kind that is not known here; there is
/// nothing to learn from.
pub(crate) fn words<'a>(
    encoder: &TextEncoder,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<(Tokenizer, TextShape), TrainError> {
    let unusable = |path: &Path, message: String| TrainError::Published { path: path.to_owned(), message };
    let (tokenizer, path, config) = match encoder.word_pieces() {
        WordPieces::Learned(vocabulary) => (Tokenizer::train(texts, vocabulary)?, encoder.name().into(), None),
        WordPieces::Published { model, .. } => {
            let folder = locate(model)?;
            let path = folder.join("config.json");
            let config = fs::read_to_string(&path).map_err(|error| unusable(&path, error.to_string()))?;
            (Tokenizer::open(&folder)?, path, Some(config))
        }
    };
    let shape = TextShape::new(encoder, tokenizer.vocabulary(), config.as_deref())
        .map_err(|message| unusable(&path, message))?;
    Ok((tokenizer, shape))
}

/// Starts a model from the published weights that the experiment names. Returns what was taken of each file, in words.
///
/// # Errors
/// They are not on this machine, cannot be read or do not fit.
pub(crate) fn load(model: &mut Lgdea, encoder: &Encoder) -> Result<Vec<String>, TrainError> {
    let mut told = Vec::new();
    if let Some((weights, prefix)) = encoder.image.weights() {
        let path = weights_file(&locate(weights)?)?;
        let loaded = model.image.load(Place { path: &path, prefix })?;
        told.push(tell("image encoder", &path, &loaded));
    }
    if let WordPieces::Published { model: weights, pretrained: true } = encoder.text.word_pieces() {
        let path = weights_file(&locate(weights)?)?;
        let loaded = model.text.load(Place { path: &path, prefix: "" })?;
        told.push(tell("text encoder", &path, &loaded));
    }
    Ok(told)
}

fn tell(what: &str, path: &Path, loaded: &Loaded) -> String {
    let Loaded { parameters, left_out, unused } = loaded;
    let mut parts = vec![format!("{what}: {parameters} parameters from {}", path.display())];
    if !left_out.is_empty() {
        parts.push(format!("left out, as an encoder does without: {}", left_out.join(", ")));
    }
    if !unused.is_empty() {
        parts.push(format!("not used, for the encoder has no such part: {}", unused.join(", ")));
    }
    parts.join("; ")
}
