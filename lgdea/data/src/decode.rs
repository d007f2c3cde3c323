//! From an image file to a square of grey pixels.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::Path;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::F32;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::DynamicImage;
use serde::{Deserialize, Serialize};

use crate::{FindingBox, SkipReason};

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
/// detectors use a part of the range only (12 of 16 bits, as a rule).
pub(crate) fn read_square(path: &Path, size: usize, square: &mut [u8]) -> Result<Frame, SkipReason> {
    let image = decode(path)?;
    let (width, height) = (image.width(), image.height());
    if width == 0 || height == 0 {
        return Err(SkipReason::UnreadableImage);
    }
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

/// Width and height in pixels from the header of an image file; `None` where it cannot be read.
pub(crate) fn dimensions(path: &Path) -> Option<(u32, u32)> {
    let reader = image::ImageReader::open(path).ok()?;
    reader.with_guessed_format().ok()?.into_dimensions().ok()
}

fn decode(path: &Path) -> Result<DynamicImage, SkipReason> {
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SkipReason::MissingImage,
        _ => SkipReason::UnreadableImage,
    })?;
    if bytes.is_empty() {
        return Err(SkipReason::EmptyImage);
    }
    if bytes.starts_with(LFS_POINTER) {
        return Err(SkipReason::LfsPointer);
    }
    if is_cut_off_jpeg(&bytes) {
        return Err(SkipReason::UnreadableImage);
    }
    image::load_from_memory(&bytes).map_err(|_| SkipReason::UnreadableImage)
}

/// Whether a JPEG ends before its end marker. The decoder would fill the rest with grey and say nothing.
fn is_cut_off_jpeg(bytes: &[u8]) -> bool {
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return false;
    }
    // A scan begins after the last end marker. As a rule that stands at the very end, and next to nothing is searched.
    let end = bytes.windows(2).rposition(|pair| pair == [0xff, 0xd9]).unwrap_or(0);
    bytes[end..].windows(2).any(|pair| pair == [0xff, 0xda])
}

/// Grey values in [0, 255], one path for every depth of pixel.
fn grey(image: &DynamicImage) -> Vec<F32> {
    let deep = image.color().bytes_per_pixel() > image.color().channel_count();
    if !deep {
        // Most radiographs are grey already, and too large to copy without need.
        let pixels = image.as_luma8().map_or_else(|| Cow::Owned(image.to_luma8()), Cow::Borrowed);
        return pixels.iter().map(|&pixel| F32::new(f32::from(pixel))).collect();
    }
    let pixels = image.to_luma16();
    let darkest = pixels.iter().copied().min().unwrap_or(0);
    let range = pixels.iter().copied().max().unwrap_or(0) - darkest;
    let scale = 255.0 / f32::from(range.max(1));
    pixels.iter().map(|&pixel| F32::new(f32::from(pixel - darkest) * scale)).collect()
}

/// Resizes with a filter that widens with the reduction, so that fine detail is averaged instead of aliased.
fn resize(image: &DynamicImage, width: u32, height: u32) -> Result<Vec<u8>, SkipReason> {
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    let pixels = grey(image);
    let original =
        TypedImageRef::new(image.width(), image.height(), &pixels).map_err(|_| SkipReason::UnreadableImage)?;
    let mut resized = TypedImage::<F32>::new(width, height);
    // Typed, because the untyped way compiles every kind of pixel.
    Resizer::new().resize_typed(&original, &mut resized, &options).map_err(|_| SkipReason::UnreadableImage)?;
    Ok(resized.pixels().iter().map(|pixel| pixel.0.round() as u8).collect())
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageBuffer, Luma, Rgb};
    use proptest::prelude::*;

    use super::*;

    fn read(path: &Path, size: usize) -> Result<(Vec<u8>, Frame), SkipReason> {
        let mut square = vec![0; size * size];
        let frame = read_square(path, size, &mut square)?;
        Ok((square, frame))
    }

    #[test]
    fn a_wide_image_is_padded_above_and_below() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wide.png");
        GrayImage::from_pixel(40, 20, Luma([200])).save(&path).unwrap();
        let (square, frame) = read(&path, 8).unwrap();
        let rows: Vec<bool> = square.chunks(8).map(|row| row.iter().all(|&p| p == 200)).collect();
        assert_eq!(rows, [false, false, true, true, true, true, false, false]);
        assert_eq!(square[0], 0);
        let found =
            FindingBox { finding: "mass".into(), phrase: "mass".into(), x: 0.5, y: 0.0, width: 0.25, height: 1.0 };
        assert_eq!(frame.place(&found).map(|share| (share * 100.0).round() as i32), [50, 25, 25, 50]);
        assert_eq!(dimensions(&path), Some((40, 20)));
    }

    #[test]
    fn deep_and_coloured_images_become_grey() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("deep.png");
        ImageBuffer::from_fn(8, 8, |x, _| Luma([100 + x as u16 * 500])).save(&deep).unwrap();
        let (square, _) = read(&deep, 8).unwrap();
        assert_eq!((square[0], square[7]), (0, 255));
        let colour = folder.path().join("colour.png");
        ImageBuffer::from_pixel(8, 8, Rgb([0_u8, 255, 0])).save(&colour).unwrap();
        let (square, frame) = read(&colour, 8).unwrap();
        assert!(square.iter().all(|&p| (150..200).contains(&p)));
        assert_eq!(frame, Frame::FULL);
    }

    #[test]
    fn what_is_no_image_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let reason = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            read(&path, 8).unwrap_err()
        };
        assert_eq!(reason("a.png", b""), SkipReason::EmptyImage);
        assert_eq!(reason("b.png", b"patient,report"), SkipReason::UnreadableImage);
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
        assert_eq!(reason("c.png", pointer), SkipReason::LfsPointer);
        assert_eq!(read(&folder.path().join("d.png"), 8).unwrap_err(), SkipReason::MissingImage);
        for name in ["whole.jpg", "whole.png"] {
            let whole = folder.path().join(name);
            ImageBuffer::from_fn(64, 64, |x, y| Luma([(x * y % 256) as u8])).save(&whole).unwrap();
            let bytes = fs::read(&whole).unwrap();
            assert!(read(&whole, 8).is_ok());
            for length in [20, bytes.len() / 2, bytes.len() - 20] {
                assert_eq!(reason(name, &bytes[..length]), SkipReason::UnreadableImage, "{name} cut to {length}");
            }
        }
    }

    proptest! {
        #[test]
        fn damaged_files_do_not_panic(
            format in 0..5_usize,
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(["a.png", "a.jpg", "a.bmp", "a.tiff", "a.webp"][format]);
            ImageBuffer::from_fn(20, 10, |x, y| Rgb([(x * 12) as u8, (y * 20) as u8, 7])).save(&path).unwrap();
            prop_assert!(read(&path, 8).is_ok());
            let mut bytes = fs::read(&path).unwrap();
            for (index, value) in damage {
                let length = bytes.len();
                bytes[index.index(length)] = value;
            }
            fs::write(&path, bytes).unwrap();
            let _ = (read(&path, 8), dimensions(&path));
        }

        #[test]
        fn every_shape_fits(width in 1..300_u32, height in 1..300_u32, size in 1..40_usize) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("any.png");
            GrayImage::from_pixel(width, height, Luma([90])).save(&path).unwrap();
            let (square, frame) = read(&path, size).unwrap();
            let filled = square.iter().map(|&p| usize::from(p == 90)).sum::<usize>() as f32;
            let area = frame.width * frame.height * (size * size) as f32;
            prop_assert!((filled - area).abs() < 0.5);
        }
    }
}
