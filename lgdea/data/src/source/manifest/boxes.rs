//! Boxes of findings: a CSV file with the study's column, `finding`, and `x`, `y`, `w`, `h` in pixels of the image, or columns
//! that the manifest's `box-columns` names; with `x-max` and `y-max`, its corners.
//!
//! The image's column, where the file has it, tells boxes on other images of the study apart, which do not count.
//! `image_width` and `image_height` give the image's size where the boxes were drawn on another size than the file's;
//! `phrase` gives the words to ground, which are the finding's name otherwise. A row without any of `x`, `y`, `w` and `h` says
//! that nothing is there, as in the files of RSNA and VinDr-CXR, and is left out.

use std::collections::HashMap;
use std::path::Path;

use lgdea_spec::Manifest;

use super::file_of;
use crate::decode::header;
use crate::table::{Row, Table, shown, shown_id};
use crate::{DataError, FindingBox, SkipReason, Skipped, Study, normalise_label};

/// Share of an image's side by which a box may reach beyond the image: who draws one often slips over an edge.
const SLIP: f64 = 0.02;

/// Adds the boxes of a manifest's file to their studies.
pub(super) fn add(
    manifest: &Manifest,
    root: &Path,
    studies: &mut [Study],
    skipped: &mut Skipped,
) -> Result<(), DataError> {
    let table = Table::read(&root.join(&manifest.boxes))?;
    let columns = BoxPositions::of(&table, manifest)?;
    let mut position: HashMap<String, usize> = HashMap::new();
    for (place, study) in studies.iter().enumerate() {
        position.entry(study.examination.clone()).or_insert(place);
    }
    for row in &table.rows {
        let id = row.cell(Some(columns.study));
        let Some(drawn) = columns.drawn(&table.path, row)? else {
            skipped.add(SkipReason::RowWithoutBox, shown_id(id));
            continue;
        };
        let Some(&first) = position.get(id) else {
            skipped.add(SkipReason::BoxWithoutStudy, shown_id(id));
            continue;
        };
        if studies[first].image.is_none() {
            skipped.add(SkipReason::BoxWithoutImage, shown_id(id));
            continue;
        }
        let on = Some(row.cell(columns.drawn_on)).filter(|on| !on.is_empty());
        let on = on.map(|on| file_of(root, &table.path, on));
        let Some((image, boxes)) = drawn_on(&mut studies[first..], id, on.as_deref()) else {
            skipped.add(SkipReason::BoxOnOtherImage, shown_id(id));
            continue;
        };
        let in_header = || header(image).map(|header| [f64::from(header.width), f64::from(header.height)]);
        let Some(size) = drawn.size.or_else(in_header) else {
            skipped.add(SkipReason::BoxWithoutImage, shown_id(id));
            continue;
        };
        if let Some(found) = FindingBox::in_pixels(&drawn.finding, row.cell(columns.phrase), drawn.edges, size) {
            boxes.push(found);
        } else {
            skipped.add(SkipReason::EmptyBox, shown_id(id));
            continue;
        }
        if reaches_beyond(drawn.edges, size) {
            skipped.add(SkipReason::CutBox, shown_id(id));
        }
    }
    Ok(())
}

/// The image that a box of an examination was drawn on, and the boxes of the study that is read with it; without a word on which
/// image it was, that of the first of them. The studies begin with those of the examination.
fn drawn_on<'a>(
    studies: &'a mut [Study],
    examination: &str,
    on: Option<&Path>,
) -> Option<(&'a Path, &'a mut Vec<FindingBox>)> {
    let mut images = studies.iter_mut().take_while(|study| study.examination == examination).filter_map(|study| {
        let image = study.image.as_ref()?.file()?;
        Some((image, &mut study.boxes))
    });
    images.find(|(image, _)| on.is_none_or(|on| on == *image))
}

