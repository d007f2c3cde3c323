//! Published encoders: their shape, their word pieces and their weights.

use std::fs;
use std::path::Path;

use lgdea_data::pretrained::{locate, weights_file};
use lgdea_model::weights::{Loaded, Place};
use lgdea_model::{BertShape, Lgdea, Tokenizer};
use lgdea_spec::{Encoder, TextEncoder};

use crate::TrainError;

/// The shape of the BERT that the experiment names, where it does.
///
/// # Errors
/// It is not on this machine, its `config.json` cannot be read, or it is of a kind that is not known here.
pub(crate) fn bert_shape(text: &TextEncoder) -> Result<Option<BertShape>, TrainError> {
    let TextEncoder::Bert(settings) = text else { return Ok(None) };
    let path = locate(&settings.model)?.join("config.json");
    let unusable = |message: String| TrainError::Published { path: path.clone(), message };
    let json = fs::read(&path).map_err(|error| unusable(error.to_string()))?;
    let shape: BertShape = serde_json::from_slice(&json).map_err(|error| unusable(error.to_string()))?;
    for (found, known) in [(&shape.hidden_act, "gelu"), (&shape.position_embedding_type, "absolute")] {
        if found != known {
            return Err(unusable(format!("a BERT with `{found}` is not known here, `{known}` is")));
        }
    }
    if !shape.hidden_size.is_multiple_of(shape.num_attention_heads.max(1)) {
        let BertShape { hidden_size, num_attention_heads, .. } = shape;
        return Err(unusable(format!("{num_attention_heads} heads do not divide a width of {hidden_size}")));
    }
    let longest = shape.max_position_embeddings;
    if settings.max_tokens > longest {
        let asked = settings.max_tokens;
        return Err(unusable(format!(
            "it reads {longest} tokens at most: lower encoder.text.bert.max-tokens ({asked})"
        )));
    }
    Ok(Some(shape))
}

/// The word pieces of the experiment: those of its BERT, or learned from texts.
///
/// # Errors
/// They cannot be read, or do not belong to the BERT; there is nothing to learn from.
pub(crate) fn tokenizer<'a>(
    text: &TextEncoder,
    bert: Option<&BertShape>,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<Tokenizer, TrainError> {
    match (text, text.vocabulary()) {
        (TextEncoder::Bert(settings), _) => {
            let folder = locate(&settings.model)?;
            let tokenizer = Tokenizer::open(&folder)?;
            let (pieces, rows) = (tokenizer.vocabulary(), bert.map_or(0, |shape| shape.vocab_size));
            if pieces > rows {
                let message = format!("it has {pieces} word pieces, its encoder {rows}");
                return Err(TrainError::Published { path: folder, message });
            }
            Ok(tokenizer)
        }
        (_, vocabulary) => Ok(Tokenizer::train(texts, vocabulary.unwrap_or_default())?),
    }
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
    if let TextEncoder::Bert(settings) = &encoder.text
        && settings.pretrained
    {
        let path = weights_file(&locate(&settings.model)?)?;
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
