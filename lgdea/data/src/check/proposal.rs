//! The columns that files probably mean, by the names that data sets have for them, or else by what they hold.

use std::cell::OnceCell;
use std::path::Path;

use lgdea_spec::{Columns, Manifest};

use super::contents::{Column, Contents};
use super::ids::Ids;
use crate::Person;
use crate::labels::normalise_label;
use crate::source::manifest::{configured, unread};
use crate::table::{Table, is_no_identifier, is_personal_name, is_sentence, is_somewhere, shown_id};

// Names that data sets have for a column, the usual one first; compared without case, spaces, `_` and `-`.

const STUDY: &[&str] = &[
    "study",
    "studyid",
    "studyinstanceuid",
    "studyuid",
    "studynumber",
    "accession",
    "accessionnumber",
    "examid",
    "exam",
    "reportid",
    "uid",
    "imageindex",
    "imageid",
    "dicomid",
    "id",
    "image",
    "path",
    "imagepath",
    "filename",
    "imagefilename",
];
const PATIENT: &[&str] =
    &["patient", "patientid", "subject", "subjectid", "pid", "mrn", "patientnumber", "person", "personid", "ptid"];
/// What the name of a column of patients has in it where it is none of the above.
const OF_PATIENT: &[&str] =
    &["patient", "pacient", "pazient", "pacjent", "患者", "subject", "person", "mrn", "medicalrecord"];
/// What it has in it where it tells something of a patient instead.
const ABOUT_PATIENT: &[&str] = &[
    "age",
    "sex",
    "gender",
    "name",
    "birth",
    "weight",
    "height",
    "size",
    "position",
    "orientation",
    "race",
    "history",
    "alter",
    "geschlecht",
    "geburt",
    "edad",
    "sexo",
];
const SEX: &[&str] = &["sex", "gender", "patientsex", "patientgender", "sexdicom", "patientsexdicom"];
const AGE: &[&str] = &["age", "patientage", "ageyears", "ageinyears", "ageatstudy", "anchorage", "agedicom"];
const IMAGE: &[&str] = &[
    "image",
    "path",
    "imagepath",
    "filepath",
    "filename",
    "file",
    "img",
    "imgpath",
    "imagefile",
    "imagefilename",
    "imageindex",
    "dicomid",
    "imageid",
    "jpgpath",
    "pngpath",
    "dicompath",
];
const REPORT: &[&str] = &[
    "report",
    "text",
    "reporttext",
    "fulltext",
    "rawtext",
    "reports",
    "fullreporttext",
    "radiologyreport",
    "caption",
    "note",
];
const FINDING: &[&str] =
    &["finding", "label", "labelname", "findinglabel", "class", "classname", "category", "categoryname", "diagnosis"];
/// Left and upper edge, and width and height.
const SIDES: [&[&str]; 4] = [
    &["x", "left", "xmin", "x0", "bboxx"],
    &["y", "top", "ymin", "y0", "bboxy"],
    &["w", "width", "bw", "boxwidth", "bboxw", "bboxwidth"],
    &["h", "height", "bh", "boxheight", "bboxh", "bboxheight"],
];
/// Left, upper, right and lower edge; each set is used as a whole.
const CORNERS: &[[&str; 4]] = &[
    ["xmin", "ymin", "xmax", "ymax"],
    ["x1", "y1", "x2", "y2"],
    ["x0", "y0", "x1", "y1"],
    ["left", "top", "right", "bottom"],
    ["minx", "miny", "maxx", "maxy"],
    ["xtl", "ytl", "xbr", "ybr"],
    ["xstart", "ystart", "xend", "yend"],
    ["startx", "starty", "endx", "endy"],
    ["bboxxmin", "bboxymin", "bboxxmax", "bboxymax"],
    ["bboxx1", "bboxy1", "bboxx2", "bboxy2"],
    ["xleft", "ytop", "xright", "ybottom"],
    ["x", "y", "xmax", "ymax"],
    ["x", "y", "x2", "y2"],
];
/// The middle of a box, which is not read.
const MIDDLE: &[&str] = &["xcenter", "xcentre", "centerx", "centrex", "cx", "xc", "xmid"];
/// The roles that a file of studies needs columns for.
const ROLES: [&str; 4] = ["study", "patient", "image", "report"];
/// What is called as the rows of a table of columns are.
pub(super) const SIDE_ROLES: [&str; 4] = ["x", "y", "width", "height"];
pub(super) const CORNER_ROLES: [&str; 4] = ["x", "y", "x-max", "y-max"];

/// What can be proposed for files.
pub(super) struct Proposal<'a> {
    tables: &'a [Table],
    of: Of<'a>,
    /// What the columns of studies hold that no setting and no name tells.
    contents: OnceCell<Contents<'a>>,
    /// Edges of boxes, by role.
    edges: Vec<(&'static str, &'a str)>,
}

