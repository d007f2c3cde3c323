//! What is true of the cases: a CSV file with a row each.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use lgdea_data::table::{is_missing, shown_id};
use lgdea_data::{Split, label_names, normalise_label};
use ndarray::{Array2, Axis};

use crate::studies::{self, Cases};
use crate::table::{Place, Table, identifiers, lacks, names};
use crate::{Columns, Groups, Label, PredictionError};

/// Most characters of a class's name in a column of labels: what is longer may be a text, and texts are not printed.
const LONGEST: usize = 60;

/// Most slips of the pen in a name that was meant.
const SLIPS: usize = 2;

/// Columns that subgroups are made of, and that are no classes where nobody says so.
pub(crate) const NO_CLASSES: [&str; 4] = ["sex", "age", "view", "source"];

/// The reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Its file.
    pub path: PathBuf,
    /// The cases, each once.
    pub ids: Vec<String>,
    /// The patient of each case; none where the file does not say.
    pub patients: Option<Vec<String>>,
    /// What tells the cases' texts apart: the texts themselves, or any mark of them. None where the file does not say.
    pub texts: Option<Vec<String>>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// `[cases, classes]`.
    pub labels: Array2<Label>,
    /// Subgroups of the cases, by each column that they were asked for.
    pub groups: Vec<Groups>,
    /// What was left out of the studies that they are.
    pub notes: Vec<String>,
}

impl Reference {
    /// Reads a CSV file with the column `id`, the columns `patient` and `text` where they are known, and a column for each
    /// class with 1, 0, −1 (uncertain) or nothing; or instead of these one column `label` with the name of the case's class, or
    /// of several with `|` between them.
    pub fn read(path: &Path) -> Result<Self, PredictionError> {
        Self::read_as(path, &Columns::default())
    }

    /// Reads a file with columns of other names, and the subgroups of its cases. Of a source, which a TOML file names, the cases
    /// are all labelled images.
    pub fn read_as(path: &Path, columns: &Columns) -> Result<Self, PredictionError> {
        Self::read_cases(path, columns, Cases::Labelled)
    }

    /// The same for retrieval: of a source, the cases are all images with a report.
    pub fn read_pairs(path: &Path, columns: &Columns) -> Result<Self, PredictionError> {
        Self::read_cases(path, columns, Cases::Pairs)
    }

    /// Reads a file of validation cases, of which no subgroups are asked: where it has the columns, they are no classes either.
    /// Where it has several splits, its cases are those of validation.
    pub fn read_validation(path: &Path, columns: &Columns) -> Result<Self, PredictionError> {
        let mut table = studies::reference(path, columns.id.as_ref(), Cases::Labelled)?;
        for by in columns.by.iter().flat_map(|by| &by.0) {
            table.take(&by.column);
        }
        let unusable = |problem| PredictionError::unusable(path, problem);
        table.take_split(table.has_several_splits().then_some(Split::Validation)).map_err(unusable)?;
        Self::of_table(path, table, columns, Vec::new())
    }

    fn read_cases(path: &Path, columns: &Columns, cases: Cases) -> Result<Self, PredictionError> {
        let unusable = |problem| PredictionError::unusable(path, problem);
        let mut table = studies::reference(path, columns.id.as_ref(), cases)?;
        table.take_split(columns.split).map_err(unusable)?;
        let mut named = BTreeSet::new();
        if let Some(twice) = columns.by.iter().find(|by| !named.insert(by.name().to_lowercase())) {
            return Err(unusable(format!("its column `{}` is named twice for subgroups; name it once", twice.name())));
        }
        let groups: Result<_, String> = columns.by.iter().map(|by| Groups::take(by, &mut table)).collect();
        Self::of_table(path, table, columns, groups.map_err(unusable)?)
    }

