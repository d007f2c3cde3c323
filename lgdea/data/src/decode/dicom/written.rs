//! DICOM files for tests, written element by element, so that they can be wrong, too.

use std::collections::BTreeMap;
use std::io::Write;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use flate2::Compression;
use flate2::write::DeflateEncoder;

/// How elements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum As {
    Implicit,
    Explicit,
    BigEndian,
    Deflated,
}

impl As {
    fn word(self, word: u16) -> [u8; 2] {
        if self == As::BigEndian { word.to_be_bytes() } else { word.to_le_bytes() }
    }

    fn long(self, long: u32) -> [u8; 4] {
        if self == As::BigEndian { long.to_be_bytes() } else { long.to_le_bytes() }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Words(Vec<u16>),
    Bytes(Vec<u8>),
    Text(String),
    /// A sequence of one item.
    Item(Vec<(Tag, Value)>),
    /// Encapsulated pixels: one fragment behind an empty offset table.
    Fragment(Vec<u8>),
}

/// A file.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    elements: BTreeMap<Tag, Value>,
    /// Its transfer syntax where that is not one of `As`.
    pub(crate) syntax: Option<&'static str>,
}

impl Written {
    /// Grey pixels of `bits` that are stored in 16.
    pub(crate) fn grey(columns: u16, bits: u16, pixels: &[u16]) -> Written {
        Written::empty()
            .words(tags::SAMPLES_PER_PIXEL, &[1])
            .text(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME2")
            .words(tags::ROWS, &[pixels.len() as u16 / columns])
            .words(tags::COLUMNS, &[columns])
            .words(tags::BITS_ALLOCATED, &[16])
            .words(tags::BITS_STORED, &[bits])
            .words(tags::HIGH_BIT, &[bits - 1])
            .words(tags::PIXEL_REPRESENTATION, &[0])
            .words(tags::PIXEL_DATA, pixels)
    }

    /// Pixels of three samples of 8 bits.
    pub(crate) fn coloured(columns: u16, photometric: &str, pixels: &[u8]) -> Written {
        Written::grey(columns, 8, &vec![0; pixels.len() / 3])
            .words(tags::SAMPLES_PER_PIXEL, &[3])
            .words(tags::PLANAR_CONFIGURATION, &[0])
            .words(tags::BITS_ALLOCATED, &[8])
            .text(tags::PHOTOMETRIC_INTERPRETATION, photometric)
            .with(tags::PIXEL_DATA, Value::Bytes(pixels.to_vec()))
    }

    pub(crate) fn empty() -> Written {
        Written { elements: BTreeMap::new(), syntax: None }.text(tags::SOP_CLASS_UID, "1.2.840.10008.5.1.4.1.1.1")
    }

    pub(crate) fn with(mut self, tag: Tag, value: Value) -> Written {
        self.elements.insert(tag, value);
        self
    }

    pub(crate) fn without(mut self, tag: Tag) -> Written {
        self.elements.remove(&tag);
        self
    }

    pub(crate) fn words(self, tag: Tag, words: &[u16]) -> Written {
        self.with(tag, Value::Words(words.to_vec()))
    }

    pub(crate) fn text(self, tag: Tag, text: &str) -> Written {
        self.with(tag, Value::Text(text.to_owned()))
    }

    /// A lookup table in a sequence.
    pub(crate) fn table(self, sequence: Tag, descriptor: [u16; 3], entries: Value) -> Written {
        let descriptor = Value::Words(descriptor.to_vec());
        self.with(sequence, Value::Item(vec![(tags::LUT_DESCRIPTOR, descriptor), (tags::LUT_DATA, entries)]))
    }

    /// Compressed pixels.
    pub(crate) fn compressed(mut self, syntax: &'static str, fragment: &[u8]) -> Written {
        self.syntax = Some(syntax);
        self.with(tags::PIXEL_DATA, Value::Fragment(fragment.to_vec()))
    }

    /// The file with preamble and file meta information.
    pub(crate) fn file(&self, encoding: As) -> Vec<u8> {
        let syntax = self.syntax.unwrap_or(match encoding {
            As::Implicit => "1.2.840.10008.1.2",
            As::Explicit => "1.2.840.10008.1.2.1",
            As::BigEndian => "1.2.840.10008.1.2.2",
            As::Deflated => "1.2.840.10008.1.2.1.99",
        });
        let mut file = vec![0; 128];
        file.extend(b"DICM");
        element(&mut file, As::Explicit, tags::TRANSFER_SYNTAX_UID, &Value::Text(syntax.to_owned()));
        let data = self.data(encoding);
        if encoding == As::Deflated {
            let mut encoder = DeflateEncoder::new(file, Compression::default());
            encoder.write_all(&data).unwrap();
            return encoder.finish().unwrap();
        }
        file.extend(data);
        file
    }

    /// The data set alone.
    pub(crate) fn data(&self, encoding: As) -> Vec<u8> {
        let mut data = Vec::new();
        for (&tag, value) in &self.elements {
            element(&mut data, encoding, tag, value);
        }
        data
    }
}

fn element(data: &mut Vec<u8>, encoding: As, tag: Tag, value: &Value) {
    match value {
        Value::Words(words) => {
            let kind = if words.len() > 8 || tag == tags::PIXEL_DATA { *b"OW" } else { *b"US" };
            head(data, encoding, tag, kind, 2 * words.len() as u32);
            data.extend(words.iter().flat_map(|&word| encoding.word(word)));
        }
        Value::Bytes(bytes) => {
            head(data, encoding, tag, *b"OB", bytes.len().next_multiple_of(2) as u32);
            data.extend(bytes);
            data.resize(data.len() + bytes.len() % 2, 0);
        }
        Value::Text(text) => {
            head(data, encoding, tag, *b"LO", text.len().next_multiple_of(2) as u32);
            data.extend(text.as_bytes());
            data.resize(data.len() + text.len() % 2, b' ');
        }
        Value::Item(elements) => {
            head(data, encoding, tag, *b"SQ", u32::MAX);
            mark(data, encoding, 0xe000, u32::MAX);
            for (tag, value) in elements {
                element(data, encoding, *tag, value);
            }
            mark(data, encoding, 0xe00d, 0);
            mark(data, encoding, 0xe0dd, 0);
        }
        Value::Fragment(bytes) => {
            head(data, encoding, tag, *b"OB", u32::MAX);
            mark(data, encoding, 0xe000, 0);
            mark(data, encoding, 0xe000, bytes.len().next_multiple_of(2) as u32);
            data.extend(bytes);
            data.resize(data.len() + bytes.len() % 2, 0);
            mark(data, encoding, 0xe0dd, 0);
        }
    }
}

fn head(data: &mut Vec<u8>, encoding: As, tag: Tag, kind: [u8; 2], length: u32) {
    data.extend(encoding.word(tag.0));
    data.extend(encoding.word(tag.1));
    if encoding != As::Implicit {
        data.extend(kind);
    }
    if encoding == As::Implicit {
        data.extend(encoding.long(length));
    } else if [*b"OB", *b"OW", *b"SQ"].contains(&kind) {
        data.extend([0, 0]);
        data.extend(encoding.long(length));
    } else {
        data.extend(encoding.word(length as u16));
    }
}

/// The mark of an item or of an end.
fn mark(data: &mut Vec<u8>, encoding: As, place: u16, length: u32) {
    data.extend(encoding.word(0xfffe));
    data.extend(encoding.word(place));
    data.extend(encoding.long(length));
}
