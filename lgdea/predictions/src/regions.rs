//! Where phrases apply: a CSV file with a row a box.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::PredictionError;
use crate::table::Table;

/// How far a box in shares may reach beyond its image, for rounding.
const ROUNDING: f64 = 1e-3;

/// The reference of heat maps.
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    /// Its file.
    pub path: PathBuf,
    /// The phrases, each once, in the order of their first rows.
    pub ids: Vec<String>,
    /// The patient of each phrase; none where the file does not say.
    pub patients: Option<Vec<String>>,
    /// The class of each phrase; none where the file does not say.
    pub classes: Option<Vec<String>>,
    /// Width and height of each phrase's image in pixels; none where its boxes are in shares.
    pub sizes: Vec<Option<[f64; 2]>>,
    /// The boxes of each phrase, `[x, y, width, height]` in shares of the image from its upper left corner. None where the
    /// image does not show the phrase.
    pub boxes: Vec<Vec<[f64; 4]>>,
}

/// What a row says.
struct Row<'a> {
    patient: Option<&'a String>,
    class: Option<&'a String>,
    size: Option<[f64; 2]>,
    place: Option<[f64; 4]>,
}

impl Regions {
    /// Reads a CSV file with the columns `id`, `x`, `y`, `width` and `height`, and `patient` and `class` where they are known.
    /// Boxes are in pixels of an image of `image_width` and `image_height`, or without these columns in shares from 0 to 1.
    /// Rows of one `id` are boxes of one phrase. A row without a box says that the image does not show the phrase.
    pub fn read(path: &Path) -> Result<Self, PredictionError> {
        let mut table = Table::read(path)?;
        Self::of(path, &mut table).map_err(|problem| PredictionError::unusable(path, problem))
    }

    fn of(path: &Path, table: &mut Table) -> Result<Self, String> {
        let (patients, classes) = (table.take("patient"), table.take("class"));
        let mut column = |name: &str| {
            let found = table.columns.iter().position(|column| column.eq_ignore_ascii_case(name));
            found.ok_or_else(|| format!("line 1: there is no column `{name}`; name the column so"))
        };
        let place = [column("x")?, column("y")?, column("width")?, column("height")?];
        let size = match (column("image_width"), column("image_height")) {
            (Ok(width), Ok(height)) => Some([width, height]),
            (Err(_), Err(_)) => None,
            (Err(problem), _) | (_, Err(problem)) => return Err(problem),
        };
        let (patients_known, classes_known) = (patients.is_some(), classes.is_some());
        let mut regions = Self {
            path: path.to_owned(),
            ids: Vec::new(),
            patients: patients_known.then(Vec::new),
            classes: classes_known.then(Vec::new),
            sizes: Vec::new(),
            boxes: Vec::new(),
        };
        let mut first_row: HashMap<&str, (usize, u64)> = HashMap::new();
        for (at, (line, cells)) in table.rows.iter().enumerate() {
            let row = Row {
                patient: patients.as_ref().map(|patients| &patients[at]),
                class: classes.as_ref().map(|classes| &classes[at]),
                size: size
                    .map(|size| image(cells, size))
                    .transpose()
                    .map_err(|problem| format!("line {line}: {problem}"))?,
                place: numbers(cells, place).map_err(|problem| format!("line {line}: {problem}"))?,
            };
            let id = table.ids[at].as_str();
            if id.is_empty() {
                return Err(format!("line {line}: the column `id` is empty; give each phrase an identifier"));
            }
            let known = first_row.get(id).copied();
            if known.is_none() {
                first_row.insert(id, (regions.ids.len(), *line));
            }
            regions.add(id, *line, known, &row)?;
        }
        if regions.ids.is_empty() {
            return Err("it has no phrase; write a row a box".to_owned());
        }
        Ok(regions)
    }

    /// Adds a row; `known` is the position and the first line of its phrase.
    fn add(&mut self, id: &str, line: u64, known: Option<(usize, u64)>, row: &Row<'_>) -> Result<(), String> {
        if row.patient.is_some_and(String::is_empty) {
            return Err(format!("line {line}: the column `patient` is empty; name the patient of each phrase"));
        }
        let place = row.place.map(|place| shares(place, row.size)).transpose();
        let place = place.map_err(|problem| format!("line {line}: {problem}"))?;
        let Some((at, first)) = known else {
            self.ids.push(id.to_owned());
            self.patients.iter_mut().for_each(|all| all.extend(row.patient.cloned()));
            self.classes.iter_mut().for_each(|all| all.extend(row.class.cloned()));
            self.sizes.push(row.size);
            self.boxes.push(place.into_iter().collect());
            return Ok(());
        };
        let same = self.patients.as_ref().map(|all| &all[at]) == row.patient
            && self.classes.as_ref().map(|all| &all[at]) == row.class
            && self.sizes[at] == row.size;
        if !same {
            return Err(format!(
                "lines {first} and {line} are both of `{id}`, but differ in patient, class or image size; mend one, or give \
                 them identifiers of their own"
            ));
        }
        let Some(place) = place.filter(|_| !self.boxes[at].is_empty()) else {
            return Err(format!(
                "lines {first} and {line} are both of `{id}`, but a phrase that is not there has one row; remove one"
            ));
        };
        self.boxes[at].push(place);
        Ok(())
    }
}

/// The numbers of a row's box; none where all cells are empty, as pandas writes them.
fn numbers(cells: &[String], columns: [usize; 4]) -> Result<Option<[f64; 4]>, String> {
    let blank = |at: usize| cells[at].is_empty() || cells[at].eq_ignore_ascii_case("nan");
    if columns.into_iter().all(blank) {
        return Ok(None);
    }
    let mut place = [0.0; 4];
    for ((value, at), name) in place.iter_mut().zip(columns).zip(["x", "y", "width", "height"]) {
        let number = cells[at].parse().ok().filter(|number: &f64| number.is_finite());
        *value = number.ok_or_else(|| {
            format!(
                "column `{name}` has no number; write one, or leave the whole box empty where the phrase is not there"
            )
        })?;
    }
    Ok(Some(place))
}

/// Width and height of a row's image.
fn image(cells: &[String], columns: [usize; 2]) -> Result<[f64; 2], String> {
    let side = |at: usize| cells[at].parse().ok().filter(|side: &f64| *side >= 1.0 && side.is_finite());
    let sides = side(columns[0]).zip(side(columns[1])).map(|(width, height)| [width, height]);
    sides.ok_or_else(|| "`image_width` or `image_height` is no number of pixels; write both".to_owned())
}

/// A box in shares of its image.
fn shares([x, y, width, height]: [f64; 4], size: Option<[f64; 2]>) -> Result<[f64; 4], String> {
    let [across, down] = size.unwrap_or([1.0, 1.0]);
    let place = [x / across, y / down, width / across, height / down];
    let [left, top, right, bottom] = [place[0], place[1], place[0] + place[2], place[1] + place[3]];
    if place[2] <= 0.0 || place[3] <= 0.0 {
        return Err("the box has no area; give its width and height, not its far corner".to_owned());
    }
    if left >= 1.0 || top >= 1.0 || right <= 0.0 || bottom <= 0.0 {
        return Err("the box lies outside of its image; give shares from 0 to 1, or pixels with `image_width` and \
                    `image_height`"
            .to_owned());
    }
    if size.is_none() && (left < -ROUNDING || top < -ROUNDING || right > 1.0 + ROUNDING || bottom > 1.0 + ROUNDING) {
        return Err("the box is not in shares from 0 to 1; for pixels, add `image_width` and `image_height`".to_owned());
    }
    Ok(place)
}
