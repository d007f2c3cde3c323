//! `[data.chexpert]`: CheXpert, with the 5x200 subset and the masks of CheXlocalize.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fractions, SourceSettings, UncertainLabels, Views};
use crate::rules::Findings;

pub(super) const DEFAULTS: &str = r#"
[data.chexpert]
splits = ["train", "valid"]
subset = "whole"
subset-list = ""
masks = ""
uncertain-labels = "ignore"
views = "first-frontal"

[data.chexpert.fractions]
validation = 0.0
test = 0.0
"#;

/// `CheXpert` as it is distributed, in full size or small: JPEG files with labels, without reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Chexpert {
    /// Folder with `train.csv`, `valid.csv` and the images, which are `patient…/study…/view…` in `train/`, `valid/`, `val/` and
    /// `test/`. Folders in it whose names begin with `CheXpert` are searched, too. `${NAME}` is replaced by the environment
    /// variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// Which splits are read. The files of the test are distributed apart: `test_labels.csv` with `CheXlocalize`,
    /// `groundtruth.csv` with the labels of the test set.
    #[schemars(length(min = 1))]
    pub splits: Vec<ChexpertSplit>,
    /// What of the data is the test.
    pub subset: ChexpertSubset,
    /// CSV file with a column `Path` that lists the images (or the studies) of the subset 5x200, such as `chexpert_5x200.csv`.
    /// Empty: they are drawn by the seed from the images of `train.csv`.
    #[schemars(extend("x-path" = "always"))]
    pub subset_list: String,
    /// Folder with `gt_segmentations_val.json` and `gt_segmentations_test.json` of `CheXlocalize`; empty for none.
    #[schemars(extend("x-path" = "always"))]
    pub masks: String,
    /// What -1 for a finding means.
    pub uncertain_labels: UncertainLabels,
    /// Which images of an examination are read.
    pub views: Views,
    /// Shares of the patients of `train.csv` that are held out as well.
    pub fractions: Fractions,
}

/// A split of `CheXpert`, by the name that its files have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChexpertSplit {
    /// `train.csv`: training.
    Train,
    /// `valid.csv`, or `val_labels.csv`: validation.
    Valid,
    /// `test.csv`, `test_labels.csv` or `groundtruth.csv`: test.
    Test,
}

/// What of `CheXpert` is the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChexpertSubset {
    /// Its own test split, where `splits` has it.
    Whole,
    /// 200 frontal images of the training split for each of atelectasis, cardiomegaly, consolidation, edema and pleural
    /// effusion, which have that finding alone. Other studies of their patients are left out.
    #[serde(rename = "5x200")]
    FiveTimes200,
}

impl SourceSettings for Chexpert {
    fn is_split_by_seed(&self) -> bool {
        let Fractions { validation, test } = self.fractions;
        let is_drawn = self.subset == ChexpertSubset::FiveTimes200 && self.subset_list.is_empty();
        validation > 0.0 || test > 0.0 || is_drawn
    }

    fn check(&self, table: &str, findings: &mut Findings<'_>) {
        self.fractions.check(table, findings);
        let key = |name: &str| format!("{table}.{name}");
        let [splits, subset, list, masks] = ["splits", "subset", "subset-list", "masks"].map(key);
        let reads = |split| self.splits.contains(&split);
        let is_part = self.subset == ChexpertSubset::FiveTimes200;
        findings.require(
            !is_part || reads(ChexpertSplit::Train),
            &[&subset, &splits],
            "the subset 5x200 is of the training split, which is not read".to_owned(),
            "add \"train\" to `splits`",
        );
        findings.require(
            !is_part || !reads(ChexpertSplit::Test),
            &[&subset, &splits],
            "the subset 5x200 and the test split are two tests".to_owned(),
            "take \"test\" out of `splits`, or set `subset = \"whole\"`",
        );
        findings.require(
            is_part || self.subset_list.is_empty(),
            &[&list],
            "a list of the subset's images, but not the subset".to_owned(),
            "set `subset = \"5x200\"`, or leave the list out",
        );
        findings.require(
            self.masks.is_empty() || reads(ChexpertSplit::Valid) || reads(ChexpertSplit::Test),
            &[&masks, &splits],
            "CheXlocalize has masks of the validation and the test split, none of which is read".to_owned(),
            "add \"valid\" or \"test\" to `splits`, or set `masks = \"\"`",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{refusal, resolved_with};

    const CHEXPERT: &str = "[data.chexpert]\nroot = '/c'\n";

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        for (set, part) in [
            ("subset = '5x200'\nsplits = ['valid']", "not read"),
            ("subset = '5x200'\nsplits = ['train', 'test']", "two tests"),
            ("subset-list = 'a.csv'", "not the subset"),
            ("splits = ['train']\nmasks = 'm'", "none of which is read"),
            ("splits = []", "splits"),
            ("splits = ['dev']", "splits"),
            ("subset = '5x100'", "subset"),
            ("views = 'all'", "views"),
            ("uncertain-labels = 'one'", "uncertain-labels"),
            ("fractions = { validation = 0.5, test = 0.5 }", "nothing to train on"),
        ] {
            let said = refusal(&[("d.toml", &format!("{CHEXPERT}{set}\n"))], &[]);
            assert!(said.contains(part), "{set}: {said}");
        }
    }

    #[test]
    fn the_seed_counts_where_it_decides_something() {
        let is_split = |set: &str| resolved_with(&format!("{CHEXPERT}{set}\n"), &[]).experiment.data.is_split_by_seed();
        for set in ["", "subset = '5x200'\nsubset-list = 'l.csv'", "splits = ['train', 'valid', 'test']"] {
            assert!(!is_split(set), "{set}");
        }
        for set in ["subset = '5x200'", "fractions = { validation = 0.1, test = 0 }"] {
            assert!(is_split(set), "{set}");
        }
    }
}