/// Where the columns of boxes are.
struct BoxPositions<'a> {
    study: usize,
    drawn_on: Option<usize>,
    finding: usize,
    phrase: Option<usize>,
    /// Left and upper edge, and width and height or right and lower edge, with their names.
    rectangle: [(usize, &'a str); 4],
    has_corners: bool,
    size: [Option<usize>; 2],
}

/// What a row says of a box.
struct Drawn {
    finding: String,
    /// Left, upper, width, height.
    edges: [f64; 4],
    /// Of the image, where the row gives it.
    size: Option<[f64; 2]>,
}

impl<'a> BoxPositions<'a> {
    fn of(table: &Table, manifest: &'a Manifest) -> Result<Self, DataError> {
        let [study, image] = manifest.box_keys();
        let columns = &manifest.box_columns;
        let has_corners = columns.has_corners();
        let mut rectangle = columns.rectangle().map(|name| (0, name));
        let role = if has_corners {
            "the box in pixels: left, upper, right, lower edge"
        } else {
            "the box in pixels: left, upper, width, height"
        };
        for (position, name) in &mut rectangle {
            *position = table.required(name, role)?;
        }
        Ok(Self {
            study: table.required(study, "the study")?,
            drawn_on: table.column(image)?,
            finding: table.required(&columns.finding, "the finding")?,
            phrase: table.column(&columns.phrase)?,
            rectangle,
            has_corners,
            size: [table.column(&columns.image_width)?, table.column(&columns.image_height)?],
        })
    }

    /// The box of a row; `None` where it has none.
    fn drawn(&self, path: &Path, row: &Row) -> Result<Option<Drawn>, DataError> {
        let is_empty = |&(column, _): &(usize, &str)| row.cell(Some(column)).is_empty();
        if self.rectangle.iter().all(is_empty) {
            return Ok(None);
        }
        if let Some((_, name)) = self.rectangle.iter().find(|edge| is_empty(edge)) {
            let reason = format!("the box has no {name}; give all four numbers, or none where nothing is there");
            return Err(row.error(path, reason));
        }
        let finding = normalise_label(row.cell(Some(self.finding)));
        if finding.is_empty() {
            return Err(row.error(path, "the box has no finding; name it".to_owned()));
        }
        let mut edges = [0.0; 4];
        for (edge, (column, name)) in edges.iter_mut().zip(self.rectangle) {
            *edge = number(path, row, column, name)?;
        }
        let size = self.size(path, row)?;
        // Boxes in shares of the image are right where the image is said to be of size 1.
        if is_in_shares(edges) && !size.is_some_and(|size| size.iter().all(|&side| side <= 1.0)) {
            let reason = "the box is in shares of the image (0 to 1), and not in pixels; multiply the numbers by the image's \
                          width and height, or add columns `image_width` and `image_height` that are 1 (x and y of YOLO's \
                          files are the middle of the box: subtract half its width and height)";
            return Err(row.error(path, reason.to_owned()));
        }
        if self.has_corners {
            edges = [edges[0], edges[1], edges[2] - edges[0], edges[3] - edges[1]];
        }
        Ok(Some(Drawn { finding, edges, size }))
    }

    /// Width and height of the image, where the row gives them.
    fn size(&self, path: &Path, row: &Row) -> Result<Option<[f64; 2]>, DataError> {
        let [Some(width), Some(height)] = self.size else { return Ok(None) };
        if row.cell(Some(width)).is_empty() || row.cell(Some(height)).is_empty() {
            return Ok(None);
        }
        let size = [number(path, row, width, "image_width")?, number(path, row, height, "image_height")?];
        if size.iter().all(|&side| side > 0.0) {
            return Ok(Some(size));
        }
        Err(row.error(path, "image_width and image_height must be above 0".to_owned()))
    }
}

fn number(path: &Path, row: &Row, column: usize, name: &str) -> Result<f64, DataError> {
    let text = row.cell(Some(column));
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(row.error(path, format!("{name} = `{}` must be a number of pixels", shown(text)))),
    }
}

/// Whether four numbers are shares: none is above 1, and they are not whole numbers, which pixels may be.
fn is_in_shares(edges: [f64; 4]) -> bool {
    edges.iter().all(|edge| (0.0..=1.0).contains(edge)) && edges.iter().any(|edge| edge.fract() > 0.0)
}

fn reaches_beyond([x, y, width, height]: [f64; 4], [image_width, image_height]: [f64; 2]) -> bool {
    let beyond = |start: f64, length: f64, side: f64| start < -SLIP * side || start + length > (1.0 + SLIP) * side;
    beyond(x, width, image_width) || beyond(y, height, image_height)
}
