//! Why data cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use lgdea_fault::{AtFault, Fault};

use crate::Split;
use crate::table::shown_id;

/// Why data could not be loaded, prepared or paired.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}; {}", path.display(), remedy(source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Published weights are not where they should be.
    #[error(
        "{what} is not on this machine: {searched}; nothing is downloaded, so fetch it (`hf download {what}`) or name a file or folder"
    )]
    NoWeights {
        /// The repository.
        what: String,
        /// Where it was looked for.
        searched: String,
    },
    /// A folder without weights.
    #[error("{} has neither model.safetensors nor pytorch_model.bin{}", folder.display(), if *in_parts {
        "; weights in several files are not read: save them as one"
    } else {
        ""
    })]
    NoWeightsFile {
        /// The folder.
        folder: PathBuf,
        /// Whether the weights are there in parts.
        in_parts: bool,
    },
    /// Published weights, or a file beside them, that were not fetched.
    #[error(
        "{} is a Git LFS pointer: its content was never fetched; run `git lfs pull` in its folder, or `hf download`",
        path.display()
    )]
    LfsPointer {
        /// The file.
        path: PathBuf,
    },
    /// A file of published weights is not what its name says.
    #[error("{} {reason}", path.display())]
    BrokenWeights {
        /// The file.
        path: PathBuf,
        /// What it is instead, and what to do.
        reason: &'static str,
    },
    /// The cache of images cannot be written or read.
    #[error(transparent)]
    Cache(#[from] lgdea_cache::CacheError),
    /// A path of the experiment cannot be resolved.
    #[error("`{key}`: {source}")]
    Path {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        source: lgdea_spec::EnvironmentError,
    },
    /// A CSV file is not a table.
    #[error("{}, line {line}: {reason}", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A column that is needed is in none of the files that should have it.
    #[error(
        "no column `{column}` ({role}) in {files}; the columns there are {present}{}",
        suggestion.as_ref().map_or(String::new(), |name| format!("; did you mean `{name}`?"))
    )]
    MissingColumn {
        /// The configured name.
        column: String,
        /// What the column is for and what to do without one.
        role: String,
        /// The files that were searched.
        files: String,
        /// The columns that they have, as [`crate::table::shown_names`] shows them.
        present: String,
        /// The column that was probably meant.
        suggestion: Option<String>,
    },
    /// A data set's folder lacks a file of the set.
    #[error(
        "{} has no {names}, which {set} has; name the folder that the set was unpacked into",
        folder.display()
    )]
    NotInFolder {
        /// What the data set is called.
        set: String,
        /// The folder.
        folder: PathBuf,
        /// The file by its names.
        names: String,
    },
    /// The shares held out leave nothing for training, or are not shares.
    #[error("validation = {validation} and test = {test} must each be in [0, 1) and add up to less than 1")]
    Fractions {
        /// Share for validation.
        validation: f64,
        /// Share for the test.
        test: f64,
    },
    /// A patient's studies are in two splits.
    #[error(
        "patient `{}` is in two splits: study `{}` in {first_split}, study `{}` in {second_split}; \
         give all studies of a patient the same split, or evaluation leaks into training; where they come from two sources that number \
         different patients alike, take one as an evaluation set, or name the patients of your own file otherwise",
        shown_id(patient),
        shown_id(first),
        shown_id(second)
    )]
    DividedPatient {
        /// The patient.
        patient: String,
        /// A study.
        first: String,
        /// Its split.
        first_split: Split,
        /// Another study.
        second: String,
        /// Its split.
        second_split: Split,
    },
    /// Two sources have a study of the same identifier.
    #[error(
        "study `{}` comes from two sources; rename it in one of them, or take one as an evaluation set (`[eval.set.<name>]`)",
        shown_id(id)
    )]
    DuplicateStudy {
        /// The identifier.
        id: String,
    },
    /// A source has nothing that can be used.
    #[error("{what} holds nothing that can be used{}", if skipped.is_empty() {
        "; check that the settings of `[data]` name the right files".to_owned()
    } else {
        because(skipped)
    })]
    Empty {
        /// The source.
        what: String,
        /// What was left out, and why.
        skipped: String,
    },
    /// Not one of a corpus's images can be read.
    #[error("none of the {images} images can be read{}", because(skipped))]
    NoReadableImage {
        /// How many there are.
        images: usize,
        /// What was left out, and why.
        skipped: String,
    },
    /// Images of a side that cannot be stored.
    #[error("images of {size} pixels a side cannot be made; the side must be in 1..=4096")]
    ImageSize {
        /// The side asked for.
        size: usize,
    },
    /// The images do not fit into memory.
    #[error("{images} images of {size} pixels a side do not fit into memory; take smaller images or fewer studies")]
    Memory {
        /// How many images.
        images: usize,
        /// Their side.
        size: usize,
    },
    /// The pairing ratio is not a share.
    #[error("pairing ratio {ratio} must be in (0, 1]")]
    PairingRatio {
        /// The ratio asked for.
        ratio: f64,
    },
    /// Nothing to pair.
    #[error(
        "no training study has both an image and a report ({images} have an image, {reports} a report), \
         so that there is nothing to pair{}",
        because(skipped)
    )]
    NoPair {
        /// Training studies with an image.
        images: usize,
        /// Training studies with a report.
        reports: usize,
        /// What was left out, and why.
        skipped: String,
    },
    /// Worker threads could not be started.
    #[error("cannot start {threads} threads: {source}")]
    Threads {
        /// How many.
        threads: usize,
        /// What the system said.
        source: rayon::ThreadPoolBuildError,
    },
}

