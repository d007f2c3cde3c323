//! The columns that files of studies probably mean, by what they hold: names may be in any language.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::disk;
use crate::labels::{Indicator, is_called_labels};
use crate::source::manifest::file_of;
use crate::table::{Table, is_image_file, is_no_identifier, is_sentence, words};
use crate::{Person, normalise_label};

/// Cells of a column that are looked for on the disk.
const LOOKED_FOR: usize = 20;
/// Words from which a cell is a text, in whatever language.
const WORDS: usize = 5;
/// Most rows of a patient, on average: what comes more often is a kind of study.
const ROWS: usize = 20;
/// How names of columns of identifiers end, in lower case and without what divides words.
const OF_IDS: &[&str] = &[
    "id", "uid", "uuid", "nr", "no", "num", "number", "nummer", "numero", "número", "numéro", "code", "key", "kennung",
];

/// A column of a file.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    pub(super) table: &'a Table,
    pub(super) position: usize,
    pub(super) name: &'a str,
}

/// The columns of files that neither a setting nor their name gives a role.
pub(super) struct Contents<'a> {
    columns: Vec<Column<'a>>,
}

impl<'a> Contents<'a> {
    /// Of files, without the columns of some names.
    pub(super) fn new(tables: &'a [Table], taken: &[&str]) -> Self {
        let columns = tables.iter().flat_map(Column::of);
        Self { columns: columns.filter(|column| !taken.contains(&column.name)).collect() }
    }

    /// The column whose values are called as image files are, or are the paths of files from `root`.
    pub(super) fn image(&self, root: &Path) -> Option<&'a str> {
        let is_image = |column: &&Column<'a>| column.most(&is_image_file) || column.names_files(root);
        self.columns.iter().find(is_image).map(|column| column.name)
    }

    /// The column of texts with the longest ones.
    pub(super) fn report(&self) -> Option<&'a str> {
        let texts = self.columns.iter().filter(|column| column.most(&is_text));
        texts.max_by_key(|column| column.length()).map(|column| column.name)
    }

    /// The column of identifiers that tells studies apart.
    pub(super) fn study(&self, is_everywhere: &dyn Fn(&str) -> bool, image: Option<&'a str>) -> Option<&'a str> {
        let ids: Vec<&Column<'a>> =
            self.columns.iter().filter(|column| column.is_of_ids() && is_everywhere(column.name)).collect();
        let unique = || ids.iter().filter(|column| !column.is_repeated());
        let called = || unique().find(|column| column.is_called_ids());
        // Of two that come again, one is the study, of several images, and the other its patient.
        let is_grouped = |study: &&&Column<'a>| study.is_repeated() && ids.iter().any(|other| other.groups(study));
        let finer = || ids.iter().find(is_grouped);
        let image = image.filter(|image| is_everywhere(image));
        let by_id = called().or_else(finer).map(|column| column.name);
        by_id.or(image).or_else(|| unique().next().map(|column| column.name))
    }

    /// The column of identifiers that stand with several studies.
    pub(super) fn patient(&self, study: &str) -> Option<&'a str> {
        let is_patient = |column: &&Column<'a>| {
            let table = column.table;
            let study = table.column(study).ok().flatten();
            study.is_some_and(|position| column.groups(&Column { table, position, name: &table.header[position] }))
        };
        self.columns.iter().filter(|column| column.is_of_ids()).find(is_patient).map(|column| column.name)
    }

    /// The columns of labels: called so, or of nothing but numbers, or yes and no, that say what is present.
    pub(super) fn labels(&self) -> Vec<&'a str> {
        let mut found: Vec<&str> = Vec::new();
        for column in &self.columns {
            let is_of_labels = || is_called_labels(column.name) && !column.most(&is_sentence) || column.is_indicator();
            if !found.contains(&column.name) && is_of_labels() {
                found.push(column.name);
            }
        }
        found
    }
}

impl<'a> Column<'a> {
    /// The columns of a file whose names may be shown.
    pub(super) fn of(table: &'a Table) -> impl Iterator<Item = Column<'a>> {
        table.named_columns().map(move |(position, name)| Column { table, position, name })
    }

    fn cells(&self) -> impl Iterator<Item = &'a str> {
        self.table.filled(self.position).map(|(_, cell)| cell)
    }

