//! `[eval.retrieval]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check_shares;
use crate::rules::Findings;
use crate::{Experiment, Need, ReportText};

/// Image–report retrieval by `g · r`, and by how a report's words, or its evidence, fit the image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retrieval {
    /// Whether the task runs.
    pub enabled: bool,
    /// Protocol that its scores are by: name of a shipped one (`lgdea score protocols` lists them), or path of a TOML file. They
    /// take the place of the run's own. Empty for the run's own.
    #[schemars(extend("x-path" = "toml"))]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub protocol: String,
    /// Ranks K of recall at K and precision at K.
    #[schemars(length(min = 1), inner(range(min = 1)))]
    pub at: Vec<usize>,
    /// λ, share of the local score in the sum of standardised similarities: how well the report's evidence phrases fit the regions
    /// that they attend to (the image as a whole, for methods that learn no regions), or its words, for methods that learn these
    /// (`loss.local`). What the shares leave is `g · r`'s.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub local_share: f64,
    /// Share of how alike the evidence of image and report is, for methods whose images have evidence.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub evidence_share: f64,
    /// Candidates that are near to everything are put back.
    pub bank: Bank,
}

/// A query's similarity to a candidate is less `share` times the mean of the `nearest` greatest similarities of the candidate to
/// unpaired training studies: to their images where images look for reports, to their reports where reports look for images
/// (CSLS, Conneau et al. 2018; query banks, Bogolin et al. 2022).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Bank {
    /// α; 0 for no correction.
    #[schemars(range(min = 0.0))]
    pub share: f64,
    /// How many of the nearest are averaged.
    #[schemars(range(min = 1))]
    pub nearest: usize,
    /// Unpaired studies in the bank, at most: of more, evenly spread ones.
    #[schemars(range(min = 1))]
    pub studies: usize,
}

impl Bank {
    /// Whether nothing is corrected.
    pub fn is_off(&self) -> bool {
        self.share <= 0.0
    }
}

impl Retrieval {
    /// Whether similarities are of more than embeddings.
    pub fn is_of_more(&self) -> bool {
        self.local_share > 0.0 || self.evidence_share > 0.0 || !self.bank.is_off()
    }

    /// Notes the rules that they break; `table` is the key of their table.
    pub(crate) fn check(&self, table: &str, findings: &mut Findings<'_>) {
        let left = "lower one of them: what they leave is the share of `g · r`";
        check_shares(table, self.evidence_share, self.local_share, left, findings);
    }
}

impl Experiment {
    /// Whether the evidence of held-out reports is read: because it is what the text encoder reads of them, or because retrieval
    /// compares it with images.
    pub fn reads_held_out_evidence(&self) -> bool {
        let (retrieval, needs) = (&self.eval.retrieval, self.needs());
        let by_phrases = needs.has(Need::PhraseRegions) || !needs.has(Need::WordRegions);
        let compares = retrieval.evidence_share > 0.0 || retrieval.local_share > 0.0 && by_phrases;
        self.encoder.report_text == ReportText::Evidence || retrieval.enabled && compares
    }
}

#[cfg(test)]
mod tests {
    use crate::Resolved;
    use crate::testing::refusal;

    fn reads(settings: &[&str]) -> bool {
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        Resolved::from_overrides(&settings).unwrap().experiment.reads_held_out_evidence()
    }

    #[test]
    fn held_out_evidence_is_read_where_it_is_compared() {
        let [local, evidence] = ["eval.retrieval.local-share=0", "eval.retrieval.evidence-share=0"];
        assert!(!reads(&[local, evidence]) && reads(&[local, evidence, "encoder.report-text=evidence"]));
        assert!(reads(&[local]) && reads(&[evidence]) && reads(&[]));
        assert!(!reads(&["eval.retrieval.enabled=false"]));
        let words = ["loss.evidence-local.weight=0", "loss.local.weight=1", evidence];
        assert!(!reads(&words), "words are compared, and not evidence");
    }

    #[test]
    fn shares_of_more_than_all_are_refused() {
        let told = refusal(&[("e.toml", "[eval.retrieval]\nlocal-share = 0.7\nevidence-share = 0.4\n")], &[]);
        assert!(told.contains("sum to more than 1") && told.contains("e.toml"), "{told}");
    }
}
