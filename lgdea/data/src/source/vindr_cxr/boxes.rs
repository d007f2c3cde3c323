//! Boxes of VinDr-CXR, in pixels of the original images, whatever size the files were made smaller to.

use std::collections::HashMap;

use super::{SET, finding};
use crate::by_id::ById;
use crate::examination::{Examination, Film};
use crate::folder::Folder;
use crate::labels::NO_FINDING;
use crate::table::{Row, Table, shown_id};
use crate::{DataError, FindingBox, SkipReason, Skipped};

/// How far a box may leave its image, as a share of the side, before the image must be one that was made smaller.
const SLACK: f64 = 0.02;

/// Width and height of an image.
type Size = [f64; 2];

/// The sizes of the original images in `train_meta.csv`, which sets of smaller images on Kaggle have.
pub(super) fn sizes(folder: &Folder, part: &str) -> Result<HashMap<String, Size>, DataError> {
    let Some(table) = folder.table_if_there(&[&format!("{part}_meta.csv")])? else { return Ok(HashMap::new()) };
    let [image, height, width] = table.columns(SET, ["image_id", "dim0", "dim1"])?;
    let size = |row: &Row| Ok((row.cell(Some(image)).to_owned(), positive(&table, row, [width, height])?));
    table.rows.iter().map(size).collect()
}

fn positive(table: &Table, row: &Row, columns: [usize; 2]) -> Result<Size, DataError> {
    let size = row.numbers(table, columns)?;
    if size.iter().all(|&side| side > 0.0) {
        return Ok(size);
    }
    Err(row.error(&table.path, "width and height of an image must be above 0; correct them".to_owned()))
}

/// Adds the boxes of findings that count to their images.
pub(super) fn add(
    table: &Table,
    sizes: &HashMap<String, Size>,
    examinations: &mut ById<Examination>,
    skipped: &mut Skipped,
) -> Result<(), DataError> {
    let columns = Columns::find(table)?;
    // The size in the header of each file that has been looked into.
    let mut looked_up: HashMap<String, Option<Size>> = HashMap::new();
    for row in &table.rows {
        let id = row.cell(Some(columns.image));
        let finding = finding(row.cell(Some(columns.class)));
        // A reader who saw nothing has a row without a box.
        if finding == NO_FINDING {
            continue;
        }
        if columns.edges.iter().all(|&edge| row.cell(Some(edge)).is_empty()) {
            skipped.add(SkipReason::RowWithoutBox, shown_id(id));
            continue;
        }
        let examination = examinations.get_mut(id);
        let Some(Examination { films, labels: Some(labels), .. }) = examination else {
            skipped.add(SkipReason::BoxWithoutImage, shown_id(id));
            continue;
        };
        if !labels.present.contains(&finding) {
            skipped.add(SkipReason::OutvotedBox, shown_id(id));
            continue;
        }
        let [left, upper, right, lower] = row.numbers(table, columns.edges)?;
        let film = &mut films[0];
        let size = match (columns.size(table, row)?, sizes.get(id)) {
            (Some(size), _) | (None, Some(&size)) => Some(size),
            (None, None) => {
                let size = *looked_up.entry(id.to_owned()).or_insert_with(|| size_of_file(film));
                check(table, row, size, [right, lower])?;
                size
            }
        };
        let Some(size) = size else {
            skipped.add(SkipReason::BoxWithoutImage, shown_id(id));
            continue;
        };
        let edges = [left, upper, right - left, lower - upper];
        film.add_box(FindingBox::in_pixels(&finding, "", edges, size), id, skipped);
    }
    Ok(())
}

fn size_of_file(film: &Film) -> Option<Size> {
    film.picture.dimensions().map(|(width, height)| [f64::from(width), f64::from(height)])
}

/// Where the columns of boxes are.
struct Columns {
    image: usize,
    class: usize,
    /// Left, upper, right, lower.
    edges: [usize; 4],
    /// Of the image's width and height, which some sets of smaller images add.
    size: [Option<usize>; 2],
}

impl Columns {
    fn find(table: &Table) -> Result<Columns, DataError> {
        let [image, class, left, upper, right, lower] =
            table.columns(SET, ["image_id", "class_name", "x_min", "y_min", "x_max", "y_max"])?;
        let size = [table.column("width")?, table.column("height")?];
        Ok(Columns { image, class, edges: [left, upper, right, lower], size })
    }

    /// The size of a row's image, where the table has it.
    fn size(&self, table: &Table, row: &Row) -> Result<Option<Size>, DataError> {
        match self.size {
            [Some(width), Some(height)] => positive(table, row, [width, height]).map(Some),
            _ => Ok(None),
        }
    }
}

/// Refuses a box that leaves the image by far: the file is not the original, and its size not that of the boxes.
fn check(table: &Table, row: &Row, size: Option<Size>, ends: [f64; 2]) -> Result<(), DataError> {
    let Some([width, height]) = size else { return Ok(()) };
    let [right, lower] = ends;
    if right <= width * (1.0 + SLACK) && lower <= height * (1.0 + SLACK) {
        return Ok(());
    }
    let reason = format!(
        "the box leaves its image of {width} × {height} pixels: the images were made smaller, so that the sizes of the \
         original ones are needed; put train_meta.csv (`image_id`, `dim0` = height, `dim1` = width) and test_meta.csv into \
         `data.vindr-cxr.root`, or the columns `width` and `height` into this file"
    );
    Err(row.error(&table.path, reason))
}
