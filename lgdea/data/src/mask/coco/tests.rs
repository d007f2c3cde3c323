//! Masks of COCO's kind: the values are those that `pycocotools` gives, and broken ones are refused.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Reads a mask from its compressed string.
fn of_text([height, width]: [u32; 2], text: &str) -> Result<Option<Mask>, String> {
    Mask::of_coco(&serde_json::from_value(json!({ "size": [height, width], "counts": text })).unwrap())
}

/// The mask that a drawing shows, a row a word.
fn drawn(rows: &str) -> Option<Mask> {
    let width = rows.split(' ').next().unwrap_or_default().len();
    let covered: Vec<bool> = rows.chars().filter(|&c| c != ' ').map(|c| c == '#').collect();
    let mask = Mask::of_pixels([width as u32, (covered.len() / width) as u32], &covered);
    covered.contains(&true).then_some(mask)
}

#[test]
fn strings_are_read_as_pycocotools_reads_them() {
    for (size, text, rows) in [
        ([3, 4], "<", ".... .... ...."),
        ([3, 4], "0<", "#### #### ####"),
        ([2, 3], "221O", ".#. .##"),
        ([2, 3], "15", ".## ###"),
        ([5, 5], "1110000000000000000000000", ".#.#. #.#.# .#.#. #.#.# .#.#."),
        ([4, 7], "321O00201120K", ".###... ....#.# .#..#.# #......"),
        ([6, 5], "332OOO00272", "...## ..##. .#.#. ##.#. #..#. ####."),
        ([3, 9], "01120O020102", "######### .###.#.## #..######"),
        ([1, 8], "3130", "...#...#"),
        ([8, 1], "3130", ". . . # . . . #"),
    ] {
        assert_eq!(of_text(size, text).unwrap(), drawn(rows), "{text}");
    }
}

#[test]
fn long_strings_have_the_area_and_the_box_that_pycocotools_gives() {
    let ellipse = r"SQ4c0]28J4L4L4L4M2N2M4N0O2N2N2O0O2O00000000000000000001N101N2N2N102L3N2N3L4L4L4L6Hem1";
    let columns = format!("Zac0jk0^3{}Vj`1^3dmN", "0".repeat(357));
    for (size, text, area, bounds) in [
        ([100, 100], ellipse, 1869, [41.0, 11.0, 39.0, 59.0]),
        ([1000, 300], &columns, 161_200, [20.0, 0.0, 231.0, 1000.0]),
    ] {
        let mask = of_text(size, text).unwrap().unwrap();
        let covered: u32 = mask.runs.iter().map(|[start, end]| end - start).sum();
        assert_eq!((covered, mask.bounds()), (area, Some(bounds)), "{size:?}");
    }
}

#[test]
fn numbers_say_the_same_as_strings() {
    let of_numbers = |counts: serde_json::Value| {
        Mask::of_coco(&serde_json::from_value(json!({ "size": [2, 3], "counts": counts })).unwrap())
    };
    assert_eq!(of_numbers(json!([2, 2, 1, 1])).unwrap(), drawn(".#. .##"));
    assert_eq!(of_numbers(json!([0, 6])).unwrap(), drawn("### ###"));
    assert_eq!(of_numbers(json!([6])).unwrap(), None);
    for counts in [json!([]), json!([2, 2, 1]), json!([2, 2, 1, 2]), json!([u64::MAX, 2])] {
        assert!(of_numbers(counts.clone()).is_err(), "{counts}");
    }
}

#[test]
fn strings_that_are_no_masks_are_refused() {
    for text in ["", "2", "221O0", "221", "22!O", "22 O", "22pO", "2é1O", "221Oo", "SQ4c0]28J4L", "oooooooooooo", "O7"]
    {
        let reason = of_text([2, 3], text).unwrap_err();
        assert!(!reason.is_empty() && (text.len() < 2 || !reason.contains(text)), "{text}: {reason}");
    }
    for size in [[0, 3], [3, 2_000_000_000], [u32::MAX, u32::MAX]] {
        assert!(of_text(size, "221O").is_err(), "{size:?}");
    }
}

#[test]
fn files_that_hold_something_else_are_no_masks() {
    for broken in [
        json!({ "size": [2], "counts": "221O" }),
        json!({ "size": [2, 3] }),
        json!({ "counts": "221O" }),
        json!({ "size": [-2, 3], "counts": "221O" }),
        json!({ "size": [2, 3], "counts": [2.5, 2] }),
        json!({ "size": [2, 3], "counts": null }),
        json!("221O"),
    ] {
        assert!(serde_json::from_value::<CocoMask>(broken.clone()).is_err(), "{broken}");
    }
}

proptest! {
    #[test]
    fn no_string_does_harm(height in 0_u32..50, width in 0_u32..50, text in "[0-o]{0,40}|.{0,20}") {
        // A mask or an error.
        let _ = of_text([height, width], &text);
    }
}
