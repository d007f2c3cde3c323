//! From an image file to a square of grey pixels.

mod dicom;
mod grey;
mod raster;

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::F32;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use serde::{Deserialize, Serialize};

use self::grey::Grey;

#[cfg(test)]
pub(crate) use dicom::written;
pub use dicom::{DicomHeader, dicom_header};

use crate::{FindingBox, ImageFile, SkipReason};

/// First bytes of a Git LFS pointer, which stands in for a file that was not fetched.
pub(crate) const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// Where the original image lies in its square, in shares of the square's side; the rest is black padding.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl Frame {
    /// The frame of an image that fills its square.
    pub const FULL: Frame = Frame { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };

    /// A box of the original image as `[left, upper, width, height]` in shares of the square.
    pub fn place(&self, found: &FindingBox) -> [f32; 4] {
        [
            self.x + found.x * self.width,
            self.y + found.y * self.height,
            found.width * self.width,
            found.height * self.height,
        ]
    }
}

/// Reads an image into `square`, `[size * size]` grey pixels that are all 0: resized to fit, in the middle.
///
/// Colour becomes luminance. Images of more than 8 bits are stretched from their darkest to their brightest pixel, because
/// detectors use a part of the range only (12 of 16 bits, as a rule); a DICOM file that has a window is shown in it.
pub(crate) fn read_square(file: &ImageFile, size: usize, square: &mut [u8]) -> Result<Frame, SkipReason> {
    let image = read(file, size)?;
    if image.width == 0 || image.height == 0 {
        return Err(SkipReason::UnreadableImage);
    }
    let [width, height] = image.whole;
    let scale = size as f64 / f64::from(width.max(height));
    let fit = |side: u32| ((f64::from(side) * scale).round() as u32).clamp(1, size as u32);
    let (width, height) = (fit(width), fit(height));
    let grey = resize(&image, width, height)?;
    let (left, top) = ((size - width as usize) / 2, (size - height as usize) / 2);
    for (row, pixels) in grey.chunks_exact(width as usize).enumerate() {
        square[(top + row) * size + left..][..width as usize].copy_from_slice(pixels);
    }
    let share = |pixels: usize| pixels as f32 / size as f32;
    Ok(Frame { x: share(left), y: share(top), width: share(width as usize), height: share(height as usize) })
}

/// What an image file says of itself before its pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageHeader {
    /// Width in pixels of the image as it is shown.
    pub(crate) width: u32,
    /// Height in pixels of the image as it is shown.
    pub(crate) height: u32,
    /// Whether its pixels are turned or mirrored when they are shown.
    pub(crate) is_turned: bool,
    /// What a DICOM file says.
    pub(crate) dicom: Option<DicomHeader>,
}

/// The header of an image file; `None` where it cannot be read.
pub(crate) fn header(path: &Path) -> Option<ImageHeader> {
    let mut start = Vec::new();
    File::open(path).ok()?.take(dicom::START as u64).read_to_end(&mut start).ok()?;
    if dicom::is_dicom(&start, path) {
        let header = dicom_header(path).ok()?;
        let (width, height) = (u32::from(header.columns), u32::from(header.rows));
        return Some(ImageHeader { width, height, is_turned: false, dicom: Some(header) });
    }
    raster::header(path)
}

/// Reads an image that is to fit into a square of `size` pixels.
fn read(file: &ImageFile, size: usize) -> Result<Grey, SkipReason> {
    let bytes = fs::read(&file.path).map_err(|error| SkipReason::of_reading(&error))?;
    if bytes.is_empty() {
        return Err(SkipReason::EmptyImage);
    }
    if bytes.starts_with(LFS_POINTER) {
        return Err(SkipReason::LfsPointer);
    }
    if dicom::is_dicom(&bytes, &file.path) {
        return Ok(dicom::read(&bytes, size)?.grey(file.percentiles));
    }
    raster::read(&bytes, file.percentiles)
}

/// Resizes with a filter that widens with the reduction, so that fine detail is averaged instead of aliased.
fn resize(image: &Grey, width: u32, height: u32) -> Result<Vec<u8>, SkipReason> {
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    let original =
        TypedImageRef::new(image.width, image.height, &image.pixels).map_err(|_| SkipReason::UnreadableImage)?;
    let mut resized = TypedImage::<F32>::new(width, height);
    // Typed, because the untyped way compiles every kind of pixel.
    Resizer::new().resize_typed(&original, &mut resized, &options).map_err(|_| SkipReason::UnreadableImage)?;
    Ok(resized.pixels().iter().map(|pixel| pixel.0.round() as u8).collect())
}

#[cfg(test)]
mod tests;
