//! How files write a value that is not there.

/// What pandas, R, spreadsheets and databases write for it, in lower case; beside nothing at all.
///
/// pandas reads most of these as missing and writes some of them where a column was made text (`astype(str)`). A label, view
/// or identifier that is really called so cannot be told from them, and counts as missing, as it does in pandas.
const WRITTEN: [&str; 18] = [
    "nan", "-nan", "none", "null", "(null)", "<null>", "na", "n/a", "<na>", "<nan>", "<none>", "#n/a", "#n/a n/a",
    "#na", "nat", "\\n", "1.#qnan", "-1.#ind",
];

/// Whether a cell says that its value is not there.
pub fn is_missing(cell: &str) -> bool {
    let cell = cell.trim();
    let longest = WRITTEN.iter().map(|written| written.len()).max().unwrap_or_default();
    cell.is_empty() || (cell.len() <= longest && WRITTEN.contains(&cell.to_ascii_lowercase().as_str()))
}

/// Whether a text has no words but such: what became of several missing values that were joined.
pub(crate) fn is_missing_text(text: &str) -> bool {
    text.split_whitespace().all(|word| {
        let word = word.trim_end_matches(['.', ',', ';']);
        word.is_empty() || is_missing(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pandas_and_others_write_is_missing() {
        for cell in [
            "", "  ", "nan", "NaN", "NAN", "None", "none", "null", "NULL", "NA", "na", "N/A", "n/a", "<NA>", "#N/A",
            "NaT", " nan ", "#NA", "\\N", "(null)", "-NaN", "1.#QNAN", "-1.#IND", "#N/A N/A",
        ] {
            assert!(is_missing(cell), "{cell:?}");
        }
        for cell in ["0", "no", "Nana", "none seen", "No Finding", "nan nan", "N", "-", "null hypothesis", "é"] {
            assert!(!is_missing(cell), "{cell:?}");
        }
    }

    #[test]
    fn a_text_of_nothing_but_missing_values_is_missing() {
        for text in ["nan nan", "nan. nan.", "None\nNaN", "", " N/A; N/A "] {
            assert!(is_missing_text(text), "{text:?}");
        }
        for text in ["No effusion.", "nan effusion", "None seen."] {
            assert!(!is_missing_text(text), "{text:?}");
        }
    }
}
