//! From pixel data to stored values.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::dataset::{Compression, DataSet, PixelData};
use super::form::{Colours, Form, Stored};
use super::{jpeg, jpeg2000, rle};
use crate::SkipReason;

/// The image's values as bits, [`Form::bits_stored`] of them; the luminance where it has colours. Where the file has it at lower
/// resolutions, too, the least one that a square of `size` pixels needs.
pub(super) fn stored(form: &Form, data: &DataSet<'_>, size: usize) -> Result<Stored, SkipReason> {
    let compression = data.compression.ok_or(SkipReason::UnreadTransferSyntax)?;
    let Stored { width, height, mut samples } = match (compression, data.pixels()?) {
        (Compression::None, &PixelData::Native { bytes, are_words }) => {
            // Bytes that are written as words change places, too.
            let are_swapped = data.is_big_endian && form.bytes() == 1 && are_words;
            let bytes = if are_swapped { Cow::Owned(swapped(bytes)) } else { Cow::Borrowed(bytes) };
            Stored::whole(form, native(form, &bytes, data.is_big_endian)?)
        }
        (Compression::None, PixelData::Encapsulated(_)) | (_, PixelData::Native { .. }) => {
            return Err(SkipReason::BrokenDicom);
        }
        // Only the decoders of crates, and what they are given, are inside: a panic leaves nothing half done.
        (compression, PixelData::Encapsulated(fragments)) => {
            catch_unwind(AssertUnwindSafe(|| decompressed(form, compression, &fragments.concat(), size)))
                .unwrap_or(Err(SkipReason::BrokenDicom))?
        }
    };
    if samples.len() != width as usize * height as usize * form.samples() {
        return Err(SkipReason::CutOffDicom);
    }
    let mask = form.mask();
    for sample in &mut samples {
        *sample &= mask;
    }
    let samples = match form.colours {
        Colours::Grey | Colours::InvertedGrey | Colours::Palette => samples,
        Colours::Rgb | Colours::Ybr2000 => luminances(&samples, |pixel| pixel),
        // The decoder of JPEG gives RGB.
        Colours::Ybr | Colours::Ybr422 if compression == Compression::Jpeg => luminances(&samples, |pixel| pixel),
        Colours::Ybr | Colours::Ybr422 => luminances(&samples, |pixel| rgb(pixel, form.bits_stored)),
    };
    Ok(Stored { width, height, samples })
}

/// The bytes of words in the other order.
pub(super) fn swapped(bytes: &[u8]) -> Vec<u8> {
    bytes.as_chunks().0.iter().flat_map(|&[first, second]| [second, first]).collect()
}

/// Samples that are not compressed, those of a pixel side by side.
fn native(form: &Form, bytes: &[u8], is_big_endian: bool) -> Result<Vec<u16>, SkipReason> {
    let is_halved = form.colours == Colours::Ybr422;
    let samples = if is_halved { 2 } else { form.samples() };
    let bytes = bytes.get(..form.pixels() * samples * form.bytes()).ok_or(SkipReason::CutOffDicom)?;
    let shift = form.high_bit + 1 - form.bits_stored;
    let values: Vec<u16> = match (form.bytes(), is_big_endian) {
        (1, _) => bytes.iter().map(|&byte| u16::from(byte) >> shift).collect(),
        (_, false) => bytes.as_chunks().0.iter().map(|&pair| u16::from_le_bytes(pair) >> shift).collect(),
        (_, true) => bytes.as_chunks().0.iter().map(|&pair| u16::from_be_bytes(pair) >> shift).collect(),
    };
    Ok(if is_halved {
        values
            .as_chunks()
            .0
            .iter()
            .flat_map(|&[first, second, blue, red]| [first, blue, red, second, blue, red])
            .collect()
    } else if form.is_planar && samples > 1 {
        side_by_side(&values, form.pixels())
    } else {
        values
    })
}

/// Samples in planes of `pixels` as those of a pixel side by side.
fn side_by_side(planes: &[u16], pixels: usize) -> Vec<u16> {
    (0..pixels).flat_map(|pixel| planes.iter().skip(pixel).step_by(pixels)).copied().collect()
}

fn decompressed(form: &Form, compression: Compression, bytes: &[u8], size: usize) -> Result<Stored, SkipReason> {
    let samples = match compression {
        Compression::None => return Err(SkipReason::BrokenDicom),
        Compression::Rle => {
            let mut values = rle::decode(bytes, form.pixels(), form.samples(), form.bytes())?;
            let shift = form.high_bit + 1 - form.bits_stored;
            for value in &mut values {
                *value >>= shift;
            }
            if form.samples() > 1 { side_by_side(&values, form.pixels()) } else { values }
        }
        Compression::Jpeg => jpeg::decode(form, bytes)?,
        Compression::JpegLs => {
            let (columns, rows) = (u32::from(form.columns), u32::from(form.rows));
            jpegls::decode(bytes, columns, rows).map(|(values, ..)| values).map_err(|error| match error {
                jpegls::CodecError::Unsupported(_) => SkipReason::UnreadPixels,
                jpegls::CodecError::Truncated { .. } | jpegls::CodecError::DimensionMismatch { .. } => {
                    SkipReason::CutOffDicom
                }
                _ => SkipReason::BrokenDicom,
            })?
        }
        Compression::Jpeg2000 => return jpeg2000::decode(form, bytes, size),
    };
    Ok(Stored::whole(form, samples))
}

fn luminances(samples: &[u16], rgb: impl Fn([u16; 3]) -> [u16; 3]) -> Vec<u16> {
    samples.as_chunks().0.iter().map(|&pixel| luminance(rgb(pixel))).collect()
}

/// Luminance as `image` makes it of PNG and JPEG files.
pub(super) fn luminance(rgb: [u16; 3]) -> u16 {
    let [red, green, blue] = rgb.map(u32::from);
    ((2126 * red + 7152 * green + 722 * blue) / 10_000) as u16
}

/// Luminance and differences as red, green and blue (PS3.3, C.7.6.3.1.2).
fn rgb([luminance, blue, red]: [u16; 3], bits: u16) -> [u16; 3] {
    let (middle, most) = (f32::from(1_u16 << (bits - 1)), f32::from(u16::MAX >> (16 - bits)));
    let [luminance, blue, red] = [f32::from(luminance), f32::from(blue) - middle, f32::from(red) - middle];
    [1.402 * red, -0.344_136 * blue - 0.714_136 * red, 1.772 * blue]
        .map(|difference| (luminance + difference).round().clamp(0.0, most) as u16)
}
