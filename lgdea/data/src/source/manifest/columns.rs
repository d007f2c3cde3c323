//! Where the configured columns are in each file.

use lgdea_spec::Columns;

use crate::DataError;
use crate::labels::{Indicator, is_called_labels};
use crate::table::{Table, alternatives, closest, is_somewhere, missing};

/// Positions of a file's columns.
pub(super) struct Positions {
    pub(super) study: usize,
    pub(super) patient: Option<usize>,
    pub(super) image: Option<usize>,
    pub(super) report: Option<usize>,
    /// With their names.
    pub(super) sections: Vec<(usize, String)>,
    pub(super) labels: Vec<Labels>,
    pub(super) split: Option<usize>,
    pub(super) view: Option<usize>,
    pub(super) sex: Option<usize>,
    pub(super) age: Option<usize>,
    pub(super) source: Option<usize>,
}

/// A column of labels.
pub(super) struct Labels {
    pub(super) column: usize,
    pub(super) name: String,
    /// Whether it says with numbers, or with yes and no, whether the finding that it is named for is present: an empty cell then says no.
    pub(super) indicates: bool,
    /// Whether most of its cells do so: another word then says nothing of the finding, and is no name of one.
    pub(super) mostly_indicates: bool,
    /// Whether it is named for a finding, as far as one can tell, so that words in it are hardly meant as names of others.
    pub(super) is_of_one: bool,
}

/// Finds the columns in every file.
///
/// Every file needs the study; patient, image, report, sex, age and source must be in some file or be switched off by an empty name. Labels,
/// split and view may be missing, unless a column's name looks like theirs misspelt: silence would then change the split
/// or lose the labels.
pub(super) fn positions(tables: &[Table], columns: &Columns) -> Result<Vec<Positions>, DataError> {
    let needed = [
        (&columns.patient, "the patient; set `columns.patient = \"\"` where each study is a patient of its own"),
        (&columns.image, "the image; set `columns.image = \"\"` where there are none"),
        (&columns.report, "the report; set `columns.report = \"\"` where there are none"),
        (&columns.sex, "the sex; leave `columns.sex` out where none is told"),
        (&columns.age, "the age; leave `columns.age` out where none is told"),
        (&columns.source, "the source; leave `columns.source` out where none is told"),
    ];
    let sections = columns.sections.iter().map(|name| (name, "a section of the report"));
    let needed = needed.into_iter().filter(|(name, _)| *name != &columns.report || columns.sections.is_empty());
    for (name, role) in needed.chain(sections) {
        if !tables.is_empty() && !name.is_empty() && !is_somewhere(tables, name) {
            return Err(missing(tables, name, role, closest(tables, name)));
        }
    }
    let optional = columns.labels.iter().map(|name| (name, "labels"));
    let optional = optional.chain([(&columns.split, "the split"), (&columns.view, "the view")]);
    for (name, role) in optional {
        if let (false, Some(similar)) = (is_somewhere(tables, name), closest(tables, name))
            && !configured(columns).any(|other| *other == similar)
        {
            return Err(missing(tables, name, role, Some(similar)));
        }
    }
    tables.iter().map(|table| positions_in(table, columns)).collect()
}

fn positions_in(table: &Table, columns: &Columns) -> Result<Positions, DataError> {
    let several = |names: &[String]| -> Result<Vec<(usize, String)>, DataError> {
        let found = names.iter().map(|name| Ok(table.column(name)?.map(|position| (position, name.clone()))));
        Ok(found.collect::<Result<Vec<_>, DataError>>()?.into_iter().flatten().collect())
    };
    let labels = several(&columns.labels)?.into_iter().map(|(column, name)| {
        let cells = || table.filled(column).map(|(_, cell)| cell);
        let (all, indicators) = (cells().count(), cells().filter(|cell| Indicator::parse(cell).is_some()).count());
        // A word such as "no" may stand among names; a number does not.
        let has_numbers = cells().any(|cell| cell.parse::<f64>().is_ok());
        Labels {
            column,
            indicates: has_numbers || (all > 0 && indicators == all),
            mostly_indicates: 2 * indicators > all,
            is_of_one: !is_called_labels(&name) && (indicators > 0 || columns.labels.len() > 1),
            name,
        }
    });
    Ok(Positions {
        study: table.required(&columns.study, "the study, which every file needs")?,
        patient: table.column(&columns.patient)?,
        image: table.column(&columns.image)?,
        report: table.column(&columns.report)?,
        sections: several(&columns.sections)?,
        labels: labels.collect(),
        split: table.column(&columns.split)?,
        view: table.column(&columns.view)?,
        sex: table.column(&columns.sex)?,
        age: table.column(&columns.age)?,
        source: table.column(&columns.source)?,
    })
}

/// The columns that settings name.
pub(crate) fn configured(columns: &Columns) -> impl Iterator<Item = &str> {
    let Columns { study, patient, image, report, sections, labels, split, view, sex, age, source } = columns;
    [study, patient, image, report, split, view, sex, age, source]
        .into_iter()
        .chain(sections)
        .chain(labels)
        .flat_map(|name| alternatives(name))
}
