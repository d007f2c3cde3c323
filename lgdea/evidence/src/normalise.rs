//! Report text made uniform for matching, with the way back to the original.

/// Report text made uniform for matching, with the way back to the original.
///
/// Pure ASCII: letters are lower case, white space and hyphens are single blanks, a dash between statements is `-`,
/// ligatures and typographic quotes are what they stand for, characters without width are left out, and any other
/// character beyond ASCII is one placeholder that belongs to a word. A newline remains only where it ends a statement.
#[derive(Default)]
pub(crate) struct Normalised {
    pub(crate) text: String,
    /// For each byte of `text`, where in the original its character starts, and where the character after it does.
    origins: Vec<(u32, u32)>,
}

const FOREIGN: &str = "\u{1a}";

impl Normalised {
    /// Takes in `original[from..]` up to `to`; positions are those of the whole original.
    pub(crate) fn read(&mut self, original: &str, from: usize, to: usize) {
        self.origins.clear();
        let mut writer = Writer { bytes: std::mem::take(&mut self.text).into_bytes(), origins: &mut self.origins };
        writer.bytes.clear();
        let mut rest = original[from..to].chars();
        writer.bytes.reserve(to - from);
        writer.origins.reserve(to - from);
        let mut start = from;
        while let Some(character) = rest.next() {
            let after = rest.as_str();
            let origin = (start as u32, (start + character.len_utf8()) as u32);
            start += character.len_utf8();
            match character {
                _ if character.is_ascii_alphanumeric() => writer.push(character.to_ascii_lowercase() as u8, origin),
                ' ' => writer.blank(origin),
                '\n' if ends_statement(&writer.bytes, after) => writer.end_statement(origin),
                '*' if writer.is_open() && after.starts_with(' ') => writer.end_statement(origin),
                // Of leading dots, three are enough.
                '.' if writer.bytes.ends_with(b"...") => {}
                '-' => writer.dash(character, after, origin),
                _ if character.is_whitespace() => writer.blank(origin),
                _ if character.is_ascii() => writer.push(character as u8, origin),
                _ if is_bullet(character) => writer.end_statement(origin),
                _ if is_dash(character) => writer.dash(character, after, origin),
                _ if is_invisible(character) => {}
                _ => plain(character).bytes().for_each(|byte| writer.push(byte, origin)),
            }
        }
        self.text = String::from_utf8(writer.bytes).unwrap_or_default();
    }

    /// Byte range in the original of the byte range `start..end` of `text`; `start < end`.
    pub(crate) fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        (self.origins[start].0 as usize, self.origins[end - 1].1 as usize)
    }
}

/// Normalised text while it is made.
struct Writer<'a> {
    bytes: Vec<u8>,
    origins: &'a mut Vec<(u32, u32)>,
}

impl Writer<'_> {
    fn push(&mut self, byte: u8, origin: (u32, u32)) {
        self.bytes.push(byte);
        self.origins.push(origin);
    }

    fn blank(&mut self, origin: (u32, u32)) {
        if !self.is_blank() {
            self.push(b' ', origin);
        }
    }

    fn end_statement(&mut self, origin: (u32, u32)) {
        if self.is_blank() {
            // The first blank stands for all of them.
            if let Some(last) = self.bytes.last_mut() {
                *last = b'\n';
            }
        } else {
            self.push(b'\n', origin);
        }
    }

    /// A dash between statements, or a hyphen within a word.
    fn dash(&mut self, character: char, after: &str, origin: (u32, u32)) {
        let between_words = !self.is_open() && after.starts_with(char::is_alphanumeric);
        match character {
            // The second of "--".
            _ if self.bytes.ends_with(b"-") => {}
            '\u{2014}' | '\u{2015}' | '\u{2192}' => self.push(b'-', origin),
            '\u{2012}' | '\u{2013}' if !between_words => self.push(b'-', origin),
            _ if self.is_open() || after.starts_with(is_dash) => self.push(b'-', origin),
            _ => self.blank(origin),
        }
    }

    fn is_blank(&self) -> bool {
        matches!(self.bytes.last(), None | Some(b' ' | b'\n'))
    }

    /// Whether a word may begin here, so that a dash is none that joins two words.
    fn is_open(&self) -> bool {
        matches!(self.bytes.last(), None | Some(b' ' | b'\n' | b'(' | b'[' | b':' | b';' | b','))
    }
}

/// A term as it stands in normalised text.
pub(crate) fn normalise_term(term: &str) -> String {
    let mut normalised = Normalised::default();
    normalised.read(term, 0, term.len());
    normalised.text.trim().to_owned()
}