/// What files are of.
#[derive(Clone, Copy)]
enum Of<'a> {
    /// Studies: how their columns are set, and the folder that paths start from.
    Studies(&'a Columns, &'a Path),
    /// Boxes: identifiers that the study's column must have some of.
    Boxes(&'a Ids<'a>),
}

impl<'a> Proposal<'a> {
    /// For files of studies, whose paths start from `root`.
    pub(super) fn of_studies(tables: &'a [Table], manifest: &'a Manifest, root: &'a Path) -> Self {
        Self { tables, of: Of::Studies(&manifest.columns, root), contents: OnceCell::new(), edges: Vec::new() }
    }

    /// For a file of boxes, of studies with these identifiers.
    pub(super) fn of_boxes(table: &'a Table, ids: &'a Ids<'a>) -> Self {
        let tables = std::slice::from_ref(table);
        let mut proposal = Self { tables, of: Of::Boxes(ids), contents: OnceCell::new(), edges: Vec::new() };
        let whole = |set: &[&str; 4]| set.iter().map(|&name| proposal.called(&[name])).collect::<Option<Vec<&str>>>();
        let corners = CORNERS.iter().find_map(whole);
        let sides = SIDES.map(|names| proposal.called(names));
        proposal.edges = match corners {
            Some(corners) if sides[2].is_none() || sides[3].is_none() => {
                CORNER_ROLES.into_iter().zip(corners).collect()
            }
            _ => SIDE_ROLES.into_iter().zip(sides).filter_map(|(role, name)| Some((role, name?))).collect(),
        };
        proposal
    }

