//! NumPy's `.npy`, versions 1 to 3.
//!
//! The format is `numpy.lib.format`'s: a magic text, the header as a Python dictionary of three keys, the values. It is read
//! here because what reads it elsewhere trusts the header (a shape whose product overflows, a length of gigabytes).

use std::sync::LazyLock;

use half::f16;
use regex::Regex;

use crate::array::{Array, shaped};

const MAGIC: &[u8] = b"\x93NUMPY";

fn pattern(pattern: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "the patterns below are constants")]
    Regex::new(pattern).unwrap()
}

static KIND: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"'descr'\s*:\s*'([<>=|]?)([A-Za-z?])(\d*)(?:\[[a-z0-9]*\])?'"));
static ORDER: LazyLock<Regex> = LazyLock::new(|| pattern(r"'fortran_order'\s*:\s*(True|False)"));
static SHAPE: LazyLock<Regex> = LazyLock::new(|| pattern(r"'shape'\s*:\s*\(([0-9L,\s]*)\)"));

/// What the header says.
struct Header {
    big_endian: bool,
    /// NumPy's letter: `f`, `i`, `u`, `b`, `U`, `S`, ….
    kind: char,
    /// Bytes, or characters of a text.
    size: usize,
    column_major: bool,
    shape: Vec<usize>,
}

/// The array that these bytes are; or what is wrong.
pub(crate) fn parse(bytes: &[u8]) -> Result<Array, String> {
    let (header, values) = split(bytes)?;
    let header = Header::parse(header)?;
    let width = if header.kind == 'U' { header.size.checked_mul(4) } else { Some(header.size) };
    let count = header.shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length));
    let needed = width.zip(count).and_then(|(width, count)| width.checked_mul(count));
    let (Some(width), Some(needed)) = (width.filter(|&width| width > 0), needed) else {
        return Err(format!("no array can have the shape {:?}; save it again", header.shape));
    };
    let Some(values) = values.get(..needed) else {
        return Err(format!(
            "it is cut off: {} of {needed} bytes of values are there; copy or save it again",
            values.len()
        ));
    };
    header.values(values, width)
}

/// What stands before the values of an array in row-major order, of a type in NumPy's words (`<f4`): version 1 of the format.
pub(crate) fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let lengths = shape.iter().map(|length| format!("{length},")).collect::<Vec<String>>().concat();
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({lengths}), }}");
    // Values begin at a multiple of 64 bytes; a header of two dimensions is far from 64 KiB.
    let before = MAGIC.len() + 4;
    let length = (before + text.len() + 1).next_multiple_of(64) - before;
    let mut header = MAGIC.to_vec();
    header.extend([1, 0]);
    header.extend(u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
    header.extend(format!("{text:<width$}\n", width = length - 1).into_bytes());
    header
}

/// The header and what follows it.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), String> {
    let no_array = || "it is no NumPy array; write it by `numpy.save` or `numpy.savez`".to_owned();
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(no_array)?;
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        [version, ..] if *version > 3 => {
            return Err(format!("it is of version {version} of NumPy's format; 1 to 3 are read"));
        }
        _ => return Err(no_array()),
    };
    let (header, values) =
        rest.split_at_checked(length).ok_or_else(|| "its header is cut off; save it again".to_owned())?;
    Ok((std::str::from_utf8(header).map_err(|_| no_array())?, values))
}

impl Header {
    fn parse(text: &str) -> Result<Self, String> {
        let Some(kind) = KIND.captures(text) else {
            let problem = "it is a structured array, or its header is broken; save a plain array (of a pandas table: `.to_numpy()`)";
            return Err(problem.to_owned());
        };
        let (order, shape) =
            ORDER.captures(text).zip(SHAPE.captures(text)).ok_or("its header is broken; save it again")?;
        let lengths =
            shape[1].split(',').map(|length| length.trim().trim_end_matches('L')).filter(|length| !length.is_empty());
        let shape: Result<Vec<usize>, _> = lengths.map(str::parse).collect();
        let size = if kind[3].is_empty() { Ok(1) } else { kind[3].parse() };
        let (Ok(shape), Ok(size)) = (shape, size) else { return Err("its header is broken; save it again".to_owned()) };
        let letter = kind[2].chars().next().unwrap_or_default();
        Ok(Self { big_endian: &kind[1] == ">", kind: letter, size, column_major: &order[1] == "True", shape })
    }

