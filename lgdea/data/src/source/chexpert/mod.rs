//! CheXpert: JPEG files with labels, the subset 5x200, and the masks of CheXlocalize.

mod masks;
mod patients;
mod rows;
mod subset;

use lgdea_spec::{Chexpert, ChexpertSplit, ChexpertSubset, Seed};

use super::{Contents, Progress, Source};
use crate::examination::{Examination, studies};
use crate::folder::Folder;
use crate::split::{Split, Splits};
use crate::{DataError, Skipped};
use patients::Patients;
use rows::Rows;

/// What errors call the set.
const SET: &str = "CheXpert";

/// The files that the set's splits have, in the order in which they are looked for.
const TABLES: [(ChexpertSplit, Option<Split>, &[&str]); 3] = [
    // The seed may hold out a share of the training split.
    (ChexpertSplit::Train, None, &["train.csv"]),
    (ChexpertSplit::Valid, Some(Split::Validation), &["valid.csv", "val_labels.csv"]),
    (ChexpertSplit::Test, Some(Split::Test), &["test.csv", "test_labels.csv", "groundtruth.csv"]),
];

impl Source for Chexpert {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        let folder = Folder::open("data.chexpert.root", &self.root)?;
        let patients = Patients::find(&folder)?;
        let mut skipped = Skipped::default();
        let mut examinations: Vec<Examination> = Vec::new();
        for (_, split, names) in TABLES.iter().filter(|(split, ..)| self.splits.contains(split)) {
            let rows = Rows::read(self, &patients, names, *split, &mut skipped)?;
            let has_subset = split.is_none() && self.subset == ChexpertSubset::FiveTimes200;
            let chosen = if has_subset { Some(subset::choose(self, &rows, seed)?) } else { None };
            let mut of_split = rows.examinations.into_items();
            if let Some(chosen) = chosen {
                subset::make_test(&chosen, &mut of_split, &mut skipped);
            }
            examinations.append(&mut of_split);
        }
        progress(examinations.len(), examinations.len());
        masks::add(self, &mut examinations, &mut skipped)?;
        let studies = studies(examinations, self.views, Splits::new(&self.fractions, seed)?, &mut skipped);
        Ok(Contents::of_folder(SET, &folder, studies, skipped))
    }
}

#[cfg(test)]
mod tests;
