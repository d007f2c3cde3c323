//! Where phrases are: a CSV file with a row for each box.

use std::collections::HashMap;
use std::path::Path;

use ndarray::Array2;

use crate::studies::{self, Cases};
use crate::table::{Place, Table, identifiers, names};
use crate::{Columns, PredictionError, Reference};

/// The longest side of an image in pixels.
const LONGEST: f64 = 20_000.0;
/// The columns of a box.
const BOX: [&str; 4] = ["x", "y", "width", "height"];
/// The columns of the image's size.
const SIZE: [&str; 2] = ["image_width", "image_height"];

/// Where phrases are.
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    /// The phrases, each once, with their patients.
    pub phrases: Reference,
    /// The class of each phrase; none where the file does not say.
    pub classes: Option<Vec<String>>,
    /// The boxes of each phrase as `[x, y, width, height]` in shares of the image, from its upper left corner. None where the
    /// image does not show what the phrase says.
    pub boxes: Vec<Vec<[f32; 4]>>,
    /// Width and height of each phrase's image in pixels; none where the boxes are shares.
    pub sizes: Option<Vec<[usize; 2]>>,
}

/// What a row says.
#[derive(PartialEq)]
struct Row {
    patient: String,
    class: String,
    size: Option<[usize; 2]>,
    target: Option<[f32; 4]>,
}

/// The phrases of the rows so far.
#[derive(Default)]
struct Phrases {
    ids: Vec<String>,
    /// Where each of them is.
    places: HashMap<String, usize>,
    /// The first row of each, and its line.
    first: Vec<(Place, Row)>,
    boxes: Vec<Vec<[f32; 4]>>,
}

impl Phrases {
    fn add(&mut self, id: &str, line: Place, row: Row) -> Result<(), String> {
        if id.is_empty() {
            return Err(format!("{line}: the column `id` is empty; give each phrase an identifier"));
        }
        if let Some(&place) = self.places.get(id) {
            let (earlier, first) = &self.first[place];
            differs(first, &row).map_err(|what| {
                format!("{earlier} and {line} are both of `{id}`, but {what}; give each phrase an id of its own")
            })?;
            self.boxes[place].extend(row.target);
            return Ok(());
        }
        self.places.insert(id.to_owned(), self.ids.len());
        self.ids.push(id.to_owned());
        self.boxes.push(row.target.into_iter().collect());
        self.first.push((line, row));
        Ok(())
    }
}

impl Regions {
    /// Reads a CSV file with the columns `id` (of the phrase; rows with one id are boxes of one phrase), `x`, `y`, `width` and
    /// `height`. They are pixels where there are columns `image_width` and `image_height`, and else shares of the image. A
    /// phrase whose four cells are empty is not there. `patient` and `class` (or `label`) may be known. Other columns are not
    /// read.
    pub fn read(path: &Path) -> Result<Self, PredictionError> {
        Self::read_as(path, &Columns::default())
    }

    /// The same of a table with columns of other names: identifiers, patients, and as labels the classes.
    pub fn read_as(path: &Path, columns: &Columns) -> Result<Self, PredictionError> {
        let mut table = studies::reference(path, columns.id.as_ref(), Cases::Boxes)?;
        let split = table.take_split(columns.split);
        split.and_then(|()| Self::of(path, table, columns)).map_err(|problem| PredictionError::unusable(path, problem))
    }

    fn of(path: &Path, mut table: Table, columns: &Columns) -> Result<Self, String> {
        let lines: Vec<Place> = table.rows.iter().map(|(line, _)| *line).collect();
        let patients = table.named_or(columns.patient.as_ref(), "patient")?.map(identifiers);
        let classes = match table.named_or(columns.label.as_ref(), "class")? {
            None => table.named_or(None, "label")?,
            named => named,
        };
        let classes = classes.map(names);
        let boxes = needed(&mut table, BOX)?;
        let sizes = match SIZE.map(|name| table.take(name)) {
            [Some(width), Some(height)] => Some([width, height]),
            [None, None] => None,
            _ => return Err("`image_width` and `image_height` belong together; add the other".to_owned()),
        };
        let cell = |column: &Option<Vec<String>>, row: usize| {
            column.as_ref().map_or_else(String::new, |cells| cells[row].clone())
        };
        let row = |row: usize| {
            let size = sizes.as_ref().map(|sizes| size(sizes, row)).transpose()?;
            let target = target(&boxes, row, size)?;
            let found = Row { patient: cell(&patients, row), class: cell(&classes, row), size, target };
            for (name, column, value) in [("patient", &patients, &found.patient), ("class", &classes, &found.class)] {
                if column.is_some() && value.is_empty() {
                    return Err(format!("the column `{name}` is empty; fill it for each phrase, or remove it"));
                }
            }
            Ok(found)
        };
        let mut phrases = Phrases::default();
        for (at, (id, &line)) in table.ids.iter().zip(&lines).enumerate() {
            let found = row(at).map_err(|problem| format!("{line}: {problem}"))?;
            phrases.add(id, line, found)?;
        }
        let Phrases { ids, first, boxes: targets, .. } = phrases;
        if ids.is_empty() {
            return Err("it has no phrase; write a row for each box".to_owned());
        }
        let rows = || first.iter().map(|(_, row)| row);
        let phrases = Reference {
            path: path.to_owned(),
            labels: Array2::from_shape_fn((ids.len(), 0), |_| crate::Label::Blank),
            ids,
            patients: patients.is_some().then(|| rows().map(|row| row.patient.clone()).collect()),
            texts: None,
            classes: Vec::new(),
            groups: Vec::new(),
            notes: table.notes.into_iter().chain(cut(&targets)).collect(),
        };
        let classes = classes.is_some().then(|| rows().map(|row| row.class.clone()).collect());
        Ok(Self { phrases, classes, boxes: targets, sizes: rows().map(|row| row.size).collect() })
    }
}

