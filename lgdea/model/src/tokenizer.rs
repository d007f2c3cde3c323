//! Word pieces learned on the corpus.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lgdea_fault::{AtFault, Fault};
use rayon::prelude::*;
use tokenizers::models::wordpiece::{WordPiece, WordPieceTrainer};
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::{
    AddedToken, NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, Trainer,
};

use crate::architecture::Pieces;

/// Id of the padding token.
pub const PAD: i32 = 0;

const PAD_TOKEN: &str = "[PAD]";
/// What `RoBERTa` and `MPNet` call it.
const OTHER_PAD_TOKEN: &str = "<pad>";
const UNKNOWN_TOKEN: &str = "[UNK]";
const OTHER_UNKNOWN_TOKEN: &str = "<unk>";
const CONTINUATION: &str = "##";

/// A word-piece tokenizer. Padding is token [`PAD`]: where a published one has it elsewhere, the two change places.
#[derive(Clone)]
pub struct Tokenizer {
    pieces: tokenizers::Tokenizer,
    /// Token id of padding in its files.
    padding: i32,
}

/// Why a tokenizer could not be made, stored or used.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// The tokenizer library refused.
    #[error("failed to {action}: {message}")]
    Library {
        /// What was tried.
        action: &'static str,
        /// The library's message.
        message: String,
    },
    /// The word pieces of a published encoder cannot be used.
    #[error("cannot read the word pieces of {}: {message}", path.display())]
    Published {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with them.
        message: String,
    },
    /// There is nothing to learn from.
    #[error("the corpus has no words to learn a vocabulary from: are all reports empty?")]
    EmptyCorpus,
}

impl AtFault for TokenizerError {
    fn fault(&self) -> Fault {
        match self {
            TokenizerError::Published { .. } | TokenizerError::EmptyCorpus => Fault::Input,
            TokenizerError::Library { .. } => Fault::Run,
        }
    }
}

impl Tokenizer {
    /// Learns at most `vocabulary` word pieces from texts. The result depends on the texts alone.
    pub fn train<'a>(texts: impl IntoIterator<Item = &'a str>, vocabulary: usize) -> Result<Self, TokenizerError> {
        let library = |message: tokenizers::Error| TokenizerError::Library {
            action: "learn word pieces",
            message: message.to_string(),
        };
        let texts: Vec<&str> = texts.into_iter().collect();
        let words: tokenizers::Result<Vec<Vec<String>>> = texts.into_par_iter().map(split).collect();
        let words: Vec<String> = words.map_err(library)?.into_iter().flatten().collect();
        if words.is_empty() {
            return Err(TokenizerError::EmptyCorpus);
        }
        // The library numbers continuation characters in hash order, which differs from run to run and decides ties
        // between merges. Listing them up front fixes their numbers.
        let characters: BTreeSet<char> = words.iter().flat_map(|word| word.chars()).collect();
        let special = [PAD_TOKEN.to_owned(), UNKNOWN_TOKEN.to_owned()]
            .into_iter()
            .chain(characters.iter().map(|c| format!("{CONTINUATION}{c}")))
            .map(|token| AddedToken::from(token, true))
            .collect();
        let mut trainer = WordPieceTrainer::builder()
            .vocab_size(vocabulary.max(2 * characters.len() + 2))
            .show_progress(false)
            .special_tokens(special)
            .build();
        trainer.feed(words.into_iter(), |word| Ok(vec![word.to_owned()])).map_err(library)?;
        let mut model = WordPiece::builder().unk_token(UNKNOWN_TOKEN.into()).build().map_err(library)?;
        trainer.train(&mut model).map_err(library)?;
        let mut pieces = tokenizers::Tokenizer::new(model);
        pieces.with_normalizer(Some(normaliser()));
        pieces.with_pre_tokenizer(Some(BertPreTokenizer));
        Ok(Self { pieces, padding: PAD })
    }

    /// The word pieces of a folder as the Hugging Face libraries save it: `tokenizer.json`, or `vocab.txt` of a BERT.
    ///
    /// # Errors
    /// The folder has neither; there is no padding.
    pub fn open(folder: &Path) -> Result<Self, TokenizerError> {
        let (whole, list) = (folder.join("tokenizer.json"), folder.join("vocab.txt"));
        let path = if whole.is_file() { &whole } else { &list };
        let unusable = |message: String| TokenizerError::Published { path: path.clone(), message };
        let mut pieces = if whole.is_file() {
            tokenizers::Tokenizer::from_file(&whole).map_err(|error| unusable(error.to_string()))?
        } else if list.is_file() {
            of_bert(&list, folder).map_err(|error| unusable(error.to_string()))?
        } else {
            let message = "there is neither tokenizer.json nor vocab.txt".to_owned();
            return Err(TokenizerError::Published { path: folder.to_owned(), message });
        };
        let padding = [PAD_TOKEN, OTHER_PAD_TOKEN].iter().find_map(|token| pieces.token_to_id(token));
        let padding = padding.ok_or_else(|| unusable(format!("there is neither {PAD_TOKEN} nor {OTHER_PAD_TOKEN}")))?;
        // Batches are cut and padded here.
        pieces.with_padding(None);
        pieces.with_truncation(None).map_err(|error| unusable(error.to_string()))?;
        Ok(Self { pieces, padding: padding as i32 })
    }

    /// Token ids of a text, at most `longest`; a longer one keeps the token that ends a text, where there is one.
    pub fn encode(&self, text: &str, longest: usize) -> Result<Vec<i32>, TokenizerError> {
        let encoding = self.pieces.encode_fast(text, true).map_err(|message| TokenizerError::Library {
            action: "split a text into word pieces",
            message: message.to_string(),
        })?;
        let (ids, special) = (encoding.get_ids(), encoding.get_special_tokens_mask());
        let mut kept: Vec<i32> = ids.iter().take(longest).map(|&id| self.placed(id)).collect();
        if ids.len() > longest
            && special.last() == Some(&1)
            && let (Some(place), Some(&end)) = (kept.last_mut(), ids.last())
        {
            *place = self.placed(end);
        }
        Ok(kept)
    }

    /// A token id with padding and token [`PAD`] in each other's place.
    fn placed(&self, id: u32) -> i32 {
        match id as i32 {
            PAD => self.padding,
            id if id == self.padding => PAD,
            id => id,
        }
    }

    /// A token id as its files have it.
    pub(crate) fn in_files(&self, id: i32) -> i32 {
        // Changing places undoes itself.
        self.placed(id as u32)
    }

    /// What its files call padding.
    pub(crate) fn padding_token(&self) -> String {
        self.pieces.id_to_token(self.padding as u32).unwrap_or_else(|| PAD_TOKEN.to_owned())
    }

    /// What its files call a piece that it does not know.
    pub(crate) fn unknown_token(&self) -> &'static str {
        if self.pieces.token_to_id(UNKNOWN_TOKEN).is_some() { UNKNOWN_TOKEN } else { OTHER_UNKNOWN_TOKEN }
    }

    /// What an encoder must know of it.
    pub fn pieces(&self) -> Pieces {
        Pieces { count: self.pieces.get_vocab_size(true), padding: self.padding as usize }
    }

    /// The content of a `tokenizer.json`, as the Hugging Face libraries read it.
    pub fn to_json(&self) -> Result<String, TokenizerError> {
        self.pieces
            .to_string(true)
            .map_err(|message| TokenizerError::Library { action: "write the tokenizer", message: message.to_string() })
    }
}

