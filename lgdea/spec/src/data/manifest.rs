//! `[data.manifest]`: studies listed in CSV files, one row an image (or a report).

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fractions, SourceSettings, Views, is_default};
use crate::rules::Findings;

pub(super) const DEFAULTS: &str = r#"
[data.manifest]
boxes = ""
label-separators = "|;"
uncertain-labels = "ignore"
deep-percentiles = [0.5, 99.5]
views = "first-frontal"

[data.manifest.columns]
study = "study"
patient = "patient"
image = "image"
report = "report"
sections = []
labels = ["labels"]
split = "split"
view = "view"
sex = ""
age = ""
source = ""

[data.manifest.box-columns]
study = ""
image = ""
finding = "finding"
phrase = "phrase"
x = "x"
y = "y"
width = "w"
height = "h"
x-max = ""
y-max = ""
image-width = "image_width"
image-height = "image_height"

[data.manifest.fractions]
validation = 0.1
test = 0.2
"#;

/// Your own data through CSV files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// Folder that all paths below start from. `${NAME}` is replaced by the environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// CSV files of studies, relative to `root`, also packed as `.gz` or `.zip`; rows with the same study are joined.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub studies: Vec<String>,
    /// CSV file of boxes, relative to `root`; empty for none.
    pub boxes: String,
    /// Characters that separate the names of findings in a cell of labels. Lists in brackets, as Python and JSON write them, are
    /// read whatever stands here. A comma is part of names by default ("Opacity, left"): set `"|;,"` where it separates.
    #[serde(skip_serializing_if = "is_default_separators")]
    pub label_separators: String,
    /// What -1 for a finding means, which `CheXpert`'s labels have for "uncertain".
    #[serde(skip_serializing_if = "is_default")]
    pub uncertain_labels: UncertainLabels,
    /// Percentiles of an image's pixels, in [0, 100], that become black and white, where pixels have more than 8 bits; what lies
    /// beyond is cut off. Images of 8 bits are taken as they are. `[0, 100]` takes the darkest and the brightest pixel.
    #[serde(skip_serializing_if = "is_default_percentiles")]
    pub deep_percentiles: [f64; 2],
    /// Which images of a study with several are read.
    #[serde(skip_serializing_if = "is_default")]
    pub views: Views,
    /// Names of the columns. Where files call the same thing differently, names are joined by `|`: `patient = "patient_id|subject"` takes
    /// of each file the first that it has. A column that a file lacks is left empty for its rows.
    pub columns: Columns,
    /// Names of the columns of `boxes`.
    #[serde(skip_serializing_if = "is_default")]
    pub box_columns: BoxColumns,
    /// Split of the studies without a split of their own, drawn by patient.
    pub fractions: Fractions,
}

/// Percentiles that become black and white where nothing is set.
pub const DEEP_PERCENTILES: [f64; 2] = [0.5, 99.5];

/// What is made of labels that are neither present nor absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UncertainLabels {
    /// The study does not count for that finding: neither in scores nor where labels are learned.
    #[default]
    Ignore,
    /// Present.
    Positive,
    /// Absent.
    Negative,
}

// Settings that came later are not written where they are as they were before, so that no run's key changes.

fn is_default_separators(separators: &str) -> bool {
    separators == "|;"
}

fn is_default_percentiles(percentiles: &[f64; 2]) -> bool {
    *percentiles == DEEP_PERCENTILES
}

