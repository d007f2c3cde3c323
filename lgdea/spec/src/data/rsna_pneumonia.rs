//! `[data.rsna-pneumonia]`: RSNA's pneumonia detection challenge.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fractions, SourceSettings};
use crate::rules::Findings;

pub(super) const DEFAULTS: &str = r#"
[data.rsna-pneumonia]
images = "stage_2_train_images"

[data.rsna-pneumonia.fractions]
validation = 0.15
test = 0.15
"#;

/// RSNA's pneumonia detection challenge as Kaggle distributes it: 26,684 frontal radiographs with boxes of pneumonia.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RsnaPneumonia {
    /// Folder with `stage_2_train_labels.csv`, `stage_2_detailed_class_info.csv` and the images' folder.
    /// `${NAME}` is replaced by the environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// Folder of the images, relative to `root`: Kaggle's DICOM files, or PNG or JPEG files of the same names.
    #[schemars(length(min = 1))]
    pub images: String,
    /// Shares of the images held out. The defaults are `GLoRIA`'s shares; which images they are the seed decides.
    pub fractions: Fractions,
}

impl SourceSettings for RsnaPneumonia {
    fn is_split_by_seed(&self) -> bool {
        true
    }

    fn check(&self, table: &str, findings: &mut Findings<'_>) {
        self.fractions.check(table, findings);
    }
}
