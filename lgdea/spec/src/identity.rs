//! What of an experiment determines its result.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::schema::Schema;
use crate::{Experiment, Need, defaults};

/// Tables and keys that change no result; `device`, whose kind a run's key has beside this; and `evidence`: which of its
/// settings do, the provider knows.
const OUTSIDE: [&str; 7] = ["name", "description", "tags", "device", "tracker", "notify", "evidence"];

/// The top-level keys with paths in them.
static WITH_PATHS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    fn has_paths(schema: Schema) -> bool {
        schema.path_kind().is_some() || schema.children().any(has_paths)
    }
    tables().filter(|table| Schema::root().child(table).is_some_and(has_paths)).collect()
});

/// The loss terms that are off unless a file names them, with their settings. As long as no file does they enter no identity, so that
/// a term that is added to lgdea changes the key of no run.
static IDLE_TERMS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let terms = defaults::as_json().get("loss").and_then(Value::as_object).cloned().unwrap_or_default();
    terms.into_iter().filter(|(_, term)| term["weight"] == 0.0).collect()
});

impl Experiment {
    /// Hash (blake3, in hexadecimal) of all settings that determine the result.
    ///
    /// Names, tags, device and tracker do not enter. Of a path only its presence does, because the same data may lie
    /// elsewhere: who reads it hashes its content. So does the evidence provider with what determines its answers.
    pub fn identity(&self) -> String {
        let mut hash = IdentityHash::default();
        for key in inside() {
            hash.add(key, &self.identity_of(key));
        }
        hash.hex()
    }

    /// Hash of all settings that determine the trained weights: those of [`Experiment::identity`] but for how the model is
    /// evaluated, and how often training is logged and kept.
    pub fn training_identity(&self) -> String {
        let mut hash = IdentityHash::default();
        for key in inside() {
            let mut value = self.determining(key);
            match (key, &mut value) {
                ("eval", Value::Object(table)) => {
                    table.retain(|key, _| key == "zero-shot" && self.prompts_teach());
                }
                ("train", Value::Object(table)) => {
                    table.retain(|key, _| !["log-every", "checkpoint-every"].contains(&key.as_str()));
                }
                _ => {}
            }
            if let Some(Value::Object(zero_shot)) = value.get_mut("zero-shot") {
                zero_shot.retain(|key, _| key == "prompts");
            }
            hash.add(key, &value.to_string());
        }
        hash.hex()
    }

    /// Whether the prompts of the evaluation determine the weights: they name the classes that are learned where labels are.
    pub fn prompts_teach(&self) -> bool {
        self.needs().has(Need::Labels)
    }

    /// What a top-level key adds to the identity.
    pub(crate) fn identity_of(&self, key: &str) -> String {
        self.determining(key).to_string()
    }

    /// The settings of a top-level key that determine the result, in a fixed order.
    fn determining(&self, key: &str) -> Value {
        let mut value = self.table(key).expect("an experiment is made of tables, strings and numbers");
        if let Some(schema) = Schema::root().child(key).filter(|_| WITH_PATHS.contains(key)) {
            blank_paths(&mut value, schema);
        }
        if let ("loss", Value::Object(terms)) = (key, &mut value) {
            terms.retain(|name, term| IDLE_TERMS.get(name) != Some(term));
        }
        value.sort_all_objects();
        value
    }
}

/// The top-level keys that enter the identity, in their order.
pub(crate) fn inside() -> impl Iterator<Item = &'static str> {
    Experiment::TABLES.iter().copied().filter(|key| !OUTSIDE.contains(key))
}

/// The top-level keys with paths in them, in their order: all that an experiment reads is named there.
pub(crate) fn with_paths() -> impl Iterator<Item = &'static str> {
    tables().filter(|key| WITH_PATHS.contains(key))
}

/// All top-level keys.
pub(crate) fn tables() -> impl Iterator<Item = &'static str> {
    Experiment::TABLES.iter().copied()
}

/// The hash of one JSON object, key by key: experiments that share tables share the work.
#[derive(Debug, Clone, Default)]
pub(crate) struct IdentityHash {
    hasher: blake3::Hasher,
    begun: bool,
}

impl IdentityHash {
    pub(crate) fn add(&mut self, key: &str, json: &str) {
        self.hasher.update(if self.begun { b",\"" } else { b"{\"" });
        self.begun = true;
        self.hasher.update(key.as_bytes());
        self.hasher.update(b"\":");
        self.hasher.update(json.as_bytes());
    }

    pub(crate) fn finish(mut self) -> blake3::Hash {
        self.hasher.update(b"}");
        self.hasher.finalize()
    }

