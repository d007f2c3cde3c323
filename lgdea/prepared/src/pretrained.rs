//! Published text encoders: their shape and their word pieces.

use std::fs;
use std::path::Path;

use lgdea_data::pretrained::locate;
use lgdea_model::{TextShape, Tokenizer};
use lgdea_spec::{TextEncoder, WordPieces};

use crate::PreparedError;

/// The word pieces of a text encoder, its own or learned from texts, and its shape.
///
/// # Errors
/// A published encoder is not on this machine, its files cannot be read, or it is of a kind that is not known here; there is
/// nothing to learn from.
pub(crate) fn words<'a>(
    encoder: &TextEncoder,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<(Tokenizer, TextShape), PreparedError> {
    let unusable = |path: &Path, message: String| PreparedError::Published { path: path.to_owned(), message };
    let (tokenizer, path, config) = match encoder.word_pieces() {
        WordPieces::Learned(vocabulary) => (Tokenizer::train(texts, vocabulary)?, encoder.name().into(), None),
        WordPieces::Published { model, .. } => {
            let folder = locate(model)?;
            let path = folder.join("config.json");
            let config = fs::read_to_string(&path).map_err(|error| unusable(&path, error.to_string()))?;
            (Tokenizer::open(&folder)?, path, Some(config))
        }
    };
    let shape =
        TextShape::new(encoder, tokenizer.pieces(), config.as_deref()).map_err(|message| unusable(&path, message))?;
    Ok((tokenizer, shape))
}
