//! What scores are measured on: a held-out split of the training's data, or an evaluation set of a name of its own.

use crate::{Bound, Group, Instance, Split, Task};

/// What a score is measured on. The name of a score begins with it: `test/zero_shot/auroc_macro`, `ms-cxr/grounding/pointing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvalSet<'a> {
    /// A held-out split of the data that a model is trained on.
    Split(Split),
    /// An evaluation set, `[eval.set.<name>]`.
    Named(&'a str),
}

impl<'a> EvalSet<'a> {
    /// Name, as those of scores begin with it.
    pub fn name(self) -> &'a str {
        match self {
            EvalSet::Split(split) => split.name(),
            EvalSet::Named(name) => name,
        }
    }

    /// The name of a score on it.
    pub fn of_score(self, score: &str) -> String {
        format!("{}/{score}", self.name())
    }

    /// Why an evaluation set cannot have a name; none where it can. What other metrics begin with is taken.
    pub fn refusal(name: &str) -> Option<String> {
        let is_simple = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_simple) {
            return Some("it is to have small letters, digits, `-` and `_` alone".to_owned());
        }
        let groups = Group::ALL.into_iter().map(Group::prefix);
        let tasks = Task::ALL.into_iter().flat_map(Task::declarations).filter_map(|one| one.name.split('/').next());
        let mut taken = groups.chain(tasks).chain(Split::ALL.map(Split::name));
        taken.any(|taken| taken == name).then(|| "other metrics of a run begin with it".to_owned())
    }

    /// Takes it off the name of a score. On an evaluation set only declared scores are known as such.
    pub fn strip(name: &'a str) -> Option<(EvalSet<'a>, &'a str)> {
        if let Some((split, score)) = Split::strip(name) {
            return Some((EvalSet::Split(split), score));
        }
        let (set, score) = name.split_once('/')?;
        let is_declared = |name| Instance::find(name).is_some();
        let is_end = || Bound::strip(score).is_some_and(|(_, metric)| is_declared(metric));
        (EvalSet::refusal(set).is_none() && (is_declared(score) || is_end())).then_some((EvalSet::Named(set), score))
    }

    /// What a score is measured on, by its name.
    pub fn of(name: &'a str) -> Option<EvalSet<'a>> {
        EvalSet::strip(name).map(|(set, _)| set)
    }
}

impl From<Split> for EvalSet<'_> {
    fn from(split: Split) -> Self {
        EvalSet::Split(split)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_a_set_are_known_and_curves_are_not() {
        let strip = EvalSet::strip;
        assert_eq!(strip("test/odd"), Some((EvalSet::Split(Split::Test), "odd")));
        assert_eq!(strip("ms-cxr/grounding/cnr"), Some((EvalSet::Named("ms-cxr"), "grounding/cnr")));
        assert_eq!(strip("nih/zero_shot/auroc/edema/low"), Some((EvalSet::Named("nih"), "zero_shot/auroc/edema/low")));
        for name in ["train/loss", "zero_shot/auroc_macro", "evidence/f1_micro", "odd/high", "odd", "a b/grounding/cnr"]
        {
            assert_eq!(strip(name), None, "{name}");
        }
    }

    #[test]
    fn names_that_other_metrics_begin_with_are_refused() {
        let names =
            Task::OF_RUNS.into_iter().flat_map(Task::declarations).map(|one| one.name.split('/').next().unwrap());
        for name in names.chain(["validation", "test", "train", "evidence", "system", "", "MS-CXR", "a/b", "a b"]) {
            assert!(EvalSet::refusal(name).is_some(), "{name}");
        }
        assert_eq!(EvalSet::refusal("chexpert-5x200"), None);
    }
}