/// Whether a character is no part of a word although it stands in one: byte order marks, soft hyphens, joiners, marks of
/// direction.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

fn is_dash(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2192}' | '\u{2212}')
}

fn is_bullet(character: char) -> bool {
    matches!(
        character,
        '\u{b7}'
            | '\u{2022}'
            | '\u{2023}'
            | '\u{2043}'
            | '\u{2219}'
            | '\u{25a0}'
            | '\u{25aa}'
            | '\u{25ab}'
            | '\u{25b6}'
            | '\u{25ba}'
            | '\u{25cb}'
            | '\u{25cf}'
            | '\u{25e6}'
            | '\u{27a4}'
            | '\u{f0b7}'
    )
}

/// What a character beyond ASCII stands for.
fn plain(character: char) -> &'static str {
    match character {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{2032}' | '\u{b4}' => "'",
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ab}' | '\u{bb}' => "\"",
        '\u{2026}' => "...",
        '\u{fb00}' => "ff",
        '\u{fb01}' => "fi",
        '\u{fb02}' => "fl",
        '\u{fb03}' => "ffi",
        '\u{fb04}' => "ffl",
        '\u{e6}' | '\u{c6}' => "ae",
        '\u{153}' | '\u{152}' => "oe",
        '\u{25a1}' | '\u{2610}' => "[ ]",
        '\u{2611}' | '\u{2612}' | '\u{2705}' | '\u{2713}' | '\u{2714}' => "[x]",
        // A crossed circle, the sign of the empty set, and crosses: "no", a word of its own.
        '\u{d8}' | '\u{f8}' | '\u{2205}' | '\u{2300}' | '\u{2715}'..='\u{2718}' | '\u{274c}' | '\u{1f6ab}' => "no ",
        _ => FOREIGN,
    }
}

/// Whether a line break ends a statement: before a blank line, a list item or a capitalised line, after a heading.
/// Every other break is only where the line was full.
fn ends_statement(before: &[u8], after: &str) -> bool {
    let Some(next) = after.find(|c: char| (!c.is_whitespace() && !is_invisible(c)) || c == '\n') else {
        return true;
    };
    let rest = &after[next..];
    let mut characters = rest.chars();
    let (first, second, third) = (characters.next(), characters.next(), characters.next());
    let is = |one: Option<char>, test: fn(char) -> bool| one.is_some_and(test);
    let blank = |one: Option<char>| one.is_none_or(char::is_whitespace);
    let capitalised = is(first, |c| c.is_ascii_uppercase()) && is(second, |c| c.is_ascii_lowercase());
    let blank_line = first == Some('\n');
    let item = is(first, |c| is_dash(c) || is_bullet(c) || matches!(c, '*' | '+' | '?'))
        || first == Some('o') && second == Some(' ')
        || is(first, |c| c.is_ascii_digit()) && matches!(second, Some('.' | ')')) && blank(third)
        || is(first, |c| c.is_ascii_alphabetic()) && second == Some(')') && blank(third);
    capitalised || blank_line || item || before.ends_with(b":")
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
        assert_eq!(normalise("no effusion\nb) nodule").text, "no effusion\nb) nodule");
        assert_eq!(normalise("• no effusion\n• nodule · mass * scar").text, "no effusion\nnodule\nmass\nscar");
    }

    #[test]
    fn tells_dashes_from_hyphens() {
        for text in ["clear - mass", "clear – mass", "clear -- mass"] {
            assert_eq!(normalise(text).text, "clear - mass");
        }
        for text in ["clear—mass", "clear--mass"] {
            assert_eq!(normalise(text).text, "clear-mass");
        }
        for text in ["left-sided", "left–sided", "left\u{2011}sided", "left-\nsided"] {
            assert_eq!(normalise(text).text, "left sided", "{text}");
        }
        assert_eq!(normalise_term("-ve"), "-ve");
        assert_eq!(normalise("ptx (-ve)").text, "ptx (-ve)");
    }

    #[test]
    fn what_has_no_width_is_no_part_of_a_word() {
        let text = "\u{feff}No pneumo\u{ad}thorax, ef\u{200b}fusion isn’t “new” inﬁltrate";
        let normalised = normalise(text);
        assert_eq!(normalised.text, "no pneumothorax, effusion isn't \"new\" infiltrate");
        let at = normalised.text.find("infiltrate").unwrap();
        let (start, end) = normalised.origin(at, at + "infiltrate".len());
        assert_eq!(&text[start..end], "inﬁltrate");
    }
}
