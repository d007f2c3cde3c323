//! CXR-LT: labels of many findings, rare ones too, on the images of MIMIC-CXR-JPG.

mod tables;

use lgdea_spec::{CxrLt, Fractions, Seed};

use super::{Contents, Progress, Source};
use crate::examination::studies;
use crate::folder::Folder;
use crate::split::Splits;
use crate::{DataError, Skipped};
use tables::Reading;

/// What errors call the set.
const SET: &str = "CXR-LT";

impl Source for CxrLt {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        let images = Folder::open("data.cxr-lt.root", &self.root)?;
        let tables = Folder::open("data.cxr-lt.tables", &self.tables)?;
        let mut skipped = Skipped::default();
        let examinations = Reading::new(&images).read(&tables, self.challenge, &mut skipped)?;
        progress(examinations.len(), examinations.len());
        // Each table has its split.
        let splits = Splits::new(&Fractions::NONE, seed)?;
        let studies = studies(examinations, self.views, splits, &mut skipped);
        Ok(Contents::of_folder(SET, &images, studies, skipped))
    }
}

#[cfg(test)]
mod tests;
