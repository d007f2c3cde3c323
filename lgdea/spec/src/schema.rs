//! The experiment file's JSON Schema, which is also what files are checked against: the types' documentation and
//! `schemars` attributes are the one source of known keys, ranges, choices and paths.

pub(crate) mod generate;

use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;

use crate::{suggest, weights};

static SCHEMA: LazyLock<Value> = LazyLock::new(generate::generate);

/// The JSON Schema (draft-07) of an experiment file.
pub fn json_schema() -> &'static Value {
    &SCHEMA
}

/// [`json_schema`] as the text of a file.
pub fn json_schema_text() -> String {
    format!("{:#}\n", *SCHEMA)
}

/// Schema of one key: a node of the JSON Schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema(&'static Value);

/// How many of a choice table's sub-tables a file may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// `encoder.image`: one architecture.
    One,
    /// `data`: several sources are joined.
    Several,
}

/// Which values of a key are paths of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathKind {
    /// All but the empty one.
    Always,
    /// Those with this extension; others name something shipped.
    Extension(&'static str),
    /// Weights: files, and folders that are written with their `./` or in full; `owner/name` is a repository.
    Weights,
}

impl PathKind {
    /// Whether a value of such a key is a path.
    pub(crate) fn is_path(self, value: &str) -> bool {
        match self {
            PathKind::Always => !value.is_empty(),
            PathKind::Extension(extension) => has_extension(value, extension),
            PathKind::Weights => weights::is_path(value),
        }
    }
}

impl Schema {
    /// The whole experiment.
    pub(crate) fn root() -> Schema {
        Schema(&SCHEMA)
    }

    /// Another file's than the experiment's.
    pub(crate) fn of(schema: &'static Value) -> Schema {
        Schema(schema)
    }

    /// The JSON Schema itself.
    pub(crate) fn json(self) -> &'static Value {
        self.0
    }

    /// The key at a dotted path, as far as the path goes through named tables.
    pub(crate) fn at(self, path: &str) -> Option<Schema> {
        path.split('.').try_fold(self, Schema::child)
    }

    /// Schema of a key of this table.
    pub(crate) fn child(self, name: &str) -> Option<Schema> {
        self.properties()
            .and_then(|properties| properties.get(name))
            .or_else(|| self.0.get("additionalProperties").filter(|any| any.is_object()))
            .map(Schema)
    }

    /// Schemas of all keys: of a table whose keys a user names, the one of each.
    pub(crate) fn children(self) -> impl Iterator<Item = Schema> {
        let named = self.properties().into_iter().flat_map(|properties| properties.values());
        named.chain(self.0.get("additionalProperties").filter(|any| any.is_object())).map(Schema)
    }

    /// Schema of a list's elements.
    pub(crate) fn items(self) -> Option<Schema> {
        self.0.get("items").map(Schema)
    }

    /// Of a key that takes a value or a list of such: the one or the other.
    pub(crate) fn form(self, list: bool) -> Schema {
        let forms = self.0.get("anyOf").and_then(Value::as_array).into_iter().flatten().map(Schema);
        forms.into_iter().find(|form| (form.kind() == "array") == list).unwrap_or(self)
    }

    /// Named keys of this table, in the order of its type.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        self.properties().into_iter().flat_map(|properties| properties.keys().map(String::as_str))
    }

    /// Keys of this table that have no default.
    pub(crate) fn required(self) -> impl Iterator<Item = &'static str> {
        self.strings("required")
    }

    /// JSON type of the value: `object` for a table.
    pub(crate) fn kind(self) -> &'static str {
        self.text("type").unwrap_or_default()
    }

    pub(crate) fn is_table(self) -> bool {
        self.kind() == "object"
    }

    /// Whether the keys of this table are choices, and how many may be made.
    pub(crate) fn choice(self) -> Option<Choice> {
        self.0.get("minProperties")?;
        Some(match self.0.get("maxProperties") {
            Some(_) => Choice::One,
            None => Choice::Several,
        })
    }

    /// The values that are allowed, where they have names, each with its meaning.
    pub(crate) fn named_values(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let meanings = self.0.pointer(generate::VALUE_MEANINGS);
        let meanings = meanings.and_then(Value::as_array).into_iter().flatten();
        self.strings("enum").zip(meanings.map(|meaning| meaning.as_str().unwrap_or_default()))
    }

    /// What the key means.
    pub(crate) fn meaning(self) -> &'static str {
        self.text("description").unwrap_or_default()
    }

    pub(crate) fn path_kind(self) -> Option<PathKind> {
        match self.text("x-path")? {
            "always" => Some(PathKind::Always),
            "weights" => Some(PathKind::Weights),
            extension => Some(PathKind::Extension(extension)),
        }
    }

    pub(crate) fn pattern(self) -> Option<&'static str> {
        self.text("pattern")
    }

    /// A length such as `minItems` or `maxLength`.
    pub(crate) fn length(self, keyword: &str) -> Option<usize> {
        self.0.get(keyword)?.as_u64()?.try_into().ok()
    }

    /// A bound such as `minimum`.
    pub(crate) fn bound(self, keyword: &str) -> Option<f64> {
        self.0.get(keyword)?.as_f64()
    }

    /// Dotted paths of all keys that are called `name`, or nearly so.
    pub(crate) fn paths_of(self, name: &str) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_paths("", name, &mut paths);
        paths
    }

    fn collect_paths(self, prefix: &str, name: &str, paths: &mut Vec<String>) {
        for key in self.names() {
            let path = join(prefix, key);
            if suggest::same_name(key, name) {
                paths.push(path.clone());
            }
            if let Some(child) = self.child(key) {
                child.collect_paths(&path, name, paths);
            }
        }
    }

    fn properties(self) -> Option<&'static serde_json::Map<String, Value>> {
        self.0.get("properties")?.as_object()
    }

    fn text(self, keyword: &str) -> Option<&'static str> {
        self.0.get(keyword)?.as_str()
    }

    fn strings(self, keyword: &str) -> impl Iterator<Item = &'static str> {
        let list = self.0.get(keyword).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    }
}

