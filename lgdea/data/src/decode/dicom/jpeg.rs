//! JPEG: baseline, extended with 8 bits, and lossless.

use jpeg_decoder::{ColorTransform, Decoder, Error, PixelFormat};

use super::form::{Colours, Form};
use crate::SkipReason;
use crate::decode::raster::is_cut_off_jpeg;

/// The samples of an image, those of a pixel side by side; colours as RGB.
pub(super) fn decode(form: &Form, bytes: &[u8]) -> Result<Vec<u16>, SkipReason> {
    if is_cut_off_jpeg(bytes) {
        return Err(SkipReason::CutOffDicom);
    }
    let reason = |error: Error| match error {
        Error::Unsupported(_) => SkipReason::UnreadPixels,
        _ => SkipReason::BrokenDicom,
    };
    let mut decoder = Decoder::new(bytes);
    decoder.read_info().map_err(reason)?;
    let info = decoder.info().ok_or(SkipReason::BrokenDicom)?;
    if (info.width, info.height) != (form.columns, form.rows) {
        return Err(SkipReason::CutOffDicom);
    }
    let samples = match info.pixel_format {
        PixelFormat::L8 | PixelFormat::L16 => 1,
        PixelFormat::RGB24 => 3,
        PixelFormat::CMYK32 => 4,
    };
    if samples != form.samples() {
        return Err(SkipReason::UnreadPixels);
    }
    if samples == 3 {
        decoder.set_color_transform(transform(form, bytes));
    }
    let decoded = decoder.decode().map_err(reason)?;
    Ok(if info.pixel_format == PixelFormat::L16 {
        decoded.as_chunks().0.iter().map(|&pair| u16::from_ne_bytes(pair)).collect()
    } else {
        decoded.into_iter().map(u16::from).collect()
    })
}

/// How colours are written: as the JPEG itself says, else as the DICOM file does.
fn transform(form: &Form, bytes: &[u8]) -> ColorTransform {
    for (marker, segment) in segments(bytes) {
        match marker {
            // The last byte of Adobe's segment says it.
            0xee if segment.starts_with(b"Adobe") && segment.len() > 11 => {
                return if segment[11] == 0 { ColorTransform::RGB } else { ColorTransform::YCbCr };
            }
            0xe0 if segment.starts_with(b"JFIF\0") => return ColorTransform::YCbCr,
            _ => {}
        }
    }
    if form.colours == Colours::Rgb { ColorTransform::RGB } else { ColorTransform::YCbCr }
}

/// The segments of a JPEG before its first scan, with their markers.
fn segments(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    std::iter::from_fn(move || {
        let &[0xff, marker, high, low] = rest.first_chunk()? else { return None };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = rest.get(4..2 + length).filter(|_| marker != 0xda)?;
        rest = &rest[2 + length..];
        Some((marker, segment))
    })
}
