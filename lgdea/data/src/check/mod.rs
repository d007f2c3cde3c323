//! What is wrong with the data that an experiment names: all of it, as far as files and their columns tell.

mod contents;
mod ids;
mod proposal;

use std::fs::{self, File};
use std::path::Path;

use lgdea_spec::{Columns, Data, Manifest, Openi};

use crate::DataError;
use crate::error::expand;
use crate::folder::Folder;
use crate::source::manifest::refuse_texts;
use crate::table::{self, Table, is_somewhere};
use proposal::{CORNER_ROLES, Proposal, SIDE_ROLES, quoted_all};

/// Something of the data that cannot be used as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The key of the experiment that names it.
    pub key: &'static str,
    /// What is wrong.
    pub reason: String,
    /// What to write instead; empty where the reason says it.
    pub remedy: String,
}

/// What the data's files cannot be used for, all at once, and what of them is probably meant to be read, but is not.
pub fn check(data: &Data) -> (Vec<Refusal>, Vec<String>) {
    // What is wrong with the other sources is found when they are read.
    let mut checked = Checked::default();
    if let Some(manifest) = &data.manifest {
        checked.manifest(manifest);
    }
    if let Some(openi) = &data.openi {
        checked.openi(openi);
    }
    (checked.refusals, checked.notes)
}

/// The lines of `[data.manifest.columns]` that fit tables of studies, by the names of their columns and by what these hold; none
/// where no column of studies is found, or neither images nor reports.
///
/// # Errors
/// A table, or the folder of the tables, cannot be read.
pub fn proposed_columns(manifest: &Manifest) -> Result<Vec<String>, DataError> {
    let root = Folder::open("data.manifest.root", &manifest.root)?;
    let tables: Vec<Table> =
        manifest.studies.iter().map(|file| Table::read(&root.join(file))).collect::<Result<_, _>>()?;
    let proposal = Proposal::of_studies(&tables, manifest, root.path());
    let has = |roles: &[&str]| roles.iter().any(|role| proposal.column(role).is_some());
    if !has(&["study"]) || !(has(&["image", "report"]) || proposal.sections().is_some()) {
        return Ok(Vec::new());
    }
    Ok(proposal.lines(&["study", "patient", "image", "report", "labels", "split", "view"]))
}

#[derive(Default)]
struct Checked {
    refusals: Vec<Refusal>,
    notes: Vec<String>,
}

const COLUMNS: &str = "data.manifest.columns";
const BOX_COLUMNS: &str = "data.manifest.box-columns";

impl Checked {
    /// What an attempt gave; what it failed for is noted.
    fn tried<T>(&mut self, key: &'static str, found: Result<T, DataError>) -> Option<T> {
        let reason = match found {
            Ok(found) => return Some(found),
            Err(DataError::Path { source, .. }) => source.to_string(),
            Err(error) => error.to_string(),
        };
        self.refusals.push(Refusal { key, reason, remedy: String::new() });
        None
    }

    fn manifest(&mut self, manifest: &Manifest) {
        const ROOT: &str = "data.manifest.root";
        let Some(root) = self.tried(ROOT, Folder::open(ROOT, &manifest.root)) else { return };
        let tables: Vec<Option<Table>> = manifest
            .studies
            .iter()
            .map(|file| self.tried("data.manifest.studies", Table::read(&root.join(file))))
            .collect();
        let tables = tables.into_iter().collect::<Option<Vec<Table>>>();
        if let Some(tables) = &tables {
            let proposal = Proposal::of_studies(tables, manifest, root.path());
            self.columns(tables, &manifest.columns, &proposal);
            self.tried(COLUMNS, refuse_texts(tables, manifest));
            self.labels(&proposal);
            self.notes.extend(ids::unjoined(tables, &manifest.columns));
        }
        if !manifest.boxes.is_empty()
            && let Some(table) = self.tried("data.manifest.boxes", Table::read(&root.join(&manifest.boxes)))
        {
            self.boxes(tables.as_deref().unwrap_or_default(), &table, manifest, root.path());
        }
    }

