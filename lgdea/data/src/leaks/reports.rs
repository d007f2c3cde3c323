//! The same report in two places.

use std::collections::HashMap;

use crate::Study;

/// Two studies whose reports have the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SameWords {
    /// Position of a study of the first list.
    pub one: usize,
    /// Position of the first study of the second list that has its words.
    pub other: usize,
    /// How many words the report has. Few are written again by chance ("Normal chest."), many are not.
    pub words: usize,
}

/// The studies of `a` whose report `b` has, too, in the order of `a`: equal but for case, white space and punctuation.
///
/// A report without a word is equal to none.
pub fn equal_reports<'a>(
    a: impl IntoIterator<Item = (usize, &'a Study)>,
    b: impl IntoIterator<Item = (usize, &'a Study)>,
) -> Vec<SameWords> {
    let mut known: HashMap<String, usize> = HashMap::new();
    for (other, study) in b {
        if let Some(words) = words(study) {
            known.entry(words).or_insert(other);
        }
    }
    let equal = a.into_iter().filter_map(|(one, study)| {
        let words = words(study)?;
        Some(SameWords { one, other: *known.get(&words)?, words: count(&words) })
    });
    equal.collect()
}

/// The words of a study's report, a space between them; `None` where it has none.
pub(crate) fn words(study: &Study) -> Option<String> {
    let text = study.report.as_ref()?.text().to_lowercase();
    let mut all = String::with_capacity(text.len());
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(word);
    }
    (!all.is_empty()).then_some(all)
}

/// How many words there are.
pub(crate) fn count(words: &str) -> usize {
    words.split(' ').filter(|word| !word.is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Report, Split};

    fn studies(texts: &[&str]) -> Vec<Study> {
        let study = |(number, text): (usize, &&str)| Study {
            report: Report::parse(text),
            ..Study::new(format!("s{number}"), format!("p{number}"), Split::Train)
        };
        texts.iter().enumerate().map(study).collect()
    }

    #[test]
    fn reports_are_equal_however_their_words_are_written() {
        let scored = studies(&["", "No acute disease, lungs are clear."]);
        for (text, is_equal) in [
            ("No acute disease, lungs are clear.", true),
            ("NO ACUTE DISEASE, LUNGS ARE CLEAR", true),
            ("  no acute\n disease ;lungs\tare   clear!", true),
            ("(No) acute-disease. Lungs: are clear...", true),
            ("No acute disease, lungs are clear", true),
            ("No acute disease, the lungs are clear.", false),
            ("No acute disease, lungs are", false),
            ("Lungs are clear, no acute disease.", false),
            ("No acute disease, lungs are clear. 2", false),
            ("Noacute disease, lungs are clear.", false),
            ("...", false),
            ("", false),
        ] {
            let found = equal_reports(studies(&[text]).iter().enumerate(), scored.iter().enumerate());
            let expected = SameWords { one: 0, other: 1, words: 6 };
            assert_eq!(found, Vec::from_iter(is_equal.then_some(expected)), "{text}");
        }
    }

    #[test]
    fn the_words_of_other_scripts_count() {
        let [one, other] = [studies(&["SIN HALLAZGOS; ÓSEO NORMAL"]), studies(&["Sin hallazgos: óseo normal"])];
        assert_eq!(equal_reports(one.iter().enumerate(), other.iter().enumerate())[0].words, 4);
    }

    #[test]
    fn positions_are_those_that_are_handed_over_and_the_first_is_named() {
        let all = studies(&["Clear.", "Mass.", "clear", "Clear", "Edema."]);
        let at = |places: &'static [usize]| places.iter().map(|&place| (place, &all[place]));
        let found = equal_reports(at(&[4, 3, 2]), at(&[1, 2, 0]));
        assert_eq!(found.iter().map(|pair| (pair.one, pair.other)).collect::<Vec<_>>(), [(3, 2), (2, 2)]);
    }
}
