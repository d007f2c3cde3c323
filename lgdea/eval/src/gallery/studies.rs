//! Studies of the data for the eye: a tile for each, with its boxes and masks drawn and named.

use std::path::Path;

use ab_glyph::FontRef;
use image::{ImageBuffer, Rgb, RgbImage, imageops};
use lgdea_data::table::shown_id;
use lgdea_data::{Drawn, FindingBox, Study};

use super::{BACKGROUND, MARGIN, PHRASE, draw, radiograph};
use crate::EvalError;

/// Side of a radiograph on the sheet, in pixels.
pub const STUDY_TILE: u32 = 320;
/// Lines for the identifier, for view and split, and for the labels.
const LINES: u32 = 4;
/// Lines for a report; the rest of a longer one is cut off.
const REPORT_LINES: u32 = 12;
/// Lines for the name of a box.
const NAME_LINES: usize = 2;
const CAPTION_GAP: u32 = 4;
/// The colours of findings, one after the other: told apart with any colour vision (Okabe and Ito).
const COLOURS: [Rgb<u8>; 7] = [
    Rgb([86, 180, 233]),
    Rgb([230, 159, 0]),
    Rgb([0, 200, 140]),
    Rgb([240, 228, 66]),
    Rgb([226, 135, 185]),
    Rgb([255, 112, 40]),
    Rgb([150, 150, 255]),
];

/// A study on the sheet.
#[derive(Debug)]
pub struct StudyTile<'a> {
    drawn: &'a Drawn,
    boxes: Vec<(&'a FindingBox, String)>,
    caption: Vec<String>,
    labels: String,
    report: Option<String>,
}

impl<'a> StudyTile<'a> {
    /// A study with its image, which `drawn` is of. `name` says how the names of findings are shown. Words of reports are shown
    /// where `with_reports` is set, and nowhere else: the report, and the phrases of boxes, which often are a report's.
    pub fn new(study: &'a Study, drawn: &'a Drawn, name: &dyn Fn(&str) -> String, with_reports: bool) -> Self {
        let named = |found: &FindingBox| if with_reports { found.phrase.clone() } else { name(&found.finding) };
        let view = study.projection.map_or_else(|| "view unknown".to_owned(), |projection| projection.to_string());
        let labels = match &study.labels {
            None => "unlabelled".to_owned(),
            Some(labels) if labels.is_empty() => "labelled: nothing present".to_owned(),
            Some(labels) => {
                let uncertain = labels.uncertain.iter().map(|label| format!("{}?", name(label)));
                labels.present.iter().map(|label| name(label)).chain(uncertain).collect::<Vec<_>>().join(", ")
            }
        };
        StudyTile {
            drawn,
            boxes: study.boxes.iter().map(|found| (found, named(found))).collect(),
            caption: vec![shown_id(&study.id), format!("{view}, {}", study.split)],
            labels,
            report: with_reports
                .then(|| study.report.as_ref().map_or_else(|| "no report".to_owned(), lgdea_data::Report::text)),
        }
    }

    /// The radiograph with its boxes and masks; those of one name have one colour, and the first of them has the name.
    fn picture(&self, font: &FontRef<'_>) -> Result<RgbImage, EvalError> {
        let Drawn { pixels, frame, .. } = self.drawn;
        let mut picture = radiograph(pixels, pixels.len().isqrt(), STUDY_TILE)?;
        let mut names: Vec<(&str, [f32; 4])> = Vec::new();
        let mut coloured = Vec::new();
        for (found, name) in &self.boxes {
            let place = frame.place(found);
            let known = names.iter().position(|(known, _)| known == name);
            let number = known.unwrap_or_else(|| {
                names.push((name.as_str(), place));
                names.len() - 1
            });
            coloured.push((found, place, COLOURS[number % COLOURS.len()]));
        }
        for (found, place, colour) in coloured {
            let covers = |x: f64, y: f64| {
                let inside = |at: f64, start: f32, length: f32| (at - f64::from(start)) / f64::from(length);
                let [x, y] = [inside(x, frame.x, frame.width), inside(y, frame.y, frame.height)];
                found.mask.as_ref().is_some_and(|mask| mask.covers(x, y))
            };
            // A mask that is too small to be seen is shown by the box around it.
            if found.mask.is_none() || !draw::contour(&mut picture, &covers, colour) {
                draw::outline(&mut picture, place, colour);
            }
        }
        let mut taken = Vec::new();
        for (number, (name, place)) in names.into_iter().enumerate() {
            draw::name(&mut picture, font, place, name, COLOURS[number % COLOURS.len()], NAME_LINES, &mut taken);
        }
        Ok(picture)
    }