impl DataError {
    /// Makes the error of a file or folder that cannot be read of what the system says.
    pub(crate) fn io(path: &Path) -> impl Fn(io::Error) -> DataError + Copy {
        move |source| DataError::Io { path: path.to_owned(), source }
    }
}

/// Data are the input; what lgdea keeps of them is not.
impl AtFault for DataError {
    fn fault(&self) -> Fault {
        match self {
            DataError::Cache(error) => error.fault(),
            DataError::Io { .. }
            | DataError::NoWeights { .. }
            | DataError::NoWeightsFile { .. }
            | DataError::LfsPointer { .. }
            | DataError::BrokenWeights { .. }
            | DataError::Path { .. }
            | DataError::Csv { .. }
            | DataError::MissingColumn { .. }
            | DataError::NotInFolder { .. }
            | DataError::Fractions { .. }
            | DataError::DividedPatient { .. }
            | DataError::DuplicateStudy { .. }
            | DataError::Empty { .. }
            | DataError::NoReadableImage { .. }
            | DataError::ImageSize { .. }
            | DataError::Memory { .. }
            | DataError::PairingRatio { .. }
            | DataError::NoPair { .. }
            | DataError::Threads { .. } => Fault::Input,
        }
    }
}

/// A path of the experiment, which may name environment variables.
pub(crate) fn expand(key: &'static str, text: &str) -> Result<PathBuf, DataError> {
    crate::disk::expand(text).map_err(|source| DataError::Path { key, source })
}

/// What to do about a file or a folder that cannot be read.
fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "correct the path, or fetch what should be there",
        io::ErrorKind::PermissionDenied => "give yourself the right to read it",
        io::ErrorKind::IsADirectory => "name a file instead of this folder",
        io::ErrorKind::NotADirectory => "name a folder instead of this file",
        _ => "if it is broken or cut off, fetch it again",
    }
}

fn because(skipped: &str) -> String {
    if skipped.is_empty() { String::new() } else { format!("; left out:\n{skipped}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_the_input_and_the_cache_is_not() {
        let text = || "text".to_owned();
        let full = || std::io::Error::other("the disk is full");
        let table = [
            (DataError::Cache(lgdea_cache::CacheError { path: text().into(), source: full() }), Fault::Run),
            (DataError::Io { path: text().into(), source: full() }, Fault::Input),
            (DataError::NoWeights { what: text(), searched: text() }, Fault::Input),
            (DataError::Csv { path: text().into(), line: 3, reason: text() }, Fault::Input),
            (DataError::Empty { what: text(), skipped: text() }, Fault::Input),
            (DataError::Memory { images: 1, size: 1 }, Fault::Input),
            (DataError::NoPair { images: 1, reports: 1, skipped: text() }, Fault::Input),
        ];
        for (error, fault) in table {
            assert_eq!(error.fault(), fault, "{error}");
        }
    }
}
