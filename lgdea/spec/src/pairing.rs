//! `[pairing]`: how many training studies count as pairs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;
use crate::{Eval, instead};

/// Limited pairing: the share of training studies whose image and report may be used as a pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pairing {
    /// ρ, the share of paired studies kept as pairs, in (0, 1]. The pairs at 1 % are among those at 5 %.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub ratio: f64,
    /// What becomes of the other studies.
    pub unpaired: Unpaired,
    /// File of pairs that were drawn before (`lgdea data pair`), which are used instead of drawing; empty for none. `${NAME}` is
    /// replaced by the environment variable NAME.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("x-path" = "always"))]
    pub manifest: String,
    /// Share of the training patients whose labels may be learned from, in (0, 1], by what learns from labels
    /// (`loss.supervised`). The patients at 1 % are among those at 10 %.
    #[serde(skip_serializing_if = "is_whole")]
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub label_ratio: f64,
    /// Control: each pair's image has the report of another pair, drawn by the seed. What a model then still learns, it does not learn
    /// from pairs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mismatched: bool,
    /// What training goes without, because it is scored.
    #[serde(default, skip_serializing_if = "LeaveOut::is_nothing")]
    pub leave_out: LeaveOut,
}

/// Whether a share is all of it.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::float_cmp,
    reason = "serde asks so; a default is told by equality"
)]
fn is_whole(share: &f64) -> bool {
    *share == 1.0
}

/// Training studies that show what is scored. Those of held-out patients are never trained on; here, those of the patients of
/// evaluation sets and those that are the same as something scored can be left out, too.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LeaveOut {
    /// Evaluation sets (`[eval.set.<name>]`) whose patients training goes without. Of the others, the studies of patients that
    /// training has seen are left out of the scores.
    pub sets: Vec<String>,
    /// Whether training goes without images that are nearly the same as a scored one of a held-out split or of these sets.
    pub images: bool,
    /// Whether training goes without reports that have the words of a scored one. Reports of normal studies often have.
    pub reports: bool,
}

impl LeaveOut {
    /// Whether nothing is left out.
    pub fn is_nothing(&self) -> bool {
        *self == LeaveOut::default()
    }
}

impl Pairing {
    /// Pairs that are drawn, and nothing left out.
    pub const fn drawn(ratio: f64, unpaired: Unpaired) -> Pairing {
        let leave_out = LeaveOut { sets: Vec::new(), images: false, reports: false };
        Pairing { ratio, unpaired, manifest: String::new(), label_ratio: 1.0, mismatched: false, leave_out }
    }

    /// The file of pairs, where there is one.
    pub fn manifest_file(&self) -> Option<&str> {
        Some(self.manifest.as_str()).filter(|file| !file.is_empty())
    }

    pub(crate) fn check(&self, eval: &Eval, findings: &mut Findings<'_>) {
        for name in &self.leave_out.sets {
            let known: Vec<String> = eval.sets.keys().cloned().collect();
            findings.require(
                known.contains(name),
                &["pairing.leave-out.sets"],
                format!("there is no evaluation set `{name}`{}", instead(name, &known)),
                "name tables `[eval.set.<name>]` of the experiment",
            );
        }
    }
}

/// What becomes of studies outside the paired share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unpaired {
    /// Half of the patients give only their images, the other half only their reports.
    Disjoint,
    /// Every study gives both, but which belongs to which is hidden.
    Shuffled,
    /// They are left out.
    None,
}
