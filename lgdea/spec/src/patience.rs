//! `[train.patience]`: a training that gets no better ends, and its best model is the result.

use lgdea_metric::{Name, Split};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Eval;
use crate::rules::Findings;

/// Early stopping by a score of the validation split, and the best model instead of the last one. The split is scored every
/// `eval.every` steps and at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Patience {
    /// Scorings in a row without a better value after which training ends, with the best model as its result; 0 does all steps, and
    /// takes the last model.
    pub evaluations: usize,
    /// The score that decides.
    pub metric: String,
}

impl Patience {
    /// Whether training may end early.
    pub fn is_on(&self) -> bool {
        self.evaluations > 0
    }

    pub(crate) fn is_off(&self) -> bool {
        !self.is_on()
    }

    pub(crate) fn check(&self, eval: &Eval, findings: &mut Findings<'_>) {
        if self.is_off() {
            return;
        }
        findings.require(
            eval.every > 0,
            &["train.patience.evaluations", "eval.every"],
            "the validation split is not scored while training goes on".to_owned(),
            "say how often: `eval.every = 50`",
        );
        let name = Name::parse(&self.metric);
        let is_of_validation = Split::of(&self.metric) == Some(Split::Validation);
        findings.require(
            is_of_validation && name.is_score() && name.declared.is_some(),
            &["train.patience.metric"],
            format!("`{}` is no score of the validation split", self.metric),
            "name one, such as `validation/zero_shot/auroc_macro` or `validation/retrieval/i2t_r_at_10`",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{refusal, resolved_with};

    #[test]
    fn patience_needs_scores_on_the_way_and_a_score_of_the_validation_split() {
        let file = "[train.patience]\nevaluations = 3\nmetric = \"test/zero_shot/auroc_macro\"\n";
        let refused = refusal(&[("t.toml", file)], &[]);
        assert!(refused.contains("eval.every = 50") && refused.contains("t.toml:2:"), "{refused}");
        assert!(refused.contains("no score of the validation split") && refused.contains("t.toml:3:"), "{refused}");
        let known = ["train.patience.metric=validation/retrieval/i2t_median_rank", "eval.every=5"];
        assert!(resolved_with(file, &known).experiment.train.patience.is_on());
    }

    #[test]
    fn without_patience_a_run_keeps_its_key() {
        let toml = resolved_with("", &[]).to_toml();
        assert!(!toml.contains("patience"), "{toml}");
        assert!(resolved_with("", &["train.patience.evaluations=2", "eval.every=5"]).to_toml().contains("patience"));
    }
}
