//! Image files as squares: depth, colour, orientation, padding, and what is no image.

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
    assert_eq!(header(&path).map(|header| (header.width, header.height)), Some((40, 20)));
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
        let header = header(&path).unwrap();
        assert_eq!((header.width, header.height), if on_its_side { (32, 64) } else { (64, 32) }, "{orientation}");
        assert_eq!(header.is_turned, orientation != 1);
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
        let _ = (read(&path, 8), header(&path));
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
