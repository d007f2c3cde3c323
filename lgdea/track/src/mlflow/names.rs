//! Names and values as MLflow accepts them.

use std::borrow::Cow;

/// Longest name of a metric, parameter or tag, in characters.
const NAME_LENGTH: usize = 250;
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
