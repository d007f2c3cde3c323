//! What `lgdea check --explain KEY` says of a key.

use std::fmt;

use crate::constraint;
use crate::error::{Problem, SpecError};
use crate::layer;
use crate::schema::{Schema, join};
use crate::tree::Node;

/// What a key or a table of an experiment means and where its value comes from; `Display` is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The key with its tables: `train.learning-rate`.
    pub key: String,
    /// What it means.
    pub meaning: String,
    /// Its value, as TOML; none for a table and for a key of a choice that is not made.
    pub value: Option<String>,
    /// What gave the value, or named the table last: `low_pair.toml:12`, `--set seed=1`, `the defaults`, …
    pub given_by: Option<String>,
    /// Values that it replaced, latest first.
    pub replaced: Vec<Replaced>,
    /// What is allowed beyond the type, in words.
    pub allowed: Option<String>,
    /// Keys of the table or named values of the key.
    pub entries: Vec<Entry>,
}

/// A value that a later layer replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// The value, as TOML.
    pub value: String,
    /// What gave it.
    pub given_by: String,
}

/// A key of a table, or a named value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key or the named value.
    pub name: String,
    /// Value of the key, as TOML.
    pub value: Option<String>,
    /// What it means.
    pub meaning: String,
    /// Whether it is a choice that the experiment makes.
    pub chosen: bool,
}

/// Explains the key or table at a dotted path.
pub(crate) fn explain(tree: &Node, key: &str) -> Result<Explanation, SpecError> {
    let mut schema = Schema::root();
    let mut node = Some(tree);
    let mut path = String::new();
    for name in key.split('.').map(str::trim) {
        schema = schema.child(name).ok_or_else(|| Problem::nowhere(layer::unknown_key(schema, &path, name)))?;
        node = node.and_then(|node| node.get(name));
        path = join(&path, name);
    }
    let replaced = node.map(|node| node.replaced.as_slice()).unwrap_or_default();
    Ok(Explanation {
        key: path,
        meaning: schema.meaning().to_owned(),
        value: node.and_then(value),
        given_by: node.map(|node| node.place.to_string()),
        replaced: replaced
            .iter()
            .rev()
            .map(|(place, value)| Replaced { value: value.to_string(), given_by: place.to_string() })
            .collect(),
        allowed: constraint::allowed(schema),
        entries: entries(schema, node),
    })
}

fn value(node: &Node) -> Option<String> {
    node.value().map(ToString::to_string)
}

fn entries(schema: Schema, node: Option<&Node>) -> Vec<Entry> {
    let values = schema.named_values().map(|(name, meaning)| Entry {
        name: name.to_owned(),
        value: None,
        meaning: meaning.to_owned(),
        chosen: node.and_then(|node| node.value()?.as_str()) == Some(name),
    });
    let keys = schema.names().map(|name| Entry {
        name: name.to_owned(),
        value: node.and_then(|node| node.get(name)).and_then(value),
        meaning: schema.child(name).map_or("", Schema::meaning).to_owned(),
        chosen: schema.choice().is_some() && node.is_some_and(|node| node.get(name).is_some()),
    });
    values.chain(keys).collect()
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.value, &self.given_by) {
            (Some(value), _) => writeln!(f, "{} = {value}", self.key)?,
            (None, Some(_)) => writeln!(f, "[{}]", self.key)?,
            (None, None) => writeln!(f, "{} (not set)", self.key)?,
        }
        writeln!(f, "  {}", self.meaning)?;
        if let Some(allowed) = &self.allowed {
            writeln!(f, "  must be {allowed}")?;
        }
        if let Some(given_by) = &self.given_by {
            writeln!(f, "  given by {given_by}")?;
        }
        for Replaced { value, given_by } in &self.replaced {
            writeln!(f, "  instead of {value} from {given_by}")?;
        }
        for Entry { name, value, meaning, chosen } in &self.entries {
            match value {
                Some(value) => writeln!(f, "    {name} = {value}: {meaning}")?,
                None if *chosen => writeln!(f, "    {name} (chosen): {meaning}")?,
                None => writeln!(f, "    {name}: {meaning}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{render, resolve};

    fn explained(keys: &[&str]) -> String {
        let files = [
            ("top.toml", "extends = ['low.toml', 'clip']\n\n[pairing]\nratio = 0.1\n"),
            ("low.toml", "pairing.ratio = 0.2\nname = 'low'\n"),
        ];
        let resolved = resolve(&files, &["seed=3"]).unwrap();
        let texts: Vec<String> = keys.iter().map(|key| resolved.explain(key).unwrap().to_string()).collect();
        // The folder is a temporary one.
        let texts = texts.join("\n");
        let words = texts.split_inclusive([' ', '\n']);
        words
            .map(|word| word.rsplit_once("/top").map_or(word.into(), |(_, end)| format!("top{end}")))
            .map(|word| word.rsplit_once("/low").map_or(word.clone(), |(_, end)| format!("low{end}")))
            .collect()
    }

    #[test]
    fn a_key_tells_its_value_its_meaning_and_its_history() {
        insta::assert_snapshot!(explained(&[
            "pairing.ratio",
            "pairing.unpaired",
            "seed",
            "name",
            "loss.global.weight",
            "data.openi.reports",
        ]));
    }

    #[test]
    fn a_table_lists_its_keys() {
        insta::assert_snapshot!(explained(&["pairing", "data", "encoder.image.patch-cnn"]));
    }

    #[test]
    fn an_unknown_key_is_refused_with_a_suggestion() {
        let resolved = resolve(&[("a.toml", "")], &[]).unwrap();
        let refusals: Vec<String> = ["train.step", "batch", "", "seed.x", "train..", "evidence.rule"]
            .iter()
            .map(|key| render(&resolved.explain(key).unwrap_err()))
            .collect();
        insta::assert_snapshot!(refusals.join("\n"));
    }
}
