//! `[data.openi]`: the chest radiographs of Indiana University, reports in XML.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fractions, SourceSettings};
use crate::rules::Findings;

pub(super) const DEFAULTS: &str = r#"
[data.openi]
images = ""

[data.openi.fractions]
validation = 0.1
test = 0.2
"#;

/// The Open-I (Indiana University) XML reports.
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

impl SourceSettings for Openi {
    fn is_split_by_seed(&self) -> bool {
        true
    }

    fn check(&self, table: &str, findings: &mut Findings<'_>) {
        self.fractions.check(table, findings);
    }
}
