//! `[data]`: the sources of studies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;

use crate::Seed;

/// Sources of studies; at least one is present, several are joined into one corpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("minProperties" = 1))]
pub struct Data {
    /// A procedural chest radiograph benchmark; needs no download.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phantom: Option<Phantom>,
    /// Your own data through CSV files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Manifest>,
    /// The Open-I (Indiana University) XML reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openi: Option<Openi>,
}

impl Data {
    /// The sources, joined by `+`: `phantom`, `manifest+openi`.
    pub fn name(&self) -> String {
        let sources = [
            ("phantom", self.phantom.is_some()),
            ("manifest", self.manifest.is_some()),
            ("openi", self.openi.is_some()),
        ];
        let present: Vec<&str> = sources.into_iter().filter(|(_, present)| *present).map(|(name, _)| name).collect();
        present.join("+")
    }

    /// Whether the experiment's seed splits the studies: files may leave that to it, the phantom comes in splits.
    pub fn is_split_by_seed(&self) -> bool {
        self.manifest.is_some() || self.openi.is_some()
    }
}

/// The phantom: rendered radiographs with reports, labels and boxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Phantom {
    /// Training studies.
    #[schemars(range(min = 1))]
    pub studies: usize,
    /// Validation studies.
    pub validation: usize,
    /// Test studies.
    pub test: usize,
    /// Seed of the generator, which the studies of all splits follow; pairs follow the experiment's seed.
    pub seed: Seed,
}

/// Studies listed in CSV files, one row an image (or a report).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// Folder that all paths below start from. `${NAME}` is replaced by the environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// CSV files of studies, relative to `root`; rows with the same study are joined.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub studies: Vec<String>,
    /// CSV file of boxes, relative to `root`; empty for none.
    pub boxes: String,
    /// Names of the columns.
    pub columns: Columns,
    /// Split of the studies without a split of their own, drawn by patient.
    pub fractions: Fractions,
}

/// Column names of a manifest's CSV files. A column that a file lacks is left empty for its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Columns {
    /// Identifier of the study.
    #[schemars(length(min = 1))]
    pub study: String,
    /// Identifier of the patient; splits and pairs never divide a patient.
    pub patient: String,
    /// Path of the image, relative to `root`.
    pub image: String,
    /// Text of the report.
    pub report: String,
    /// Columns of the report's sections, such as `["findings", "impression"]`, in their order; they stand in for `report`.
    pub sections: Vec<String>,
    /// Columns of labels: each holds names separated by `|`, or, named for a finding as in `CheXpert`'s files, 1 where it is
    /// present. 0, -1 and nothing then count as absent.
    pub labels: Vec<String>,
    /// `train`, `validation` or `test`.
    pub split: String,
    /// View of the image (PA, AP, L, …); lateral views are left out.
    pub view: String,
}

/// Shares of patients held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fractions {
    /// Share of patients for validation, in [0, 1).
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub validation: f64,
    /// Share of patients for the test, in [0, 1).
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub test: f64,
}

/// Open-I reports, and their images where they are at hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Openi {
    /// Folder of XML files, or a `.tgz` of one. `${NAME}` is replaced by the environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub reports: String,
    /// Folder of images named as in the XML; empty for none.
    #[schemars(extend("x-path" = "always"))]
    pub images: String,
    /// Split of the studies, drawn by patient.
    pub fractions: Fractions,
}

impl Data {
    pub(crate) fn check(&self, findings: &mut Findings<'_>) {
        if let Some(manifest) = &self.manifest {
            manifest.fractions.check("data.manifest.fractions", findings);
        }
        if let Some(openi) = &self.openi {
            openi.fractions.check("data.openi.fractions", findings);
        }
    }
}

impl Fractions {
    fn check(&self, table: &str, findings: &mut Findings<'_>) {
        let Fractions { validation, test } = self;
        findings.require(
            validation + test < 1.0,
            &[table],
            format!("a validation share of {validation} and a test share of {test} leave nothing to train on"),
            "let `validation` and `test` sum to less than 1",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::refusal;

    #[test]
    fn shares_that_leave_no_training_data_are_refused() {
        let text = "[data.openi]\nreports = 'r.tgz'\nfractions = { validation = 0.5, test = 0.5 }\n";
        insta::assert_snapshot!(refusal(&[("d.toml", text)], &[]));
    }
}
