//! What a misspelt name was probably meant to be.

/// Least similarity, in [0, 1], of a name worth suggesting.
const SIMILAR: f64 = 0.6;

/// The most similar of the known names, unless none is similar.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (similarity(name, candidate), candidate))
        .filter(|(score, _)| *score >= SIMILAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Whether two names differ at most in case and in `_` for `-`.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    plain(a) == plain(b)
}

fn similarity(a: &str, b: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(&plain(a), &plain(b))
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 4] = ["steps", "batch", "learning-rate", "weight-decay"];

    #[test]
    fn finds_typos_case_and_underscores() {
        assert_eq!(nearest("learnign-rate", KEYS), Some("learning-rate"));
        assert_eq!(nearest("Weight_Decay", KEYS), Some("weight-decay"));
        assert_eq!(nearest("step", KEYS), Some("steps"));
    }

    #[test]
    fn does_not_guess_wildly() {
        assert_eq!(nearest("optimizer", KEYS), None);
        assert_eq!(nearest("", KEYS), None);
        assert_eq!(nearest("steps", []), None);
    }
}
