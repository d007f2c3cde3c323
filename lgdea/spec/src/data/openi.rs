//! `[data.openi]`: the chest radiographs of Indiana University, reports in XML.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fractions, SourceSettings, Views, is_default};
use crate::rules::Findings;

pub(super) const DEFAULTS: &str = r#"
[data.openi]
images = ""
projections = ""
views = "first-frontal"

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
    /// Folder of images named as in the XML, or as Open-I's DICOM files and Kaggle's PNG files are (`1_IM-0001-3001.dcm.png`), with
    /// all folders below it; empty for none.
    #[schemars(extend("x-path" = "always"))]
    pub images: String,
    /// Table that tells frontal from lateral images (`uid`, `filename`, `projection`): Kaggle's `indiana_projections.csv`. Empty for
    /// none: the XML does not tell them apart, and a report's first image is taken for the frontal one.
    #[schemars(extend("x-path" = "always"))]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub projections: String,
    /// Which images of a report are read; other ones than the first need `projections`.
    #[serde(skip_serializing_if = "is_default")]
    pub views: Views,
    /// Split of the studies, drawn by patient.
    pub fractions: Fractions,
}

impl SourceSettings for Openi {
    fn is_split_by_seed(&self) -> bool {
        true
    }

    fn check(&self, table: &str, findings: &mut Findings<'_>) {
        self.fractions.check(table, findings);
        findings.require(
            self.views == Views::FirstFrontal || !self.projections.is_empty(),
            &[&format!("{table}.views")],
            "Open-I's reports do not tell frontal from lateral images".to_owned(),
            "name a table in `projections`, or leave `views` at \"first-frontal\"",
        );
        findings.require(
            self.projections.is_empty() || !self.images.is_empty(),
            &[&format!("{table}.projections")],
            "projections of images are read, but no images".to_owned(),
            "name their folder in `images`",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{refusal, resolved_with};

    const OPENI: &str = "[data.openi]\nreports = 'r.tgz'\nimages = 'i'\n";

    #[test]
    fn settings_that_came_later_change_no_key_where_they_are_not_used() {
        let identity = |set: &str| resolved_with(&format!("{OPENI}{set}\n"), &[]).experiment.identity();
        let written = resolved_with(OPENI, &[]).to_toml();
        assert!(!written.contains("projections") && !written.contains("views"), "{written}");
        assert_eq!(identity(""), identity("projections = ''\nviews = 'first-frontal'"));
        assert_ne!(identity(""), identity("projections = 'p.csv'"));
        assert_ne!(identity("projections = 'p.csv'"), identity("projections = 'p.csv'\nviews = 'with-laterals'"));
    }

    #[test]
    fn views_that_nothing_tells_apart_are_refused() {
        for (text, part) in [
            (format!("{OPENI}views = 'all-frontal'\n"), "do not tell frontal from lateral"),
            (format!("{OPENI}views = 'with-laterals'\n"), "do not tell frontal from lateral"),
            (OPENI.replace("images = 'i'", "projections = 'p.csv'"), "but no images"),
        ] {
            let said = refusal(&[("d.toml", &text)], &[]);
            assert!(said.contains(part), "{said}");
        }
    }
}