/// Column names of a manifest's CSV files. A column that a file lacks is left empty for its rows. Where files call the same thing
/// differently, names are joined by `|`: `patient = "patient_id|subject"` takes of each file the first that it has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Columns {
    /// Identifier of the study.
    #[schemars(length(min = 1))]
    pub study: String,
    /// Identifier of the patient; splits and pairs never divide a patient.
    pub patient: String,
    /// Path of the image, relative to `root`, or where it is not there, to the folder of its CSV file.
    pub image: String,
    /// Text of the report.
    pub report: String,
    /// Columns of the report's sections, such as `["findings", "impression"]`, in their order; they stand in for `report`.
    pub sections: Vec<String>,
    /// Columns of labels: each holds names, or, named for a finding as in `CheXpert`'s files, 1 or true where it is present.
    /// 0, false and nothing then say that it is absent, -1 that it is uncertain.
    pub labels: Vec<String>,
    /// `train`, `validation` or `test`.
    pub split: String,
    /// View of the image (PA, AP, L, …). Lateral views are left out unless `views` asks for them, and so is what is no radiograph
    /// (CT, axial, …).
    pub view: String,
    /// Sex of the patient (F, female, M, male, …); empty where it is not read.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sex: String,
    /// Age of the patient at the time of the image, in years or as DICOM has it (058Y); empty where it is not read.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub age: String,
    /// Where the study is from, such as a hospital or a collection, for scores within sources (`eval.within`). A file without the
    /// column is a source of its own. Empty where it is not read: all are then of one source, `manifest`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// Column names of a manifest's file of boxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BoxColumns {
    /// Identifier of the study; empty where it is called as in the studies' files.
    pub study: String,
    /// Path of the image that the box was drawn on; empty where it is called as in the studies' files. The file may lack it.
    pub image: String,
    /// Name of the finding.
    #[schemars(length(min = 1))]
    pub finding: String,
    /// Words to ground, instead of the finding's name. The file may lack it.
    pub phrase: String,
    /// Left edge, in pixels.
    #[schemars(length(min = 1))]
    pub x: String,
    /// Upper edge, in pixels.
    #[schemars(length(min = 1))]
    pub y: String,
    /// Width, in pixels.
    #[schemars(length(min = 1))]
    pub width: String,
    /// Height, in pixels.
    #[schemars(length(min = 1))]
    pub height: String,
    /// Right edge, in pixels, where the file has corners instead of width and height; empty where it has these.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub x_max: String,
    /// Lower edge, in pixels, where the file has corners instead of width and height; empty where it has these.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub y_max: String,
    /// Width of the image that the box was drawn on, in pixels. The file may lack it.
    pub image_width: String,
    /// Height of that image, in pixels. The file may lack it.
    pub image_height: String,
}

/// The column names of files of boxes where an experiment names none.
static BOX_COLUMNS: LazyLock<BoxColumns> = LazyLock::new(|| {
    let defaults: toml::Table = DEFAULTS.parse().expect("the defaults are TOML");
    let named = defaults["data"]["manifest"]["box-columns"].clone();
    named.try_into().expect("the defaults name every column")
});

impl Default for BoxColumns {
    fn default() -> Self {
        BOX_COLUMNS.clone()
    }
}

impl BoxColumns {
    /// Whether boxes are given by their corners.
    pub fn has_corners(&self) -> bool {
        !self.x_max.is_empty()
    }

    /// The columns of a box: left and upper edge, then right and lower edge where boxes are given by their corners, or else
    /// width and height.
    pub fn rectangle(&self) -> [&str; 4] {
        let [third, fourth] = if self.has_corners() { [&self.x_max, &self.y_max] } else { [&self.width, &self.height] };
        [&self.x, &self.y, third, fourth]
    }

    fn check(&self, table: &str, findings: &mut Findings<'_>) {
        let [x_max, y_max] = ["x-max", "y-max"].map(|key| format!("{table}.box-columns.{key}"));
        let (given, lacking) = if self.x_max.is_empty() { (&y_max, &x_max) } else { (&x_max, &y_max) };
        findings.require(
            self.x_max.is_empty() == self.y_max.is_empty(),
            &[given],
            format!("boxes that are given by their corners need `{lacking}`, too"),
            "name both columns, or none where the file has width and height",
        );
        for (key, name, corner) in [("width", &self.width, "x-max"), ("height", &self.height, "y-max")] {
            let is_corner = CORNERS.contains(&name.to_lowercase().replace([' ', '_', '-', '.'], "").as_str());
            findings.require(
                self.has_corners() || !is_corner,
                &[&format!("{table}.box-columns.{key}")],
                format!("`{name}` is called as the far corner of a box is, and not its {key}"),
                &format!("name it as `{corner}`"),
            );
        }
    }
}

/// What columns of right and lower edges are called, in lower case and without what divides words.
const CORNERS: &[&str] = &[
    "xmax", "ymax", "maxx", "maxy", "x2", "y2", "right", "bottom", "xbr", "ybr", "xend", "yend", "endx", "endy",
    "bboxxmax", "bboxymax", "bboxx2", "bboxy2", "xright", "ybottom", "lower",
];

