//! The gallery on real radiographs and boxes of `../shared/data`, with made-up maps that peak at each box.
//!
//! `LGDEA_GALLERY=gallery.png cargo test -p lgdea-eval --test gallery_on_radiographs` keeps the sheet, to look at.
#![allow(clippy::unwrap_used, missing_docs)]

use lgdea_eval::gallery::{Panel, contact_sheet};
use ndarray::Array2;

const SIZE: usize = 224;

/// Grey values of the radiograph, stretched to a square.
fn radiograph(path: &std::path::Path) -> Vec<u8> {
    let side = SIZE as u32;
    image::open(path).unwrap().resize_exact(side, side, image::imageops::FilterType::Triangle).to_luma8().into_raw()
}

/// A bump on a 14 × 14 map, centred on the box or, for a miss, mirrored to the other side.
fn bump([x, y, width, height]: [f32; 4], mirrored: bool) -> Array2<f32> {
    let centre = x + width / 2.0;
    let (column, row) = (14.0 * if mirrored { 1.0 - centre } else { centre }, 14.0 * (y + height / 2.0));
    Array2::from_shape_fn((14, 14), |(i, j)| {
        let (dy, dx) = (i as f32 + 0.5 - row, j as f32 + 0.5 - column);
        (-(dx * dx + dy * dy) / 6.0).exp()
    })
}

#[test]
fn draws_hits_and_misses_on_real_radiographs() {
    let Some(folder) = lgdea_harness::data("cxr_mini") else { return };
    let boxes = std::fs::read_to_string(folder.join("boxes.csv")).unwrap();
    let rows: Vec<(String, [f32; 4])> = boxes
        .lines()
        .skip(1)
        .take(9)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let number = |field: usize| fields[field].parse::<f32>().unwrap();
            let (width, height) = (number(6), number(7));
            (fields[0].to_owned(), [number(2) / width, number(3) / height, number(4) / width, number(5) / height])
        })
        .collect();
    let images: Vec<Vec<u8>> = rows
        .iter()
        .map(|(id, _)| radiograph(&folder.join("images/nih").join(format!("{}.jpg", id.trim_start_matches("nih-")))))
        .collect();
    let phrases =
        ["pneumonia", "patchy airspace opacity in keeping with pneumonia, more marked than on the study before"];
    let panels: Vec<Panel<'_>> = rows
        .iter()
        .zip(&images)
        .enumerate()
        .map(|(index, (&(_, target), pixels))| Panel {
            pixels,
            size: SIZE,
            map: bump(target, index % 3 == 2),
            boxes: vec![target],
            phrase: phrases[index % 2],
        })
        .collect();
    let sheet = contact_sheet(&panels, 3).unwrap();
    let colours: std::collections::BTreeSet<[u8; 3]> = sheet.pixels().map(|pixel| pixel.0).collect();
    assert!(colours.len() > 5_000, "only {} colours: radiographs or heat are missing", colours.len());
    if let Some(path) = std::env::var_os("LGDEA_GALLERY") {
        sheet.save(path).unwrap();
    }
}
