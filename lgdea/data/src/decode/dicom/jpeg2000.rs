//! JPEG 2000.

use hayro_jpeg2000::{ComponentData, DecodeSettings, DecoderContext, Image};

use super::form::{Form, Stored};
use crate::SkipReason;

/// Most tiles that the standard allows.
const TILES: u64 = 65_535;

/// The samples of an image, colours as RGB, at the lowest resolution that has twice the pixels of a square of `size`.
pub(super) fn decode(form: &Form, bytes: &[u8], size: usize) -> Result<Stored, SkipReason> {
    // Without a container around it, which may say other things than the DICOM file.
    let start = bytes.windows(4).position(|marker| marker == [0xff, 0x4f, 0xff, 0x51]).unwrap_or_default();
    let bytes = &bytes[start..];
    let header = Size::of(bytes).ok_or(SkipReason::BrokenDicom)?;
    if [header.width, header.height] != [u32::from(form.columns), u32::from(form.rows)] {
        return Err(SkipReason::CutOffDicom);
    }
    if usize::from(header.components) != form.samples() || header.is_sparse {
        return Err(SkipReason::UnreadPixels);
    }
    // The decoder takes memory for every tile before it looks for one.
    if header.tiles > TILES {
        return Err(SkipReason::BrokenDicom);
    }
    let broken = |_| SkipReason::BrokenDicom;
    // A codestream that is cut off is refused.
    let settings =
        DecodeSettings { resolve_palette_indices: false, strict: true, target_resolution: Some(target(form, size)) };
    let image = Image::new(bytes, &settings).map_err(broken)?;
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(broken)?;
    let components = decoded.components();
    let bits = components.first().map_or(0, ComponentData::bit_depth);
    let (width, height) = (image.width(), image.height());
    let pixels = width as usize * height as usize;
    let is_whole = components.len() == form.samples() && components.iter().all(|one| one.samples().len() == pixels);
    if !is_whole || !(1..=16).contains(&bits) {
        return Err(SkipReason::UnreadPixels);
    }
    let (most, middle) = (((1_u32 << bits) - 1) as f32, 1_u16 << (bits - 1));
    // The decoder moves signed samples, too, by half their range.
    let moved = if header.is_signed { middle } else { 0 };
    let value = |sample: f32| (sample.round().clamp(0.0, most) as u16).wrapping_sub(moved);
    let samples = if let [one] = components {
        one.samples().iter().map(|&sample| value(sample)).collect()
    } else {
        (0..pixels).flat_map(|at| components.iter().map(move |one| value(one.samples()[at]))).collect()
    };
    Ok(Stored { width, height, samples })
}

/// Width and height of the lowest resolution whose longer side is twice `size` or more; of fewer levels the decoder takes the last.
fn target(form: &Form, size: usize) -> (u32, u32) {
    let longest = usize::from(form.columns.max(form.rows));
    let halvings = (longest / size.saturating_mul(2)).checked_ilog2().unwrap_or(0);
    (u32::from(form.columns) >> halvings, u32::from(form.rows) >> halvings)
}

/// What a codestream says of its size (ISO/IEC 15444-1, A.5.1).
struct Size {
    width: u32,
    height: u32,
    tiles: u64,
    components: u16,
    /// Whether the first component is.
    is_signed: bool,
    /// Whether the first component has fewer samples than the image has pixels.
    is_sparse: bool,
}

impl Size {
    fn of(bytes: &[u8]) -> Option<Size> {
        let segment: &[u8; 45] = bytes.first_chunk()?;
        let longs: &[[u8; 4]; 8] = segment[8..40].as_chunks().0.first_chunk()?;
        let [width, height, left, top, tile_width, tile_height, tile_left, tile_top] = longs.map(u32::from_be_bytes);
        let tiles = |end: u32, start: u32, side: u32| {
            (side > 0).then(|| u64::from(end.saturating_sub(start)).div_ceil(u64::from(side)))
        };
        Some(Size {
            width: width.checked_sub(left)?,
            height: height.checked_sub(top)?,
            tiles: tiles(width, tile_left, tile_width)? * tiles(height, tile_top, tile_height)?,
            components: u16::from_be_bytes([segment[40], segment[41]]),
            is_signed: segment[42] & 0x80 != 0,
            is_sparse: segment[43..] != [1, 1],
        })
    }
}
