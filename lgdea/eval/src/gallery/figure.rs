//! Phrases on one image, large enough to be looked at: the radiograph as it is, then under the heat of each phrase.

use std::path::Path;

use ab_glyph::FontRef;
use image::{Rgb, RgbImage, imageops};
use ndarray::Array2;

use super::{BACKGROUND, BOX, MARGIN, PHRASE, draw, tile, verdict};
use crate::EvalError;
use crate::metric::grounding::Target;
use crate::metric::heat_map::range;

/// Least side of the image in the figure, in pixels.
const SIDE: usize = 512;
/// Panels in a row.
const COLUMNS: usize = 3;
/// Lines of a caption.
const LINES: usize = 2;
/// Width of the colour bar, and of its labels.
const BAR: u32 = 14;
const LABEL: u32 = 58;
const GAP: u32 = 8;

/// One image and the phrases grounded on it.
#[derive(Debug, Clone)]
pub struct Figure<'a> {
    /// The radiograph to show, `size × size` grey values, row by row: the larger, the sharper.
    pub pixels: &'a [u8],
    /// Its side in pixels.
    pub size: usize,
    /// What it is, for the caption.
    pub title: &'a str,
    /// The phrases.
    pub phrases: Vec<Grounded<'a>>,
}

/// A phrase with its heat map.
#[derive(Debug, Clone)]
pub struct Grounded<'a> {
    /// The phrase.
    pub phrase: &'a str,
    /// Its heat map `[size, size]`, upsampled to the image that the model sees.
    pub map: Array2<f32>,
    /// Boxes that the phrase names, `[x, y, width, height]` in shares of the frame; empty where none are known.
    pub boxes: Vec<Target>,
}

impl Figure<'_> {
    /// The figure as a picture.
    pub fn draw(&self) -> Result<RgbImage, EvalError> {
        let font = FontRef::try_from_slice(dejavu::sans_condensed::regular())?;
        let side = self.size.max(SIDE) as u32;
        let plain = tile::radiograph(self.pixels, self.size, side)?;
        let caption = LINES as u32 * draw::LINE_HEIGHT + GAP;
        let (width, height) = (side + GAP + BAR + LABEL + MARGIN, side + caption + MARGIN);
        let panels = 1 + self.phrases.len();
        let (columns, rows) = (panels.min(COLUMNS) as u32, panels.div_ceil(COLUMNS) as u32);
        let mut figure = RgbImage::from_pixel(MARGIN + columns * width, MARGIN + rows * height, BACKGROUND);
        let corner = |panel: usize| {
            let (column, row) = ((panel % COLUMNS) as u32, (panel / COLUMNS) as u32);
            [MARGIN + column * width, MARGIN + row * height]
        };
        let write = |figure: &mut RgbImage, [x, y]: [u32; 2], text: &str| {
            for (line, text) in draw::wrap(&font, text, (side + GAP + BAR) as f32, LINES).iter().enumerate() {
                draw::text(figure, &font, [x, y + side + GAP + line as u32 * draw::LINE_HEIGHT], text, PHRASE);
            }
        };
        let [x, y] = corner(0);
        imageops::replace(&mut figure, &plain, x.into(), y.into());
        write(&mut figure, [x, y], self.title);
        for (panel, grounded) in self.phrases.iter().enumerate() {
            let [x, y] = corner(panel + 1);
            imageops::replace(&mut figure, &grounded.heated(plain.clone())?, x.into(), y.into());
            colour_bar(&mut figure, [x + side + GAP, y], side, range(grounded.map.view()), &font);
            write(&mut figure, [x, y], &grounded.caption());
        }
        Ok(figure)
    }

    /// Writes the figure; the format follows the path's extension, PNG for choice.
    pub fn write(&self, path: &Path) -> Result<(), EvalError> {
        self.draw()?.save(path).map_err(|source| EvalError::WritePicture { path: path.to_owned(), source })
    }
}

