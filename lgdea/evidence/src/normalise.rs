//! Report text made uniform for matching, with the way back to the original.

/// Report text made uniform for matching, with the way back to the original.
///
/// Pure ASCII: letters are lower case, white space and hyphens are single blanks, a character beyond ASCII is one
/// placeholder that belongs to a word. A newline remains only where it ends a statement.
#[derive(Default)]
pub(crate) struct Normalised {
    pub(crate) text: String,
    /// For each byte of `text`, where in the original its character starts, and where the character after it does.
    origins: Vec<(u32, u32)>,
}

const FOREIGN: u8 = 0x1a;

impl Normalised {
    /// Takes in `original[from..]` up to `to`; positions are those of the whole original.
    pub(crate) fn read(&mut self, original: &str, from: usize, to: usize) {
        self.origins.clear();
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        bytes.clear();
        let body = &original[from..to];
        for (at, character) in body.char_indices() {
            let byte = match character {
                '\n' if ends_statement(&bytes, &body[at + 1..]) => b'\n',
                '-' | '\u{2010}'..='\u{2015}' => b' ',
                _ if character.is_whitespace() => b' ',
                _ if character.is_ascii() => (character as u8).to_ascii_lowercase(),
                _ => FOREIGN,
            };
            let blank = byte == b' ' || byte == b'\n';
            if blank && bytes.last().is_none_or(|last| matches!(last, b' ' | b'\n')) {
                if byte == b'\n'
                    && let Some(last) = bytes.last_mut()
                {
                    *last = b'\n';
                }
                continue;
            }
            bytes.push(byte);
            let start = from + at;
            self.origins.push((start as u32, (start + character.len_utf8()) as u32));
        }
        self.text = String::from_utf8(bytes).unwrap_or_default();
    }

    /// Byte range in the original of the byte range `start..end` of `text`; `start < end`.
    pub(crate) fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        (self.origins[start].0 as usize, self.origins[end - 1].1 as usize)
    }
}

/// A term as it stands in normalised text.
pub(crate) fn normalise_term(term: &str) -> String {
    let mut normalised = Normalised::default();
    normalised.read(term, 0, term.len());
    normalised.text.trim().to_owned()
}

/// Whether a line break ends a statement: before a blank line, a list item or a capitalised line, after a heading.
/// Every other break is only where the line was full.
fn ends_statement(before: &[u8], after: &str) -> bool {
    let Some(next) = after.find(|c: char| !c.is_whitespace() || c == '\n') else {
        return true;
    };
    let rest = &after.as_bytes()[next..];
    let capitalised = rest[0].is_ascii_uppercase() && rest.get(1).is_some_and(u8::is_ascii_lowercase);
    let blank_line = rest[0] == b'\n';
    let item = matches!(rest[0], b'-' | b'*')
        || (rest[0].is_ascii_digit()
            && matches!(rest.get(1), Some(b'.' | b')'))
            && rest.get(2).is_none_or(u8::is_ascii_whitespace));
    capitalised || blank_line || item || before.last() == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalise(text: &str) -> Normalised {
        let mut normalised = Normalised::default();
        normalised.read(text, 0, text.len());
        normalised
    }

    #[test]
    fn folds_case_blanks_and_hyphens_but_keeps_the_way_back() {
        let text = "Small  Left-sided\n  effusion °C";
        let normalised = normalise(text);
        assert_eq!(normalised.text, "small left sided effusion \u{1a}c");
        let at = normalised.text.find("effusion").unwrap();
        let (start, end) = normalised.origin(at, at + "effusion".len());
        assert_eq!(&text[start..end], "effusion");
    }

    #[test]
    fn keeps_line_breaks_that_end_a_statement() {
        assert_eq!(normalise("no\neffusion").text, "no effusion");
        assert_eq!(normalise("no effusion\nSmall nodule").text, "no effusion\nsmall nodule");
        assert_eq!(normalise("no effusion \n\n small nodule").text, "no effusion\nsmall nodule");
        assert_eq!(normalise("no effusion\n2. nodule").text, "no effusion\n2. nodule");
    }
}
