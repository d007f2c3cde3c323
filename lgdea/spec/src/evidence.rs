use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Evidence providers; exactly one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Evidence {
    /// Rules over an ontology of findings: no model, no network.
    Rules(Rules),
}

/// The rule-based extractor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rules {
    /// Name of a shipped ontology (`chest`) or path of a TOML file.
    #[schemars(length(min = 1), extend("x-path" = "toml"))]
    pub ontology: String,
}