    /// Whether more than half of the values are something.
    pub(super) fn most(&self, is: &dyn Fn(&str) -> bool) -> bool {
        2 * self.cells().filter(|cell| is(cell)).count() > self.cells().count()
    }

    /// Whether at most half of the values are something.
    pub(super) fn few(&self, is: &dyn Fn(&str) -> bool) -> bool {
        !self.most(is)
    }

    /// Whether most of the first values are the paths of files.
    fn names_files(&self, root: &Path) -> bool {
        let is_file = |cell: &&str| !is_text(cell) && disk::is_file(&file_of(root, &self.table.path, cell));
        let (all, files) = (self.cells().take(LOOKED_FOR), self.cells().take(LOOKED_FOR).filter(is_file));
        2 * files.count() > all.count()
    }

    /// Characters of a value, on average.
    fn length(&self) -> usize {
        self.cells().map(|cell| cell.chars().count()).sum::<usize>() / self.cells().count().max(1)
    }

    fn is_of_ids(&self) -> bool {
        let is_number = |cell: &str| cell.bytes().all(|byte| byte.is_ascii_digit());
        self.most(&is_id) || self.is_called_ids() && self.most(&is_number)
    }

    fn is_called_ids(&self) -> bool {
        let name = normalise_label(self.name).replace('_', "");
        OF_IDS.iter().any(|ending| name.ends_with(ending))
    }

    fn distinct(&self) -> usize {
        self.cells().collect::<HashSet<&str>>().len()
    }

    fn is_repeated(&self) -> bool {
        self.distinct() < self.cells().count()
    }

    /// Whether each study has one of these values at most, some have the same, and none comes as often as what tells only a kind.
    fn groups(&self, study: &Column<'_>) -> bool {
        let mut of_study: HashMap<&str, &str> = HashMap::new();
        let rows = &self.table.rows;
        let pairs = rows.iter().map(|row| (row.cell(Some(study.position)), row.cell(Some(self.position))));
        for (study, own) in pairs.filter(|(study, own)| !study.is_empty() && !own.is_empty()) {
            if *of_study.entry(study).or_insert(own) != own {
                return false;
            }
        }
        let distinct = self.distinct();
        (2..of_study.len()).contains(&distinct) && ROWS * distinct >= self.cells().count()
    }

    /// Whether it says with numbers, or with yes and no, what is present, and not the same of all studies.
    fn is_indicator(&self) -> bool {
        let said = || self.cells().map(Indicator::parse);
        let present = said().filter(|said| *said == Some(Indicator::Present)).count();
        said().all(|said| said.is_some_and(|said| said != Indicator::Unknown))
            && (1..self.table.rows.len()).contains(&present)
    }
}

/// Whether a cell is a text, in whatever language, and no list of labels.
fn is_text(cell: &str) -> bool {
    let is_list = cell.contains('|') || cell.starts_with('[');
    let is_long = || words(cell).count() >= WORDS && cell.contains(' ');
    let is_ended = || cell.ends_with('.') && words(cell).next().is_some();
    !is_list && (is_sentence(cell) || is_long() || is_ended())
}

/// Whether a cell has the form of an identifier: with a digit, and neither a measure, nor an age, a date or a file.
fn is_id(cell: &str) -> bool {
    let is_measure = || cell.contains('.') && cell.parse::<f64>().is_ok();
    cell.contains(|c: char| c.is_ascii_digit())
        && !is_no_identifier(cell)
        && !is_image_file(cell)
        && !is_measure()
        && Person::parse("", cell).age.is_none()
        && !is_date(cell)
}

/// Whether it is a date: three numbers with a mark between them, or eight digits that begin with a century.
fn is_date(cell: &str) -> bool {
    let day = cell.split([' ', 'T']).next().unwrap_or_default();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_divided = |mark: char| {
        let parts: Vec<&str> = day.split(mark).collect();
        parts.len() == 3 && parts.iter().all(|part| is_number(part) && part.len() <= 4)
    };
    ['-', '.', '/'].into_iter().any(is_divided)
        || is_number(day) && day.len() == 8 && (day.starts_with("19") || day.starts_with("20"))
}