    pub(crate) fn of_table(
        path: &Path,
        mut table: Table,
        columns: &Columns,
        groups: Vec<Groups>,
    ) -> Result<Self, PredictionError> {
        let unusable = |problem: String| PredictionError::unusable(path, problem);
        let mut seen: HashMap<&str, Place> = HashMap::new();
        for (id, (line, _)) in table.ids.iter().zip(&table.rows) {
            if id.is_empty() {
                let column = table.id();
                return Err(unusable(format!("{line}: the column `{column}` is empty; give each case an identifier")));
            }
            if let Some(first) = seen.insert(id, *line) {
                return Err(unusable(format!("{first} and {line} are both of the case `{}`; keep one", shown_id(id))));
            }
        }
        if table.ids.is_empty() {
            return Err(unusable("it has no case; write a row each".to_owned()));
        }
        let patients = table.named_or(columns.patient.as_ref(), "patient").map_err(unusable)?.map(identifiers);
        let lines = table.rows.iter().map(|(line, _)| line);
        let nobody = patients.iter().flatten().zip(lines).find(|(patient, _)| patient.is_empty());
        if let Some((_, line)) = nobody {
            let column = columns.patient.as_ref().map_or("patient", |column| &column.name);
            return Err(unusable(format!("{line}: the column `{column}` is empty; name the patient of each case")));
        }
        let texts = table.named_or(columns.text.as_ref(), "text").map_err(unusable)?;
        for name in NO_CLASSES {
            table.take(name);
        }
        let (classes, labels) = labels(&mut table, columns).map_err(unusable)?;
        let Table { ids, notes, .. } = table;
        Ok(Self { path: path.to_owned(), ids, patients, texts, classes, labels, groups, notes })
    }

    /// Some of the cases, with all classes.
    pub fn select(&self, cases: &[usize]) -> Self {
        let of = |values: &Vec<String>| cases.iter().map(|&case| values[case].clone()).collect();
        Self {
            path: self.path.clone(),
            ids: of(&self.ids),
            patients: self.patients.as_ref().map(of),
            texts: self.texts.as_ref().map(of),
            classes: self.classes.clone(),
            labels: self.labels.select(Axis(0), cases),
            groups: self.groups.iter().map(|groups| groups.select(cases)).collect(),
            notes: self.notes.clone(),
        }
    }

    /// The patient of each case as a number, and how many there are; each case is a patient of its own where the file does
    /// not say.
    pub fn units(&self) -> (Vec<usize>, usize) {
        let mut known = HashMap::new();
        let Some(patients) = &self.patients else { return ((0..self.ids.len()).collect(), self.ids.len()) };
        let number = |patient: &String| {
            let next = known.len();
            *known.entry(patient.clone()).or_insert(next)
        };
        let units = patients.iter().map(number).collect();
        (units, known.len())
    }
}

/// Classes, and the labels of all cases.
type Labels = (Vec<String>, Array2<Label>);

/// The classes of a table and its labels; or what is wrong.
fn labels(table: &mut Table, columns: &Columns) -> Result<Labels, String> {
    let wanted = &columns.classes;
    if let Some(column) = &columns.label {
        return one_of(&names(table.named(column)?), &column.name, table, wanted);
    }
    let chosen: Vec<usize> = if wanted.is_empty() {
        if let Some(labels) = table.named_or(None, "label")? {
            return match table.others().next() {
                None => one_of(&names(labels), "label", table, wanted),
                Some((_, other)) => Err(format!(
                    "it has a column `label` and others (`{other}`); keep the one or the others, or say by --label or --classes \
                     which count"
                )),
            };
        }
        table.others().map(|(at, _)| at).collect()
    } else {
        let at = |class: &String| {
            let same = |column: &String| column == class || normalise_label(column) == normalise_label(class);
            table.columns.iter().position(same).ok_or_else(|| {
                format!("{}; if classes are names in one column, give it by --label", lacks(&table.columns, class))
            })
        };
        wanted.iter().map(at).collect::<Result<_, String>>()?
    };
    of_columns(table, &chosen)
}

