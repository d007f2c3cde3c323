//! What messages may show of a file. The text of a report never is.

use std::path::Path;

/// Most characters of a cell, of a column's name, and of a label that are shown.
const CELL: usize = 24;
const NAME: usize = 40;
const LABEL: usize = 50;
/// Most words of a cell, and of a column's name.
const WORDS: usize = 4;

/// A cell as a message shows it: as it is where it is as short as an identifier, a number or a word of a closed list, else
/// how long it is. A wrong column or an open quotation mark can put a report anywhere.
pub fn shown(cell: &str) -> String {
    let (length, words) = (cell.chars().count(), cell.split_whitespace().count());
    let ends = |cell: &str| cell.ends_with(['.', '!', '?']);
    if length <= CELL && words < WORDS && !(words > 1 && ends(cell)) && !cell.chars().any(char::is_control) {
        cell.to_owned()
    } else {
        text_of(length)
    }
}

/// A label as a message shows it. A text that was taken for labels is not repeated: it may be a report.
pub fn shown_label(label: &str) -> String {
    let length = label.chars().count();
    if length <= LABEL { label.to_owned() } else { text_of(length) }
}

fn text_of(length: usize) -> String {
    format!("a text of {length} characters")
}

/// An identifier of a study or a report as a message shows it: paths serve as such, too, which are longer than a word.
pub fn shown_id(id: &str) -> String {
    if id.chars().any(char::is_whitespace) { shown(id) } else { id.chars().take(100).collect() }
}

/// A path as a message shows it. A wrong column of images makes paths of reports.
pub(crate) fn shown_path(path: &Path) -> String {
    let words = path.to_string_lossy().split_whitespace().count();
    let is_text = words > 8 || path.to_string_lossy().contains(char::is_control);
    if is_text { "a path that is a text".to_owned() } else { path.display().to_string() }
}

/// Names of columns or keys as a message shows them; of a first line that looks like no header, that it does.
pub fn shown_names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    if !names.iter().all(|name| is_name(name)) {
        return "not shown, because the first line looks like no header: it must name the columns".to_owned();
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// Whether a text looks like a column's name: one word, or a few that are written as titles are ("Finding Labels").
pub(crate) fn is_name(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let starts_small = |word: &&str| word.chars().next().is_some_and(char::is_lowercase);
    let is_shouted = |text: &str| !text.chars().any(char::is_lowercase);
    let is_title = words.len() <= WORDS && !words.iter().any(starts_small) && !is_shouted(text);
    // A column may have no name: pandas writes its index so.
    text.is_empty()
        || (text.chars().count() <= NAME
            && !text.ends_with(['.', '!', '?', ',', ';', ':'])
            && !text.chars().any(char::is_control)
            && text.chars().any(char::is_alphabetic)
            && (words.len() == 1 || is_title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_cells_are_shown_and_texts_are_not() {
        for cell in ["tset", "left PA", "AP Supine", "12.5", "", "COVID-19, ARDS", "patient00001/study1"] {
            assert_eq!(shown(cell), cell);
        }
        for text in [
            "No effusion.",
            "There is no effusion",
            "Cardiomegaly and effusions",
            "Line\nbreak",
            "Patient J.D. has a small left effusion, no pneumothorax.",
        ] {
            assert_eq!(shown(text), format!("a text of {} characters", text.chars().count()));
        }
        assert_eq!(shown_id("CheXpert-v1.0/train/patient00001/study1/view1.jpg").len(), 49);
        assert_eq!(shown_id("Small left effusion, no pneumothorax."), "a text of 37 characters");
    }

    #[test]
    fn headers_are_shown_and_first_lines_that_are_none_are_not() {
        let header =
            ["Image Index", "Finding Labels", "Follow-up #", "OriginalImage[Width", "age", "report_id", "", "AP/PA"];
        assert!(shown_names(header).starts_with("`Image Index`, `Finding Labels`"));
        for first_line in [
            &["Patient J.D. has a small left effusion, no pneumothorax."][..],
            &["Clear lungs."],
            &["r1", "No pneumothorax"],
            &["r1", "no pneumothorax"],
            &["r1", "NO PNEUMOTHORAX"],
            &["s0", "p0", "img/0.png", "Normal."],
            &["17", "normal"],
            &["r1", "line\nbreak"],
            &["r1", "FINDINGS:"],
            &["r1", "Heart, lungs and mediastinum"],
        ] {
            let said = shown_names(first_line.iter().copied());
            assert!(said.contains("looks like no header"), "{said}");
        }
    }
}
