//! PNG, JPEG, BMP, TIFF and WebP files.

use std::borrow::Cow;
use std::io::Cursor;
use std::path::Path;

use fast_image_resize::pixels::F32;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, ImageResult, Limits};

use super::ImageHeader;
use super::grey::{Grey, range};
use crate::SkipReason;

/// Reads an image file's bytes, as viewers and annotation tools show it.
pub(super) fn read(bytes: &[u8], percentiles: [f64; 2]) -> Result<Grey, SkipReason> {
    if is_cut_off_jpeg(bytes) {
        return Err(SkipReason::UnreadableImage);
    }
    let image = oriented(bytes).map_err(|_| SkipReason::UnreadableImage)?;
    let (width, height) = (image.width(), image.height());
    Ok(Grey { width, height, whole: [width, height], pixels: grey(&image, percentiles) })
}

/// The header of an image file; `None` where it cannot be read.
pub(super) fn header(path: &Path) -> Option<ImageHeader> {
    let mut decoder = ImageReader::open(path).ok()?.with_guessed_format().ok()?.into_decoder().ok()?;
    let (mut width, mut height) = decoder.dimensions();
    let orientation = orientation(&mut decoder);
    let is_on_its_side = matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    );
    if is_on_its_side {
        (width, height) = (height, width);
    }
    Some(ImageHeader { width, height, is_turned: orientation != Orientation::NoTransforms, dicom: None })
}

/// How the file says that its pixels are turned or mirrored when they are shown; not at all where that is broken.
fn orientation(decoder: &mut impl ImageDecoder) -> Orientation {
    decoder.orientation().unwrap_or(Orientation::NoTransforms)
}

fn oriented(bytes: &[u8]) -> ImageResult<DynamicImage> {
    let mut decoder = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?.into_decoder()?;
    let mut limits = Limits::default();
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let orientation = orientation(&mut decoder);
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// Whether a JPEG ends before its end marker. The decoder would fill the rest with grey and say nothing.
pub(super) fn is_cut_off_jpeg(bytes: &[u8]) -> bool {
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return false;
    }
    // A scan begins after the last end marker. As a rule that stands at the very end, and next to nothing is searched.
    let end = bytes.windows(2).rposition(|pair| pair == [0xff, 0xd9]).unwrap_or(0);
    bytes[end..].windows(2).any(|pair| pair == [0xff, 0xda])
}

/// Grey values in [0, 255], one path for every depth of pixel.
fn grey(image: &DynamicImage, percentiles: [f64; 2]) -> Vec<F32> {
    let deep = image.color().bytes_per_pixel() > image.color().channel_count();
    if !deep {
        // Most radiographs are grey already, and too large to copy without need.
        let pixels = image.as_luma8().map_or_else(|| Cow::Owned(image.to_luma8()), Cow::Borrowed);
        return pixels.iter().map(|&pixel| F32::new(f32::from(pixel))).collect();
    }
    let pixels = image.to_luma16();
    let mut counts = vec![0_usize; 1 << 16];
    for &pixel in pixels.iter() {
        counts[usize::from(pixel)] += 1;
    }
    let levels: Vec<(f32, usize)> = (0_u16..=u16::MAX).map(f32::from).zip(counts).collect();
    let [darkest, brightest] = range(&levels, percentiles);
    let scale = 255.0 / (brightest - darkest).max(1.0);
    let grey = |&pixel: &u16| F32::new((f32::from(pixel).clamp(darkest, brightest) - darkest) * scale);
    pixels.iter().map(grey).collect()
}
