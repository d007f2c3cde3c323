//! From an image file to a square of grey pixels.

use std::borrow::Cow;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::F32;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, ImageResult, Limits};
use serde::{Deserialize, Serialize};

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
/// detectors use a part of the range only (12 of 16 bits, as a rule).
pub(crate) fn read_square(file: &ImageFile, size: usize, square: &mut [u8]) -> Result<Frame, SkipReason> {
    let image = decode(&file.path)?;
    let (width, height) = (image.width(), image.height());
    if width == 0 || height == 0 {
        return Err(SkipReason::UnreadableImage);
    }
    let scale = size as f64 / f64::from(width.max(height));
    let fit = |side: u32| ((f64::from(side) * scale).round() as u32).clamp(1, size as u32);
    let (width, height) = (fit(width), fit(height));
    let grey = resize(&image, file.percentiles, width, height)?;
    let (left, top) = ((size - width as usize) / 2, (size - height as usize) / 2);
    for (row, pixels) in grey.chunks_exact(width as usize).enumerate() {
        square[(top + row) * size + left..][..width as usize].copy_from_slice(pixels);
    }
    let share = |pixels: usize| pixels as f32 / size as f32;
    Ok(Frame { x: share(left), y: share(top), width: share(width as usize), height: share(height as usize) })
}

/// Width and height in pixels of an image file as it is shown, from its header; `None` where it cannot be read.
pub(crate) fn dimensions(path: &Path) -> Option<(u32, u32)> {
    let mut decoder = ImageReader::open(path).ok()?.with_guessed_format().ok()?.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    let is_on_its_side = matches!(
        orientation(&mut decoder),
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    );
    Some(if is_on_its_side { (height, width) } else { (width, height) })
}

/// How the file says that its pixels are turned or mirrored when they are shown; not at all where that is broken.
fn orientation(decoder: &mut impl ImageDecoder) -> Orientation {
    decoder.orientation().unwrap_or(Orientation::NoTransforms)
}

/// The image as viewers and annotation tools show it.
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

