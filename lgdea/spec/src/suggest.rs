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

/// Names that are listed where none is meant.
const LISTED: usize = 5;

/// What to add to "there is no such run": the one that was probably meant, else some that there are. The key at a run's end need
/// not be typed.
pub fn instead(wanted: &str, known: &[String]) -> String {
    let holding: Vec<&String> = known
        .iter()
        .filter(|name| !wanted.is_empty() && name.to_lowercase().contains(&wanted.to_lowercase()))
        .collect();
    let list = |names: &[&String]| {
        let more = if names.len() > LISTED { ", …" } else { "" };
        let shown: Vec<&str> = names.iter().take(LISTED).map(|name| name.as_str()).collect();
        format!("; there are {}{more}", shown.join(", "))
    };
    match holding.as_slice() {
        [] => {}
        [one] => return format!("; did you mean `{one}`?"),
        several => return list(several),
    }
    let forms: Vec<(&str, &String)> =
        known.iter().flat_map(|name| [(name.as_str(), name), (without_key(name), name)]).collect();
    let meant = nearest(wanted, forms.iter().map(|(form, _)| *form));
    let mut alike: Vec<&String> =
        forms.iter().filter(|(form, _)| Some(*form) == meant).map(|(_, name)| *name).collect();
    alike.dedup();
    match alike.as_slice() {
        [one] => format!("; did you mean `{one}`?"),
        [] if known.is_empty() => String::new(),
        [] => list(&known.iter().collect::<Vec<_>>()),
        several => list(several),
    }
}

fn without_key(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(name, _)| name)
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
    fn a_run_that_is_not_there_is_told_with_the_one_that_is() {
        let runs: Vec<String> =
            ["table.lgdea-00112233aabb", "table.clip-00112233aabc", "table.clip-99112233aabc", "low-ffeeddccbbaa"]
                .map(str::to_owned)
                .to_vec();
        let table = [
            ("table.lgdea-00112233aabc", "; did you mean `table.lgdea-00112233aabb`?"),
            ("tabel.lgdea-00112233aabb", "; did you mean `table.lgdea-00112233aabb`?"),
            ("tabel.lgdea", "; did you mean `table.lgdea-00112233aabb`?"),
            ("TABLE.LGDEA", "; did you mean `table.lgdea-00112233aabb`?"),
            ("00112233aabb", "; did you mean `table.lgdea-00112233aabb`?"),
            ("low", "; did you mean `low-ffeeddccbbaa`?"),
            ("lwo", "; did you mean `low-ffeeddccbbaa`?"),
            ("table.clip", "; there are table.clip-00112233aabc, table.clip-99112233aabc"),
            ("tabel.clip", "; there are table.clip-00112233aabc, table.clip-99112233aabc"),
        ];
        for (wanted, expected) in table {
            assert_eq!(instead(wanted, &runs), expected, "{wanted}");
        }
        for wanted in ["", "something else"] {
            assert!(instead(wanted, &runs).starts_with("; there are table.lgdea-00112233aabb, "), "{wanted}");
        }
        assert_eq!(instead("x", &[]), "");
        let many: Vec<String> = (0..9).map(|number| format!("run-{number:012x}")).collect();
        assert!(instead("zzz", &many).ends_with("run-000000000004, …"));
    }

    #[test]
    fn does_not_guess_wildly() {
        assert_eq!(nearest("optimizer", KEYS), None);
        assert_eq!(nearest("", KEYS), None);
        assert_eq!(nearest("steps", []), None);
    }
}
