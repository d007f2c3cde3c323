//! What tells a text, such as a report's, from a name, a word of a closed list, and an identifier.

/// Words that make a sentence, and that no name of a finding or a view has.
const OF_SENTENCES: &[&str] = &[
    "is",
    "are",
    "was",
    "were",
    "be",
    "been",
    "has",
    "have",
    "had",
    "there",
    "the",
    "this",
    "these",
    "that",
    "which",
    "shows",
    "show",
    "seen",
    "noted",
    "demonstrates",
    "since",
    "today",
    "and",
];
/// Words from which a text is more than a name.
const MANY: usize = 8;
/// Endings of the names of image files.
const IMAGE_FILES: &[&str] =
    &["png", "jpg", "jpeg", "jp2", "bmp", "tif", "tiff", "webp", "gif", "dcm", "dicom", "nii", "mha"];

/// The words of a text: whatever stands between its letters and digits divides them, and a number is none.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.contains(char::is_alphabetic))
}

/// Whether a text has more than one word, as far as words can be counted: some scripts have no spaces.
pub(crate) fn is_several_words(text: &str) -> bool {
    words(text).nth(1).is_some() || text.contains(is_unspaced)
}

/// Whether a text stands in one piece: without spaces, in a script that has some.
pub(super) fn is_one_piece(text: &str) -> bool {
    !text.contains(char::is_whitespace) && !text.contains(is_unspaced)
}

/// Whether a letter is of a script that has no spaces between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{9fff}')
}

/// Whether a text is a sentence or several, and no name, even a long one, and no path.
pub(crate) fn is_sentence(text: &str) -> bool {
    let text = text.trim();
    let several = is_several_words(text);
    let said = |word: &str| OF_SENTENCES.contains(&word.to_lowercase().as_str());
    let unspaced = text.chars().filter(|&c| is_unspaced(c)).count();
    let is_path = is_one_piece(text) && text.contains(['/', '\\']);
    several
        && !is_path
        && (text.ends_with(['.', '!', '?', '。'])
            || text.contains(['\n', '\r', '。', '，', '、'])
            || unspaced > MANY
            || words(text).count() > MANY
            || words(text).any(said))
}

/// Whether a text is none that tells one study from another: several words, or a sentence, and neither a number nor a file.
pub(crate) fn is_no_identifier(text: &str) -> bool {
    let is_spaced = text.trim().contains(char::is_whitespace) && !text.contains(|c: char| c.is_ascii_digit());
    (is_spaced && is_several_words(text) && !is_image_file(text)) || is_sentence(text)
}

/// Whether it may be a person's name, as files of patients have: a few words that all begin with a capital.
pub(crate) fn is_personal_name(text: &str) -> bool {
    let begins_small = |word: &str| word.chars().next().is_some_and(char::is_lowercase);
    !is_sentence(text) && words(text).count() <= 4 && !words(text).any(begins_small)
}

/// Whether it ends as the path of an image file does.
pub(crate) fn is_image_file(text: &str) -> bool {
    let ending = text.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    ending.is_some_and(|ending| IMAGE_FILES.contains(&ending.as_str()))
}

/// An identifier as it was before a table that was saved again made a fraction of its number: `12.0` is `12`.
pub(crate) fn whole(identifier: &str) -> &str {
    identifier.strip_suffix(".0").unwrap_or(identifier)
}

/// Whether an identifier is a number that a spreadsheet has rounded (`1.00000E+11`): others became the same.
pub(crate) fn is_rounded(identifier: &str) -> bool {
    identifier.contains('.') && identifier.contains(['e', 'E']) && identifier.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_told_from_names() {
        for text in [
            "No pneumothorax.",
            "The heart is enlarged",
            "Lungs are clear",
            "Small effusion\nno change",
            "small left effusion, no pneumothorax, stable lines, old fracture",
            "Heart size normal and clear lungs",
            "there_is_a_small_left_effusion",
            "心影增大，两肺纹理增粗",
            "心影增大两肺纹理增粗未见渗出",
            "No change since yesterday",
        ] {
            assert!(is_sentence(text), "{text}");
        }
        for name in [
            "",
            "Normal.",
            "Pleural Effusion",
            "No Finding",
            "Enlarged Cardiomediastinum",
            "No Lung Opacity / Not Normal",
            "AP Supine",
            "COVID-19, ARDS",
            "12.5",
            "正面",
            "files/p10/s50/a.jpg",
        ] {
            assert!(!is_sentence(name), "{name}");
        }
    }

    #[test]
    fn identifiers_have_a_number_or_no_space() {
        for id in [
            "s1",
            "Patient 17",
            "12 3",
            "a b.png",
            "1.2.840.1",
            "CXR1_1_IM-0001",
            "abc",
            "P-A",
            "my scans/a.jpg",
            "患者1",
        ] {
            assert!(!is_no_identifier(id), "{id}");
        }
        for text in ["Small left effusion", "no change", "Study 3 is normal.", "Clear Lungs", "NO ACUTE DISEASE"] {
            assert!(is_no_identifier(text), "{text}");
        }
        for name in ["Doe John", "DOE JOHN", "Doe, John M."] {
            assert_eq!(is_personal_name(name), !name.ends_with('.'), "{name}");
        }
        for text in ["Small left effusion", "No effusion is seen", "Heart Lungs Bones Soft Tissue"] {
            assert!(!is_personal_name(text), "{text}");
        }
    }
}
