//! `BBox_List_2017.csv`: boxes in pixels of the original images, whatever size the files were made smaller to.

use std::collections::HashMap;

use super::SET;
use crate::examination::Examination;
use crate::folder::Folder;
use crate::table::shown_id;
use crate::{DataError, FindingBox, SkipReason, Skipped};

/// Width and height of the original images.
const ORIGINAL: [f64; 2] = [1024.0, 1024.0];

/// Adds the boxes to their images.
pub(super) fn add(folder: &Folder, examinations: &mut [Examination], skipped: &mut Skipped) -> Result<(), DataError> {
    let table = folder.table(SET, &["BBox_List_2017.csv"])?;
    // The header's commas stand inside of its brackets, so that the names of the edges are "Bbox [x", "y", "w" and "h]".
    let [image, finding, x, y, width, height] =
        table.columns(SET, ["Image Index", "Finding Label", "Bbox [x", "y", "w", "h]"])?;
    let places: HashMap<String, usize> =
        examinations.iter().enumerate().map(|(at, one)| (one.id.clone(), at)).collect();
    for row in &table.rows {
        let id = row.cell(Some(image));
        let Some(film) = places.get(id).and_then(|&at| examinations[at].films.first_mut()) else {
            skipped.add(SkipReason::BoxWithoutImage, shown_id(id));
            continue;
        };
        let edges = row.numbers(&table, [x, y, width, height])?;
        let finding = super::finding(row.cell(Some(finding)));
        film.add_box(FindingBox::in_pixels(&finding, "", edges, ORIGINAL), id, skipped);
    }
    Ok(())
}
