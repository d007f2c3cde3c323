//! Data, phrase grounding and retrieval for the eye. On the contact sheet of an evaluation each panel shows a radiograph with the phrase's boxes,
//! the same under its heat map with the map's maximum marked, and the phrase with the outcome of the pointing game. A
//! [`Figure`] shows phrases on one image, larger.
//!
//! Heat is drawn in inferno, which is perceptually uniform and readable without colour vision, and more opaque the
//! hotter it is, so that the radiograph stays visible elsewhere.

mod draw;
mod figure;
mod retrieved;
mod studies;
mod tile;

use std::path::Path;

use ab_glyph::FontRef;
use image::{ImageBuffer, Rgb, RgbImage, imageops};
use ndarray::Array2;

use crate::EvalError;
use crate::metric::grounding::{Target, pointing, region};
use crate::metric::heat_map::upsample;

pub use figure::{Figure, Grounded};
pub use retrieved::{Query, Relation, Shown, retrieval_sheet, write_retrieval};
pub use studies::{STUDY_TILE, StudyTile, study_sheet, write_studies};
pub use tile::peak;
pub(crate) use tile::{check_map, crop, data_uri, overlay, png, radiograph};

/// Side of a radiograph on the sheet, in pixels.
const TILE: u32 = 224;
/// Between the two radiographs of a panel.
const GAP: u32 = 4;
/// Between panels.
const MARGIN: u32 = 14;
/// Below the radiographs, two lines of the phrase.
const CAPTION: u32 = 44;
const PANEL_WIDTH: u32 = 2 * TILE + GAP;

const BACKGROUND: Rgb<u8> = Rgb([24, 24, 27]);
const PHRASE: Rgb<u8> = Rgb([228, 228, 231]);
const BOX: Rgb<u8> = Rgb([94, 234, 212]);
// Blue and orange: told apart with any colour vision.
const HIT: Rgb<u8> = Rgb([96, 165, 250]);
const MISS: Rgb<u8> = Rgb([251, 146, 60]);

/// A phrase on an image.
#[derive(Debug, Clone)]
pub struct Panel<'a> {
    /// The radiograph, `size × size` grey values, row by row.
    pub pixels: &'a [u8],
    /// Side of the radiograph in pixels.
    pub size: usize,
    /// Heat map `[rows, columns]` of the phrase, of any scale.
    pub map: Array2<f32>,
    /// Boxes of the phrase `[x, y, width, height]` in shares of the frame.
    pub boxes: Vec<Target>,
    /// The phrase.
    pub phrase: &'a str,
}