/// Whether a text that may also name something shipped is the path of a file.
pub(crate) fn has_extension(text: &str, extension: &str) -> bool {
    Path::new(text).extension().is_some_and(|ending| ending == extension)
}

/// Dotted path of a key in a table; an empty table path is the root.
pub(crate) fn join(table: &str, key: &str) -> String {
    if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/experiment.schema.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == json_schema_text(),
            "experiment.schema.json changed, please run `lgdea schema --out lgdea/spec/experiment.schema.json`"
        );
    }

    #[test]
    fn names_lead_to_ranges_choices_and_meanings() {
        let root = Schema::root();
        let ratio = root.child("pairing").unwrap().child("ratio").unwrap();
        assert_eq!(ratio.bound("exclusiveMinimum"), Some(0.0));
        assert!(ratio.meaning().starts_with("ρ"));
        assert_eq!(root.child("data").unwrap().choice(), Some(Choice::Several));
        assert_eq!(root.child("evidence").unwrap().choice(), Some(Choice::One));
        assert_eq!(root.child("train").unwrap().choice(), None);
        assert_eq!(root.paths_of("learning_rate"), ["train.learning-rate"]);
    }

    #[test]
    fn only_keys_without_default_are_required() {
        let data = Schema::root().child("data").unwrap();
        let required = |name| -> Vec<_> { data.child(name).unwrap().required().collect() };
        assert_eq!(required("phantom"), [""; 0]);
        assert_eq!(required("manifest"), ["root", "studies"]);
        assert_eq!(required("openi"), ["reports"]);
        assert_eq!(Schema::root().required().count(), 0);
    }

    #[test]
    fn named_values_carry_their_meaning() {
        let unpaired = Schema::root().child("pairing").unwrap();
        let unpaired = unpaired.child("unpaired").unwrap();
        let values: Vec<_> = unpaired.named_values().collect();
        assert_eq!(values.len(), 3);
        assert_eq!(values[2], ("none", "They are left out."));
    }
}
