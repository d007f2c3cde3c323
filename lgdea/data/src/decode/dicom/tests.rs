//! Radiographs in DICOM files: every way of writing one, and what their values mean.

use std::fs;
use std::io::Cursor;

use dicom_dictionary_std::tags;

use super::written::{As, Value, Written};
use super::*;
use crate::ImageFile;
use crate::decode::read_square;

const ALL: [As; 4] = [As::Implicit, As::Explicit, As::BigEndian, As::Deflated];
const RLE: &str = "1.2.840.10008.1.2.5";
pub(super) const JPEG: &str = "1.2.840.10008.1.2.4.50";
const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";
pub(super) const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";

/// The whole image of a file.
pub(super) fn read(bytes: &[u8]) -> Result<Radiograph, SkipReason> {
    super::read(bytes, usize::MAX)
}

/// Grey values, rounded, as they are without resizing.
pub(super) fn shown(bytes: &[u8]) -> Result<Vec<u8>, SkipReason> {
    let grey = read(bytes)?.grey([0.0, 100.0]);
    assert_eq!(grey.pixels.len(), (grey.width * grey.height) as usize);
    Ok(grey.pixels.iter().map(|pixel| pixel.0.round() as u8).collect())
}

pub(super) fn explicit(written: &Written) -> Result<Vec<u8>, SkipReason> {
    shown(&written.file(As::Explicit))
}

/// What pixels become under the header of `written`.
fn values(written: &Written) -> Vec<f64> {
    let image = read(&written.file(As::Explicit)).unwrap();
    image.stored.iter().map(|&bits| image.shades.values[usize::from(bits)]).collect()
}

/// 4 × 2 pixels of 12 bits.
pub(super) fn small() -> Written {
    Written::grey(4, 12, &[0, 500, 1000, 1500, 2000, 2500, 3000, 4095])
}

#[test]
fn every_uncompressed_syntax_gives_the_same_image() {
    let written = small().words(tags::PIXEL_DATA, &[0, 500, 1000, 1500, 2000, 2500, 3000, 4000]);
    let expected = [0, 32, 64, 96, 128, 159, 191, 255];
    for encoding in ALL {
        assert_eq!(shown(&written.file(encoding)).unwrap(), expected, "{encoding:?}");
    }
    for encoding in [As::Implicit, As::Explicit, As::BigEndian] {
        assert_eq!(shown(&written.data(encoding)).unwrap(), expected, "{encoding:?} without preamble");
    }
    let file = written.file(As::Explicit);
    assert_eq!(shown(&file[128..]).unwrap(), expected, "no preamble before DICM");
    assert_eq!(shown(&file[132..]).unwrap(), expected, "no DICM before the meta information");
    let mut liar = written.clone();
    liar.syntax = Some("1.2.840.10008.1.2");
    assert_eq!(explicit(&liar).unwrap(), expected, "explicit data that are said to be implicit");
    liar.syntax = Some("1.2.840.10008.1.2.1");
    assert_eq!(shown(&liar.file(As::Implicit)).unwrap(), expected, "the reverse");
}

#[test]
fn a_file_is_dicom_by_its_content_and_else_by_its_name() {
    let file = small().file(As::Explicit);
    for (start, name, expected) in [
        (&file[..], "a.png", true),
        (&file[128..], "a", true),
        (&file[132..], "a", true),
        (&small().data(As::Implicit), "a", true),
        (&small().data(As::BigEndian), "a", true),
        (b"anything at all", "a.dcm", true),
        (b"anything at all", "a.DICOM", true),
        (b"anything at all", "a.png", false),
        (b"\x89PNG\r\n\x1a\n and so on", "a.dcm", false),
        (b"\xff\xd8\xff\xe0 and so on", "a.dcm", false),
        (b"BM and so on", "a.bmp", false),
        (b"II*\0\x08\0\0\0\0\0", "a.tif", false),
        (b"", "a.dcm", true),
        (b"\x08\0", "a.bin", false),
    ] {
        assert_eq!(is_dicom(start, Path::new(name)), expected, "{name}: {:?}", &start[..start.len().min(12)]);
    }
}

