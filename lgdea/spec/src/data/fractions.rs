//! Shares of the patients that a source without splits of its own holds out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;

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

impl Fractions {
    /// Nothing is held out: every study has a split of its own.
    pub const NONE: Fractions = Fractions { validation: 0.0, test: 0.0 };

    /// Notes shares that leave nothing to train on; `source` is the key of the source's table.
    pub(crate) fn check(&self, source: &str, findings: &mut Findings<'_>) {
        let Fractions { validation, test } = self;
        findings.require(
            validation + test < 1.0,
            &[&format!("{source}.fractions")],
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
