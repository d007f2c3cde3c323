use serde_json::Value;

use crate::Experiment;
use crate::schema::Schema;

/// Tables and keys that change no result, and `evidence`: which of its settings do, the provider knows.
const OUTSIDE: [&str; 6] = ["name", "description", "tags", "device", "tracker", "evidence"];

impl Experiment {
    /// Hash (blake3, in hexadecimal) of all settings that determine the result.
    ///
    /// Names, tags, device and tracker do not enter. Of a path only its presence does, because the same data may lie
    /// elsewhere: who reads it hashes its content. So does the evidence provider with what determines its answers.
    #[expect(clippy::missing_panics_doc, reason = "no experiment is beyond JSON: its keys are strings")]
    pub fn identity(&self) -> String {
        let mut settings = serde_json::to_value(self).expect("an experiment is made of tables, strings and numbers");
        if let Some(tables) = settings.as_object_mut() {
            tables.retain(|key, _| !OUTSIDE.contains(&key.as_str()));
        }
        blank_paths(&mut settings, Schema::root());
        settings.sort_all_objects();
        blake3::hash(settings.to_string().as_bytes()).to_hex().to_string()
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

    #[test]
    fn labels_device_and_places_of_data_do_not_enter() {
        let same = identity(MANIFEST, &[]);
        for flag in [
            "name=other",
            "description=other",
            "tags.group=a",
            "device.threads=3",
            "tracker.experiment=other",
            "data.manifest.root=/b",
            "evidence.openai.model=m",
        ] {
            assert_eq!(identity(MANIFEST, &[flag]), same, "{flag}");
        }
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
