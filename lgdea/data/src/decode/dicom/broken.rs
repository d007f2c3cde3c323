//! DICOM files that are broken, lie, or hold what is not read: each has a reason, and none panics or takes memory without end.

use std::fs;
use std::io;

use dicom_dictionary_std::tags;
use proptest::prelude::*;

use super::tests::{JPEG, JPEG_LS, explicit, shown, small};
use super::written::{As, Value, Written};
use super::*;

#[test]
fn what_is_not_read_has_a_reason() {
    let reason = |written: &Written| explicit(written).unwrap_err();
    let mut unknown = small();
    unknown.syntax = Some("1.2.840.10008.1.2.4.100");
    assert_eq!(reason(&unknown), SkipReason::UnreadTransferSyntax);
    assert_eq!(reason(&small().without(tags::PIXEL_DATA)), SkipReason::NoPixelData);
    assert_eq!(reason(&small().words(tags::PIXEL_DATA, &[])), SkipReason::NoPixelData);
    assert_eq!(reason(&small().text(tags::NUMBER_OF_FRAMES, "2")), SkipReason::SeveralFrames);
    assert!(explicit(&small().text(tags::NUMBER_OF_FRAMES, "1")).is_ok());
    assert_eq!(reason(&small().words(tags::ROWS, &[3])), SkipReason::CutOffDicom);
    assert_eq!(reason(&small().words(tags::COLUMNS, &[5])), SkipReason::CutOffDicom);
    let absurd = small().words(tags::ROWS, &[65535]).words(tags::COLUMNS, &[65535]);
    assert_eq!(reason(&absurd), SkipReason::HugeImage);
    for missing in [tags::ROWS, tags::COLUMNS, tags::BITS_ALLOCATED] {
        assert_eq!(reason(&small().without(missing)), SkipReason::BrokenDicom);
    }
    for (tag, value, expected) in [
        (tags::ROWS, 0, SkipReason::BrokenDicom),
        (tags::COLUMNS, 0, SkipReason::BrokenDicom),
        (tags::BITS_ALLOCATED, 32, SkipReason::UnreadPixels),
        (tags::BITS_ALLOCATED, 1, SkipReason::UnreadPixels),
        (tags::BITS_ALLOCATED, 8, SkipReason::BrokenDicom),
        (tags::BITS_STORED, 0, SkipReason::BrokenDicom),
        (tags::BITS_STORED, 17, SkipReason::BrokenDicom),
        (tags::HIGH_BIT, 3, SkipReason::BrokenDicom),
        (tags::HIGH_BIT, 16, SkipReason::BrokenDicom),
        (tags::SAMPLES_PER_PIXEL, 2, SkipReason::UnreadPixels),
        (tags::SAMPLES_PER_PIXEL, 3, SkipReason::UnreadPixels),
    ] {
        assert_eq!(reason(&small().words(tag, &[value])), expected, "{tag} {value}");
    }
    let partial = small().text(tags::PHOTOMETRIC_INTERPRETATION, "YBR_PARTIAL_420");
    assert_eq!(reason(&partial), SkipReason::UnreadPixels);
    // Compressed pixels where none are said to be, and the reverse.
    assert_eq!(reason(&small().with(tags::PIXEL_DATA, Value::Fragment(vec![0; 16]))), SkipReason::BrokenDicom);
    let mut plain = small();
    plain.syntax = Some(JPEG);
    assert_eq!(reason(&plain), SkipReason::BrokenDicom);
    // The frame header of a lossy JPEG of 12 bits.
    let deep = b"\xff\xd8\xff\xc1\x00\x0b\x0c\x00\x02\x00\x04\x01\x01\x11\x00\xff\xd9";
    assert_eq!(reason(&small().compressed(JPEG, deep)), SkipReason::UnreadPixels);
    for (syntax, bytes) in [(JPEG, &b"\xff\xd8"[..]), (JPEG_LS, b"\xff\xd8"), ("1.2.840.10008.1.2.4.90", b"\xffO")] {
        let reason = reason(&small().compressed(syntax, bytes));
        assert!(matches!(reason, SkipReason::BrokenDicom | SkipReason::CutOffDicom), "{syntax}: {reason:?}");
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    for encoding in [As::Implicit, As::Explicit, As::BigEndian] {
        let file = small().text(tags::PATIENT_ID, "7").file(encoding);
        for length in 0..file.len() {
            assert!(shown(&file[..length]).is_err(), "{encoding:?}: {length} of {}", file.len());
        }
    }
    let file = small().file(As::Explicit);
    assert_eq!(shown(&file[..file.len() - 1]).unwrap_err(), SkipReason::CutOffDicom);
}

#[test]
fn lengths_that_lie_take_neither_memory_nor_the_stack() {
    let file = small().file(As::Explicit);
    let pixels = file.windows(4).position(|window| window == [0xe0, 0x7f, 0x10, 0x00]).unwrap();
    for length in [0xffff_fffe_u32, 0x7fff_ffff, 1 << 30] {
        let mut liar = file.clone();
        liar[pixels + 8..pixels + 12].copy_from_slice(&length.to_le_bytes());
        assert_eq!(shown(&liar).unwrap_err(), SkipReason::CutOffDicom);
    }
    // A hundred thousand sequences in one another.
    let mut nested = file[..pixels].to_vec();
    for _ in 0..100_000 {
        nested.extend(b"\x40\x00\x75\x02SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff");
    }
    assert_eq!(shown(&nested).unwrap_err(), SkipReason::NoPixelData);
    for stray in [&b"\xfe\xff\x00\xe0\0\0\0\0"[..], b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"] {
        let broken = [&file[..pixels], stray, &file[pixels..]].concat();
        assert_eq!(shown(&broken).unwrap_err(), SkipReason::BrokenDicom);
    }
    // Zeros deflate to a thousandth.
    let mut bomb = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    io::copy(&mut io::repeat(0).take(600 << 20), &mut bomb).unwrap();
    let head = Written::empty().file(As::Deflated);
    let data = Written::empty().data(As::Deflated).len();
    assert!(head.len() > data);
    let end = head.windows(22).position(|window| window == b"1.2.840.10008.1.2.1.99").unwrap() + 22;
    assert_eq!(shown(&[&head[..end], &bomb.finish().unwrap()].concat()).unwrap_err(), SkipReason::HugeImage);
}

proptest! {
    #[test]
    fn damaged_files_do_not_panic(
        kind in 0..6_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dicom");
        let name = ["jpeg-baseline-8", "jpeg-lossless-12", "jpeg-ls-12", "jpeg-2000-12", "rle-12"].get(kind);
        let mut bytes = name.map_or_else(
            || small().table(tags::VOILUT_SEQUENCE, [3, 10, 12], Value::Words(vec![0, 100, 400])).file(As::Explicit),
            |name| fs::read(folder.join(name).with_extension("dcm")).unwrap(),
        );
        for (index, value) in damage {
            let length = bytes.len();
            bytes[index.index(length)] = value;
        }
        let _ = (shown(&bytes), header_of(&bytes), shown(&bytes[..cut.index(bytes.len())]));
    }

    #[test]
    fn any_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = (shown(&bytes), shown(&[&[0; 128], &b"DICM"[..], &bytes].concat()), is_dicom(&bytes, Path::new("a")));
    }
}
