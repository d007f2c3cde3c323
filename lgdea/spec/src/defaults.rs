//! The lowest layer of every experiment.

use std::path::Path;
use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde_json::json;

use crate::error::Problem;
use crate::layer;
use crate::source::{Source, SourceKind};
use crate::tree::Node;
use crate::{data, encoder, loss};

/// The pieces of the defaults: what has no file of its own, then what declares itself.
const PIECES: [&[&str]; 5] =
    [&[include_str!("defaults.toml")], data::DEFAULTS, encoder::IMAGE_DEFAULTS, encoder::TEXT_DEFAULTS, loss::DEFAULTS];

/// All pieces as one text.
static TEXT: LazyLock<String> = LazyLock::new(|| PIECES.concat().concat());

const IS_TOML: &str = "the embedded defaults are TOML, as a unit test shows";

/// Their layer, and its problems: it has none, as a unit test shows.
static LAYER: LazyLock<(Node, Vec<Problem>)> = LazyLock::new(|| {
    let source = Source::new(SourceKind::Defaults, "defaults.toml", &TEXT);
    let table = layer::parse(&source).expect(IS_TOML);
    let mut problems = Vec::new();
    (layer::read(table, &source, Path::new(""), &mut problems), problems)
});

/// The defaults with all the settings that unmade choices would start from.
pub(crate) fn layer() -> &'static Node {
    &LAYER.0
}

/// The defaults as JSON; what they lack has none.
pub(crate) fn as_json() -> serde_json::Value {
    toml::from_str(&TEXT).expect(IS_TOML)
}

/// The choice `name` of a choice table, at a JSON pointer, with its default settings.
pub(crate) fn choice<T: DeserializeOwned>(table: &str, name: &str) -> T {
    let settings = as_json().pointer(&format!("{table}/{name}")).cloned();
    serde_json::from_value(json!({ name: settings })).expect("each choice has defaults, as a unit test shows")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_know_every_default_and_allow_its_value() {
        assert!(LAYER.1.is_empty(), "{:?}", LAYER.1);
        assert!(as_json().is_object());
    }
}
