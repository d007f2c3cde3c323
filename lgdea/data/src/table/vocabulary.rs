//! The values of a column that messages may repeat, because they come again and again.

use std::collections::HashMap;

use super::shown::{shown, text_of};
use super::text::{is_sentence, is_several_words, words};
use crate::labels::{NO_FINDING, normalise_label};

/// Most words and characters of a value that is shown.
const WORDS: usize = 4;
const LENGTH: usize = 50;
/// How often a value stands there, and how often one does on average, in a closed list.
const OFTEN: usize = 2;

/// Values, and how often each is there, however it is written.
///
/// A wrong column can put reports anywhere. Each report is another, while views and labels are few; so that a value of several
/// words is repeated by a message where it stands there several times, most others do, too, and it is no sentence.
#[derive(Debug)]
pub enum Vocabulary {
    /// Values that are known not to be texts: all are shown.
    Closed,
    /// Values that may be texts.
    Counted {
        /// How often each is there.
        counts: HashMap<String, usize>,
        /// How many there are.
        total: usize,
    },
}

impl Default for Vocabulary {
    fn default() -> Self {
        Vocabulary::Counted { counts: HashMap::new(), total: 0 }
    }
}

impl<'a> FromIterator<(&'a str, usize)> for Vocabulary {
    fn from_iter<Values: IntoIterator<Item = (&'a str, usize)>>(values: Values) -> Self {
        let mut vocabulary = Vocabulary::default();
        for (value, count) in values {
            vocabulary.add(value, count);
        }
        vocabulary
    }
}

impl Vocabulary {
    /// Counts a value.
    pub(crate) fn add(&mut self, value: &str, count: usize) {
        if let Vocabulary::Counted { counts, total } = self {
            *counts.entry(normalise_label(value)).or_default() += count;
            *total += count;
        }
    }

    /// A value as a message shows it: as it is, or else how long it is.
    pub fn shown(&self, value: &str) -> String {
        if !is_several_words(value) {
            shown(value)
        } else if self.is_known(value) {
            value.to_owned()
        } else {
            text_of(value)
        }
    }

    /// A value of several parts, as a message shows it: the parts are what must be there several times.
    pub(crate) fn shown_parts(&self, value: &str, separators: &[char]) -> String {
        let is_known = value.chars().count() <= LENGTH && value.split(separators).all(|part| self.is_known(part));
        if is_known { value.to_owned() } else { text_of(value) }
    }

    fn is_known(&self, value: &str) -> bool {
        let Vocabulary::Counted { counts, total } = self else { return true };
        let label = normalise_label(value);
        let denies = |word: &str| ["no", "not", "without"].contains(&word.to_lowercase().as_str());
        let most = if words(value).any(denies) { 2 } else { WORDS };
        let is_name = words(value).count() <= most && value.chars().count() <= LENGTH && !is_sentence(value);
        let is_often = |count: &usize| *count >= OFTEN && *total >= OFTEN * counts.len();
        label == NO_FINDING || (is_name && counts.get(&label).is_some_and(is_often))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(values: &[&str]) -> Vocabulary {
        values.iter().map(|&value| (value, 1)).collect()
    }

    #[test]
    fn what_comes_again_and_again_is_shown() {
        let views = ["AP Supine", "left PA", "AP Supine", "AP_supine", "left PA", "LAO"];
        let vocabulary = vocabulary(&views);
        for view in views.into_iter().chain(["No Finding", "no_finding", "oblique", "12"]) {
            assert_eq!(vocabulary.shown(view), view);
        }
        assert_eq!(vocabulary.shown("right PA"), "a text of 8 characters");
    }

    #[test]
    fn texts_of_two_to_eight_words_are_not_shown() {
        let all = ["quokka", "basal", "opacity", "stable", "lines", "small", "left", "hilar"];
        let texts: Vec<String> = (2..=8).flat_map(|many| [all[..many].join(" "), all[8 - many..].join("_")]).collect();
        let each_once: Vocabulary = texts.iter().map(|text| (text.as_str(), 1)).collect();
        for text in &texts {
            assert!(!each_once.shown(text).contains("opacity"), "{text}");
        }
        for often in ["No acute disease", "Lungs are clear", "Clear lungs.", "no_acute_disease", "not seen before"] {
            assert!(vocabulary(&[often; 9]).shown(often).starts_with("a text of"), "{often}");
        }
        let mut mixed = vocabulary(&["Quokka normal"; 2]);
        for text in &texts {
            mixed.add(text, 1);
        }
        assert!(mixed.shown("Quokka normal").starts_with("a text of"), "two alike do not make a list of many others");
    }

    #[test]
    fn values_of_several_parts_are_shown_where_their_parts_are_known() {
        let shown = |values: &[&str], value| vocabulary(values).shown_parts(value, &[',', '+']);
        let parts = ["COVID-19", "ARDS", "COVID-19", "ARDS", "ARDS", "mass"];
        assert_eq!(shown(&parts, "COVID-19, ARDS"), "COVID-19, ARDS");
        assert_eq!(shown(&parts, "COVID-19, mass"), "a text of 14 characters");
        assert_eq!(shown(&["Heart enlarged", "edema"], "Heart enlarged, edema"), "a text of 21 characters");
    }
}