impl Grounded<'_> {
    /// Outcome of the pointing game (`hit`, `miss`; `tie` where only some of several maxima lie in the boxes); `None`
    /// without boxes.
    pub fn verdict(&self) -> Option<&'static str> {
        verdict(&self.map, &self.boxes).map(|(verdict, _)| verdict)
    }

    fn caption(&self) -> String {
        self.verdict().map_or_else(|| self.phrase.to_owned(), |verdict| format!("{}: {verdict}", self.phrase))
    }

    /// The radiograph under the heat, with boxes and the map's maximum.
    fn heated(&self, mut radiograph: RgbImage) -> Result<RgbImage, EvalError> {
        tile::check_map(&self.map)?;
        tile::overlay(&mut radiograph, &self.map);
        for &target in &self.boxes {
            draw::outline(&mut radiograph, target, BOX);
        }
        let colour = verdict(&self.map, &self.boxes).map_or(Rgb([255; 3]), |(_, colour)| colour);
        draw::marker(&mut radiograph, tile::peak(&self.map), colour);
        Ok(radiograph)
    }
}

/// From the least value of a map, at the bottom, to its greatest.
fn colour_bar(figure: &mut RgbImage, [x, y]: [u32; 2], side: u32, (least, most): (f32, f32), font: &FontRef<'_>) {
    for row in 0..side {
        let heat = 1.0 - f64::from(row) / f64::from(side - 1);
        for column in 0..BAR {
            figure.put_pixel(x + column, y + row, tile::heat_colour(heat));
        }
    }
    let bottom = y + side - draw::LINE_HEIGHT;
    let middle = y.midpoint(bottom);
    for (value, y) in [(most, y), (f32::midpoint(least, most), middle), (least, bottom)] {
        draw::text(figure, font, [x + BAR + 4, y], &format!("{value:.2}"), PHRASE);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::metric::heat_map::upsample;

    fn grounded(boxes: Vec<Target>) -> Grounded<'static> {
        let map = upsample(array![[1.0, 0.0], [0.0, 0.0]].view(), 16);
        Grounded { phrase: "left upper lung nodule", map, boxes }
    }

    fn figure(phrases: Vec<Grounded<'static>>) -> RgbImage {
        Figure { pixels: &[128; 256], size: 16, title: "study", phrases }.draw().unwrap()
    }

    #[test]
    fn panels_are_large_and_fill_rows() {
        let one = figure(vec![grounded(Vec::new())]);
        assert!(one.width() > 2 * SIDE as u32 && one.height() > SIDE as u32);
        let four = figure(vec![grounded(Vec::new()); 4]);
        assert!(four.width() > 3 * SIDE as u32 && four.height() > 2 * SIDE as u32);
        let heat = MARGIN + SIDE as u32 + GAP + BAR + LABEL + MARGIN;
        assert_eq!(one.get_pixel(MARGIN + 200, MARGIN + 50).0, [128; 3], "the first panel has no heat");
        assert_ne!(one.get_pixel(heat + 40, MARGIN + 40).0, [128; 3]);
        assert_eq!(one.get_pixel(heat + 500, MARGIN + 500).0, [128; 3]);
        // The colour bar runs from the darkest to the brightest colour.
        let bar = heat + SIDE as u32 + GAP + 2;
        assert_eq!(*one.get_pixel(bar, MARGIN), tile::heat_colour(1.0));
        assert_eq!(*one.get_pixel(bar, MARGIN + SIDE as u32 - 1), tile::heat_colour(0.0));
    }

    #[test]
    fn the_verdict_is_told_where_there_are_boxes() {
        assert_eq!(grounded(Vec::new()).verdict(), None);
        assert_eq!(grounded(vec![[0.0, 0.0, 0.3, 0.3]]).caption(), "left upper lung nodule: hit");
        assert_eq!(grounded(vec![[0.6, 0.6, 0.3, 0.3]]).verdict(), Some("miss"));
        let boxed = figure(vec![grounded(vec![[0.6, 0.6, 0.3, 0.3]])]);
        assert!(boxed.pixels().any(|&pixel| pixel == BOX));
    }

    #[test]
    fn maps_that_cannot_be_drawn_are_errors() {
        let mut broken = grounded(Vec::new());
        broken.map[[0, 0]] = f32::NAN;
        let figure = Figure { pixels: &[128; 256], size: 16, title: "", phrases: vec![broken] };
        assert!(matches!(figure.draw(), Err(EvalError::NotFinite { .. })));
        let figure = Figure { pixels: &[], size: 16, title: "", phrases: Vec::new() };
        assert!(matches!(figure.draw(), Err(EvalError::Shape { .. })));
    }
}