impl Manifest {
    /// The column of the study and that of the image in the file of boxes.
    pub fn box_keys(&self) -> [&str; 2] {
        let Manifest { columns, box_columns, .. } = self;
        [(&box_columns.study, &columns.study), (&box_columns.image, &columns.image)]
            .map(|(own, other)| if own.is_empty() { other.as_str() } else { own.as_str() })
    }
}

impl SourceSettings for Manifest {
    fn is_split_by_seed(&self) -> bool {
        true
    }

    fn check(&self, table: &str, findings: &mut Findings<'_>) {
        self.fractions.check(table, findings);
        self.box_columns.check(table, findings);
        let is_part_of_names = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '\'' | '"' | '[' | ']');
        findings.require(
            !self.label_separators.contains(is_part_of_names),
            &[&format!("{table}.label-separators")],
            format!("`{}` has characters that names of findings have, too", self.label_separators),
            "give separators alone, such as \"|;,\"",
        );
        // Identifiers are shown and kept; a report must not become one.
        let Columns { study, patient, image, report, sections, labels, split, view, sex, age, source } = &self.columns;
        let about = [("split", split), ("view", view), ("sex", sex), ("age", age), ("source", source)];
        let others = [("study", study), ("patient", patient), ("image", image)].into_iter().chain(about);
        let others = others.chain(labels.iter().map(|name| ("labels", name)));
        for (role, name) in others.filter(|(_, name)| !name.is_empty()) {
            findings.require(
                name != report && !sections.contains(name),
                &[&format!("{table}.columns.{role}")],
                format!("column `{name}` is that of the report, too"),
                "name another column, or set `columns.report = \"\"`",
            );
        }
        let [low, high] = self.deep_percentiles;
        findings.require(
            (0.0..high).contains(&low) && high <= 100.0,
            &[&format!("{table}.deep-percentiles")],
            format!("[{low}, {high}] are no two percentiles in rising order"),
            "give two numbers in [0, 100], the lower one first",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{refusal, resolved_with};
    use crate::{DEEP_PERCENTILES, UncertainLabels};

    const MANIFEST: &str = "[data.manifest]\nroot = '/a'\nstudies = ['s.csv']\n";

    #[test]
    fn defaults_are_those_that_are_not_written() {
        let manifest = resolved_with(MANIFEST, &[]).experiment.data.manifest.unwrap();
        assert_eq!(manifest.label_separators, "|;");
        assert_eq!((manifest.uncertain_labels, manifest.deep_percentiles), (UncertainLabels::Ignore, DEEP_PERCENTILES));
        let written = serde_json::to_value(&manifest).unwrap();
        let keys: std::collections::BTreeSet<&str> = written.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys.into_iter().collect::<Vec<_>>(), ["boxes", "columns", "fractions", "root", "studies"]);
        assert!(written["columns"].get("sex").is_none() && written["columns"].get("age").is_none(), "{written}");
    }

    #[test]
    fn what_is_set_changes_the_identity() {
        let identity = |set: &str| resolved_with(&format!("{MANIFEST}{set}\n"), &[]).experiment.identity();
        let default = identity("");
        for same in [
            "label-separators = '|;'",
            "uncertain-labels = 'ignore'",
            "deep-percentiles = [0.5, 99.5]",
            "views = 'first-frontal'",
            "columns.sex = ''",
            "columns.age = ''",
            "columns.source = ''",
        ] {
            assert_eq!(identity(same), default, "{same}");
        }
        for other in [
            "label-separators = ','",
            "uncertain-labels = 'positive'",
            "deep-percentiles = [0, 100]",
            "views = 'all-frontal'",
            "views = 'with-laterals'",
            "columns.sex = 'sex'",
            "columns.age = 'age'",
            "columns.source = 'source'",
        ] {
            assert_ne!(identity(other), default, "{other}");
        }
    }

