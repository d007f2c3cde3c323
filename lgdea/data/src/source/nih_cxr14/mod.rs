//! NIH ChestX-ray14: PNG files with labels, the official split, and boxes of some images.

mod boxes;

use std::collections::HashSet;

use lgdea_spec::{Fractions, NihCxr14, NihSplit, Seed, Views};

use super::{Contents, Progress, Source};
use crate::examination::{Examination, Film, studies};
use crate::folder::{Folder, Images};
use crate::split::{Split, Splits};
use crate::table::{Row, Table, content, not_utf_8, shown_id, whole};
use crate::{DataError, Person, Skipped, label_names, normalise_label};

/// What errors call the set.
pub(super) const SET: &str = "NIH ChestX-ray14";

impl Source for NihCxr14 {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        let folder = Folder::open("data.nih-cxr14.root", &self.root)?;
        let images = folder.files_below("images")?;
        let lists = (self.split == NihSplit::Official).then(|| Lists::read(&folder)).transpose()?;
        let entries = folder.table(SET, &["Data_Entry_2017.csv", "Data_Entry_2017_v2020.csv"])?;
        let columns = Columns::find(&entries)?;
        // Of a patient outside of the official test, the seed decides on training or validation alone.
        let test = if lists.is_some() { 0.0 } else { self.fractions.test };
        let fractions = Fractions { validation: self.fractions.validation, test };
        let splits = Splits::new(&fractions, seed)?;
        let split = |image: &str, patient: &str| {
            let official = lists.as_ref().map(|lists| lists.split(image)).transpose()?;
            Ok(official.flatten().unwrap_or_else(|| splits.of(patient)))
        };
        let examination = |row| columns.examination(&entries, row, &images, &split);
        let mut examinations: Vec<Examination> = entries.rows.iter().map(examination).collect::<Result<_, _>>()?;
        progress(entries.rows.len(), entries.rows.len());
        let mut skipped = Skipped::default();
        if self.boxes {
            boxes::add(&folder, &mut examinations, &mut skipped)?;
        }
        let studies = studies(examinations, Views::FirstFrontal, splits, &mut skipped);
        Ok(Contents::of_folder(SET, &folder, studies, skipped))
    }

    fn images_of(&self) -> Option<&'static str> {
        Some(SET)
    }
}

/// A finding of NIH's as others call it: its effusion is the pleural one, and the boxes' file alone has "Infiltrate".
pub(crate) fn finding(name: &str) -> String {
    match normalise_label(name) {
        name if name == "effusion" => "pleural_effusion".to_owned(),
        name if name == "infiltrate" => "infiltration".to_owned(),
        name => name,
    }
}

/// Where the columns of `Data_Entry_2017.csv` are.
struct Columns {
    image: usize,
    labels: usize,
    patient: usize,
    age: usize,
    sex: usize,
    view: usize,
}

impl Columns {
    fn find(table: &Table) -> Result<Columns, DataError> {
        let names = ["Image Index", "Finding Labels", "Patient ID", "View Position"];
        let [image, labels, patient, view] = table.columns(SET, names)?;
        // The release of 2020 has other names for the person.
        let [age, sex] = match table.columns(SET, ["Patient Age", "Patient Gender"]) {
            Ok(found) => found,
            Err(_) => table.columns(SET, ["Patient Age", "Patient Sex"])?,
        };
        Ok(Columns { image, labels, patient, age, sex, view })
    }

    fn examination(
        &self,
        table: &Table,
        row: &Row,
        images: &Images,
        split: &dyn Fn(&str, &str) -> Result<Split, String>,
    ) -> Result<Examination, DataError> {
        let cell = |column| row.cell(Some(column));
        let id = cell(self.image).to_owned();
        if id.is_empty() {
            return Err(row.error(&table.path, "no `Image Index`; fetch the file again".to_owned()));
        }
        let patient = whole(cell(self.patient)).to_owned();
        let split = split(&id, &patient).map_err(|reason| row.error(&table.path, reason))?;
        let film = Film::new(&id, images.picture(&id), cell(self.view));
        Ok(Examination {
            patient,
            split: Some(split),
            films: vec![film],
            labels: Some(label_names(cell(self.labels), "|").iter().map(|name| finding(name)).collect()),
            person: Person::parse(cell(self.sex), cell(self.age)),
            id,
            ..Examination::default()
        })
    }
}

/// The official lists of images.
struct Lists {
    test: HashSet<String>,
    others: HashSet<String>,
}

impl Lists {
    fn read(folder: &Folder) -> Result<Lists, DataError> {
        let images = |name| -> Result<HashSet<String>, DataError> {
            let path = folder.file(SET, &[name])?;
            let text = content(&path)?;
            let text = str::from_utf8(&text).map_err(|_| not_utf_8(&path))?;
            Ok(text.split_whitespace().map(str::to_owned).collect())
        };
        Ok(Lists { test: images("test_list.txt")?, others: images("train_val_list.txt")? })
    }

    /// The split of an image; `None` where the seed decides on training or validation.
    fn split(&self, image: &str) -> Result<Option<Split>, String> {
        match (self.test.contains(image), self.others.contains(image)) {
            (true, false) => Ok(Some(Split::Test)),
            (false, true) => Ok(None),
            (listed, _) => Err(format!(
                "image `{}` is in {} of train_val_list.txt and test_list.txt; fetch them again, or set `split = \"drawn\"`",
                shown_id(image),
                if listed { "both" } else { "none" },
            )),
        }
    }
}

#[cfg(test)]
mod tests;
