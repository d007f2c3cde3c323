//! Boxes of findings: a CSV file with the study's column, `finding`, and `x`, `y`, `w`, `h` in pixels of the image, or columns
//! that the manifest's `box-columns` names.
//!
//! The image's column, where the file has it, tells boxes on other images of the study apart, which do not count.
//! `image_width` and `image_height` give the image's size where the boxes were drawn on another size than the file's;
//! `phrase` gives the words to ground, which are the finding's name otherwise.

use std::collections::HashMap;
use std::path::Path;

use lgdea_spec::{BoxColumns, Manifest};

use crate::decode::dimensions;
use crate::table::{Row, Table};
use crate::{DataError, FindingBox, Picture, SkipReason, Skipped, Study, normalise_label};

/// Adds the boxes of a manifest's file to their studies.
pub(super) fn add(
    manifest: &Manifest,
    root: &Path,
    studies: &mut [Study],
    skipped: &mut Skipped,
) -> Result<(), DataError> {
    let path = &root.join(&manifest.boxes);
    let table = Table::read(path)?;
    let [study, image] = manifest.box_keys();
    let study = table.required(study, "the study")?;
    let drawn_on = table.column(image)?;
    let BoxColumns { finding, phrase, x, y, width, height, image_width, image_height, .. } = &manifest.box_columns;
    let finding = table.required(finding, "the finding")?;
    let names = [x, y, width, height];
    let mut rectangle = [0; 4];
    for (position, name) in rectangle.iter_mut().zip(names) {
        *position = table.required(name, "the box in pixels: left, upper, width, height")?;
    }
    let size = [table.column(image_width)?, table.column(image_height)?];
    let phrase = table.column(phrase)?;

    let position: HashMap<String, usize> = studies.iter().enumerate().map(|(i, study)| (study.id.clone(), i)).collect();
    for row in &table.rows {
        let id = row.cell(Some(study));
        let finding = normalise_label(row.cell(Some(finding)));
        if finding.is_empty() {
            return Err(row.error(path, "the box has no finding; name it".to_owned()));
        }
        let mut edges = [0.0; 4];
        for ((edge, column), name) in edges.iter_mut().zip(rectangle).zip(names) {
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
        match FindingBox::in_pixels(&finding, row.cell(phrase), edges, size) {
            Some(found) => study.boxes.push(found),
            None => skipped.add(SkipReason::EmptyBox, id),
        }
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
