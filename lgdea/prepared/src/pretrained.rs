//! Published text encoders: their shape and their word pieces.

use std::fs;

use lgdea_data::pretrained::locate;
use lgdea_model::{BertShape, Tokenizer};
use lgdea_spec::TextEncoder;

use crate::PreparedError;

/// The shape of the BERT that the experiment names, where it does.
///
/// # Errors
/// It is not on this machine, its `config.json` cannot be read, or it is of a kind that is not known here.
pub(crate) fn bert_shape(text: &TextEncoder) -> Result<Option<BertShape>, PreparedError> {
    let TextEncoder::Bert(settings) = text else { return Ok(None) };
    let path = locate(&settings.model)?.join("config.json");
    let unusable = |message: String| PreparedError::Published { path: path.clone(), message };
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
) -> Result<Tokenizer, PreparedError> {
    match (text, text.vocabulary()) {
        (TextEncoder::Bert(settings), _) => {
            let folder = locate(&settings.model)?;
            let tokenizer = Tokenizer::open(&folder)?;
            let (pieces, rows) = (tokenizer.vocabulary(), bert.map_or(0, |shape| shape.vocab_size));
            if pieces > rows {
                let message = format!("it has {pieces} word pieces, its encoder {rows}");
                return Err(PreparedError::Published { path: folder, message });
            }
            Ok(tokenizer)
        }
        (_, vocabulary) => Ok(Tokenizer::train(texts, vocabulary.unwrap_or_default())?),
    }
}
