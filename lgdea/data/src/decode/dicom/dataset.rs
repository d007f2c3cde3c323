//! The elements of a DICOM file, found in its bytes without a copy of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use dicom_core::header::{DataElementHeader, HasLength, Header};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_encoding::Decode;
use dicom_encoding::decode::explicit_be::ExplicitVRBigEndianDecoder;
use dicom_encoding::decode::explicit_le::ExplicitVRLittleEndianDecoder;
use dicom_encoding::decode::implicit_le::StandardImplicitVRLittleEndianDecoder;
use flate2::read::DeflateDecoder;

use crate::SkipReason;

const ITEM: Tag = Tag(0xfffe, 0xe000);
const ITEM_END: Tag = Tag(0xfffe, 0xe00d);
const SEQUENCE_END: Tag = Tag(0xfffe, 0xe0dd);

/// Most bytes that a deflated file may hold, many times what a radiograph needs.
const INFLATED: u64 = 1 << 29;

/// How pixels are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Rle,
    Jpeg,
    JpegLs,
    Jpeg2000,
}

/// A file's data set as bytes, and how it is encoded.
pub(super) struct Source<'a> {
    bytes: Cow<'a, [u8]>,
    encoding: Encoding,
    /// `None` for a transfer syntax that is not read; what else is in the file can be.
    compression: Option<Compression>,
}

impl<'a> Source<'a> {
    /// Reads the file meta information, where there is one, and inflates what is deflated.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Source<'a>, SkipReason> {
        let start = if bytes.get(128..132) == Some(b"DICM") {
            132
        } else if bytes.starts_with(b"DICM") {
            4
        } else {
            0
        };
        let (syntax, start) = meta(bytes, start)?;
        let (is_deflated, is_big_endian, compression) = match syntax.as_deref() {
            Some("1.2.840.10008.1.2" | "1.2.840.10008.1.2.1") => (false, false, Some(Compression::None)),
            Some("1.2.840.10008.1.2.1.99") => (true, false, Some(Compression::None)),
            Some("1.2.840.10008.1.2.2") => (false, true, Some(Compression::None)),
            Some("1.2.840.10008.1.2.5") => (false, false, Some(Compression::Rle)),
            // Baseline, extended, lossless (process 14), lossless (process 14, selection value 1).
            Some(
                "1.2.840.10008.1.2.4.50"
                | "1.2.840.10008.1.2.4.51"
                | "1.2.840.10008.1.2.4.57"
                | "1.2.840.10008.1.2.4.70",
            ) => (false, false, Some(Compression::Jpeg)),
            Some("1.2.840.10008.1.2.4.80" | "1.2.840.10008.1.2.4.81") => (false, false, Some(Compression::JpegLs)),
            Some("1.2.840.10008.1.2.4.90" | "1.2.840.10008.1.2.4.91") => (false, false, Some(Compression::Jpeg2000)),
            Some(_) => (false, false, None),
            // A group number of 8 begins with a zero where the larger byte is the first.
            None => (false, bytes.get(start) == Some(&0), Some(Compression::None)),
        };
        let rest = bytes.get(start..).unwrap_or_default();
        let bytes = if is_deflated { Cow::Owned(inflate(rest)?) } else { Cow::Borrowed(rest) };
        // Some files say one and are the other.
        let is_explicit = bytes.get(4..6).is_some_and(|letters| letters.iter().all(u8::is_ascii_uppercase));
        let encoding = match (is_big_endian, is_explicit) {
            (true, _) => Encoding::BigEndian,
            (false, true) => Encoding::Explicit,
            (false, false) => Encoding::Implicit,
        };
        Ok(Source { bytes, encoding, compression })
    }
}

/// The transfer syntax that the file meta information names, and where the data set begins.
fn meta(bytes: &[u8], start: usize) -> Result<(Option<String>, usize), SkipReason> {
    let mut syntax = None;
    let mut rest = Rest { bytes, at: start };
    while bytes.get(rest.at..).is_some_and(|bytes| bytes.starts_with(&[2, 0])) {
        let header = Encoding::Explicit.header(&mut rest)?;
        let value = rest.take(header.length().get().ok_or(SkipReason::BrokenDicom)? as usize)?;
        if header.tag() == tags::TRANSFER_SYNTAX_UID {
            syntax = Some(text(value));
        }
    }
    Ok((syntax, rest.at))
}

fn inflate(bytes: &[u8]) -> Result<Vec<u8>, SkipReason> {
    let mut inflated = Vec::new();
    // What is there of a file that is cut off is read: its header may be all that is wanted.
    let _ = DeflateDecoder::new(bytes).take(INFLATED).read_to_end(&mut inflated);
    if inflated.len() as u64 == INFLATED { Err(SkipReason::HugeImage) } else { Ok(inflated) }
}