    #[test]
    fn separators_that_are_letters_and_percentiles_that_are_none_are_refused() {
        for (set, part) in [
            ("label-separators = 'and'", "characters that names of findings have"),
            ("label-separators = '| '", "characters that names of findings have"),
            ("deep-percentiles = [99, 1]", "no two percentiles"),
            ("deep-percentiles = [1, 101]", "no two percentiles"),
            ("deep-percentiles = [-1, 99]", "no two percentiles"),
            ("uncertain-labels = 'zero'", "uncertain-labels"),
        ] {
            let said = refusal(&[("d.toml", &format!("{MANIFEST}{set}\n"))], &[]);
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn the_column_of_the_report_is_nothing_else() {
        let column = |set: &str| format!("{MANIFEST}[data.manifest.columns]\n{set}\n");
        for (set, role) in [
            ("study = 'report'", "study"),
            ("patient = 'report'", "patient"),
            ("image = 'report'", "image"),
            ("split = 'report'", "split"),
            ("view = 'report'", "view"),
            ("sex = 'report'", "sex"),
            ("age = 'report'", "age"),
            ("source = 'report'", "source"),
            ("labels = ['labels', 'report']", "labels"),
            ("report = 'study'", "study"),
            ("report = 'text'\nstudy = 'text'", "study"),
            ("report = ''\nsections = ['findings']\nview = 'findings'", "view"),
            ("sections = ['study']", "study"),
        ] {
            let said = refusal(&[("d.toml", &column(set))], &[]);
            assert!(said.contains("is that of the report") && said.contains(role), "{set}: {said}");
        }
        resolved_with(&column("report = ''\npatient = ''\nimage = 'study'"), &[]);
    }

    #[test]
    fn columns_of_boxes_are_those_of_studies_unless_they_are_named() {
        let manifest = |flags: &[&str]| resolved_with(MANIFEST, flags).experiment.data.manifest.unwrap();
        assert_eq!(manifest(&["data.manifest.columns.study=id"]).box_keys(), ["id", "image"]);
        let named = ["data.manifest.box-columns.study=study_id", "data.manifest.box-columns.image=dicom_id"];
        assert_eq!(manifest(&named).box_keys(), ["study_id", "dicom_id"]);
    }

    #[test]
    fn boxes_may_have_corners_instead_of_width_and_height() {
        let boxes = |set: &str| format!("{MANIFEST}[data.manifest.box-columns]\n{set}\n");
        let manifest = resolved_with(&boxes("x-max = 'xmax'\ny-max = 'ymax'"), &[]).experiment.data.manifest.unwrap();
        assert_eq!(manifest.box_columns.rectangle(), ["x", "y", "xmax", "ymax"]);
        let manifest = resolved_with(&boxes("width = 'width'"), &[]).experiment.data.manifest.unwrap();
        assert_eq!(manifest.box_columns.rectangle(), ["x", "y", "width", "h"]);
        let written = resolved_with(&boxes("width = 'width'"), &[]).to_toml();
        assert!(!written.contains("x-max"), "the key of a run without corners stays as it was: {written}");
        for (set, part) in [
            ("x-max = 'xmax'", "need `data.manifest.box-columns.y-max`"),
            ("y-max = 'ymax'", "need `data.manifest.box-columns.x-max`"),
            ("width = 'xmax'", "name it as `x-max`"),
            ("width = 'x_max'", "name it as `x-max`"),
            ("width = 'x2'", "name it as `x-max`"),
            ("width = 'Right'", "name it as `x-max`"),
            ("height = 'Y Max'", "name it as `y-max`"),
            ("height = 'bbox_y2'", "name it as `y-max`"),
            ("height = 'bottom'", "name it as `y-max`"),
        ] {
            let said = refusal(&[("d.toml", &boxes(set))], &[]);
            assert!(said.contains(part), "{set}: {said}");
        }
    }

    #[test]
    fn settings_that_came_later_change_no_key_where_they_are_not_used() {
        let written = |flags: &[&str]| resolved_with(MANIFEST, flags).to_toml();
        assert!(!written(&[]).contains("box-columns"));
        assert!(written(&["data.manifest.box-columns.x=left"]).contains("x = \"left\""));
        let identity = |flags: &[&str]| resolved_with(MANIFEST, flags).experiment.identity();
        assert_eq!(identity(&[]), identity(&["data.manifest.box-columns.x=x"]));
        assert_ne!(identity(&[]), identity(&["data.manifest.box-columns.x=left"]));
    }
}
