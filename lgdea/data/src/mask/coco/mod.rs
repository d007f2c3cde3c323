//! Masks as COCO's tools write them: runs along the columns of an image, as numbers or as one string.

use std::iter;

use serde::Deserialize;

use super::Mask;

/// A mask in a JSON file of COCO's kind.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CocoMask {
    /// Height and width of the image in pixels.
    size: [u32; 2],
    /// Lengths of the runs along the columns, the first of which is of pixels outside.
    counts: Counts,
}

/// Lengths of runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Counts {
    /// As `pycocotools` compresses them.
    Text(String),
    Numbers(Vec<u64>),
}

impl Mask {
    /// The mask that a JSON file gives; `None` where it covers nothing.
    ///
    /// # Errors
    /// Says in words what is wrong: a string that is no mask, or runs that do not fill the image.
    pub(crate) fn of_coco(CocoMask { size: [height, width], counts }: &CocoMask) -> Result<Option<Mask>, String> {
        let decoded;
        let counts = match counts {
            Counts::Numbers(counts) => counts,
            Counts::Text(text) => {
                decoded = lengths(text)?;
                &decoded
            }
        };
        let pixels = u64::from(*height) * u64::from(*width);
        let total = counts.iter().try_fold(0_u64, |sum, &length| sum.checked_add(length));
        if total != Some(pixels) {
            let total = total.map_or("more".to_owned(), |total| total.to_string());
            return Err(format!("runs over {total} pixels for an image of {width} × {height}"));
        }
        let mut end = 0;
        let runs = counts.iter().enumerate().filter_map(|(position, &length)| {
            end += length;
            (position % 2 == 1 && length > 0).then_some([end - length, length])
        });
        let runs: Vec<[u64; 2]> = runs.collect();
        if runs.is_empty() {
            return Ok(None);
        }
        Mask::of_columns([*width, *height], runs).map(Some)
    }
}

/// The lengths in a compressed string: numbers in digits of 5 bits, the lowest first, each in a character from '0' to 'o' whose
/// sixth bit says that more follow; from the fourth number on, each is the difference to the number two before it.
fn lengths(text: &str) -> Result<Vec<u64>, String> {
    let mut bytes = text.bytes().peekable();
    let mut lengths: Vec<i64> = Vec::new();
    while bytes.peek().is_some() {
        let difference = number(&mut bytes)?;
        let before = if lengths.len() > 2 { lengths[lengths.len() - 2] } else { 0 };
        lengths.push(before + difference);
    }
    let length = |length: i64| u64::try_from(length).map_err(|_| "a run of negative length".to_owned());
    lengths.into_iter().map(length).collect()
}

/// The next number of a compressed string.
fn number(bytes: &mut impl Iterator<Item = u8>) -> Result<i64, String> {
    let (mut number, mut shift) = (0_i64, 0);
    for byte in iter::from_fn(|| bytes.next()) {
        let digit = byte.checked_sub(b'0').filter(|&digit| digit < 64).ok_or("a character that no mask has")?;
        // Longer than the runs of any image.
        if shift > 30 {
            return Err("a run that is too long".to_owned());
        }
        number |= i64::from(digit & 0x1f) << shift;
        shift += 5;
        if digit & 0x20 == 0 {
            let is_negative = digit & 0x10 != 0;
            return Ok(if is_negative { number - (1 << shift) } else { number });
        }
    }
    Err("a string that is cut off".to_owned())
}

#[cfg(test)]
mod tests;
