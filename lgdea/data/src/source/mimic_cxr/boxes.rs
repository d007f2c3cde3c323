//! MS-CXR: boxes with the phrases of reports that they stand for, as a table or in COCO's JSON.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Deserialize;

use crate::error::expand;
use crate::folder::stem;
use crate::table::{Table, content, shown_id};
use crate::{DataError, FindingBox, SkipReason, Skipped, normalise_label};

/// What errors call the set.
const SET: &str = "MS-CXR";

/// The boxes of images, by their `dicom_id`.
pub(super) type Boxes = BTreeMap<String, Vec<FindingBox>>;

/// Reads the file that the setting names; no boxes where it names none.
pub(super) fn read(named: &str, skipped: &mut Skipped) -> Result<Boxes, DataError> {
    if named.is_empty() {
        return Ok(Boxes::new());
    }
    let path = expand("data.mimic-cxr.boxes", named)?;
    let text = content(&path)?;
    let mut found = Found { boxes: Boxes::new(), skipped };
    if text.trim_ascii_start().starts_with(b"{") {
        found.read_json(&path, &text)?;
    } else {
        found.read_table(&path)?;
    }
    Ok(found.boxes)
}

/// COCO's JSON, as far as it is read.
#[derive(Deserialize)]
struct Coco {
    images: Vec<CocoImage>,
    annotations: Vec<Annotation>,
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct CocoImage {
    id: u64,
    file_name: String,
    width: f64,
    height: f64,
}

#[derive(Deserialize)]
struct Annotation {
    image_id: u64,
    category_id: u64,
    bbox: [f64; 4],
    label_text: String,
}

#[derive(Deserialize)]
struct Category {
    id: u64,
    name: String,
}

struct Found<'a> {
    boxes: Boxes,
    skipped: &'a mut Skipped,
}

impl Found<'_> {
    /// Adds a box, left, upper, width and height in pixels of an image of `size`; says what is wrong with it.
    fn add(&mut self, image: &str, finding: &str, phrase: &str, edges: [f64; 4], size: [f64; 2]) -> Result<(), String> {
        let finding = normalise_label(finding);
        if image.is_empty() || finding.is_empty() {
            return Err("a box needs an image and a finding; fetch the file again".to_owned());
        }
        if !size.iter().all(|&side| side > 0.0) {
            return Err("the width and the height of an image must be above 0; fetch the file again".to_owned());
        }
        match FindingBox::in_pixels(&finding, phrase.trim(), edges, size) {
            Some(found) => self.boxes.entry(image.to_owned()).or_default().push(found),
            None => self.skipped.add(SkipReason::EmptyBox, shown_id(image)),
        }
        Ok(())
    }

    fn read_table(&mut self, path: &Path) -> Result<(), DataError> {
        let table = Table::read(path)?;
        let [image, finding, phrase] = table.columns(SET, ["dicom_id", "category_name", "label_text"])?;
        let edges = table.columns(SET, ["x", "y", "w", "h"])?;
        let size = table.columns(SET, ["image_width", "image_height"])?;
        for row in &table.rows {
            let cell = |column| row.cell(Some(column));
            if edges.iter().all(|&edge| cell(edge).is_empty()) {
                self.skipped.add(SkipReason::RowWithoutBox, shown_id(cell(image)));
                continue;
            }
            let (edges, size) = (row.numbers(&table, edges)?, row.numbers(&table, size)?);
            self.add(cell(image), cell(finding), cell(phrase), edges, size).map_err(|said| row.error(path, said))?;
        }
        Ok(())
    }

    fn read_json(&mut self, path: &Path, text: &[u8]) -> Result<(), DataError> {
        let wrong = |line, said: &str| DataError::Csv { path: path.to_owned(), line, reason: said.to_owned() };
        // What the parser says may repeat a phrase of a report.
        let coco: Coco = serde_json::from_slice(text).map_err(|error| {
            let said = "no JSON with the images, annotations and categories of MS-CXR; fetch the file again";
            wrong(error.line().max(1) as u64, said)
        })?;
        let images: HashMap<u64, &CocoImage> = coco.images.iter().map(|image| (image.id, image)).collect();
        let categories: HashMap<u64, &str> = coco.categories.iter().map(|one| (one.id, one.name.as_str())).collect();
        for Annotation { image_id, category_id, bbox, label_text } in &coco.annotations {
            let (Some(image), Some(finding)) = (images.get(image_id), categories.get(category_id)) else {
                return Err(wrong(1, "an annotation names an image or a category that is not there; fetch it again"));
            };
            let id = stem(&image.file_name);
            self.add(&id, finding, label_text, *bbox, [image.width, image.height]).map_err(|said| wrong(1, &said))?;
        }
        Ok(())
    }
}
