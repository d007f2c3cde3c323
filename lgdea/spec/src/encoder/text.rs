//! The choice of a text encoder, and what the settings of each must say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::defaults;
use crate::rules::Findings;

/// What the settings of a text encoder say.
pub(crate) trait TextSettings {
    /// Where its word pieces come from.
    fn word_pieces(&self) -> WordPieces<'_>;

    /// Longest report in tokens; longer ones are cut.
    fn max_tokens(&self) -> usize;

    /// Longest evidence phrase or prompt in tokens.
    fn max_phrase_tokens(&self) -> usize;

    /// Notes the rules that the settings break.
    fn check(&self, _findings: &mut Findings<'_>) {}
}

/// Where the word pieces of a text encoder come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordPieces<'a> {
    /// At most so many are learned on the corpus.
    Learned(usize),
    /// A published encoder has its own.
    Published {
        /// The folder or repository with its `config.json` and its word pieces.
        model: &'a str,
        /// Whether training starts from its weights, too.
        pretrained: bool,
    },
}

macro_rules! declare {
    ($($name:literal => $module:ident: $Settings:ident,)*) => {
        /// Architectures of the text encoder.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "the types of their settings say what they are")]
        pub enum TextEncoder {
            $(#[serde(rename = $name)] $Settings(super::$module::$Settings),)*
        }

        /// The default settings of each encoder, as TOML.
        pub(crate) const DEFAULTS: &[&str] = &[$(super::$module::DEFAULTS),*];
        const NAMES: &[&str] = &[$($name),*];

        impl TextEncoder {
            /// The name of its architecture in TOML.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$Settings(_) => $name,)* }
            }

            fn settings(&self) -> &dyn TextSettings {
                match self { $(Self::$Settings(settings) => settings,)* }
            }
        }
    };
}
crate::for_each_text_encoder!(declare);

impl TextEncoder {
    /// All architectures, each with its default settings.
    pub fn all() -> Vec<TextEncoder> {
        NAMES.iter().map(|name| defaults::choice("/encoder/text", name)).collect()
    }

    /// Where its word pieces come from.
    pub fn word_pieces(&self) -> WordPieces<'_> {
        self.settings().word_pieces()
    }

    /// Longest report in tokens; longer ones are cut.
    pub fn max_tokens(&self) -> usize {
        self.settings().max_tokens()
    }

    /// Longest evidence phrase or prompt in tokens.
    pub fn max_phrase_tokens(&self) -> usize {
        self.settings().max_phrase_tokens()
    }

    /// Whether there are published weights of this architecture.
    pub fn is_published(&self) -> bool {
        matches!(self.word_pieces(), WordPieces::Published { .. })
    }

    pub(super) fn check(&self, findings: &mut Findings<'_>) {
        self.settings().check(findings);
        let (name, phrase, report) = (self.name(), self.max_phrase_tokens(), self.max_tokens());
        findings.require(
            phrase <= report,
            &[&format!("encoder.text.{name}.max-phrase-tokens"), &format!("encoder.text.{name}.max-tokens")],
            format!("a phrase of {phrase} tokens is longer than the longest report ({report})"),
            "make `max-phrase-tokens` at most `max-tokens`",
        );
    }
}