    /// The column for a role: that which is set and is there, or else one by its name or by what it holds.
    pub(super) fn column(&self, role: &str) -> Option<&'a str> {
        self.set(role).or_else(|| self.named(role)).or_else(|| self.guessed(role))
    }

    /// The column that is set for a role, where a file has it.
    fn set(&self, role: &str) -> Option<&'a str> {
        let Of::Studies(columns, _) = self.of else { return None };
        let name = match role {
            "study" => &columns.study,
            "patient" => &columns.patient,
            "image" => &columns.image,
            "report" => &columns.report,
            _ => return None,
        };
        is_somewhere(self.tables, name).then_some(name)
    }

    /// The column that is called as those of a role are, and holds nothing else.
    pub(super) fn named(&self, role: &str) -> Option<&'a str> {
        let is_patient = |column: &Column<'_>| column.few(&|cell| is_no_identifier(cell) && !is_personal_name(cell));
        let is_study = |column: &Column<'_>| {
            let join = if let Of::Boxes(ids) = self.of { ids.join(column.table, column.position) } else { true };
            column.few(&is_no_identifier) && join && self.is_everywhere(column.name)
        };
        match role {
            "study" => self.suiting(STUDY, &is_study),
            "patient" => self.suiting(PATIENT, &is_patient).or_else(|| self.like_patient(&is_patient)),
            "image" => self.suiting(IMAGE, &|column| column.few(&is_sentence)),
            "sex" => self.suiting(SEX, &|column| column.most(&|cell| Person::parse(cell, "").sex.is_some())),
            "age" => self.suiting(AGE, &|column| column.most(&|cell| Person::parse("", cell).age.is_some())),
            "report" => self.called(REPORT),
            "finding" => self.called(FINDING),
            _ => self.edges.iter().find(|(known, _)| *known == role).map(|(_, name)| *name),
        }
    }

    /// The column of studies that holds what those of a role do.
    fn guessed(&self, role: &str) -> Option<&'a str> {
        let Of::Studies(columns, root) = self.of else { return None };
        match role {
            "image" => self.contents().image(root),
            "report" if self.sections().is_none() => self.contents().report(),
            "study" => self.contents().study(&|name| self.is_everywhere(name), self.column("image")),
            "patient" => self.contents().patient(self.column("study")?),
            "split" | "view" => unread(self.tables, columns, role),
            _ => None,
        }
    }

    /// The columns of labels, where no column of labels is read.
    pub(super) fn labels(&self) -> Vec<&'a str> {
        let Of::Studies(columns, _) = self.of else { return Vec::new() };
        if columns.labels.iter().any(|name| is_somewhere(self.tables, name)) {
            return Vec::new();
        }
        let taken: Vec<&str> = ROLES.into_iter().filter_map(|role| self.column(role)).collect();
        self.contents().labels().into_iter().filter(|name| !taken.contains(name)).collect()
    }

    fn contents(&self) -> &Contents<'a> {
        self.contents.get_or_init(|| {
            let mut taken: Vec<&str> = ROLES.into_iter().filter_map(|role| self.named(role)).collect();
            if let Of::Studies(columns, _) = self.of {
                taken.extend(configured(columns));
            }
            taken.extend([SEX, AGE].into_iter().filter_map(|names| self.called(names)));
            taken.extend(self.sections().into_iter().flatten());
            Contents::new(self.tables, &taken)
        })
    }

    /// The lines of TOML for some roles.
    pub(super) fn lines(&self, roles: &[&str]) -> Vec<String> {
        let has_corners = self.edges.iter().any(|(role, _)| *role == "x-max");
        let is_edge = |role: &&str| SIDE_ROLES.contains(role) || CORNER_ROLES.contains(role);
        let mut lines: Vec<String> =
            roles.iter().filter(|role| !(has_corners && is_edge(role))).flat_map(|role| self.lines_of(role)).collect();
        if has_corners && roles.iter().any(is_edge) {
            lines.extend(self.edges.iter().map(|(role, name)| assigned(role, name)));
        } else if roles.iter().any(is_edge)
            && let Some(middle) = self.called(MIDDLE)
        {
            lines.push(format!("# {middle:?} is the middle of a box: write a file with left and upper edges instead"));
        }
        lines
    }

    /// The lines for a role.
    fn lines_of(&self, role: &str) -> Vec<String> {
        if let Some(column) = self.set(role).or_else(|| self.named(role)) {
            return vec![assigned(role, column)];
        }
        if let Some(column) = self.guessed(role) {
            return vec![format!("{}  # guessed: {}", assigned(role, column), why(role))];
        }
        let unknown = format!("{role} = \"…\"");
        match (role, self.sections()) {
            ("study", _) => vec![format!("{unknown}  # the column {}", self.study_in_words())],
            ("patient", _) => NO_PATIENTS.map(str::to_owned).to_vec(),
            ("report", Some(names)) => vec!["report = \"\"".to_owned(), assigned_all("sections", &names)],
            ("image" | "report", _) => vec![format!("{role} = \"\"  # there is none")],
            ("labels", _) => Some(self.labels())
                .filter(|names| !names.is_empty())
                .map(|names| assigned_all("labels", &names))
                .into_iter()
                .collect(),
            ("finding" | "x" | "y" | "width" | "height" | "x-max" | "y-max", _) => vec![unknown],
            _ => Vec::new(),
        }
    }

    /// What the column of studies holds, where none is found.
    fn study_in_words(&self) -> String {
        let Of::Boxes(ids) = self.of else { return "that says which study a row is of".to_owned() };
        let known = ids.first().map_or_else(String::new, |first| format!(", such as `{}`", shown_id(first)));
        format!("with the identifiers that the files of studies have{known}")
    }

    /// The columns of the two sections that reports are often divided into.
    pub(super) fn sections(&self) -> Option<[&'a str; 2]> {
        Some([self.called(&["findings"])?, self.called(&["impression"])?])
    }

    /// The first column that has one of some names, in their order.
    fn called(&self, names: &[&str]) -> Option<&'a str> {
        self.suiting(names, &|_| true)
    }

    /// As [`Proposal::called`], of the columns that hold what `suits`.
    fn suiting(&self, names: &[&str], suits: Suits<'_>) -> Option<&'a str> {
        names.iter().find_map(|name| self.first(&|column| column == *name, suits))
    }

    /// The first column that is called by patients, and not by what is told of them.
    fn like_patient(&self, suits: Suits<'_>) -> Option<&'a str> {
        let has = |column: &str, parts: &[&str]| parts.iter().any(|part| column.contains(part));
        self.first(&|column| has(column, OF_PATIENT) && !has(column, ABOUT_PATIENT), suits)
    }

    fn first(&self, is_called: &dyn Fn(&str) -> bool, suits: Suits<'_>) -> Option<&'a str> {
        let columns = self.tables.iter().flat_map(Column::of);
        columns.filter(|column| is_called(&key(column.name))).find(|column| suits(column)).map(|column| column.name)
    }

    fn is_everywhere(&self, name: &str) -> bool {
        self.tables.iter().all(|table| table.header.iter().any(|column| column == name))
    }
}

/// Whether a column holds what a role needs.
type Suits<'s> = &'s dyn Fn(&Column<'_>) -> bool;

/// What is written where no column of patients is found.
const NO_PATIENTS: [&str; 3] = [
    "# Each study is a patient of its own. Where a patient has several studies,",
    "# name the column of patients, or they are in two splits.",
    "patient = \"\"",
];

/// What a column holds that was guessed for a role.
fn why(role: &str) -> &'static str {
    match role {
        "image" => "it names files of images",
        "report" => "it holds texts",
        "patient" => "some studies have the same",
        "study" => "it tells rows or images apart",
        _ => "its values are called so",
    }
}

/// A line of TOML.
fn assigned(key: &str, column: &str) -> String {
    format!("{key} = {}", quoted(column))
}

/// A line of TOML with a list.
fn assigned_all(key: &str, columns: &[&str]) -> String {
    format!("{key} = [{}]", quoted_all(columns))
}

/// Names as a list in TOML has them.
pub(super) fn quoted_all(columns: &[&str]) -> String {
    columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ")
}

/// A text as TOML and JSON write it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A column's name as the lists above have it.
fn key(name: &str) -> String {
    normalise_label(name).replace('_', "")
}
