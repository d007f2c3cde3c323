//! Images of the collection, by the names that the XML gives them, and their projections.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::error::expand;
use crate::examination::Film;
use crate::folder::{files_in, stem};
use crate::table::{Table, shown, shown_id};
use crate::view::View;
use crate::{DataError, Picture, SkipReason, Skipped};

/// The view of an image that the table leaves out: neither frontal nor lateral.
const UNTOLD: &str = "untold";

/// Image files and projections.
pub(super) struct Images {
    /// Files by their names without ending, and by those that the XML gives them.
    files: HashMap<String, PathBuf>,
    /// "Frontal" or "Lateral" by the names that the XML gives the images, where there is a table.
    projections: Option<HashMap<String, String>>,
}

impl Images {
    /// The images of a folder and of all folders below it, and their projections where a table is named.
    ///
    /// # Errors
    /// The folder or the table cannot be read.
    pub(super) fn read(folder: &Path, projections: &str) -> Result<Images, DataError> {
        let mut files = HashMap::new();
        let mut paths = files_in(vec![folder.to_owned()])?;
        // The nearest, and of several the first in order of their names.
        paths.sort_by_cached_key(|path| (path.components().count(), path.clone()));
        for path in &paths {
            files.entry(stem(path)).or_insert_with(|| path.clone());
        }
        for path in paths {
            files.entry(name_in_set(&stem(&path)).to_owned()).or_insert(path);
        }
        let table = match projections {
            "" => None,
            path => Some(table_of_projections(&expand("data.openi.projections", path)?)?),
        };
        Ok(Images { files, projections: table })
    }

    /// A report's images that are there; what is not is counted, and what the table does not tell is not known.
    pub(super) fn films(&self, names: &[String], skipped: &mut Skipped) -> Vec<Film> {
        let mut films = Vec::new();
        for name in names {
            let Some(path) = self.files.get(name).or_else(|| self.files.get(name_in_set(name))) else {
                skipped.add(SkipReason::MissingImage, name);
                continue;
            };
            let view = match &self.projections {
                None => "",
                Some(told) => told.get(name_in_set(name)).map_or(UNTOLD, String::as_str),
            };
            films.push(Film::new(name, Picture::file_at(path.clone()), view));
        }
        films
    }
}

/// Projections by the names of the images in the set.
fn table_of_projections(path: &Path) -> Result<HashMap<String, String>, DataError> {
    let table = Table::read(path)?;
    let role = "which Kaggle's indiana_projections.csv has; name that file";
    let [file, projection] = [table.required("filename", role)?, table.required("projection", role)?];
    let mut projections: HashMap<String, String> = HashMap::new();
    for row in &table.rows {
        let (file, projection) = (row.cell(Some(file)), row.cell(Some(projection)));
        let wrong = |reason: String| Err(row.error(path, reason));
        if !matches!(View::parse(projection), View::Frontal | View::Lateral) {
            return wrong(format!("projection = `{}` must be Frontal or Lateral; correct it", shown(projection)));
        }
        let name = name_in_set(&stem(file)).to_owned();
        if projections.insert(name, projection.to_owned()).is_some_and(|other| other != projection) {
            return wrong(format!("image `{}` has two projections; correct one", shown_id(file)));
        }
    }
    Ok(projections)
}

/// What all names of an image have in common: the XML says `CXR1_1_IM-0001-3001` or `CXR2_IM-0652-1001`, Open-I's DICOM files are
/// called `1_IM-0001-3001.dcm`, and Kaggle's PNG files `1_IM-0001-3001.dcm.png`.
fn name_in_set(name: &str) -> &str {
    let name = name.strip_suffix(".dcm").unwrap_or(name);
    let Some(rest) = name.strip_prefix("CXR") else { return name };
    match rest.split_once('_') {
        Some((report, image)) if image.strip_prefix(report).is_some_and(|image| image.starts_with('_')) => image,
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_an_image_have_one_form() {
        for (name, plain) in [
            ("CXR1_1_IM-0001-3001", "1_IM-0001-3001"),
            ("CXR2_IM-0652-1001", "2_IM-0652-1001"),
            ("1_IM-0001-3001.dcm", "1_IM-0001-3001"),
            ("1_IM-0001-3001", "1_IM-0001-3001"),
            ("CXR11_1_IM-0067-1001", "11_1_IM-0067-1001"),
            ("CXR1_11_IM-0067-1001", "1_11_IM-0067-1001"),
            ("CXR7", "7"),
            ("CXR", ""),
            ("other", "other"),
        ] {
            assert_eq!(name_in_set(name), plain, "{name}");
        }
    }
}
