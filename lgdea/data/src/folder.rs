//! A data set's folder: its files by the names that the set gives them.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::disk;
use crate::error::expand;
use crate::table::Table;
use crate::{DataError, Picture};

/// Endings of a table that is packed.
const PACKED: [&str; 3] = ["", ".gz", ".zip"];

/// Endings of image files.
const IMAGES: [&str; 9] = ["dcm", "dicom", "png", "jpg", "jpeg", "bmp", "tif", "tiff", "webp"];

/// A folder that an experiment names.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder that the setting `key` names; environment variables in it are replaced.
    ///
    /// # Errors
    /// It is not there, or no folder.
    pub(crate) fn open(key: &'static str, text: &str) -> Result<Folder, DataError> {
        let path = expand(key, text)?;
        disk::check_folder(&path).map_err(DataError::io(&path))?;
        Ok(Folder { path })
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of something in it.
    pub(crate) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// The folders in it whose names begin with `start`, in the order of their names.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn folders(&self, start: &str) -> Result<Vec<Folder>, DataError> {
        let begins = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start));
        Ok(folders_in(&self.path)?.into_iter().filter(begins).map(|path| Folder { path }).collect())
    }

    /// The files of the folders `named`, `named_1`, … and of all folders below them, by their names.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub(crate) fn files_below(&self, named: &str) -> Result<Images, DataError> {
        let belongs = |name: &str| {
            let rest = name.strip_prefix(named).map(|rest| rest.trim_start_matches('_'));
            rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
        };
        let mut folders: Vec<PathBuf> = folders_in(&self.path)?;
        folders.retain(|path| path.file_name().is_some_and(|name| belongs(&name.to_string_lossy())));
        let files = files_in(folders)?.into_iter().map(|path| (name_of(path.file_name()), path)).collect();
        Ok(Images { folder: self.join(named), files })
    }

    /// The image files of folders and of all folders below them, whatever kind of image people made of them.
    ///
    /// # Errors
    /// A folder is not there, or cannot be read. `set` is what the data set is called.
    pub(crate) fn images<Name: AsRef<str>>(&self, set: &str, folders: &[Name]) -> Result<Images, DataError> {
        let mut images = Images { folder: self.path.clone(), files: HashMap::new() };
        for named in folders.iter().rev().map(AsRef::as_ref) {
            let folder = self.join(named);
            if !disk::exists(&folder) {
                return Err(self.lacks(set, &[&format!("folder {named}")]));
            }
            let mut paths = files_in(vec![folder.clone()])?;
            // Those that are put in later stand; the first folder and the first in the order of the names goes last.
            paths.sort_by(|a, b| b.cmp(a));
            let is_image = |path: &PathBuf| IMAGES.contains(&name_of(path.extension()).to_lowercase().as_str());
            images.files.extend(paths.into_iter().filter(is_image).map(|path| (stem(&path), path)));
            images.folder = folder;
        }
        Ok(images)
    }

    /// The first of files that is there, each also packed as `.gz` or `.zip`.
    pub(crate) fn find(&self, names: &[&str]) -> Option<PathBuf> {
        let packed = names.iter().flat_map(|name| PACKED.map(|ending| self.join(format!("{name}{ending}"))));
        packed.into_iter().find(|path| disk::exists(path))
    }

    /// As [`Folder::find`], of a data set that has the file.
    ///
    /// # Errors
    /// None is there. `set` is what the data set is called.
    pub(crate) fn file(&self, set: &str, names: &[&str]) -> Result<PathBuf, DataError> {
        self.find(names).ok_or_else(|| self.lacks(set, names))
    }

    /// The first of tables that is there; `None` where none is.
    ///
    /// # Errors
    /// The table cannot be read.
    pub(crate) fn table_if_there(&self, names: &[&str]) -> Result<Option<Table>, DataError> {
        self.find(names).map(|path| Table::read(&path)).transpose()
    }

    /// The first of tables that is there.
    ///
    /// # Errors
    /// None is, or it cannot be read. `set` is what the data set is called.
    pub(crate) fn table(&self, set: &str, names: &[&str]) -> Result<Table, DataError> {
        Table::read(&self.file(set, names)?)
    }

    /// The error of a folder that lacks a file, which the set has by one of `names`.
    pub(crate) fn lacks(&self, set: &str, names: &[&str]) -> DataError {
        DataError::NotInFolder { set: set.to_owned(), folder: self.path.clone(), names: names.join(" or ") }
    }
}