/// What is said of boxes that leave their images.
fn cut(boxes: &[Vec<[f32; 4]>]) -> Option<String> {
    const ROUNDING: f32 = 1e-3;
    let leaves =
        |[x, y, width, height]: &[f32; 4]| x.min(*y) < -ROUNDING || (x + width).max(y + height) > 1.0 + ROUNDING;
    let all: Vec<&[f32; 4]> = boxes.iter().flatten().collect();
    let count = all.iter().filter(|one| leaves(one)).count();
    (count > 0).then(|| {
        format!(
            "{count} of {} boxes leave their image and are cut at its edge: `width` and `height` are sizes, not the other corner",
            all.len()
        )
    })
}

/// Sides in pixels up to which a box may be of one pixel.
const SMALL: usize = 16;

/// Columns that must be there.
fn needed<const N: usize>(table: &mut Table, names: [&str; N]) -> Result<[Vec<String>; N], String> {
    let columns = names.map(|name| table.take(name).ok_or(name));
    if let Some(Err(name)) = columns.iter().find(|column| column.is_err()) {
        return Err(format!("there is no column `{name}`; a box has {}", BOX.join(", ")));
    }
    Ok(columns.map(Result::unwrap_or_default))
}

/// Says what two rows of one phrase do not have in common.
fn differs(first: &Row, other: &Row) -> Result<(), &'static str> {
    for (differs, what) in [
        (first.patient != other.patient, "of two patients"),
        (first.class != other.class, "of two classes"),
        (first.size != other.size, "of images of two sizes"),
        (first.target.is_none() || other.target.is_none(), "one of them has no box"),
    ] {
        if differs {
            return Err(what);
        }
    }
    Ok(())
}

fn size(sizes: &[Vec<String>; 2], row: usize) -> Result<[usize; 2], String> {
    let mut sides = [0; 2];
    for ((side, name), column) in sides.iter_mut().zip(SIZE).zip(sizes) {
        let pixels = column[row].parse::<f64>().ok();
        let pixels = pixels.filter(|pixels| pixels.fract() == 0.0 && (1.0..=LONGEST).contains(pixels));
        *side = pixels.ok_or_else(|| format!("column `{name}` has no whole number of pixels from 1 to {LONGEST}"))?
            as usize;
    }
    Ok(sides)
}

/// The box of a row, if it has one.
fn target(columns: &[Vec<String>; 4], row: usize, size: Option<[usize; 2]>) -> Result<Option<[f32; 4]>, String> {
    let is_empty = |cell: &str| cell.is_empty() || cell.eq_ignore_ascii_case("nan");
    if columns.iter().all(|column| is_empty(&column[row])) {
        return Ok(None);
    }
    let mut numbers = [0.0; 4];
    for ((number, column), name) in numbers.iter_mut().zip(columns).zip(BOX) {
        *number = column[row].parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(|| {
            format!(
                "column `{name}` has no number; leave all four of {} empty where the phrase is not there",
                BOX.join(", ")
            )
        })?;
    }
    let [x, y, width, height] = numbers;
    if width <= 0.0 || height <= 0.0 {
        return Err("the box has no area; `width` and `height` are more than 0".to_owned());
    }
    let [across, down] = size.map_or([1.0, 1.0], |sides| sides.map(|side| side as f64));
    if x >= across || y >= down || x + width <= 0.0 || y + height <= 0.0 {
        let what = "the box lies outside of the image";
        return Err(match size {
            Some(_) => format!("{what}; mend it, or `image_width` and `image_height`"),
            None => format!("{what}: without `image_width` and `image_height` boxes are shares from 0 to 1; add them"),
        });
    }
    if size.is_some_and(|sides| sides.iter().all(|&side| side > SMALL)) && x + width <= 1.0 && y + height <= 1.0 {
        return Err(
            "the box lies in the first pixel, as shares of the image would; take `image_width` and `image_height` out, or \
                    write pixels"
                .to_owned(),
        );
    }
    if size.is_none() && (x + width > 1.001 || y + height > 1.001) {
        return Err(
            "the box leaves the image: without `image_width` and `image_height` boxes are shares from 0 to 1; add them"
                .to_owned(),
        );
    }
    Ok(Some([x / across, y / down, width / across, height / down].map(|share| share as f32)))
}
