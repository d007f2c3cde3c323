//! `COVIDx`: radiographs with one class each, in lists of text.

mod list;

use lgdea_spec::{Covidx, Fractions, Seed, Views};

use super::{Contents, Progress, Source};
use crate::by_id::ById;
use crate::examination::{Examination, Film, studies};
use crate::folder::Folder;
use crate::split::{Split, Splits};
use crate::table::shown_id;
use crate::{DataError, NO_FINDING, Picture, Skipped, StudyLabels};

/// What errors call the set.
const SET: &str = "COVIDx";

impl Source for Covidx {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        let folder = Folder::open("data.covidx.root", &self.root)?;
        // What has a list of its own is not drawn from the training list.
        let drawn = |list: &str, share: f64| if list.is_empty() { share } else { 0.0 };
        let Fractions { validation, test } = self.fractions;
        let fractions =
            Fractions { validation: drawn(&self.validation_list, validation), test: drawn(&self.test_list, test) };
        let splits = Splits::new(&fractions, seed)?;
        let mut examinations = Vec::new();
        let parts = [
            ("train", &self.train_list, None),
            ("val", &self.validation_list, Some(Split::Validation)),
            ("test", &self.test_list, Some(Split::Test)),
        ];
        for (images, list, split) in parts.into_iter().filter(|(_, list, _)| !list.is_empty()) {
            // Drawn here, so that a patient of the training list who is in another list, too, is found to be divided.
            let split = |patient: &str| split.unwrap_or_else(|| splits.of(patient));
            examinations.extend(part(&folder, images, list, split)?);
        }
        progress(examinations.len(), examinations.len());
        let mut skipped = Skipped::default();
        let studies = studies(examinations, Views::FirstFrontal, splits, &mut skipped);
        Ok(Contents::of_folder(SET, &folder, studies, skipped))
    }
}

/// What a list calls an image.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Class {
    Normal,
    Pneumonia,
    Covid,
    /// Of the lists with two classes: normal or any other pneumonia.
    Negative,
}

impl Class {
    fn parse(word: &str) -> Option<Class> {
        match word.to_ascii_lowercase().as_str() {
            "normal" => Some(Class::Normal),
            "pneumonia" => Some(Class::Pneumonia),
            "covid-19" | "positive" => Some(Class::Covid),
            "negative" => Some(Class::Negative),
            _ => None,
        }
    }

    fn labels(self) -> StudyLabels {
        StudyLabels::from_iter(match self {
            Class::Normal => Some(NO_FINDING),
            Class::Pneumonia => Some("pneumonia"),
            Class::Covid => Some("covid_19"),
            Class::Negative => None,
        })
    }
}

/// The images of a list, which lie in the folder `images`; `split` tells the split of a patient.
fn part(
    folder: &Folder,
    images: &str,
    list: &str,
    split: impl Fn(&str) -> Split,
) -> Result<Vec<Examination>, DataError> {
    let path = folder.file(SET, &[list])?;
    let mut examinations: ById<(list::Entry, Examination)> = ById::new();
    for entry in list::read(&path)? {
        // A file may be called alike in two parts.
        let id = format!("{images}/{}", entry.file);
        let examination = Examination {
            id: id.clone(),
            split: Some(split(&entry.patient())),
            patient: entry.patient(),
            films: vec![Film::new(&id, Picture::file_at(folder.join(images).join(&entry.file)), "")],
            labels: Some(entry.class.labels()),
            ..Examination::default()
        };
        let (line, class) = (entry.line, entry.class);
        let (first, _) = examinations.entry(&id, || (entry, examination));
        if first.class != class {
            let reason =
                format!("image `{}` has another class in line {}; correct one", shown_id(&first.file), first.line);
            return Err(DataError::Csv { path, line, reason });
        }
    }
    Ok(examinations.into_items().into_iter().map(|(_, examination)| examination).collect())
}

#[cfg(test)]
mod tests;