#[test]
fn unused_bits_are_left_out() {
    // Overlays lie in the bits above those that are stored.
    let overlay = Written::grey(4, 12, &[0xf000, 0x1001, 0x0002, 0x8fff]);
    assert_eq!(values(&overlay), [0.0, 1.0, 2.0, 4095.0]);
    let high = Written::grey(4, 12, &[0x0000, 0x0010, 0x0020, 0xfff3]).words(tags::HIGH_BIT, &[15]);
    assert_eq!(values(&high), [0.0, 1.0, 2.0, 4095.0]);
    let signed = Written::grey(4, 12, &[0x0800, 0x0fff, 0, 0xf7ff]).words(tags::PIXEL_REPRESENTATION, &[1]);
    assert_eq!(values(&signed), [-2048.0, -1.0, 0.0, 2047.0]);
    let deepest = Written::grey(4, 16, &[0x8000, 0xffff, 0, 0x7fff]).words(tags::PIXEL_REPRESENTATION, &[1]);
    assert_eq!(values(&deepest), [-32768.0, -1.0, 0.0, 32767.0]);
}

#[test]
fn an_image_of_8_bits_is_shown_as_it_is() {
    let bytes = small().words(tags::BITS_ALLOCATED, &[8]).words(tags::BITS_STORED, &[8]).words(tags::HIGH_BIT, &[7]);
    let bytes = bytes.with(tags::PIXEL_DATA, Value::Bytes(vec![10, 20, 30, 40, 50, 60, 70, 80]));
    assert_eq!(explicit(&bytes).unwrap(), [10, 20, 30, 40, 50, 60, 70, 80]);
    assert_eq!(shown(&bytes.file(As::BigEndian)).unwrap(), [10, 20, 30, 40, 50, 60, 70, 80]);
    let swapped = bytes.words(tags::PIXEL_DATA, &[0x140a, 0x281e, 0x3c32, 0x5046]);
    for encoding in ALL {
        assert_eq!(shown(&swapped.file(encoding)).unwrap(), [10, 20, 30, 40, 50, 60, 70, 80], "{encoding:?}");
    }
    let in_words = Written::grey(4, 8, &[10, 20, 30, 40]);
    assert_eq!(explicit(&in_words).unwrap(), [10, 20, 30, 40]);
    let inverted = in_words.clone().text(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME1");
    assert_eq!(explicit(&inverted).unwrap(), [245, 235, 225, 215]);
    let rescaled = in_words.text(tags::RESCALE_SLOPE, "2").text(tags::RESCALE_INTERCEPT, "-100");
    assert_eq!(explicit(&rescaled).unwrap(), [10, 20, 30, 40]);
    let odd = Written::grey(3, 8, &[1, 2, 3]).words(tags::BITS_ALLOCATED, &[8]);
    assert_eq!(explicit(&odd.with(tags::PIXEL_DATA, Value::Bytes(vec![1, 2, 3]))).unwrap(), [1, 2, 3]);
}

#[test]
fn monochrome1_is_inverted_with_and_without_window() {
    let inverted = small().text(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME1 ");
    let (normal, inverted_shown) = (explicit(&small()).unwrap(), explicit(&inverted).unwrap());
    assert!(normal.iter().zip(&inverted_shown).all(|(one, other)| one.abs_diff(255 - other) <= 1));
    assert_eq!((inverted_shown[0], inverted_shown[7]), (255, 0));
    let window = |written: Written| {
        let written = written.text(tags::WINDOW_CENTER, "1500").text(tags::WINDOW_WIDTH, "1001");
        explicit(&written).unwrap()
    };
    let (normal, inverted) = (window(small()), window(inverted));
    assert_eq!((normal[0], normal[2], normal[7]), (0, 0, 255));
    assert!(normal.iter().zip(&inverted).all(|(one, other)| one.abs_diff(255 - other) <= 1));
}

#[test]
fn windows_follow_the_standard() {
    let window = |centre: &str, width: &str, function: Option<&str>| {
        let written = small().text(tags::WINDOW_CENTER, centre).text(tags::WINDOW_WIDTH, width);
        values(&function.iter().fold(written, |written, name| written.text(tags::VOILUT_FUNCTION, name)))
    };
    let close = |found: &[f64], expected: &[f64]| {
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(expected).all(|(one, other)| (one - other).abs() < 1e-9), "{found:?}");
    };
    // (value - 2047.5) / 4095 + 0.5
    let whole: Vec<f64> = [0.0, 500.0, 1000.0, 1500.0, 2000.0, 2500.0, 3000.0, 4095.0].map(|v| v / 4095.0).to_vec();
    close(&window("2048", "4096", None), &whole);
    close(&window("2048\\100\\7", "4096\\1\\1", Some("LINEAR")), &whole);
    close(&window(" 2048 ", "4096.0 ", Some("linear")), &whole);
    close(&window("2047.5", "4095", Some("LINEAR_EXACT")), &whole);
    close(&window("1000", "1", None), &[0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    close(&window("1001", "2001", None), &[0.0, 0.24975, 0.49975, 0.74975, 0.99975, 1.0, 1.0, 1.0]);
    let sigmoid = window("1000", "2000", Some("SIGMOID"));
    close(&sigmoid[1..4], &[1.0 / (1.0 + 1.0_f64.exp()), 0.5, 1.0 / (1.0 + (-1.0_f64).exp())]);
    // The window is one of values after the rescale.
    let hounsfield = small().text(tags::RESCALE_SLOPE, "2").text(tags::RESCALE_INTERCEPT, "-1024");
    let hounsfield = hounsfield.text(tags::WINDOW_CENTER, "976").text(tags::WINDOW_WIDTH, "1000");
    close(&values(&hounsfield.text(tags::VOILUT_FUNCTION, "LINEAR_EXACT"))[1..4], &[0.0, 0.5, 1.0]);
    let unknown = small().text(tags::WINDOW_CENTER, "1").text(tags::WINDOW_WIDTH, "9");
    let unknown = unknown.text(tags::VOILUT_FUNCTION, "CUBIC");
    assert_eq!(explicit(&unknown).unwrap_err(), SkipReason::UnreadPixels);
}

#[test]
fn without_a_usable_window_the_image_decides() {
    let plain = explicit(&small()).unwrap();
    assert_eq!((plain[0], plain[7]), (0, 255));
    for (centre, width) in
        [("100", "0"), ("100", "-5"), ("", ""), ("100", ""), ("nan", "inf"), ("a", "b"), ("\\5", "\\5")]
    {
        let written = small().text(tags::WINDOW_CENTER, centre).text(tags::WINDOW_WIDTH, width);
        assert_eq!(explicit(&written).unwrap(), plain, "{centre}, {width}");
    }
    let exact = small().text(tags::WINDOW_CENTER, "5").text(tags::WINDOW_WIDTH, "0");
    for function in ["LINEAR_EXACT", "SIGMOID"] {
        assert_eq!(explicit(&exact.clone().text(tags::VOILUT_FUNCTION, function)).unwrap(), plain);
    }
    let flat = Written::grey(2, 12, &[7, 7]);
    assert_eq!(explicit(&flat).unwrap(), [0, 0]);
}

#[test]
fn percentiles_leave_out_hot_pixels_and_padding() {
    let mut pixels: Vec<u16> = (0..1000).map(|at| 1000 + at).collect();
    pixels[5] = 4095;
    let spread = |written: &Written| {
        let image = read(&written.file(As::Explicit)).unwrap().grey(lgdea_spec::DEEP_PERCENTILES);
        [200, 500, 990].map(|at| image.pixels[at].0.round())
    };
    let expected = [51.0, 127.0, 253.0];
    let close = |found: [f32; 3]| found.iter().zip(expected).all(|(one, other)| (one - other).abs() <= 2.0);
    let hot = spread(&Written::grey(100, 12, &pixels));
    assert!(close(hot), "{hot:?}");
    pixels[..150].fill(4000);
    pixels[150..180].fill(3990);
    let unknown = spread(&Written::grey(100, 12, &pixels));
    assert!(!close(unknown), "{unknown:?}");
    let padded = Written::grey(100, 12, &pixels).words(tags::PIXEL_PADDING_VALUE, &[4000]);
    let padded = padded.words(tags::PIXEL_PADDING_RANGE_LIMIT, &[3980]);
    let padded = spread(&padded);
    assert!(padded[0] < 20.0 && padded[2] > 240.0, "{padded:?}");
    let all = Written::grey(2, 12, &[7, 7]).words(tags::PIXEL_PADDING_VALUE, &[7]);
    assert_eq!(explicit(&all).unwrap(), [0, 0]);
}

#[test]
fn the_modality_is_a_table_or_a_rescale() {
    let rescaled =
        Written::grey(3, 12, &[0, 1, 4]).text(tags::RESCALE_SLOPE, "0.5").text(tags::RESCALE_INTERCEPT, "-10");
    assert_eq!(values(&rescaled), [-10.0, -9.5, -8.0]);
    let half = Written::grey(3, 12, &[0, 1, 4]).text(tags::RESCALE_SLOPE, "0.5");
    assert_eq!(values(&half), [0.0, 1.0, 4.0], "a slope without its intercept is none");
    let table = Value::Words(vec![5, 50, 500]);
    let mapped = Written::grey(4, 12, &[0, 10, 11, 99]).table(tags::MODALITY_LUT_SEQUENCE, [3, 10, 16], table);
    assert_eq!(values(&mapped), [5.0, 5.0, 50.0, 500.0]);
}

#[test]
fn a_voi_table_goes_before_a_window() {
    let table = |descriptor, entries| {
        let written = Written::grey(4, 12, &[0, 10, 11, 99]).table(tags::VOILUT_SEQUENCE, descriptor, entries);
        written.text(tags::WINDOW_CENTER, "5").text(tags::WINDOW_WIDTH, "9")
    };
    let words = table([3, 10, 12], Value::Words(vec![0, 100, 400]));
    assert_eq!(values(&words), [0.0, 0.0, 100.0, 400.0]);
    assert_eq!(explicit(&words).unwrap(), [0, 0, 64, 255]);
    for encoding in ALL {
        assert_eq!(shown(&words.file(encoding)).unwrap(), [0, 0, 64, 255], "{encoding:?}");
    }
    let bytes = table([4, 9, 8], Value::Bytes(vec![1, 2, 3, 4]));
    assert_eq!(values(&bytes), [1.0, 2.0, 3.0, 4.0]);
    let all = table([0, 0, 16], Value::Words((0..=u16::MAX).rev().collect()));
    assert_eq!(values(&all), [65535.0, 65525.0, 65524.0, 65436.0]);
    let signed = Written::grey(2, 12, &[0xffe, 1]).words(tags::PIXEL_REPRESENTATION, &[1]);
    let signed = signed.table(tags::VOILUT_SEQUENCE, [4, (-2_i16) as u16, 16], Value::Words(vec![7, 8, 9, 10]));
    assert_eq!(values(&signed), [7.0, 10.0]);
    let short = table([9, 0, 16], Value::Words(vec![1, 2]));
    assert_eq!(explicit(&short).unwrap_err(), SkipReason::BrokenDicom);
    let empty = Written::grey(2, 12, &[0, 5]).with(tags::VOILUT_SEQUENCE, Value::Item(Vec::new()));
    assert_eq!(explicit(&empty).unwrap(), [0, 255]);
}

#[test]
fn colours_become_luminance() {
    let rgb = [255, 0, 0, 0, 255, 0, 0, 0, 255, 90, 90, 90];
    let grey = [54, 182, 18, 90];
    assert_eq!(explicit(&Written::coloured(4, "RGB", &rgb)).unwrap(), grey);
    let planes = [255, 0, 0, 90, 0, 255, 0, 90, 0, 0, 255, 90];
    let planar = Written::coloured(4, "RGB", &planes).words(tags::PLANAR_CONFIGURATION, &[1]);
    assert_eq!(explicit(&planar).unwrap(), grey);
    // Red, green, blue and grey as luminance and differences.
    let ybr = [76, 85, 255, 150, 44, 21, 29, 255, 107, 90, 128, 128];
    let found = explicit(&Written::coloured(4, "YBR_FULL", &ybr)).unwrap();
    assert!(found.iter().zip(grey).all(|(one, other)| one.abs_diff(other) <= 1), "{found:?}");
    let halved = [90, 200, 128, 128, 10, 20, 128, 128];
    let halved = Written::coloured(4, "YBR_FULL_422", &[0; 12]).with(tags::PIXEL_DATA, Value::Bytes(halved.to_vec()));
    assert_eq!(explicit(&halved).unwrap(), [90, 200, 10, 20]);
    let deep = Written::coloured(2, "RGB", &[0; 6]).words(tags::BITS_ALLOCATED, &[16]).words(tags::BITS_STORED, &[16]);
    let deep = deep.words(tags::HIGH_BIT, &[15]).words(tags::PIXEL_DATA, &[0, 0, 0, 65535, 65535, 65535, 0, 0, 0]);
    assert_eq!(explicit(&deep).unwrap(), [0, 255]);
}

#[test]
fn a_palette_becomes_luminance() {
    let palette = |bits, red: Value, green: Value, blue: Value| {
        Written::grey(3, 8, &[0, 1, 2])
            .text(tags::PHOTOMETRIC_INTERPRETATION, "PALETTE COLOR")
            .words(tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, &[3, 0, bits])
            .words(tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, &[3, 0, bits])
            .words(tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, &[3, 0, bits])
            .with(tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA, red)
            .with(tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA, green)
            .with(tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA, blue)
    };
    let words = |three: [u16; 3]| Value::Words(three.to_vec());
    let deep = palette(16, words([0, 65535, 65535]), words([0, 0, 65535]), words([0, 0, 65535]));
    assert_eq!(explicit(&deep).unwrap(), [0, 54, 255]);
    let bytes = |three: [u8; 3]| Value::Bytes(three.to_vec());
    let flat = palette(8, bytes([0, 255, 255]), bytes([0, 0, 255]), bytes([0, 0, 255]));
    assert_eq!(explicit(&flat).unwrap(), [0, 54, 255]);
    let bitless = palette(0, bytes([0, 255, 255]), bytes([0, 0, 255]), bytes([0, 0, 255]));
    assert_eq!(explicit(&bitless).unwrap(), [0, 0, 1]);
    let broken = flat.without(tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA);
    assert_eq!(explicit(&broken).unwrap_err(), SkipReason::UnreadPixels);
}

/// Segments of RLE, each as literal bytes.
fn packed(segments: &[&[u8]]) -> Vec<u8> {
    let mut header = vec![segments.len() as u32];
    let mut body = Vec::new();
    for segment in segments {
        header.push(64 + body.len() as u32);
        for literal in segment.chunks(128) {
            body.push(literal.len() as u8 - 1);
            body.extend(literal);
        }
    }
    header.resize(16, 0);
    header.iter().flat_map(|number| number.to_le_bytes()).chain(body).collect()
}

#[test]
fn rle_is_unpacked() {
    let deep = Written::grey(4, 12, &[0; 4]).compressed(RLE, &packed(&[&[0, 1, 2, 15], &[5, 0, 1, 255]]));
    assert_eq!(values(&deep), [5.0, 256.0, 513.0, 4095.0]);
    let mut runs = packed(&[&[]]);
    runs.extend([128, 254, 9, 0, 7]);
    let runs = Written::grey(4, 8, &[0; 4]).words(tags::BITS_ALLOCATED, &[8]).compressed(RLE, &runs);
    assert_eq!(values(&runs), [9.0, 9.0, 9.0, 7.0]);
    let rgb = Written::coloured(2, "RGB", &[0; 6]).compressed(RLE, &packed(&[&[255, 90], &[0, 90], &[0, 90]]));
    assert_eq!(explicit(&rgb).unwrap(), [54, 90]);
    for broken in [&[][..], &[1; 20], &packed(&[&[1, 2]]), &packed(&[&[0, 1, 2], &[0, 1, 2, 3]]), &[255; 64]] {
        let written = Written::grey(4, 12, &[0; 4]).compressed(RLE, broken);
        let reason = explicit(&written).unwrap_err();
        assert!(matches!(reason, SkipReason::BrokenDicom | SkipReason::CutOffDicom), "{reason:?}");
    }
}

/// The pixels of `tests/dicom/make.py`.
fn slope(bits: u16, is_signed: bool) -> Vec<f64> {
    let low = 1 << (bits - 8);
    let place = (0..32).flat_map(|y| (0..40).map(move |x| (x, y)));
    let value = place.map(|(x, y)| (3 * x + 4 * y) * low + 7 * x * y % low);
    value.map(|value| f64::from(value - if is_signed { 1 << (bits - 1) } else { 0 })).collect()
}

#[test]
fn compressed_files_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dicom");
    for (name, bits, is_signed, within) in [
        ("jpeg-baseline-8", 8, false, 1.0),
        ("jpeg-lossless-8", 8, false, 0.0),
        ("jpeg-lossless-12", 12, false, 0.0),
        ("jpeg-lossless-16", 16, false, 0.0),
        ("jpeg-lossless-signed-16", 16, true, 0.0),
        ("jpeg-ls-8", 8, false, 0.0),
        ("jpeg-ls-12", 12, false, 0.0),
        ("jpeg-ls-16", 16, false, 0.0),
        ("jpeg-ls-near-12", 12, false, 3.0),
        ("jpeg-2000-8", 8, false, 0.0),
        ("jpeg-2000-12", 12, false, 0.0),
        ("jpeg-2000-16", 16, false, 0.0),
        ("jpeg-2000-signed-12", 12, true, 0.0),
        ("jpeg-2000-lossy-12", 12, false, 6.0),
        ("rle-12", 12, false, 0.0),
    ] {
        let bytes = fs::read(folder.join(name).with_extension("dcm")).unwrap();
        let image = read(&bytes).unwrap();
        assert_eq!((image.width, image.height), (40, 32), "{name}");
        let found = image.stored.iter().map(|&bits| image.shades.values[usize::from(bits)]);
        let difference = found.zip(slope(bits, is_signed)).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max);
        assert!(difference <= within, "{name}: {difference}");
        // A codestream of another size than the header's; one that is cut off; one of another kind.
        assert_eq!(read(&bytes[..bytes.len() - 60]).err(), Some(SkipReason::CutOffDicom), "{name}");
        let (rows, columns) = (b"\x28\x00\x10\x00US\x02\x00\x20\x00", b"\x28\x00\x11\x00US\x02\x00\x28\x00");
        for element in [rows, columns] {
            let mut liar = bytes.clone();
            let at = liar.windows(10).position(|window| window == element).unwrap();
            liar[at + 8] += 1;
            assert!(matches!(read(&liar).err(), Some(SkipReason::CutOffDicom | SkipReason::BrokenDicom)), "{name}");
        }
    }
}

#[test]
fn jpeg_2000_is_decoded_at_the_resolution_that_is_needed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dicom");
    let square = |name: &str, size: usize| {
        let mut square = vec![0; size * size];
        let file = ImageFile { path: folder.join(name), percentiles: [0.0, 100.0] };
        let frame = read_square(&file, size, &mut square).unwrap();
        (square, frame)
    };
    // Each beside the same image by a compression that has one resolution.
    let kinds = [("8", "8", 4), ("12", "12", 4), ("16", "16", 4), ("signed-12", "12", 4), ("lossy-12", "12", 5)];
    for (kind, one, within) in kinds {
        let name = format!("jpeg-2000-{kind}.dcm");
        let bytes = fs::read(folder.join(&name)).unwrap();
        for (size, expected) in [(8, (20, 16)), (10, (20, 16)), (11, (40, 32)), (4, (10, 8)), (1, (3, 2))] {
            let image = super::read(&bytes, size).unwrap();
            assert_eq!(
                (image.width, image.height, image.whole),
                (expected.0, expected.1, [40, 32]),
                "{name} for {size}"
            );
        }
        // What is cut off is refused, whatever is needed of it.
        let start = bytes.windows(4).position(|marker| marker == [0xff, 0x4f, 0xff, 0x51]).unwrap();
        for cut in [20, 60, 100] {
            let written = Written::grey(40, 12, &[0; 1280]).compressed(JPEG_2000, &bytes[start..bytes.len() - cut]);
            let file = written.file(As::Explicit);
            for size in [8, 4, usize::MAX] {
                assert_eq!(super::read(&file, size).err(), Some(SkipReason::BrokenDicom), "{name} for {size}");
            }
        }
        let ((halved, frame), (whole, other)) = (square(&name, 8), square(&format!("jpeg-ls-{one}.dcm"), 8));
        assert_eq!(frame, other);
        let difference = halved.iter().zip(&whole).map(|(one, other)| one.abs_diff(*other)).max();
        // Half a pixel of the whole image to the left and up, where it rises by 3 and 4.
        assert!(difference <= Some(within), "{name}: {difference:?}");
    }
}