    fn values(&self, bytes: &[u8], width: usize) -> Result<Array, String> {
        let floats = |of: fn([u8; 8]) -> f64| self.array(bytes, width, |one| of(self.widened(one))).map(Array::Floats);
        let integers =
            |of: fn([u8; 8]) -> i64| self.array(bytes, width, |one| of(self.widened(one))).map(Array::Integers);
        let found = match (self.kind, self.size) {
            ('f', 2) => floats(|[a, b, ..]| f16::from_le_bytes([a, b]).to_f64()),
            ('f', 4) => floats(|[a, b, c, d, ..]| f64::from(f32::from_le_bytes([a, b, c, d]))),
            ('f', 8) => floats(f64::from_le_bytes),
            ('b' | '?', 1) => integers(|[a, ..]| i64::from(a != 0)),
            ('i', 1) => integers(|[a, ..]| i64::from(a.cast_signed())),
            ('i', 2) => integers(|[a, b, ..]| i64::from(i16::from_le_bytes([a, b]))),
            ('i', 4) => integers(|[a, b, c, d, ..]| i64::from(i32::from_le_bytes([a, b, c, d]))),
            ('i', 8) => integers(i64::from_le_bytes),
            ('u', 1 | 2 | 4) => integers(|bytes| u64::from_le_bytes(bytes).cast_signed()),
            ('u', 8) if self.fits_signed(bytes) => integers(|bytes| u64::from_le_bytes(bytes).cast_signed()),
            ('u', 8) => return Err("it has whole numbers above 2^63; save texts or smaller numbers".to_owned()),
            ('U', _) => self.array(bytes, width, |one| self.text(one)).map(Array::Texts),
            ('S', _) => self.array(bytes, width, |one| terminated(&String::from_utf8_lossy(one))).map(Array::Texts),
            ('O', _) => {
                let problem = "it has Python objects, which are not read; save numbers, or texts by `.astype(str)`";
                return Err(problem.to_owned());
            }
            (kind, size) => {
                let problem =
                    format!("it has values of NumPy's type `{kind}{size}`; save numbers (`.astype('float32')`)");
                return Err(problem);
            }
        };
        found.ok_or_else(|| "its header is broken; save it again".to_owned())
    }

    fn array<T: Clone>(&self, bytes: &[u8], width: usize, of: impl Fn(&[u8]) -> T) -> Option<ndarray::ArrayD<T>> {
        shaped(&self.shape, self.column_major, bytes.chunks_exact(width).map(of).collect())
    }

    /// The bytes of a value in little-endian order, and zeros.
    fn widened(&self, bytes: &[u8]) -> [u8; 8] {
        let mut wide = [0; 8];
        for (position, &byte) in bytes.iter().take(8).enumerate() {
            wide[if self.big_endian { bytes.len().min(8) - 1 - position } else { position }] = byte;
        }
        wide
    }

    fn fits_signed(&self, bytes: &[u8]) -> bool {
        bytes.chunks_exact(8).all(|one| i64::try_from(u64::from_le_bytes(self.widened(one))).is_ok())
    }

    /// A text in UTF-32.
    fn text(&self, bytes: &[u8]) -> String {
        let character = |one: &[u8]| {
            let [a, b, c, d, ..] = self.widened(one);
            char::from_u32(u32::from_le_bytes([a, b, c, d])).unwrap_or(char::REPLACEMENT_CHARACTER)
        };
        terminated(&bytes.chunks_exact(4).map(character).collect::<String>())
    }
}

/// A text without the zeros that fill it up.
fn terminated(text: &str) -> String {
    text.trim_end_matches('\0').to_owned()
}
