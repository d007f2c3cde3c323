//! Names and values as MLflow accepts them.

use std::borrow::Cow;

use lgdea_metric::{Group, Name, significant};
use serde_json::{Map, Value};

/// Longest name of a metric, parameter or tag, in characters.
const NAME_LENGTH: usize = 250;
/// Longest name of a setting, in characters; a trial's is that with its seed.
const SETTING_LENGTH: usize = 200;
/// Hexadecimal digits of the hash that keeps two changed names apart.
const HASH_LENGTH: usize = 6;

/// Longest parameter, in characters; the server would cut a longer one without a word.
pub(super) const PARAM_LENGTH: usize = 6000;
/// Longest tag that every database behind MLflow holds, in characters.
pub(super) const TAG_LENGTH: usize = 8000;

/// A name that MLflow accepts: letters, digits and `_-. /`, and a path that is its own normal form.
///
/// A name that has to be changed gets a hash of the original at its end, so that `R@10` and `R%10` stay two curves.
/// Colons and letters beyond ASCII are changed too: servers differ on them by their operating system.
pub fn name(name: &str) -> Cow<'_, str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '/');
    let normal = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if name.chars().all(allowed) && normal && name.len() <= NAME_LENGTH {
        return Cow::Borrowed(name);
    }
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    let mut mapped: String = parts
        .collect::<Vec<_>>()
        .join("/")
        .chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .take(NAME_LENGTH - HASH_LENGTH - 1)
        .collect();
    mapped.push('-');
    mapped.push_str(&blake3::hash(name.as_bytes()).to_hex()[..HASH_LENGTH]);
    Cow::Owned(mapped)
}

/// Name of a journal's metric on MLflow.
///
/// MLflow's charts are ordered by name, in sections by what stands before the last `/`, and nothing that a server keeps changes
/// that. What training tells of itself (`evidence/…`, `graph/…`) goes below `train/`, so that the scores on `test/` come first. The
/// ends of a score's interval stand beside it (`test/…/cnr.low`): below it, every score would have a section of its own.
pub fn metric(metric: &str) -> Cow<'_, str> {
    if Name::parse(metric).bound.is_some()
        && let Some((score, end)) = metric.rsplit_once('/')
    {
        return Cow::Owned(name(&format!("{score}.{end}")).into_owned());
    }
    match Group::of(metric) {
        Some(Group::TextWarmup | Group::Evidence | Group::Graph | Group::PseudoPair) => {
            Cow::Owned(name(&Group::Train.name(metric)).into_owned())
        }
        Some(Group::Train | Group::System) | None => name(metric),
    }
}

/// What a trial is of, short: its arm and the values that the sweep gives it, as in `clip · 0.3`. `deltas` is the tag.
pub(super) fn setting(arm: &str, deltas: &str) -> String {
    let deltas: Map<String, Value> = serde_json::from_str(deltas).unwrap_or_default();
    let values = deltas.iter().map(|(key, value)| match value {
        Value::String(text) => text.clone(),
        // Searched values have many digits.
        Value::Number(number) if number.is_f64() => short(number.as_f64().unwrap_or_default()),
        Value::Number(number) => number.to_string(),
        // By themselves these say nothing.
        other => format!("{}={other}", key.rsplit('.').next().unwrap_or(key)),
    });
    let parts = [arm.to_owned()].into_iter().chain(values);
    value(&parts.collect::<Vec<_>>().join(" · "), SETTING_LENGTH).into_owned()
}

/// A number with three digits behind the first.
fn short(number: f64) -> String {
    let rounded = significant(number, 4);
    if (1e-4..1e6).contains(&rounded.abs()) || rounded == 0.0 { format!("{rounded}") } else { format!("{rounded:e}") }
}

/// Name of a logged model, whose rules are others; it need not tell models apart.
pub(super) fn model(name: &str) -> String {
    let forbidden = |c: char| matches!(c, '/' | ':' | '.' | '%' | '"' | '\'');
    name.chars().map(|c| if forbidden(c) { '-' } else { c }).take(NAME_LENGTH).collect()
}