    fn hex(self) -> String {
        self.finish().to_hex().to_string()
    }
}

fn blank_paths(value: &mut Value, schema: Schema) {
    match value {
        Value::Object(table) => {
            for (key, value) in table {
                if let Some(schema) = schema.child(key) {
                    blank_paths(value, schema);
                }
            }
        }
        Value::String(text) if schema.path_kind().is_some_and(|kind| kind.is_path(text)) => {
            *value = Value::Bool(true);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::resolved_with;

    const MANIFEST: &str = "[data.manifest]\nroot = '/a'\nstudies = ['s.csv']\n";

    fn identity(text: &str, overrides: &[&str]) -> String {
        resolved_with(text, overrides).experiment.identity()
    }

    /// Identities name runs on disks: a change of their form must be a decision.
    #[test]
    fn it_is_the_hash_of_one_sorted_json_object() {
        let experiment = resolved_with(MANIFEST, &[]).experiment;
        let mut settings = serde_json::to_value(&experiment).unwrap();
        settings.as_object_mut().unwrap().retain(|key, _| !super::OUTSIDE.contains(&key.as_str()));
        super::blank_paths(&mut settings, super::Schema::root());
        settings["loss"].as_object_mut().unwrap().retain(|name, _| !super::IDLE_TERMS.contains_key(name));
        settings.sort_all_objects();
        assert_eq!(experiment.identity(), blake3::hash(settings.to_string().as_bytes()).to_hex().to_string());
    }

    /// A key must not change when lgdea learns another term.
    #[test]
    fn a_term_that_nobody_names_does_not_enter() {
        let loss = |flags: &[&str]| resolved_with(MANIFEST, flags).experiment.identity_of("loss");
        assert!(!loss(&[]).contains("pseudo-label") && loss(&[]).contains("reconstruction"), "{}", loss(&[]));
        assert!(loss(&["loss.pseudo-label.weight=1"]).contains("pseudo-label"));
        assert!(
            loss(&["loss.reconstruction.weight=0"]).contains("reconstruction"),
            "it is on unless a file says otherwise"
        );
        let experiment = resolved_with(MANIFEST, &[]).experiment;
        let off = experiment.loss.terms().filter(|(_, term)| !term.schedule().acts()).count();
        assert_eq!(off, super::IDLE_TERMS.len());
    }

    #[test]
    fn labels_device_and_places_of_data_do_not_enter() {
        let same = identity(MANIFEST, &[]);
        for flag in [
            "name=other",
            "description=other",
            "tags.group=a",
            "device.threads=3",
            "tracker.experiment=other",
            "notify.command=other",
            "data.manifest.root=/b",
            "evidence.openai.model=m",
        ] {
            assert_eq!(identity(MANIFEST, &[flag]), same, "{flag}");
        }
    }

    #[test]
    fn how_a_model_is_evaluated_does_not_determine_its_weights() {
        let training = |flag: &str| resolved_with(MANIFEST, &[flag]).experiment.training_identity();
        let base = training("seed=0");
        let same = [
            "eval.zero-shot.local-share=0.5",
            "eval.retrieval.at=[3]",
            "eval.zero-shot.prompts=pneumonia",
            "train.log-every=7",
            "train.checkpoint-every=9",
        ];
        for flag in same {
            assert_eq!(training(flag), base, "{flag}");
            assert_ne!(identity(MANIFEST, &[flag]), identity(MANIFEST, &[]), "{flag}");
        }
        for flag in ["seed=1", "train.steps=7", "loss.global.weight=2", "loss.supervised.weight=1"] {
            assert_ne!(training(flag), base, "{flag}");
        }
        let with_labels = |flag: &str| {
            let flags = ["loss.supervised.weight=1", flag];
            resolved_with(MANIFEST, &flags).experiment.training_identity()
        };
        assert_ne!(
            with_labels("eval.zero-shot.prompts=pneumonia"),
            with_labels("seed=0"),
            "the prompts name the classes"
        );
        assert_eq!(with_labels("eval.zero-shot.local-share=0.5"), with_labels("seed=0"));
    }

    #[test]
    fn what_determines_the_result_enters() {
        let base = identity(MANIFEST, &[]);
        for flag in [
            "seed=1",
            "pairing.ratio=0.1",
            "data.manifest.studies=['t.csv']",
            "train.learning-rate=1e-4",
            "eval.zero-shot.prompts=pneumonia",
            "eval.zero-shot.prompts=mine.toml",
        ] {
            assert_ne!(identity(MANIFEST, &[flag]), base, "{flag}");
        }
    }
}