/// Whether bytes begin like a data set without preamble: with an element of the file meta group or of group 8 that has a
/// plausible length.
pub(super) fn begins(start: &[u8]) -> bool {
    let Some(&[first, second, third, fourth, a, b, c, d]) = start.first_chunk::<8>() else { return false };
    let is_explicit = VR::from_binary([a, b]).is_some();
    let is_short = u32::from_le_bytes([a, b, c, d]) <= 64;
    match [first, second] {
        [2, 0] => third <= 0x18 && fourth == 0 && is_explicit,
        [8, 0] => third <= 0x18 && fourth == 0 && (is_explicit || is_short),
        [0, 8] => third == 0 && fourth <= 0x18 && is_explicit,
        _ => false,
    }
}

/// A text value without the padding of its end.
fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim_matches(|letter: char| letter.is_whitespace() || letter == '\0').to_owned()
}

/// The bytes of pixel data.
pub(super) enum PixelData<'a> {
    /// As they are.
    Native {
        bytes: &'a [u8],
        /// Whether they are written as words of 16 bits, whose order of bytes the transfer syntax tells.
        are_words: bool,
    },
    /// In fragments, without the offset table.
    Encapsulated(Vec<&'a [u8]>),
}

/// What is read of a data set: the elements of its root, and of the first item of each of its lookup tables.
pub(super) struct DataSet<'a> {
    pub(super) is_big_endian: bool,
    pub(super) compression: Option<Compression>,
    /// By the tag of the sequence, if any, and that of the element.
    elements: BTreeMap<(Option<Tag>, Tag), &'a [u8]>,
    pixels: Result<PixelData<'a>, SkipReason>,
}

/// A sequence or an item of one that is being read.
struct Level {
    /// The sequence; `None` for an item.
    sequence: Option<Tag>,
    /// Where it ends; `None` where a delimiter says so.
    end: Option<usize>,
    encoding: Encoding,
    /// How many items it has had.
    items: usize,
}

impl<'a> DataSet<'a> {
    /// Reads a data set up to its pixels.
    pub(super) fn read(source: &'a Source<'a>) -> Result<Self, SkipReason> {
        let Source { encoding, compression, .. } = *source;
        let mut data = DataSet {
            is_big_endian: encoding == Encoding::BigEndian,
            compression,
            elements: BTreeMap::new(),
            pixels: Err(SkipReason::NoPixelData),
        };
        let mut levels: Vec<Level> = Vec::new();
        let mut rest = Rest { bytes: &source.bytes, at: 0 };
        loop {
            while levels.last().is_some_and(|level| level.end.is_some_and(|end| end <= rest.at)) {
                levels.pop();
            }
            if rest.is_empty() {
                return Ok(data);
            }
            let encoding = levels.last().map_or(encoding, |level| level.encoding);
            let header = encoding.header(&mut rest)?;
            if levels.is_empty() && header.tag() >= tags::PIXEL_DATA && header.tag() < ITEM {
                if header.tag() == tags::PIXEL_DATA {
                    data.pixels = pixel_data(&mut rest, header);
                }
                return Ok(data);
            }
            data.take(&mut rest, &mut levels, header, encoding)?;
        }
    }

