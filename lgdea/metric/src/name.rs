//! The name of a metric as a journal has it.

use crate::curve::Curve;
use crate::{Better, Bound, EvalSet, Instance, Split};

/// The name of a metric in a journal, taken apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Name<'a> {
    /// What a score is measured on.
    pub on: Option<EvalSet<'a>>,
    /// The rest without the end of an interval.
    pub metric: &'a str,
    /// The end of an interval, where it is the name of one.
    pub bound: Option<Bound>,
    /// What is declared of it; none of a training curve, or of a score that nobody declared.
    pub declared: Option<Instance<'a>>,
}

impl<'a> Name<'a> {
    /// Takes a name apart. Any text is a name; what nobody declared has no declaration.
    pub fn parse(name: &'a str) -> Name<'a> {
        let Some((on, score)) = EvalSet::strip(name) else {
            return Name { on: None, metric: name, bound: None, declared: Instance::find(name) };
        };
        let of = |bound, metric, declared| Name { on: Some(on), metric, bound, declared };
        let Some((bound, metric)) = Bound::strip(score) else { return of(None, score, Instance::find(score)) };
        if let Some(declared) = Instance::find(metric) {
            return of(Some(bound), metric, Some(declared));
        }
        match Instance::find(score) {
            // A class may be called `low`.
            Some(declared) => of(None, score, Some(declared)),
            None => of(Some(bound), metric, None),
        }
    }

    /// Whether `name` is that of a score, as [`Name::is_score`] says, found without a look at what is declared where that can be:
    /// a folder of runs has millions of names.
    pub fn is_of_score(name: &str) -> bool {
        EvalSet::strip(name).is_some_and(|(_, score)| Bound::strip(score).is_none() || Name::parse(name).is_score())
    }

    /// Whether it is the name of a score on a held-out split or an evaluation set, and not of an end of its interval.
    pub fn is_score(&self) -> bool {
        self.on.is_some() && self.bound.is_none()
    }

    /// Whether it is a score that is shown where nobody asks for a metric.
    pub fn is_headline(&self) -> bool {
        self.is_score() && self.declared.is_some_and(|declared| declared.is_headline())
    }

    /// Name for readers. The test split is what a table shows unless it says so.
    pub fn label(&self) -> String {
        let label = self.declared.map_or_else(|| self.metric.to_owned(), |declared| declared.label());
        match self.on {
            None | Some(EvalSet::Split(Split::Test)) => label,
            Some(other) => format!("{} {label}", other.name()),
        }
    }

    /// Which way it is better, as far as that is declared.
    pub fn declared_better(&self) -> Option<Better> {
        match self.declared {
            Some(declared) => Some(declared.declaration.better),
            None => self.on.map_or_else(|| Curve::better_of(self.metric), |_| None),
        }
    }

    /// Which way it is better: what nobody declared counts as better the more it is.
    pub fn better(&self) -> Better {
        self.declared_better().unwrap_or(Better::Higher)
    }

    /// Decimals that make sense for it.
    pub fn decimals(&self) -> usize {
        self.declared.map_or(3, |declared| declared.declaration.decimals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{retrieval, zero_shot};
    use crate::{Parameters, Way};

    #[test]
    fn a_name_finds_its_declaration_its_split_and_its_end_of_an_interval() {
        let name = Name::parse("validation/retrieval/i2t_median_rank/low");
        assert_eq!((name.on, name.bound), (Some(EvalSet::Split(Split::Validation)), Some(Bound::Low)));
        assert_eq!(name.declared.unwrap().declaration, &retrieval::MEDIAN_RANK);
        assert_eq!(name.declared.unwrap().of, Parameters::way(Way::ImageToReport));
        assert!(!name.is_score() && name.better() == Better::Lower && name.decimals() == 1);
        let bounds = ["grounding/cnr/low", "zero_shot/auroc/edema/high", "zero_shot/auroc/low"]
            .map(|score| Name::parse(&Split::Test.of_score(score)).bound);
        assert_eq!(bounds, [Some(Bound::Low), Some(Bound::High), None], "the last one is of a class that is called so");
    }

    #[test]
    fn labels_are_for_readers() {
        let label = |name| Name::parse(name).label();
        assert_eq!(label("test/retrieval/i2t_r_at_10"), "image → report R@10");
        assert_eq!(label("test/retrieval/t2i_p_at_5_abnormal"), "report → image P@5, abnormal");
        assert_eq!(label("validation/zero_shot/auroc_macro"), "validation zero-shot AUROC");
        assert_eq!(label("ms-cxr/grounding/pointing"), "ms-cxr pointing game");
        assert_eq!(label("test/zero_shot/auroc/edema"), "zero_shot/auroc/edema");
        assert_eq!(label("test/grounding/pointing"), "pointing game");
        assert_eq!(label("test/grounding/similarity/pointing"), "grounding/similarity/pointing");
    }

    #[test]
    fn what_nobody_declared_stays_usable() {
        let name = Name::parse("test/calibration/error");
        assert!(name.is_score() && name.declared.is_none() && !name.is_headline());
        assert_eq!((name.label().as_str(), name.decimals()), ("calibration/error", 3));
        assert_eq!((name.declared_better(), name.better()), (None, Better::Higher));
        assert_eq!(Name::parse("test/calibration/error/high").bound, Some(Bound::High));
        assert!(!Name::parse("odd/high").is_score() && Name::parse("odd/high").bound.is_none());
        let of_score =
            ["test/calibration/error", "test/calibration/error/high", "test/zero_shot/auroc/low", "train/loss"];
        assert_eq!(of_score.map(Name::is_of_score), of_score.map(|name| Name::parse(name).is_score()));
        assert_eq!(of_score.map(Name::is_of_score), [true, false, true, false]);
    }

    #[test]
    fn a_class_may_be_called_as_an_end_of_an_interval() {
        let name = Name::parse("test/zero_shot/auroc/low");
        assert!(name.is_score());
        assert_eq!(name.declared.unwrap().declaration, &zero_shot::AUROC);
        assert_eq!(Name::parse("test/zero_shot/auroc/low/low").bound, Some(Bound::Low));
    }
}