/// A value of at most `length` characters; a longer one ends with a mark that says so.
pub(super) fn value(value: &str, length: usize) -> Cow<'_, str> {
    // Bytes are at least as many as characters, so most values are settled without counting.
    if value.len() <= length {
        return Cow::Borrowed(value);
    }
    let characters = value.chars().count();
    if characters <= length {
        return Cow::Borrowed(value);
    }
    let mark = format!("… [cut: {characters} characters, whole in the journal]");
    let kept = length - mark.chars().count();
    Cow::Owned(value.chars().take(kept).collect::<String>() + &mark)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn good_names_stay_and_bad_ones_stay_apart() {
        for good in ["loss", "test/zero_shot/auroc_macro", "train.learning-rate", "a b", "..a"] {
            assert_eq!(name(good), good);
        }
        assert!(name("R@10").starts_with("R_10-"));
        assert_ne!(name("R@10"), name("R%10"));
        assert!(name("/a//b/").starts_with("a/b-"));
        assert!(name("../a/./b").starts_with("a/b-"));
        assert!(name("").starts_with('-') && name("..").starts_with('-'));
    }

    #[test]
    fn scores_come_before_what_training_tells_of_itself() {
        let metrics = [
            ("evidence/dead_prototypes", "train/evidence/dead_prototypes"),
            ("graph/alignment", "train/graph/alignment"),
            ("pseudo_pair/accuracy", "train/pseudo_pair/accuracy"),
            ("text_warmup/loss", "train/text_warmup/loss"),
            ("train/loss", "train/loss"),
            ("system/cpu_utilization_percentage", "system/cpu_utilization_percentage"),
            ("test/zero_shot/auroc_macro", "test/zero_shot/auroc_macro"),
            ("validation/zero_shot/auroc_macro", "validation/zero_shot/auroc_macro"),
            ("evidence", "evidence"),
            ("test/grounding/cnr/low", "test/grounding/cnr.low"),
            ("test/zero_shot/auroc/cardiomegaly/high", "test/zero_shot/auroc/cardiomegaly.high"),
            ("validation/odd/high", "validation/odd.high"),
            ("train/loss/low", "train/loss/low"),
            ("odd/low", "odd/low"),
        ];
        for (journal, shown) in metrics {
            assert_eq!(metric(journal), shown);
        }
        assert!(metrics[..5].iter().all(|(_, shown)| *shown > "test/"));
        assert!(metric("evidence/a@b").starts_with("train/evidence/a_b-"));
    }

    #[test]
    fn a_setting_is_called_after_what_the_sweep_gives_it() {
        let table = [
            ("clip", r#"{"pairing.ratio":0.3}"#, "clip · 0.3"),
            ("lgdea", "{}", "lgdea"),
            ("lgdea", r#"{"train.learning-rate":0.0031622776601,"train.steps":600}"#, "lgdea · 0.003162 · 600"),
            ("a", r#"{"encoder.image":"vit","graph.oracle":true}"#, "a · vit · oracle=true"),
            ("a", r#"{"eval.at":[1,5]}"#, "a · at=[1,5]"),
            ("a", r#"{"x":1e-7,"y":2.5e9,"z":0.0}"#, "a · 1e-7 · 2.5e9 · 0"),
            ("a", "spoiled", "a"),
        ];
        for (arm, deltas, name) in table {
            assert_eq!(setting(arm, deltas), name);
        }
        assert!(setting(&"é".repeat(400), "{}").chars().count() <= SETTING_LENGTH);
    }

    #[test]
    fn models_have_no_dots() {
        assert_eq!(model("tuning.clip"), "tuning-clip");
        assert_eq!(model("a/b:c%d'e\"é"), "a-b-c-d-e-é");
        assert_eq!(model(&"x".repeat(300)).len(), 250);
    }

    #[test]
    fn long_values_are_cut_with_a_mark() {
        assert_eq!(value("short", 6000), "short");
        assert_eq!(value(&"é".repeat(6000), 6000), "é".repeat(6000));
        let cut = value(&"é".repeat(6001), 6000).into_owned();
        assert_eq!(cut.chars().count(), 6000);
        assert!(cut.ends_with("[cut: 6001 characters, whole in the journal]"), "{cut}");
    }

    proptest! {
        /// What MLflow checks: the characters, `posixpath.normpath(name) == name`, no leading `/` or `..`, the length.
        #[test]
        fn every_name_becomes_acceptable(original in "([a-z@é]{0,4}[./: ]{0,3}){0,90}") {
            let name = name(&original);
            prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "_-. /".contains(c)), "{}", name);
            prop_assert!(name.split('/').all(|part| !matches!(part, "" | "." | "..")), "{}", name);
            prop_assert!(name.len() <= 250 && !name.is_empty());
        }
    }
}