    /// Takes what follows a header: a value, or the start or the end of a sequence or an item.
    fn take(
        &mut self,
        rest: &mut Rest<'a>,
        levels: &mut Vec<Level>,
        header: DataElementHeader,
        encoding: Encoding,
    ) -> Result<(), SkipReason> {
        let (tag, length) = (header.tag(), header.length().get().map(|length| length as usize));
        let end = length.map(|length| rest.at.saturating_add(length));
        match tag {
            // A fragment of an icon's pixels.
            ITEM if levels.last().is_some_and(|level| level.sequence == Some(tags::PIXEL_DATA)) => {
                rest.take(length.ok_or(SkipReason::BrokenDicom)?)?;
            }
            ITEM => {
                let sequence = levels.last_mut().filter(|level| level.sequence.is_some());
                sequence.ok_or(SkipReason::BrokenDicom)?.items += 1;
                levels.push(Level { sequence: None, end, encoding, items: 0 });
            }
            ITEM_END | SEQUENCE_END => {
                let ended = levels.pop().ok_or(SkipReason::BrokenDicom)?;
                if ended.sequence.is_some() != (tag == SEQUENCE_END) {
                    return Err(SkipReason::BrokenDicom);
                }
            }
            _ if header.vr() == VR::SQ || length.is_none() => {
                // What is of unknown kind and length is a sequence in implicit encoding (PS3.5, 6.2.2).
                let encoding = if header.vr() == VR::UN { Encoding::Implicit } else { encoding };
                levels.push(Level { sequence: Some(tag), end, encoding, items: 0 });
            }
            _ => {
                let value = rest.take(length.unwrap_or_default())?;
                match levels.as_slice() {
                    [] => drop(self.elements.insert((None, tag), value)),
                    [sequence, _item] if sequence.items == 1 => {
                        self.elements.insert((sequence.sequence, tag), value);
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The pixel data.
    pub(super) fn pixels(&self) -> Result<&PixelData<'a>, SkipReason> {
        self.pixels.as_ref().map_err(|reason| *reason)
    }

    /// The bytes of an element of the root; `None` where it is missing or empty.
    pub(super) fn value(&self, tag: Tag) -> Option<&'a [u8]> {
        self.elements.get(&(None, tag)).copied().filter(|value| !value.is_empty())
    }

    /// The bytes of an element of the first item of a sequence.
    pub(super) fn value_in(&self, sequence: Tag, tag: Tag) -> Option<&'a [u8]> {
        self.elements.get(&(Some(sequence), tag)).copied().filter(|value| !value.is_empty())
    }

    /// The bytes of an element of the root, as words of 16 bits.
    pub(super) fn words(&self, tag: Tag) -> Option<Vec<u16>> {
        self.value(tag).map(|value| words(value, self.is_big_endian))
    }

    /// The first number of an element of 16-bit numbers.
    pub(super) fn number(&self, tag: Tag) -> Option<u16> {
        self.words(tag)?.first().copied()
    }

    /// The first number of an element of decimal texts; `None` where it is no finite number.
    pub(super) fn decimal(&self, tag: Tag) -> Option<f64> {
        let text = self.text(tag)?;
        text.split('\\').next()?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// A text.
    pub(super) fn text(&self, tag: Tag) -> Option<String> {
        self.value(tag).map(text)
    }
}

/// Bytes as words of 16 bits.
pub(super) fn words(bytes: &[u8], is_big_endian: bool) -> Vec<u16> {
    let word = if is_big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
    bytes.as_chunks().0.iter().map(|&pair| word(pair)).collect()
}

/// Pixel data behind their header.
fn pixel_data<'a>(rest: &mut Rest<'a>, header: DataElementHeader) -> Result<PixelData<'a>, SkipReason> {
    if let Some(length) = header.length().get() {
        let bytes = rest.take(length as usize)?;
        let native = PixelData::Native { bytes, are_words: header.vr() == VR::OW };
        return if bytes.is_empty() { Err(SkipReason::NoPixelData) } else { Ok(native) };
    }
    let mut fragments = Vec::new();
    // Behind the last whole fragment, nothing else is needed.
    while let Ok(header) = Encoding::Explicit.header(rest) {
        if header.tag() != ITEM {
            break;
        }
        let length = header.length().get().ok_or(SkipReason::BrokenDicom)?;
        fragments.push(rest.take(length as usize)?);
    }
    if fragments.is_empty() {
        return Err(SkipReason::CutOffDicom);
    }
    fragments.remove(0);
    if fragments.is_empty() { Err(SkipReason::NoPixelData) } else { Ok(PixelData::Encapsulated(fragments)) }
}

/// Bytes that are being read.
struct Rest<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Rest<'a> {
    fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], SkipReason> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..length)).ok_or(SkipReason::CutOffDicom)?;
        self.at += length;
        Ok(taken)
    }
}

/// How elements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// Without their kinds.
    Implicit,
    Explicit,
    /// With their kinds, the larger byte first.
    BigEndian,
}

impl Encoding {
    /// Reads the header of an element.
    fn header(self, rest: &mut Rest<'_>) -> Result<DataElementHeader, SkipReason> {
        let mut bytes = rest.bytes.get(rest.at..).unwrap_or_default();
        let header = match self {
            Encoding::Implicit => StandardImplicitVRLittleEndianDecoder::default().decode_header(&mut bytes),
            Encoding::Explicit => ExplicitVRLittleEndianDecoder::default().decode_header(&mut bytes),
            Encoding::BigEndian => ExplicitVRBigEndianDecoder::default().decode_header(&mut bytes),
        };
        rest.at = rest.bytes.len() - bytes.len();
        header.map(|(header, _)| header).map_err(|_| SkipReason::CutOffDicom)
    }
}