/// Image files by their names: of [`Folder::images`] without the ending.
pub(crate) struct Images {
    /// Where an image should be that is not there.
    folder: PathBuf,
    files: HashMap<String, PathBuf>,
}

impl Images {
    /// The image of a name. What is not there is counted as missing when it is looked for.
    pub(crate) fn picture(&self, name: &str) -> Picture {
        Picture::file_at(self.files.get(name).cloned().unwrap_or_else(|| self.folder.join(name)))
    }
}

/// A file's name without its ending.
pub(crate) fn stem(path: impl AsRef<Path>) -> String {
    name_of(path.as_ref().file_stem())
}

/// A part of a path as text; empty where there is none.
fn name_of(part: Option<&OsStr>) -> String {
    part.unwrap_or_default().to_string_lossy().into_owned()
}

/// The files of folders and of all folders below them, in no order.
///
/// # Errors
/// A folder cannot be read.
pub(crate) fn files_in(mut folders: Vec<PathBuf>) -> Result<Vec<PathBuf>, DataError> {
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in disk::list(&folder).map_err(DataError::io(&folder))? {
            if entry.is_folder { &mut folders } else { &mut files }.push(entry.path);
        }
    }
    Ok(files)
}

/// The folders in a folder, in the order of their names.
fn folders_in(path: &Path) -> Result<Vec<PathBuf>, DataError> {
    let entries = disk::list(path).map_err(DataError::io(path))?;
    Ok(entries.into_iter().filter(|entry| entry.is_folder).map(|entry| entry.path).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn tables_are_found_by_any_of_their_names_and_packed() {
        let folder = tempfile::tempdir().unwrap();
        let opened = Folder::open("data.x.root", folder.path().to_str().unwrap()).unwrap();
        let missing = opened.table("X", &["a.csv", "b.csv"]).err().unwrap().to_string();
        assert!(missing.contains("a.csv or b.csv") && missing.contains("; "), "{missing}");
        fs::write(folder.path().join("b.csv"), "id\n1\n").unwrap();
        assert_eq!(opened.table("X", &["a.csv", "b.csv"]).unwrap().rows.len(), 1);
        fs::write(folder.path().join("a.csv.gz"), "id\n1\n2\n").unwrap();
        assert_eq!(opened.table("X", &["a.csv", "b.csv"]).unwrap().rows.len(), 2);
        assert!(opened.table_if_there(&["c.csv"]).unwrap().is_none());
    }

    #[test]
    fn files_are_found_in_folders_of_several_parts() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "images/a.png",
            "images_001/images/b.png",
            "images_2/c.png",
            "images2/d.png",
            "images_old/x.png",
            "other/y.png",
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let files =
            Folder::open("data.x.root", folder.path().to_str().unwrap()).unwrap().files_below("images").unwrap();
        let mut names: Vec<&str> = files.files.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["a.png", "b.png", "c.png", "d.png"]);
    }

    #[test]
    fn images_are_found_by_name_whatever_their_kind_and_however_deep() {
        let folder = tempfile::tempdir().unwrap();
        let names =
            ["one/1.2.3.dcm", "one/deep/b.PNG", "one/a.jpg", "one/a.png", "one/notes.txt", "two/a.dicom", "two/c.tif"];
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let opened = Folder::open("data.x.root", folder.path().to_str().unwrap()).unwrap();
        let images = opened.images("X", &["one", "two"]).unwrap();
        for (name, file) in [
            ("1.2.3", "one/1.2.3.dcm"),
            ("b", "one/deep/b.PNG"),
            ("a", "one/a.jpg"),
            ("c", "two/c.tif"),
            ("notes", "one/notes"),
            ("not there", "one/not there"),
        ] {
            assert_eq!(images.picture(name), Picture::file_at(folder.path().join(file)), "{name}");
        }
        let missing = opened.images("X", &["one", "three"]).err().unwrap().to_string();
        assert!(missing.contains("folder three") && missing.contains("; "), "{missing}");
    }

    #[test]
    fn what_is_no_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        for path in [&file, &folder.path().join("nowhere")] {
            let error = Folder::open("data.x.root", path.to_str().unwrap()).unwrap_err().to_string();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
        }
    }
}
