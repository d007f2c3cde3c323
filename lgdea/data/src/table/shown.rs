//! What messages may show of a file. The text of a report never is.

use std::path::Path;

use super::text::{is_image_file, is_one_piece, is_several_words};

/// Most characters of a cell and of an identifier that are shown.
const CELL: usize = 24;
const IDENTIFIER: usize = 100;

/// A cell as a message shows it: as it is where it is a number or one word, else how long it is. A wrong column or an open
/// quotation mark can put a report anywhere, even a short one.
pub fn shown(cell: &str) -> String {
    if cell.chars().count() <= CELL && !is_several_words(cell) && !cell.contains(char::is_control) {
        cell.to_owned()
    } else {
        text_of(cell)
    }
}

/// What is said of a text that is not shown.
pub(super) fn text_of(text: &str) -> String {
    format!("a text of {} characters", text.chars().count())
}

/// An identifier of a study or a report as a message shows it: paths serve as such, too, which are longer than a word.
pub fn shown_id(id: &str) -> String {
    if is_path(id, &[',', ';']) { id.chars().take(IDENTIFIER).collect() } else { shown(id) }
}

/// A path as a message shows it. A wrong column of images makes paths of reports.
pub(crate) fn shown_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    if is_path(&text, &[]) { text.into_owned() } else { "a path that is a text".to_owned() }
}

/// Whether a text can be a path; with one of the characters `no` in it, only that of an image file.
fn is_path(text: &str, no: &[char]) -> bool {
    const WORDS: usize = 8;
    !text.contains(char::is_control)
        && if is_image_file(text) {
            text.split_whitespace().count() <= WORDS
        } else {
            is_one_piece(text) && !text.contains(no)
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_single_words_are_shown_and_texts_are_not() {
        for cell in ["tset", "PA", "12.5", "", "COVID-19", "oblique", "Patient 17"] {
            assert_eq!(shown(cell), cell);
        }
        for text in [
            "No effusion.",
            "no effusion",
            "Clear Lungs",
            "CLEAR LUNGS",
            "no_effusion",
            "no-effusion",
            "normal,clear",
            "There is no effusion",
            "Cardiomegaly and effusions",
            "Line\nbreak",
            "心影增大",
            "Patient J.D. has a small left effusion, no pneumothorax.",
        ] {
            assert_eq!(shown(text), format!("a text of {} characters", text.chars().count()));
        }
    }

    #[test]
    fn identifiers_and_paths_are_shown_and_texts_are_not() {
        for id in
            ["CheXpert-v1.0/train/patient00001/study1/view1.jpg", "s 1.png", "1.2.840.113619", "CXR1_1_IM-0001-4001"]
        {
            assert_eq!((shown_id(id), shown_path(Path::new(id))), (id.to_owned(), id.to_owned()));
        }
        assert_eq!(shown_id("Patient 17"), "Patient 17");
        assert_eq!(shown_id(&"x".repeat(200)).len(), 100);
        for text in [
            "Small left effusion, no pneumothorax.",
            "Clear lungs",
            "effusion w/o change",
            "Small effusion w/o",
            "/data/Small effusion, see text",
            "quokka basal opacity stable lines small left hilar",
            "心影增大",
        ] {
            assert!(!shown_id(text).contains("ffusion") && shown_id(text).starts_with("a text of"), "{text}");
            assert_eq!(shown_path(Path::new(text)), "a path that is a text");
        }
    }
}
