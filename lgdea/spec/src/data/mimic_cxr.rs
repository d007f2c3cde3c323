//! `[data.mimic-cxr]`: MIMIC-CXR, with the boxes of MS-CXR.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SourceSettings, UncertainLabels, Views};

pub(super) const DEFAULTS: &str = r#"
[data.mimic-cxr]
images = "jpg"
tables = ""
reports = ""
sections = ["findings", "impression"]
labels = "chexpert"
uncertain-labels = "ignore"
views = "first-frontal"
boxes = ""
patients = ""
"#;

/// MIMIC-CXR as it is distributed: 377,110 images of 227,835 studies with reports, in the official split. The boxes and
/// phrases of MS-CXR are read where `boxes` names them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MimicCxr {
    /// Folder of MIMIC-CXR-JPG, or of MIMIC-CXR, with `files/`. `${NAME}` is replaced by the environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// What the images are.
    pub images: MimicImages,
    /// Folder with the tables of MIMIC-CXR-JPG (`mimic-cxr-2.0.0-metadata.csv`, `-split.csv` and those of the labels,
    /// also packed), which MIMIC-CXR itself lacks; empty for `root`.
    #[schemars(extend("x-path" = "always"))]
    pub tables: String,
    /// The reports, which MIMIC-CXR-JPG lacks: `mimic_cxr_sectioned.csv`, `mimic-cxr-reports.zip`, or a folder that
    /// has one of them or `files/p10/p10000032/s50414267.txt` and so on, looked for in this order; empty for `root`.
    #[schemars(extend("x-path" = "always"))]
    pub reports: String,
    /// The sections that are kept of a report, in this order; empty for the whole report, which
    /// `mimic_cxr_sectioned.csv` does not have.
    pub sections: Vec<MimicSection>,
    /// Whose labels are read.
    pub labels: MimicLabels,
    /// What -1 for a finding means, which stands for "uncertain".
    pub uncertain_labels: UncertainLabels,
    /// Which images of a study are read.
    pub views: Views,
    /// MS-CXR's boxes and phrases: `MS_CXR_Local_Alignment_v1.1.0.csv` or `.json` (or those of 1.0.0); empty for
    /// none. All studies of patients who have a box go to the test split, whatever the official split says, as no
    /// model may have trained on them.
    #[schemars(extend("x-path" = "always"))]
    pub boxes: String,
    /// MIMIC-IV's `patients.csv`, which tells sex and age; empty for none.
    #[schemars(extend("x-path" = "always"))]
    pub patients: String,
}

/// The image files of MIMIC-CXR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MimicImages {
    /// JPEG files, as MIMIC-CXR-JPG has them.
    Jpg,
    /// DICOM files, as MIMIC-CXR has them.
    Dicom,
}

/// The labels of MIMIC-CXR-JPG, which programs read from the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MimicLabels {
    /// `mimic-cxr-2.0.0-chexpert.csv`.
    Chexpert,
    /// `mimic-cxr-2.0.0-negbio.csv`.
    Negbio,
    /// None.
    None,
}

/// A section of a report, as MIT-LCP's `section_parser.py` tells them apart. `mimic_cxr_sectioned.csv` has the first
/// four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MimicSection {
    /// What is seen.
    Findings,
    /// What it means.
    Impression,
    /// The text at the end of a report that has neither findings nor impression.
    LastParagraph,
    /// Earlier images.
    Comparison,
    /// Why the images were taken.
    Indication,
    /// What was known of the patient.
    History,
    /// How the images were taken.
    Technique,
    /// What was examined.
    Examination,
}

impl MimicSection {
    /// Its name as `section_parser.py` and the columns of `mimic_cxr_sectioned.csv` have it.
    pub fn name(self) -> &'static str {
        match self {
            MimicSection::Findings => "findings",
            MimicSection::Impression => "impression",
            MimicSection::LastParagraph => "last_paragraph",
            MimicSection::Comparison => "comparison",
            MimicSection::Indication => "indication",
            MimicSection::History => "history",
            MimicSection::Technique => "technique",
            MimicSection::Examination => "examination",
        }
    }
}

impl SourceSettings for MimicCxr {
    /// It comes in splits.
    fn is_split_by_seed(&self) -> bool {
        false
    }

    fn publisher(&self) -> Option<&'static str> {
        Some("MIMIC")
    }
}