fn normaliser() -> BertNormalizer {
    BertNormalizer::new(true, true, Some(true), true)
}

/// The tokenizer that a BERT's list of word pieces stands for.
fn of_bert(list: &Path, folder: &Path) -> tokenizers::Result<tokenizers::Tokenizer> {
    #[derive(serde::Deserialize)]
    struct Config {
        do_lower_case: Option<bool>,
    }
    let config: Option<Config> =
        std::fs::read(folder.join("tokenizer_config.json")).ok().and_then(|json| serde_json::from_slice(&json).ok());
    let lower_case = config.and_then(|config| config.do_lower_case).unwrap_or(true);
    let words = WordPiece::from_file(&list.to_string_lossy()).unk_token(UNKNOWN_TOKEN.into()).build()?;
    let mut pieces = tokenizers::Tokenizer::new(words);
    let end = |token: &str| {
        let id = pieces.token_to_id(token).ok_or_else(|| tokenizers::Error::from(format!("there is no token {token}")));
        id.map(|id| (token.to_owned(), id))
    };
    let ends = BertProcessing::new(end("[SEP]")?, end("[CLS]")?);
    let special = [PAD_TOKEN, UNKNOWN_TOKEN, "[CLS]", "[SEP]", "[MASK]"];
    pieces.add_special_tokens(&special.map(|token| AddedToken::from(token, true)));
    pieces.with_normalizer(Some(BertNormalizer::new(true, true, None, lower_case)));
    pieces.with_pre_tokenizer(Some(BertPreTokenizer));
    pieces.with_post_processor(Some(ends));
    Ok(pieces)
}

/// Words of a text as the tokenizer sees them: cleaned, lower-cased, split at blanks and punctuation.
fn split(text: &str) -> tokenizers::Result<Vec<String>> {
    let mut normalised = NormalizedString::from(text);
    normaliser().normalize(&mut normalised)?;
    let mut words = PreTokenizedString::from(normalised);
    BertPreTokenizer.pre_tokenize(&mut words)?;
    let splits = words.get_splits(OffsetReferential::Original, OffsetType::None);
    Ok(splits.into_iter().map(|(word, _, _)| word.to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORTS: [&str; 3] = [
        "FINDINGS: Small left pleural effusion. No pneumothorax.",
        "Moderate right pleural effusion, stable.",
        "The heart is enlarged. No pleural effusion.",
    ];

    #[test]
    fn learning_twice_gives_the_same_pieces() {
        let json = |tokenizer: &Tokenizer| tokenizer.to_json().unwrap();
        let first = Tokenizer::train(REPORTS, 80).unwrap();
        for _ in 0..5 {
            assert_eq!(json(&first), json(&Tokenizer::train(REPORTS, 80).unwrap()));
        }
    }

    #[test]
    fn frequent_words_become_one_piece_and_case_is_folded() {
        let tokenizer = Tokenizer::train(REPORTS, 400).unwrap();
        let upper = tokenizer.encode("PLEURAL EFFUSION", 10).unwrap();
        assert_eq!(upper, tokenizer.encode("pleural effusion", 10).unwrap());
        assert_eq!(upper.len(), 2);
        assert!(upper.iter().all(|&id| id != PAD));
    }

    #[test]
    fn long_texts_are_cut_and_an_empty_corpus_is_refused() {
        let tokenizer = Tokenizer::train(REPORTS, 400).unwrap();
        assert_eq!(tokenizer.encode(REPORTS[0], 3).unwrap().len(), 3);
        assert!(matches!(Tokenizer::train(["", "  "], 400), Err(TokenizerError::EmptyCorpus)));
    }
}
