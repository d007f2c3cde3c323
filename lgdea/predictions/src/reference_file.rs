//! A reference written as the file that it is read from.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::reference::NO_CLASSES;
use crate::whole;
use crate::{Described, PredictionError, Reference};

/// Columns that are no classes.
const KEPT: [&str; 5] = ["id", "patient", "split", "text", "label"];

impl Reference {
    /// Writes the table that [`Reference::read`] reads, with further columns, which are no classes: with `split` it is what
    /// [`crate::SplitReference::read`] reads. `replace`: also where there is a file already. Subgroups are not written.
    ///
    /// # Errors
    /// A class is called as a column that is no class; the file cannot be written.
    pub fn write(&self, path: &Path, described: &[Described], replace: bool) -> Result<(), PredictionError> {
        let is_kept = |class: &&String| KEPT.iter().chain(&NO_CLASSES).any(|kept| kept.eq_ignore_ascii_case(class));
        if let Some(class) = self.classes.iter().find(is_kept) {
            let problem = format!("a class is called `{class}`, as a column that is none; give the label another name");
            return Err(PredictionError::unusable(path, problem));
        }
        whole::write(path, replace, |draft| self.table(draft, described))
    }

    /// Whether a file begins as those of [`Reference::write`] do.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn is_one_written_here(path: &Path) -> Result<bool, PredictionError> {
        const BEGINNING: &[u8] = b"id,patient,split,";
        let failed = |source| PredictionError::Read { path: path.to_owned(), source };
        let mut beginning = [0; BEGINNING.len()];
        match File::open(path).map_err(failed)?.read_exact(&mut beginning) {
            Ok(()) => Ok(beginning == BEGINNING),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    fn table(&self, draft: &Path, described: &[Described]) -> io::Result<()> {
        let mut table = csv::Writer::from_path(draft)?;
        let patients = self.patients.iter().map(|patients| ("patient", patients.as_slice()));
        let described = described.iter().map(|(name, cells)| (*name, cells.as_slice()));
        let texts = self.texts.iter().map(|texts| ("text", texts.as_slice()));
        let (names, columns): (Vec<&str>, Vec<&[String]>) = patients.chain(described).chain(texts).unzip();
        table.write_record(["id"].into_iter().chain(names).chain(self.classes.iter().map(String::as_str)))?;
        for (case, id) in self.ids.iter().enumerate() {
            let cells = columns.iter().map(|column| column[case].as_str());
            let labels = self.labels.row(case).into_iter().map(|label| label.cell());
            table.write_record([id.as_str()].into_iter().chain(cells).chain(labels))?;
        }
        table.flush()
    }
}