#[test]
fn jpeg_says_how_its_colours_are_written() {
    let pixels = image::RgbImage::from_fn(16, 16, |_, _| image::Rgb([200, 40, 90]));
    let mut jpeg = Cursor::new(Vec::new());
    pixels.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    let jpeg = jpeg.into_inner();
    let grey = (2126 * 200 + 7152 * 40 + 722 * 90) / 10_000;
    for photometric in ["YBR_FULL_422", "YBR_FULL", "RGB"] {
        let written = Written::coloured(16, photometric, &[0; 3 * 256]).compressed(JPEG, &jpeg);
        let found = explicit(&written).unwrap();
        assert!(found.iter().all(|&value| i32::from(value).abs_diff(grey) <= 2), "{photometric}: {}", found[0]);
    }
    let written = Written::grey(16, 8, &[0; 256]).words(tags::BITS_ALLOCATED, &[8]).compressed(JPEG, &jpeg);
    assert_eq!(explicit(&written).unwrap_err(), SkipReason::UnreadPixels);
}

#[test]
fn sequences_before_the_pixels_are_passed() {
    let icon = Written::grey(1, 8, &[9]).with(tags::PIXEL_DATA, Value::Words(vec![3]));
    let inner = vec![(tags::ROWS, Value::Words(vec![9])), (tags::PIXEL_DATA, Value::Fragment(vec![1, 2, 3]))];
    let written = small().with(tags::ICON_IMAGE_SEQUENCE, Value::Item(inner));
    for encoding in ALL {
        assert_eq!(shown(&written.file(encoding)).unwrap(), explicit(&small()).unwrap(), "{encoding:?}");
    }
    // An unknown sequence of unknown length is written in implicit encoding.
    let file = small().file(As::Explicit);
    let at = file.windows(4).position(|window| window == [0x28, 0x00, 0x02, 0x00]).unwrap();
    let mut unknown = b"\x09\x00\x10\x00UN\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff".to_vec();
    unknown.extend(icon.data(As::Implicit));
    unknown.extend(b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0");
    assert_eq!(shown(&[&file[..at], &unknown, &file[at..]].concat()).unwrap(), explicit(&small()).unwrap());
}

#[test]
fn a_header_is_read_without_the_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.dcm");
    let written = small()
        .text(tags::PATIENT_ID, "p10000032")
        .text(tags::PATIENT_SEX, "F")
        .text(tags::PATIENT_AGE, "058Y")
        .text(tags::VIEW_POSITION, " PA ")
        .text(tags::PATIENT_ORIENTATION, r"L\F ");
    let expected = DicomHeader {
        rows: 2,
        columns: 4,
        photometric_interpretation: Some("MONOCHROME2".into()),
        view_position: Some("PA".into()),
        patient_orientation: Some(r"L\F".into()),
        patient_sex: Some("F".into()),
        patient_age: Some("058Y".into()),
        patient_id: Some("p10000032".into()),
    };
    // What lies before the rows may be longer than what is read first.
    for private in [0, 100_000, 3_000_000] {
        let written = written.clone().with(Tag(9, 0x1001), Value::Bytes(vec![0; private]));
        for encoding in ALL {
            fs::write(&path, written.file(encoding)).unwrap();
            assert_eq!(dicom_header(&path).unwrap(), expected, "{private} {encoding:?}");
        }
        let file = written.file(As::Explicit);
        fs::write(&path, &file[..file.len() - 4]).unwrap();
        assert_eq!(dicom_header(&path).unwrap(), expected, "cut off in its pixels");
    }
    fs::write(&path, small().text(tags::VIEW_POSITION, "").file(As::Explicit)).unwrap();
    let header = dicom_header(&path).unwrap();
    assert_eq!((header.view_position, header.patient_sex), (None, None));
    fs::write(&path, "nothing").unwrap();
    assert!(matches!(dicom_header(&path), Err(SkipReason::BrokenDicom | SkipReason::CutOffDicom)));
    assert_eq!(dicom_header(&folder.path().join("b.dcm")), Err(SkipReason::MissingImage));
}
