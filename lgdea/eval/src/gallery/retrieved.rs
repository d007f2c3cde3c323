//! Retrieval for the eye: an image and the studies whose reports it finds, nearest first.
//!
//! A found report is shown as the image and the labels of the study that it is of: no text of a report leaves its run by this.

use std::path::Path;

use ab_glyph::FontRef;
use image::{ImageBuffer, Rgb, RgbImage, imageops};

use super::{BACKGROUND, BOX, CAPTION, GAP, HIT, MARGIN, MISS, PHRASE, draw, radiograph};
use crate::EvalError;

/// Side of a radiograph on the sheet, in pixels.
const TILE: u32 = 128;
/// Between the query and what it finds.
const STEP: u32 = 22;

/// A study as it is shown.
#[derive(Debug, Clone)]
pub struct Shown<'a> {
    /// The radiograph, `size × size` grey values, row by row.
    pub pixels: &'a [u8],
    /// Side of the radiograph in pixels.
    pub size: usize,
    /// What the data say is on it.
    pub labels: String,
}

/// What a found report is to the image that finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Its own.
    Own,
    /// Another study's with the same findings.
    Alike,
    /// Another study's with other findings, or of which nothing is known.
    Other,
}

/// An image and what it finds.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// The image.
    pub image: Shown<'a>,
    /// Place of its own report among all, counted from 1.
    pub rank: usize,
    /// The studies of the nearest reports, the nearest first.
    pub found: Vec<(Shown<'a>, Relation)>,
}

/// Draws a row for each query: its image, then what it finds. Frames are blue around its own report, green around one with the
/// same findings, orange around others.
pub fn retrieval_sheet(queries: &[Query<'_>]) -> Result<RgbImage, EvalError> {
    let font = FontRef::try_from_slice(dejavu::sans_condensed::regular())?;
    let most = queries.iter().map(|query| query.found.len()).max().unwrap_or(0) as u32;
    let (width, row) = (2 * MARGIN + TILE + STEP + most * (TILE + GAP), TILE + CAPTION + MARGIN);
    let mut sheet = ImageBuffer::from_pixel(width, MARGIN + queries.len() as u32 * row, BACKGROUND);
    for (number, query) in queries.iter().enumerate() {
        let y = MARGIN + number as u32 * row;
        let own = format!("own report: {}; {}", query.rank, query.image.labels);
        tile(&mut sheet, &font, [MARGIN, y], &query.image, &own, None)?;
        for (place, (found, relation)) in query.found.iter().enumerate() {
            let x = MARGIN + TILE + STEP + place as u32 * (TILE + GAP);
            let colour = match relation {
                Relation::Own => HIT,
                Relation::Alike => BOX,
                Relation::Other => MISS,
            };
            tile(&mut sheet, &font, [x, y], found, &found.labels, Some(colour))?;
        }
    }
    Ok(sheet)
}

/// Writes the sheet; the format follows the path's extension, PNG for choice.
pub fn write_retrieval(path: &Path, queries: &[Query<'_>]) -> Result<(), EvalError> {
    let sheet = retrieval_sheet(queries)?;
    sheet.save(path).map_err(|source| EvalError::WritePicture { path: path.to_owned(), source })
}

fn tile(
    sheet: &mut RgbImage,
    font: &FontRef<'_>,
    [x, y]: [u32; 2],
    study: &Shown<'_>,
    caption: &str,
    frame: Option<Rgb<u8>>,
) -> Result<(), EvalError> {
    let mut picture = radiograph(study.pixels, study.size, TILE)?;
    if let Some(colour) = frame {
        draw::outline(&mut picture, [0.0, 0.0, 1.0, 1.0], colour);
    }
    imageops::replace(sheet, &picture, x.into(), y.into());
    for (line, text) in draw::wrap(font, caption, TILE as f32, 2).iter().enumerate() {
        draw::text(sheet, font, [x, y + TILE + 4 + line as u32 * draw::LINE_HEIGHT], text, PHRASE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_query_and_frames_tell_what_was_found() {
        let pixels = [128; 16];
        let shown = || Shown { pixels: &pixels, size: 4, labels: "cardiomegaly".to_owned() };
        let found = [Relation::Other, Relation::Own, Relation::Alike].map(|relation| (shown(), relation)).to_vec();
        let sheet = retrieval_sheet(&vec![Query { image: shown(), rank: 2, found }; 2]).unwrap();
        let width = 2 * MARGIN + TILE + STEP + 3 * (TILE + GAP);
        assert_eq!(sheet.dimensions(), (width, MARGIN + 2 * (TILE + CAPTION + MARGIN)));
        let corner = |place: u32| *sheet.get_pixel(MARGIN + TILE + STEP + place * (TILE + GAP), MARGIN);
        assert_eq!([corner(0), corner(1), corner(2)], [MISS, HIT, BOX]);
        assert_eq!(sheet.get_pixel(MARGIN, MARGIN).0, [128; 3], "the query has no frame");
    }
}
