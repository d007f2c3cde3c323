//! `[eval]`: what is evaluated, on which splits.

use lgdea_metric::{Instance, Split, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;

/// Evaluation on the validation and test splits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Eval {
    /// Steps between scores of the validation split while training goes on, as early stopping in a sweep needs them; 0 for
    /// scores at the end alone. They have no intervals.
    pub every: usize,
    /// The splits that are scored at the end, as far as the data have studies of them. What tunes leaves the test split
    /// out: `["validation"]`.
    #[schemars(length(min = 1))]
    pub splits: Vec<HeldOut>,
    /// Bootstrap resamples (by study) for the 95 % intervals; 0 for none.
    pub bootstrap: usize,
    /// Zero-shot classification.
    pub zero_shot: ZeroShot,
    /// Image–report retrieval.
    pub retrieval: Retrieval,
    /// Phrase grounding.
    pub grounding: Grounding,
}

/// A split that training does not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeldOut {
    /// What settings are chosen by.
    Validation,
    /// What is reported.
    Test,
}

impl HeldOut {
    /// The split as names of scores have it.
    pub fn split(self) -> Split {
        match self {
            HeldOut::Validation => Split::Validation,
            HeldOut::Test => Split::Test,
        }
    }
}

/// Zero-shot classification: AUROC per class and their mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ZeroShot {
    /// Whether the task runs.
    pub enabled: bool,
    /// Prompt ensemble: name of a shipped one (`chexpert`, `phantom`, `pneumonia`) or path of a TOML file.
    #[schemars(length(min = 1), extend("x-path" = "toml"))]
    pub prompts: String,
    /// Share of the evidence score `log(Q̄_I · p_c)` in the sum of standardised scores; what no share takes is `g · t_c`'s.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub evidence_share: f64,
    /// Share of the local score: how well the class's best prompt, or its words, fit the regions that they attend to.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub local_share: f64,
}

impl ZeroShot {
    /// The file of prompts, where it is not a shipped set.
    pub fn prompts_file(&self) -> Option<&str> {
        self.prompts.to_ascii_lowercase().ends_with(".toml").then_some(self.prompts.as_str())
    }
}

/// Image–report retrieval by `g · r`, and by the fit of words and regions where the method learns one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retrieval {
    /// Whether the task runs.
    pub enabled: bool,
    /// Ranks K of recall at K and precision at K.
    #[schemars(length(min = 1), inner(range(min = 1)))]
    pub at: Vec<usize>,
    /// Share of the fit of a report's words to the image's regions in the sum of standardised similarities, for methods
    /// that learn it (`loss.local`); what it leaves is `g · r`'s.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub local_share: f64,
}

/// Phrase grounding: heat maps of phrases against boxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Grounding {
    /// Whether the task runs.
    pub enabled: bool,
    /// Which map is scored under the plain names; each map is reported alone, too.
    pub heat_map: HeatMap,
    /// Thresholds of the mean intersection over union, on maps normalised to [0, 1].
    #[schemars(length(min = 1), inner(range(min = 0.0, max = 1.0)))]
    pub thresholds: Vec<f64>,
}

/// Heat maps of a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeatMap {
    /// `W h_p · t`: patch against phrase embedding.
    Similarity,
    /// Patch evidence against the phrase's evidence distribution.
    Evidence,
    /// Attention of the lesion queries whose evidence matches the phrase.
    LesionAttention,
    /// Mean attention of the phrase's words over regions.
    WordAttention,
    /// Sum of the standardised maps that the method has.
    Fused,
}

impl Eval {
    /// Names of the scores of a split as runs log them, but for the scores of single classes, which prompts name.
    pub fn score_names(&self) -> Vec<String> {
        let tasks = Task::OF_RUNS.into_iter().filter(|task| self.evaluates(*task));
        let instances = tasks.flat_map(Task::declarations).flat_map(|one| one.instances(&self.retrieval.at, &[]));
        instances.map(|instance| instance.name()).collect()
    }

    /// Whether runs log a score of this name, below a split's; of a single class whatever the class.
    pub fn logs(&self, score: &str) -> bool {
        Instance::find(score).is_some_and(|Instance { declaration, of }| {
            self.evaluates(declaration.task) && of.k.is_none_or(|k| self.retrieval.at.contains(&k))
        })
    }

    fn evaluates(&self, task: Task) -> bool {
        match task {
            Task::ZeroShot => self.zero_shot.enabled,
            Task::Retrieval => self.retrieval.enabled,
            Task::Grounding => self.grounding.enabled,
            Task::Evidence => false,
        }
    }

    pub(crate) fn check(&self, findings: &mut Findings<'_>) {
        let ZeroShot { evidence_share, local_share, .. } = self.zero_shot;
        findings.require(
            evidence_share + local_share <= 1.0,
            &["eval.zero-shot.evidence-share", "eval.zero-shot.local-share"],
            format!(
                "the shares of the evidence ({evidence_share}) and local ({local_share}) scores sum to more than 1"
            ),
            "lower one of them: what they leave is the share of `g · t_c`",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::refusal;

    #[test]
    fn shares_that_leave_less_than_nothing_are_refused() {
        insta::assert_snapshot!(refusal(&[("e.toml", "[eval]\nzero-shot.evidence-share = 0.7\n")], &[]));
    }
}