    /// Refuses a file of boxes without the columns that it needs, with a mapping that fits it.
    fn boxes(&mut self, studies: &[Table], table: &Table, manifest: &Manifest, root: &Path) {
        let [study, _] = manifest.box_keys();
        let alone = std::slice::from_ref(table);
        let study_of_studies = Proposal::of_studies(studies, manifest, root).column("study").unwrap_or_default();
        let ids = ids::of(studies, study_of_studies);
        let proposal = Proposal::of_boxes(table, &ids);
        let edges = if manifest.box_columns.has_corners() { CORNER_ROLES } else { SIDE_ROLES };
        let needed = [("study", study), ("finding", manifest.box_columns.finding.as_str())].into_iter();
        let needed = needed.chain(edges.into_iter().zip(manifest.box_columns.rectangle()));
        let lacking: Vec<(&str, &str)> = needed.filter(|(_, name)| !is_somewhere(alone, name)).collect();
        self.lacking(alone, BOX_COLUMNS, &lacking, &proposal);
        if let Ok(Some(column)) = table.column(study) {
            self.notes.extend(ids::without_join(table, column, &ids));
        }
    }

    /// Refuses tables without the columns that they need, with a mapping that fits them.
    fn columns(&mut self, tables: &[Table], columns: &Columns, proposal: &Proposal<'_>) {
        let Columns { study, patient, image, report, sections, .. } = columns;
        let somewhere = |name: &str| name.is_empty() || is_somewhere(tables, name);
        let mut lacking: Vec<(&str, &str)> = Vec::new();
        if !tables.iter().all(|table| is_somewhere(std::slice::from_ref(table), study)) {
            lacking.push(("study", study.as_str()));
        }
        let optional = [("patient", patient), ("image", image), ("report", report)];
        let needed = optional.into_iter().filter(|(role, _)| *role != "report" || sections.is_empty());
        lacking.extend(needed.filter(|(_, name)| !somewhere(name)).map(|(role, name)| (role, name.as_str())));
        for section in sections.iter().filter(|section| !somewhere(section)) {
            lacking.push(("a section of the report", section.as_str()));
        }
        self.lacking(tables, COLUMNS, &lacking, proposal);
        if patient.is_empty()
            && let Some(column) = proposal.named("patient")
        {
            self.notes.push(format!(
                "each study is taken as a patient of its own; if `{column}` tells patients apart, write \
                 `patient = {column:?}` in `[{COLUMNS}]`, or a patient may be in two splits"
            ));
        }
        for (role, named) in [("sex", &columns.sex), ("age", &columns.age)] {
            if named.is_empty()
                && let Some(column) = proposal.named(role)
            {
                self.notes.push(format!(
                    "column `{column}` seems to be the {role} and is not read; write `{role} = {column:?}` in `[{COLUMNS}]` where \
                     scores by {role} are of use"
                ));
            }
        }
    }

    /// Refuses tables that lack columns (by role and name), which a table of the experiment names.
    fn lacking(&mut self, tables: &[Table], key: &'static str, lacking: &[(&str, &str)], proposal: &Proposal<'_>) {
        if lacking.is_empty() {
            return;
        }
        let lacks: Vec<String> = lacking.iter().map(|(role, name)| format!("`{name}` ({role})")).collect();
        let (files, present) = table::described(tables);
        let reason = format!("{files} without the columns {}; the columns there are {present}", lacks.join(", "));
        let roles: Vec<&str> = lacking.iter().map(|(role, _)| *role).collect();
        let mut lines = proposal.lines(&roles);
        let remedy = if lines.is_empty() {
            "correct `data.manifest.columns.sections`".to_owned()
        } else {
            lines.extend(proposal.lines(&["labels", "split", "view"]));
            format!("in `[{key}]` write\n{}", lines.join("\n"))
        };
        self.refusals.push(Refusal { key, reason, remedy });
    }

    /// Notes columns that look like labels, where none is read.
    fn labels(&mut self, proposal: &Proposal<'_>) {
        let found = proposal.labels();
        if !found.is_empty() {
            self.notes.push(format!(
                "no column of labels is read; if these are some, write `labels = [{}]` in `[{COLUMNS}]`",
                quoted_all(&found)
            ));
        }
    }

    fn openi(&mut self, openi: &Openi) {
        let reports = expand("data.openi.reports", &openi.reports).and_then(|path| {
            let opened = if path.is_dir() { fs::read_dir(&path).map(drop) } else { File::open(&path).map(drop) };
            opened.map_err(DataError::io(&path))
        });
        self.tried("data.openi.reports", reports);
        if !openi.images.is_empty() {
            self.tried("data.openi.images", Folder::open("data.openi.images", &openi.images));
        }
        if !openi.projections.is_empty() {
            let table = expand("data.openi.projections", &openi.projections).and_then(|path| Table::read(&path));
            self.tried("data.openi.projections", table);
        }
    }
}

#[cfg(test)]
mod tests;