    fn draw(&self, sheet: &mut RgbImage, [x, y]: [u32; 2], font: &FontRef<'_>) -> Result<(), EvalError> {
        imageops::replace(sheet, &self.picture(font)?, x.into(), y.into());
        let width = STUDY_TILE as f32;
        // Identifiers differ at their ends.
        let mut lines: Vec<String> = self.caption.iter().map(|line| draw::shorten_start(font, line, width)).collect();
        lines.extend(draw::wrap(font, &self.labels, width, LINES as usize - lines.len()));
        let report = self.report.iter().flat_map(|text| draw::wrap(font, text, width, REPORT_LINES as usize));
        let report = report.enumerate().map(|(number, line)| (LINES as usize + number, line));
        for (number, line) in lines.into_iter().enumerate().chain(report) {
            let y = y + STUDY_TILE + CAPTION_GAP + number as u32 * draw::LINE_HEIGHT;
            draw::text(sheet, font, [x, y], &line, PHRASE);
        }
        Ok(())
    }
}

/// Draws the studies row by row, `columns` in a row (at least one). Every study is drawn: choose a readable number.
pub fn study_sheet(tiles: &[StudyTile<'_>], columns: usize) -> Result<RgbImage, EvalError> {
    let font = FontRef::try_from_slice(dejavu::sans_condensed::regular())?;
    let columns = columns.clamp(1, tiles.len().max(1));
    let report = if tiles.iter().any(|tile| tile.report.is_some()) { REPORT_LINES } else { 0 };
    let row = STUDY_TILE + CAPTION_GAP + (LINES + report) * draw::LINE_HEIGHT + MARGIN;
    let (width, height) = (columns as u32 * (STUDY_TILE + MARGIN), tiles.len().div_ceil(columns) as u32 * row);
    let mut sheet = ImageBuffer::from_pixel(MARGIN + width, MARGIN + height, BACKGROUND);
    for (number, tile) in tiles.iter().enumerate() {
        let (column, line) = ((number % columns) as u32, (number / columns) as u32);
        tile.draw(&mut sheet, [MARGIN + column * (STUDY_TILE + MARGIN), MARGIN + line * row], &font)?;
    }
    Ok(sheet)
}

/// Writes the sheet; the format follows the path's extension, PNG for choice.
pub fn write_studies(path: &Path, tiles: &[StudyTile<'_>], columns: usize) -> Result<(), EvalError> {
    let sheet = study_sheet(tiles, columns)?;
    sheet.save(path).map_err(|source| EvalError::WritePicture { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lgdea_data::{Frame, Mask, Projection, Report, Split, StudyLabels};

    use super::*;

    const SIDE: usize = STUDY_TILE as usize;

    fn film(frame: Frame) -> Drawn {
        Drawn { study: 0, pixels: vec![128; SIDE * SIDE], frame }
    }

    fn found(finding: &str, [x, y, width, height]: [f32; 4], mask: Option<Mask>) -> FindingBox {
        let (finding, phrase) = (finding.to_owned(), format!("canary {finding}"));
        FindingBox { finding, phrase, x, y, width, height, mask: mask.map(Arc::new) }
    }

    fn study(boxes: Vec<FindingBox>) -> Study {
        let labels = StudyLabels::from_iter(["edema", "mass"]);
        let report = Report::parse("FINDINGS: A canary of a report.");
        let projection = Some(Projection::Ap);
        Study { boxes, report, projection, labels: Some(labels), ..Study::new("s/1", "p", Split::Test) }
    }

    fn as_is(name: &str) -> String {
        name.to_owned()
    }

    fn sheet(study: &Study, drawn: &Drawn, with_reports: bool) -> RgbImage {
        study_sheet(&[StudyTile::new(study, drawn, &as_is, with_reports)], 6).unwrap()
    }

    /// How many pixels of the radiograph have a colour.
    fn painted(sheet: &RgbImage, colour: Rgb<u8>) -> usize {
        sheet.pixels().filter(|&&pixel| pixel == colour).count()
    }

    #[test]
    fn a_box_is_outlined_where_the_original_lies_in_its_square() {
        let drawn = film(Frame { x: 0.25, y: 0.0, width: 0.5, height: 1.0 });
        let sheet = sheet(&study(vec![found("mass", [0.5, 0.5, 0.5, 0.25], None)]), &drawn, false);
        // The right half of an image that lies in the middle half of its square: from 1/2 to 3/4.
        let at = |x: f32, y: f32| *sheet.get_pixel(MARGIN + (x * 320.0) as u32, MARGIN + (y * 320.0) as u32);
        assert_eq!([at(0.5, 0.6), at(0.748, 0.6), at(0.7, 0.748), at(0.6, 0.5)], [COLOURS[0]; 4]);
        assert_eq!([at(0.6, 0.6), at(0.45, 0.6), at(0.8, 0.6)], [Rgb([128; 3]); 3]);
    }

    #[test]
    fn a_mask_is_outlined_along_its_own_border_and_has_no_box() {
        // The lower left triangle of the image's middle.
        let covered: Vec<bool> = (0..64 * 64).map(|at| (at / 64, at % 64)).map(triangle).collect();
        let mask = Mask::of_pixels([64, 64], &covered);
        let boxed = found("pneumothorax", [0.25, 0.25, 0.5, 0.5], Some(mask));
        let sheet = sheet(&study(vec![boxed]), &film(Frame::FULL), false);
        // Five pixels of the sheet for one of the mask.
        let at = |x: u32, y: u32| *sheet.get_pixel(MARGIN + x, MARGIN + y);
        assert_eq!([at(80, 152), at(152, 239), at(164, 160)], [COLOURS[0]; 3], "left, lower and slanting border");
        assert_eq!([at(102, 202), at(202, 127), at(238, 152)], [Rgb([128; 3]); 3], "inside, outside, edge of the box");
    }

    fn triangle((row, column): (usize, usize)) -> bool {
        (16..48).contains(&row) && (16..48).contains(&column) && column <= row
    }

    #[test]
    fn a_mask_that_is_too_small_to_be_seen_is_shown_by_its_box() {
        let mut covered = vec![false; 1024 * 1024];
        covered[512 * 1024 + 513] = true;
        let mask = Mask::of_pixels([1024, 1024], &covered);
        let speck = found("nodule", [0.5, 0.5, 0.02, 0.02], Some(mask));
        assert!(painted(&sheet(&study(vec![speck]), &film(Frame::FULL), false), COLOURS[0]) > 10);
    }

    #[test]
    fn boxes_of_one_finding_have_one_colour() {
        let boxes = vec![
            found("mass", [0.1, 0.1, 0.2, 0.2], None),
            found("edema", [0.4, 0.4, 0.2, 0.2], None),
            found("mass", [0.7, 0.7, 0.2, 0.2], None),
        ];
        let sheet = sheet(&study(boxes), &film(Frame::FULL), false);
        let at = |share: f32| *sheet.get_pixel(MARGIN + (share * 320.0) as u32, MARGIN + (share * 320.0) as u32 + 40);
        assert_eq!([at(0.1), at(0.4), at(0.7)], [COLOURS[0], COLOURS[1], COLOURS[0]]);
        assert_eq!(painted(&sheet, COLOURS[2]), 0);
    }

    #[test]
    fn words_of_reports_are_there_only_where_they_are_asked_for() {
        let (study, drawn) = (study(vec![found("mass", [0.1, 0.1, 0.2, 0.2], None)]), film(Frame::FULL));
        let shown = |with_reports| format!("{:?}", StudyTile::new(&study, &drawn, &as_is, with_reports).text());
        assert!(!shown(false).contains("canary") && shown(false).contains("mass"), "{}", shown(false));
        assert!(shown(true).contains("canary mass") && shown(true).contains("A canary of a report"), "{}", shown(true));
        assert!(sheet(&study, &drawn, true).height() > sheet(&study, &drawn, false).height() + 200);
    }

    impl StudyTile<'_> {
        fn text(&self) -> Vec<&str> {
            let names = self.boxes.iter().map(|(_, name)| name.as_str());
            let caption = self.caption.iter().chain(&self.report).map(String::as_str);
            names.chain(caption).chain([self.labels.as_str()]).collect()
        }
    }

    #[test]
    fn captions_say_what_is_known_and_what_is_not() {
        let drawn = film(Frame::FULL);
        let text = |study: &Study| StudyTile::new(study, &drawn, &as_is, false).text().join("; ");
        assert_eq!(text(&study(Vec::new())), "s/1; AP, test; edema, mass");
        let mut unsure = study(Vec::new());
        unsure.labels = Some(StudyLabels { uncertain: ["mass".to_owned()].into(), ..StudyLabels::default() });
        assert_eq!(text(&unsure), "s/1; AP, test; mass?");
        unsure.labels = Some(StudyLabels::default());
        assert!(text(&unsure).ends_with("nothing present"));
        assert_eq!(text(&Study::new("s", "p", Split::Train)), "s; view unknown, train; unlabelled");
        assert!(!text(&Study::new("No pneumothorax is seen.", "p", Split::Train)).contains("pneumothorax"));
    }

    #[test]
    fn tiles_fill_rows_and_wild_studies_are_drawn() {
        let drawn = film(Frame::FULL);
        let wild = study(vec![
            found(&"long name ".repeat(40), [-1.0, -1.0, 9.0, 9.0], None),
            found("", [f32::NAN, 0.0, 1.0, 1.0], None),
            found("心影增大", [0.99, 0.99, 0.5, 0.5], None),
        ]);
        let tiles: Vec<StudyTile<'_>> = (0..7).map(|_| StudyTile::new(&wild, &drawn, &as_is, true)).collect();
        let (six, three) = (study_sheet(&tiles, 6).unwrap(), study_sheet(&tiles, 3).unwrap());
        assert_eq!((six.width(), three.width()), (MARGIN + 6 * (320 + MARGIN), MARGIN + 3 * (320 + MARGIN)));
        assert!(three.height() > six.height());
        assert_eq!(study_sheet(&[], 6).unwrap().height(), MARGIN);
    }
}