fn decode(path: &Path) -> Result<DynamicImage, SkipReason> {
    let bytes = fs::read(path).map_err(|error| SkipReason::of_reading(&error))?;
    if bytes.is_empty() {
        return Err(SkipReason::EmptyImage);
    }
    if bytes.starts_with(LFS_POINTER) {
        return Err(SkipReason::LfsPointer);
    }
    if is_cut_off_jpeg(&bytes) {
        return Err(SkipReason::UnreadableImage);
    }
    oriented(&bytes).map_err(|_| SkipReason::UnreadableImage)
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
fn grey(image: &DynamicImage, percentiles: [f64; 2]) -> Vec<F32> {
    let deep = image.color().bytes_per_pixel() > image.color().channel_count();
    if !deep {
        // Most radiographs are grey already, and too large to copy without need.
        let pixels = image.as_luma8().map_or_else(|| Cow::Owned(image.to_luma8()), Cow::Borrowed);
        return pixels.iter().map(|&pixel| F32::new(f32::from(pixel))).collect();
    }
    let pixels = image.to_luma16();
    let [darkest, brightest] = range(&pixels, percentiles);
    let scale = 255.0 / f32::from((brightest - darkest).max(1));
    let grey = |&pixel: &u16| F32::new(f32::from(pixel.clamp(darkest, brightest) - darkest) * scale);
    pixels.iter().map(grey).collect()
}

/// The values of deep pixels that become black and white: at two percentiles, so that a few hot pixels or a burnt-in mark do
/// not decide; the darkest and the brightest where nothing lies between these.
fn range(pixels: &[u16], percentiles: [f64; 2]) -> [u16; 2] {
    let mut counts = vec![0_usize; 1 << 16];
    for &pixel in pixels {
        counts[usize::from(pixel)] += 1;
    }
    let value_at = |place: usize| {
        let mut passed = 0;
        let value = counts.iter().position(|count| {
            passed += count;
            passed > place
        });
        value.map_or(0, |value| value as u16)
    };
    let last = pixels.len().saturating_sub(1);
    let [low, high] = percentiles.map(|percentile| percentile / 100.0 * last as f64);
    let robust = [value_at(low.floor() as usize), value_at((high.ceil() as usize).min(last))];
    if robust[0] < robust[1] { robust } else { [value_at(0), value_at(last)] }
}

/// Resizes with a filter that widens with the reduction, so that fine detail is averaged instead of aliased.
fn resize(image: &DynamicImage, percentiles: [f64; 2], width: u32, height: u32) -> Result<Vec<u8>, SkipReason> {
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    let pixels = grey(image, percentiles);
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
        let file = ImageFile { path: path.to_owned(), percentiles: lgdea_spec::DEEP_PERCENTILES };
        let frame = read_square(&file, size, &mut square)?;
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
        let found = FindingBox::in_pixels("mass", "", [2.0, 0.0, 1.0, 2.0], [4.0, 2.0]).unwrap();
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

    /// A JPEG of a bright quadrant on black with EXIF's orientation, 1 to 8.
    fn turned(orientation: u8) -> Vec<u8> {
        let mut pixels = GrayImage::new(64, 32);
        for (x, y, pixel) in pixels.enumerate_pixels_mut() {
            *pixel = Luma([if x < 32 && y < 16 { 250 } else { 0 }]);
        }
        let mut jpeg = std::io::Cursor::new(Vec::new());
        pixels.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xe1];
        bytes.extend((exif.len() as u16 + 2).to_be_bytes());
        bytes.extend(exif);
        bytes.extend(&jpeg.into_inner()[2..]);
        bytes
    }

    #[test]
    fn images_are_read_as_they_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        // Where the quadrant at the upper left of the stored pixels is shown: right?, below?, and whether width and height change.
        for (orientation, [right, below], on_its_side) in [
            (1, [false, false], false),
            (2, [true, false], false),
            (3, [true, true], false),
            (4, [false, true], false),
            (5, [false, false], true),
            (6, [true, false], true),
            (7, [true, true], true),
            (8, [false, true], true),
            (0, [false, false], false),
            (9, [false, false], false),
        ] {
            let path = folder.path().join("turned.jpg");
            fs::write(&path, turned(orientation)).unwrap();
            assert_eq!(dimensions(&path), Some(if on_its_side { (32, 64) } else { (64, 32) }), "{orientation}");
            let (square, frame) = read(&path, 64).unwrap();
            let (width, height) = if on_its_side { (0.5, 1.0) } else { (1.0, 0.5) };
            assert!((frame.width - width).abs() < 1e-6 && (frame.height - height).abs() < 1e-6, "{orientation}");
            let at = |start, length, is_far| ((start + length * if is_far { 0.75 } else { 0.25 }) * 64.0) as usize;
            let (x, y) = (at(frame.x, frame.width, right), at(frame.y, frame.height, below));
            assert!(square[y * 64 + x] > 200, "{orientation}: bright where it is shown");
            let opposite = square[(63 - y) * 64 + (63 - x)];
            assert!(opposite < 50, "{orientation}: dark at the other corner");
        }
    }

    #[test]
    fn a_few_hot_pixels_do_not_blacken_a_deep_image() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep.png");
        let write = |hot: &[(u32, u16)]| {
            let mut pixels = ImageBuffer::from_fn(64, 64, |x, _| Luma([500 + x as u16 * 50]));
            for &(x, value) in hot {
                pixels.put_pixel(x, 7, Luma([value]));
            }
            pixels.save(&path).unwrap();
        };
        let spread = |percentiles| {
            let mut square = vec![0; 64 * 64];
            read_square(&ImageFile { path: path.clone(), percentiles }, 64, &mut square).unwrap();
            let row = &square[32 * 64..33 * 64];
            [row[0], row[32], row[63]]
        };
        for hot in [&[][..], &[(5, 65535)], &[(5, 65535), (6, 60000), (9, 0)], &[(60, 0), (61, 0)]] {
            write(hot);
            assert_eq!(spread(lgdea_spec::DEEP_PERCENTILES), [0, 130, 255], "{hot:?}");
        }
        write(&[(5, 65535)]);
        assert!(spread([0.0, 100.0])[2] < 15, "the whole range, on demand");
        assert_eq!(spread([25.0, 75.0])[2], 255);
        ImageBuffer::from_fn(64, 64, |x, y| Luma([if x + y == 0 { 40_000_u16 } else { 7 }])).save(&path).unwrap();
        let (square, _) = read(&path, 64).unwrap();
        assert_eq!((square[0], square[99]), (255, 0), "where the percentiles are one value, all values count");
        ImageBuffer::from_pixel(4, 4, Luma([9_u16])).save(&path).unwrap();
        assert_eq!(read(&path, 4).unwrap().0, [0; 16], "an image of one value");
    }

    #[test]
    fn images_of_8_bits_are_taken_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shallow.png");
        GrayImage::from_fn(16, 16, |x, y| Luma([if x + y == 0 { 255 } else { 40 + x as u8 }])).save(&path).unwrap();
        let (square, _) = read(&path, 16).unwrap();
        assert_eq!((square[0], square[1], square[15]), (255, 41, 55));
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
