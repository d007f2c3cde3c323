//! Where the files of CheXpert are, which comes whole, small, in parts, and its test apart.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::SET;
use crate::DataError;
use crate::disk;
use crate::folder::Folder;

/// Folders that the patients' folders are in.
const SPLITS: [&str; 5] = ["train", "valid", "val", "test", ""];

/// The folders of all patients, and those that tables may be in.
pub(super) struct Patients {
    /// The root, and the folders in it that are named for the set; the first that has something is taken.
    places: Vec<Folder>,
    folders: HashMap<String, PathBuf>,
}

/// An image or a study by its path: `CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location<'a> {
    /// `patient00001`.
    pub(super) patient: &'a str,
    /// `study1`.
    pub(super) study: &'a str,
    /// `view1_frontal.jpg`; `None` where the path ends before it.
    pub(super) image: Option<&'a str>,
}

impl Location<'_> {
    /// What a path says, whatever folders are before the patient's.
    pub(super) fn parse(path: &str) -> Option<Location<'_>> {
        let mut parts = path.split(['/', '\\']).skip_while(|part| !is_patient(part));
        let (patient, study, image) = (parts.next()?, parts.next()?, parts.next());
        let number = study.strip_prefix("study")?;
        let is_whole = parts.next().is_none() && !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
        is_whole.then_some(Location { patient, study, image: image.filter(|image| !image.is_empty()) })
    }

    /// The study's identifier.
    pub(super) fn id(&self) -> String {
        format!("{}/{}", self.patient, self.study)
    }
}

/// An image's name without its ending.
pub(super) fn stem(image: &str) -> &str {
    image.rsplit_once('.').map_or(image, |(stem, _)| stem)
}

fn is_patient(name: &str) -> bool {
    name.strip_prefix("patient").is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}

impl Patients {
    /// Looks for them.
    pub(super) fn find(root: &Folder) -> Result<Patients, DataError> {
        let mut places = vec![root.clone()];
        places.append(&mut root.folders(SET)?);
        let mut folders = HashMap::new();
        let splits = places.iter().flat_map(|place| SPLITS.map(|split| place.join(split)));
        for split in splits.filter(|split| disk::is_folder(split)) {
            for disk::Entry { path, .. } in disk::list(&split).map_err(DataError::io(&split))? {
                let name = name_of(&path);
                if is_patient(&name) {
                    folders.entry(name).or_insert(path);
                }
            }
        }
        Ok(Patients { places, folders })
    }

    /// The first of some tables that is there.
    pub(super) fn table(&self, names: &[&str]) -> Result<PathBuf, DataError> {
        let found = self.places.iter().find_map(|place| place.find(names));
        found.ok_or_else(|| self.places[0].lacks(SET, names))
    }

    /// The folder of a study; below the root where there is none, so that what is missing is named.
    pub(super) fn study(&self, location: &Location<'_>, path: &str) -> PathBuf {
        if let Some(folder) = self.folders.get(location.patient) {
            folder.join(location.study)
        } else {
            let study = if location.image.is_some() { Path::new(path).parent() } else { Some(Path::new(path)) };
            self.places[0].join(study.unwrap_or_else(|| Path::new("")))
        }
    }
}

/// The images in the folder of a study, in their order; none where there is no such folder.
pub(super) fn images(study: &Path) -> Vec<String> {
    let mut names: Vec<String> = disk::list(study).into_iter().flatten().map(|entry| name_of(&entry.path)).collect();
    names.retain(|name| name.starts_with("view"));
    names.sort();
    names
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_whatever_is_before_the_patient() {
        let image = Location { patient: "patient00001", study: "study12", image: Some("view1_frontal.jpg") };
        for path in [
            "CheXpert-v1.0-small/train/patient00001/study12/view1_frontal.jpg",
            "CheXpert-v1.0/valid/patient00001/study12/view1_frontal.jpg",
            "test/patient00001/study12/view1_frontal.jpg",
            "patient00001/study12/view1_frontal.jpg",
            "/data/patients/patient00001/study12/view1_frontal.jpg",
            r"CheXpert-v1.0\train\patient00001\study12\view1_frontal.jpg",
        ] {
            assert_eq!(Location::parse(path), Some(image.clone()), "{path}");
        }
        for path in ["CheXpert-v1.0/test/patient00001/study12", "patient00001/study12/"] {
            assert_eq!(Location::parse(path), Some(Location { image: None, ..image.clone() }), "{path}");
        }
        assert_eq!(image.id(), "patient00001/study12");
        for path in [
            "",
            "patient00001",
            "study1",
            "patient/study1",
            "patient1/view1.jpg",
            "patient1/study",
            "patient1/study1/a/b",
        ] {
            assert_eq!(Location::parse(path), None, "{path}");
        }
    }
}