/// Draws the panels row by row, `columns` in a row (at least one). Every panel is drawn: choose a readable number.
pub fn contact_sheet(panels: &[Panel<'_>], columns: usize) -> Result<RgbImage, EvalError> {
    let font = FontRef::try_from_slice(dejavu::sans_condensed::regular())?;
    let columns = columns.clamp(1, panels.len().max(1));
    let (cell_width, cell_height) = (PANEL_WIDTH + MARGIN, TILE + CAPTION + MARGIN);
    let rows = panels.len().div_ceil(columns) as u32;
    let width = MARGIN + columns as u32 * cell_width;
    let mut sheet = ImageBuffer::from_pixel(width, MARGIN + rows * cell_height, BACKGROUND);
    for (index, panel) in panels.iter().enumerate() {
        let x = MARGIN + (index % columns) as u32 * cell_width;
        let y = MARGIN + (index / columns) as u32 * cell_height;
        panel.draw(&mut sheet, x, y, &font)?;
    }
    Ok(sheet)
}

/// Writes the contact sheet; the format follows the path's extension, PNG for choice.
pub fn write(path: &Path, panels: &[Panel<'_>], columns: usize) -> Result<(), EvalError> {
    let sheet = contact_sheet(panels, columns)?;
    sheet.save(path).map_err(|source| EvalError::WritePicture { path: path.to_owned(), source })
}

impl Panel<'_> {
    fn draw(&self, sheet: &mut RgbImage, x: u32, y: u32, font: &FontRef<'_>) -> Result<(), EvalError> {
        check_map(&self.map)?;
        let mut plain = radiograph(self.pixels, self.size, TILE)?;
        let mut heated = plain.clone();
        overlay(&mut heated, &self.map);
        for &target in &self.boxes {
            draw::outline(&mut plain, target, BOX);
            draw::outline(&mut heated, target, BOX);
        }
        let map = upsample(self.map.view(), self.size);
        let (verdict, colour) = self.verdict(&map);
        draw::marker(&mut heated, tile::peak(&map), colour);
        imageops::replace(sheet, &plain, x.into(), y.into());
        imageops::replace(sheet, &heated, (x + TILE + GAP).into(), y.into());

        let caption = y + TILE + 4;
        let verdict_width = draw::text_width(font, verdict).ceil() as u32;
        draw::text(sheet, font, [x + PANEL_WIDTH - verdict_width, caption], verdict, colour);
        let room = PANEL_WIDTH - verdict_width - 12;
        for (line, text) in draw::wrap(font, self.phrase, room as f32, 2).iter().enumerate() {
            draw::text(sheet, font, [x, caption + line as u32 * draw::LINE_HEIGHT], text, PHRASE);
        }
        Ok(())
    }

    /// Outcome of the pointing game on the map at the radiograph's own size.
    fn verdict(&self, map: &Array2<f32>) -> (&'static str, Rgb<u8>) {
        verdict(map, &self.boxes).unwrap_or(("no box", MISS))
    }
}

/// Outcome of the pointing game on a map upsampled to the image, and its colour; `None` without boxes.
fn verdict(map: &Array2<f32>, boxes: &[Target]) -> Option<(&'static str, Rgb<u8>)> {
    let share = pointing(map.view(), &region(boxes, map.nrows())?);
    Some(if share >= 1.0 {
        ("hit", HIT)
    } else if share > 0.0 {
        ("tie", MISS)
    } else {
        ("miss", MISS)
    })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn panel<'a>(pixels: &'a [u8], map: Array2<f32>, phrase: &'a str) -> Panel<'a> {
        Panel { pixels, size: 4, map, boxes: vec![[0.0, 0.0, 0.5, 0.5]], phrase }
    }

    #[test]
    fn panels_fill_rows_and_differ_where_heat_is() {
        let pixels = [128; 16];
        let panel = panel(&pixels, array![[1.0, 0.0], [0.0, 0.0]], "left upper lung nodule");
        let sheet = contact_sheet(&vec![panel; 3], 2).unwrap();
        assert_eq!(sheet.dimensions(), (MARGIN + 2 * (PANEL_WIDTH + MARGIN), MARGIN + 2 * (TILE + CAPTION + MARGIN)));
        // Away from box and marker: the plain radiograph is grey, the cold corner stays so, the hot one does not.
        let heated = MARGIN + TILE + GAP;
        let grey = Rgb([128; 3]);
        assert_eq!(*sheet.get_pixel(MARGIN + 30, MARGIN + 30), grey);
        assert_eq!(*sheet.get_pixel(heated + 200, MARGIN + 200), grey);
        assert_ne!(*sheet.get_pixel(heated + 30, MARGIN + 30), grey);
        // The fourth place is empty.
        assert_eq!(*sheet.get_pixel(sheet.width() - 100, sheet.height() - 100), BACKGROUND);
    }

    #[test]
    fn the_verdict_follows_the_pointing_game() {
        let pixels = [0; 16];
        let verdict = |map: Array2<f32>| {
            let map = upsample(map.view(), 4);
            panel(&pixels, map.clone(), "").verdict(&map).0
        };
        assert_eq!(verdict(array![[1.0, 0.0], [0.0, 0.0]]), "hit");
        assert_eq!(verdict(array![[0.0, 0.0], [0.0, 1.0]]), "miss");
        assert_eq!(verdict(array![[1.0, 0.0], [1.0, 0.0]]), "tie");
        let nowhere = Panel { boxes: Vec::new(), ..panel(&pixels, array![[1.0]], "") };
        assert_eq!(nowhere.verdict(&Array2::ones((4, 4))).0, "no box");
    }

    #[test]
    fn panels_that_cannot_be_drawn_are_errors() {
        let draw = |panel| contact_sheet(&[panel], 1).unwrap_err();
        assert!(matches!(draw(panel(&[0; 15], array![[1.0]], "")), EvalError::Shape { .. }));
        assert!(matches!(draw(panel(&[0; 16], Array2::zeros((0, 3)), "")), EvalError::Shape { .. }));
        assert!(matches!(draw(panel(&[0; 16], array![[f32::NAN]], "")), EvalError::NotFinite { .. }));
        let empty = Panel { pixels: &[], size: 0, ..panel(&[], array![[1.0]], "") };
        assert!(matches!(draw(empty), EvalError::Shape { .. }));
    }

    #[test]
    fn a_written_sheet_reads_back_and_a_bad_path_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let pixels = [128; 16];
        let panels = [panel(&pixels, array![[0.0, 1.0], [0.5, 0.0]], "ein sehr langer Befund: Überblähung — ∞")];
        let path = folder.path().join("grounding.png");
        write(&path, &panels, 1).unwrap();
        assert_eq!(image::open(&path).unwrap().to_rgb8(), contact_sheet(&panels, 1).unwrap());
        let error = write(&folder.path().join("none/grounding.png"), &panels, 1).unwrap_err().to_string();
        assert!(error.contains("cannot write the picture") && error.contains("none/grounding.png"), "{error}");
    }
}
