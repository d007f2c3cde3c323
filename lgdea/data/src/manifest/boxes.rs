//! Boxes of findings: a CSV file with the study's column, `finding`, and `x`, `y`, `w`, `h` in pixels of the image.
//!
//! The image's column, where the file has it, tells boxes on other images of the study apart, which do not count.
//! `image_width` and `image_height` give the image's size where the boxes were drawn on another size than the file's;
//! `phrase` gives the words to ground, which are the finding's name otherwise.

use std::collections::HashMap;
use std::path::Path;

use lgdea_spec::Columns;

use super::columns::required;
use super::table::{Row, Table};
use crate::decode::dimensions;
use crate::labels::phrase_of;
use crate::{DataError, FindingBox, Picture, SkipReason, Skipped, Study, normalise_label};

/// Columns of a box in pixels: left, upper, width, height.
const RECTANGLE: [&str; 4] = ["x", "y", "w", "h"];

/// Adds the boxes of a file, relative to `root`, to their studies.
pub(super) fn add(
    file: &str,
    root: &Path,
    columns: &Columns,
    studies: &mut [Study],
    skipped: &mut Skipped,
) -> Result<(), DataError> {
    let path = &root.join(file);
    let table = Table::read(path)?;
    let study = required(&table, &columns.study, "the study")?;
    let drawn_on = table.column(&columns.image)?;
    let finding = required(&table, "finding", "the finding")?;
    let mut rectangle = [0; 4];
    for (position, name) in rectangle.iter_mut().zip(RECTANGLE) {
        *position = required(&table, name, "the box in pixels: x, y, w, h")?;
    }
    let size = [table.column("image_width")?, table.column("image_height")?];
    let phrase = table.column("phrase")?;

    let position: HashMap<String, usize> = studies.iter().enumerate().map(|(i, study)| (study.id.clone(), i)).collect();
    for row in &table.rows {
        let id = row.cell(Some(study));
        let finding = normalise_label(row.cell(Some(finding)));
        if finding.is_empty() {
            return Err(row.error(path, "the box has no finding; name it".to_owned()));
        }
        let mut edges = [0.0; 4];
        for ((edge, column), name) in edges.iter_mut().zip(rectangle).zip(RECTANGLE) {
            *edge = number(path, row, column, name)?;
        }
        let found = position.get(id).map(|&i| &mut studies[i]);
        let Some((study, Picture::File(image))) =
            found.and_then(|study| study.image.clone().map(|image| (study, image)))
        else {
            skipped.add(SkipReason::BoxWithoutImage, id);
            continue;
        };
        if !row.cell(drawn_on).is_empty() && root.join(row.cell(drawn_on)) != image {
            skipped.add(SkipReason::BoxOnOtherImage, id);
            continue;
        }
        let Some(size) = image_size(path, row, size, &image)? else {
            skipped.add(SkipReason::BoxWithoutImage, id);
            continue;
        };
        let Some([x, y, width, height]) = shares(edges, size) else {
            skipped.add(SkipReason::EmptyBox, id);
            continue;
        };
        let phrase = match row.cell(phrase) {
            "" => phrase_of(&finding),
            phrase => phrase.to_owned(),
        };
        study.boxes.push(FindingBox { finding, phrase, x, y, width, height });
    }
    Ok(())
}

fn number(path: &Path, row: &Row, column: usize, name: &str) -> Result<f64, DataError> {
    let text = row.cell(Some(column));
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(row.error(path, format!("{name} = `{text}` must be a number of pixels"))),
    }
}

/// Width and height from the row, or else from the image's header; `None` where the image cannot be read.
fn image_size(
    path: &Path,
    row: &Row,
    columns: [Option<usize>; 2],
    image: &Path,
) -> Result<Option<[f64; 2]>, DataError> {
    if let [Some(width), Some(height)] = columns
        && !row.cell(columns[0]).is_empty()
        && !row.cell(columns[1]).is_empty()
    {
        let size = [number(path, row, width, "image_width")?, number(path, row, height, "image_height")?];
        if size.iter().all(|&side| side > 0.0) {
            return Ok(Some(size));
        }
        let reason = "image_width and image_height must be above 0".to_owned();
        return Err(row.error(path, reason));
    }
    Ok(dimensions(image).map(|(width, height)| [f64::from(width), f64::from(height)]))
}

/// A box in shares of its image, cut at the image's edges; `None` where nothing is left.
fn shares([x, y, width, height]: [f64; 4], [image_width, image_height]: [f64; 2]) -> Option<[f32; 4]> {
    let span = |start: f64, length: f64, side: f64| {
        let (from, to) = (start.clamp(0.0, side), (start + length).clamp(0.0, side));
        (from / side, (to - from) / side)
    };
    let (x, width) = span(x, width, image_width);
    let (y, height) = span(y, height, image_height);
    (width > 0.0 && height > 0.0).then_some([x as f32, y as f32, width as f32, height as f32])
}