/// The classes that a column names, `wanted` ones or all, and which case has which.
fn one_of(cells: &[String], column: &str, table: &Table, wanted: &[String]) -> Result<Labels, String> {
    let named = |cell: &str| {
        // `None` and `NA` are names here, which a list leaves out.
        let names = if is_missing(cell) { vec![cell.into()] } else { label_names(cell, "|;") };
        names.into_iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
    };
    let of_case: Vec<BTreeSet<String>> = cells.iter().map(|cell| named(cell)).collect();
    for (names, (line, _)) in of_case.iter().zip(&table.rows) {
        if names.iter().any(|name| name.chars().count() > LONGEST) {
            return Err(format!(
                "{line}: the column `{column}` has more than {LONGEST} characters for a class, as a text has; take another \
                 column, or write `|` between several classes"
            ));
        }
    }
    let classes: Vec<String> = if wanted.is_empty() {
        of_case.iter().flatten().collect::<BTreeSet<&String>>().into_iter().cloned().collect()
    } else {
        misspelt(wanted, of_case.iter().flatten())?;
        wanted.to_vec()
    };
    let of_case: Vec<BTreeSet<String>> =
        of_case.iter().map(|names| names.iter().map(|name| normalise_label(name)).collect()).collect();
    if let Some(joined) = joined_by_commas(&classes) {
        return Err(format!(
            "the column `{column}` has `{joined}`, which are several classes; write `|` between them, or a list in brackets"
        ));
    }
    let keys: Vec<String> = classes.iter().map(|class| normalise_label(class)).collect();
    let label = |(case, class): (usize, usize)| match &of_case[case] {
        names if names.is_empty() => Label::Blank,
        names if names.contains(&keys[class]) => Label::Positive,
        _ => Label::Negative,
    };
    let labels = Array2::from_shape_fn((cells.len(), classes.len()), label);
    Ok((classes, labels))
}

/// A name that has another one of the classes in it, between commas.
fn joined_by_commas(classes: &[String]) -> Option<&String> {
    let known: BTreeSet<String> = classes.iter().map(|class| normalise_label(class)).collect();
    let has_another = |name: &str| name.split(',').any(|part| known.contains(&normalise_label(part)));
    classes.iter().find(|class| class.contains(',') && has_another(class))
}

/// Refuses a wanted class that no case has, but another one of nearly the same name.
fn misspelt<'a>(wanted: &[String], there: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let known: BTreeMap<String, &String> = there.map(|name| (normalise_label(name), name)).collect();
    for class in wanted {
        let key = normalise_label(class);
        let is_near = |name: &String| strsim::osa_distance(name, &key) <= SLIPS && key.chars().count() > 2 * SLIPS;
        if let Some((_, near)) = known.iter().find(|(name, _)| is_near(name)).filter(|_| !known.contains_key(&key)) {
            return Err(format!(
                "no case has the class `{class}`, but `{near}` is there; write it so, or leave it out"
            ));
        }
    }
    Ok(())
}

/// The classes that are columns, and their labels; or what is wrong.
fn of_columns(table: &Table, chosen: &[usize]) -> Result<Labels, String> {
    let mut labels = Vec::new();
    for (line, cells) in &table.rows {
        for &at in chosen {
            labels.push(label(&cells[at]).ok_or_else(|| {
                format!(
                    "{line}: column `{}` has neither 1, 0, -1 nor nothing; write one of them, or name the columns of classes \
                     by --classes",
                    table.columns[at]
                )
            })?);
        }
    }
    let labels = Array2::from_shape_vec((table.rows.len(), chosen.len()), labels).map_err(|error| error.to_string())?;
    Ok((chosen.iter().map(|&at| table.columns[at].clone()).collect(), labels))
}

fn label(cell: &str) -> Option<Label> {
    if is_missing(cell) {
        return Some(Label::Blank);
    }
    match cell.to_ascii_lowercase().as_str() {
        "true" => return Some(Label::Positive),
        "false" => return Some(Label::Negative),
        _ => {}
    }
    match cell.parse::<f64>() {
        Ok(1.0) => Some(Label::Positive),
        Ok(0.0) => Some(Label::Negative),
        Ok(-1.0) => Some(Label::Uncertain),
        _ => None,
    }
}
