//! The columns that files probably mean, by the names that data sets have for them and by what they hold.

use super::ids::Ids;
use crate::Person;
use crate::labels::normalise_label;
use crate::table::{Table, is_no_identifier, is_personal_name, is_sentence, shown_id};

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
const OF_PATIENT: &[&str] = &["patient", "subject", "person", "mrn", "medicalrecord"];
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
/// What is called as the rows of a table of columns are.
pub(super) const SIDE_ROLES: [&str; 4] = ["x", "y", "width", "height"];
pub(super) const CORNER_ROLES: [&str; 4] = ["x", "y", "x-max", "y-max"];

/// What can be proposed for files.
pub(super) struct Proposal<'a> {
    tables: &'a [Table],
    /// Identifiers that the study's column must have some of.
    ids: Option<&'a Ids<'a>>,
    /// Edges of boxes, by role.
    edges: Vec<(&'static str, &'a str)>,
}

impl<'a> Proposal<'a> {
    /// For files of studies.
    pub(super) fn of_studies(tables: &'a [Table]) -> Self {
        Self { tables, ids: None, edges: Vec::new() }
    }

    /// For a file of boxes, of studies with these identifiers.
    pub(super) fn of_boxes(table: &'a Table, ids: &'a Ids<'a>) -> Self {
        let mut proposal = Self { tables: std::slice::from_ref(table), ids: Some(ids), edges: Vec::new() };
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

    /// The column for a role.
    pub(super) fn column(&self, role: &str) -> Option<&'a str> {
        let is_id = |table: &Table, column: usize| few(table, column, &is_no_identifier);
        let is_patient = |table: &Table, column: usize| {
            few(table, column, &|cell| is_no_identifier(cell) && !is_personal_name(cell))
        };
        let is_sex = |table: &Table, column: usize| most(table, column, &|cell| Person::parse(cell, "").sex.is_some());
        let is_age = |table: &Table, column: usize| most(table, column, &|cell| Person::parse("", cell).age.is_some());
        let is_path = |table: &Table, column: usize| few(table, column, &is_sentence);
        match role {
            "study" => self.suiting(STUDY, &|table, column| {
                is_id(table, column)
                    && self.ids.is_none_or(|ids| ids.join(table, column))
                    && self.is_everywhere(table, column)
            }),
            "patient" => self.suiting(PATIENT, &is_patient).or_else(|| self.like_patient(&is_patient)),
            "image" => self.suiting(IMAGE, &is_path),
            "sex" => self.suiting(SEX, &is_sex),
            "age" => self.suiting(AGE, &is_age),
            "report" => self.called(REPORT),
            "finding" => self.called(FINDING),
            _ => self.edges.iter().find(|(known, _)| *known == role).map(|(_, name)| *name),
        }
    }

    /// The lines of TOML for some roles.
    pub(super) fn lines(&self, roles: &[&str]) -> Vec<String> {
        let has_corners = self.edges.iter().any(|(role, _)| *role == "x-max");
        let is_edge = |role: &&str| SIDE_ROLES.contains(role) || CORNER_ROLES.contains(role);
        let mut lines: Vec<String> =
            roles.iter().filter(|role| !(has_corners && is_edge(role))).filter_map(|role| self.line(role)).collect();
        if has_corners && roles.iter().any(is_edge) {
            lines.extend(self.edges.iter().map(|(role, name)| format!("{role} = {name:?}")));
        } else if roles.iter().any(is_edge)
            && let Some(middle) = self.called(MIDDLE)
        {
            lines.push(format!("# {middle:?} is the middle of a box: write a file with left and upper edges instead"));
        }
        lines
    }

    fn line(&self, role: &str) -> Option<String> {
        if let Some(column) = self.column(role) {
            return Some(format!("{role} = {column:?}"));
        }
        let known = self.ids.and_then(Ids::first).map(|first| format!(", such as `{}`", shown_id(first)));
        Some(match role {
            "study" if self.ids.is_some() => {
                let known = known.unwrap_or_default();
                format!("study = \"…\"  # the column with the identifiers that the files of studies have{known}")
            }
            "study" => "study = \"…\"  # the column that says which study a row is of".to_owned(),
            "patient" => {
                "patient = \"\"  # each study is a patient of its own; where a patient has several studies, name the \
                          column of patients, or they are in two splits"
                    .to_owned()
            }
            "report" if self.has_sections() => {
                "report = \"\"\nsections = [\"findings\", \"impression\"]  # as the file writes them".to_owned()
            }
            "image" | "report" => format!("{role} = \"\"  # there is none"),
            "finding" | "x" | "y" | "width" | "height" | "x-max" | "y-max" => format!("{role} = \"…\""),
            _ => return None,
        })
    }

    fn has_sections(&self) -> bool {
        ["findings", "impression"].iter().all(|section| self.called(&[section]).is_some())
    }

    /// The first column that has one of some names, in their order.
    fn called(&self, names: &[&str]) -> Option<&'a str> {
        self.suiting(names, &|_, _| true)
    }

    /// As [`Proposal::called`], of the columns that hold what `suits`.
    fn suiting(&self, names: &[&str], suits: &dyn Fn(&Table, usize) -> bool) -> Option<&'a str> {
        names.iter().find_map(|name| self.first(&|column| column == *name, suits))
    }

    /// The first column that is called by patients, and not by what is told of them.
    fn like_patient(&self, suits: &dyn Fn(&Table, usize) -> bool) -> Option<&'a str> {
        let has = |column: &str, parts: &[&str]| parts.iter().any(|part| column.contains(part));
        self.first(&|column| has(column, OF_PATIENT) && !has(column, ABOUT_PATIENT), suits)
    }

    fn first(&self, is_called: &dyn Fn(&str) -> bool, suits: &dyn Fn(&Table, usize) -> bool) -> Option<&'a str> {
        self.tables.iter().find_map(|table| {
            let fits = |&(position, name): &(usize, &str)| is_called(&key(name)) && suits(table, position);
            table.named_columns().find(fits).map(|(_, name)| name)
        })
    }

    fn is_everywhere(&self, table: &Table, column: usize) -> bool {
        self.tables.iter().all(|other| other.header.contains(&table.header[column]))
    }
}

/// Whether more than half of a column's values are something.
fn most(table: &Table, column: usize, is: &dyn Fn(&str) -> bool) -> bool {
    2 * table.filled(column).filter(|(_, cell)| is(cell)).count() > table.filled(column).count()
}

/// Whether at most half of a column's values are something.
fn few(table: &Table, column: usize, is: &dyn Fn(&str) -> bool) -> bool {
    2 * table.filled(column).filter(|(_, cell)| is(cell)).count() <= table.filled(column).count()
}

/// A column's name as the lists above have it.
fn key(name: &str) -> String {
    normalise_label(name).replace('_', "")
}
