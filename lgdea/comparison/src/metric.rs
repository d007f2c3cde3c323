//! The metrics that are compared, chosen by name and pattern.

use std::collections::BTreeSet;

use glob::Pattern;
pub use lgdea_metric::Split;
use lgdea_metric::{Better, EvalSet, Group, Instance, Name};
use serde::Serialize;

use crate::error::suggestion;
use crate::{ComparisonError, Run};

/// A metric that is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metric {
    /// Name, as journals have it: `test/zero_shot/auroc_macro`.
    pub name: String,
    /// Name for readers: `zero-shot AUROC`.
    pub label: String,
    /// Whether less of it is better.
    pub lower_is_better: bool,
    /// Decimals that make sense for it.
    pub decimals: usize,
}

impl Metric {
    /// The metric of this name, as it is declared; what nobody declared is better the more it is.
    pub fn new(name: &str) -> Metric {
        let known = Name::parse(name);
        Metric {
            name: name.to_owned(),
            label: known.label(),
            lower_is_better: known.better() == Better::Lower,
            decimals: known.decimals(),
        }
    }

    /// The evaluation set that it is measured on; none of a split, and of what is no score.
    pub fn set(&self) -> Option<&str> {
        set_of(&self.name)
    }

    /// Name for readers among others of the same evaluation set.
    pub fn label_in_set(&self) -> &str {
        let label = self.set().and_then(|set| self.label.strip_prefix(set));
        label.map_or(&self.label, str::trim_start)
    }

    /// A value, or a difference, as a gain: greater where it is for the better.
    pub fn gain(&self, value: f64) -> f64 {
        let better = if self.lower_is_better { Better::Lower } else { Better::Higher };
        better.gain(value)
    }

    /// A value with its decimals; what rounds to nothing has no sign.
    pub fn show(&self, value: f64) -> String {
        let text = format!("{value:.*}", self.decimals);
        match text.strip_prefix('-') {
            Some(size) if size.bytes().all(|digit| matches!(digit, b'0' | b'.')) => size.to_owned(),
            _ => text,
        }
    }
}

/// The metrics that are asked for by name or pattern (`retrieval/*`), of one split unless they name theirs or an evaluation set;
/// without any, the headline score of each task, on this split and on evaluation sets.
///
/// # Errors
/// A name or pattern fits no metric of the runs; what the other split has is told.
pub fn chosen(asked: &[String], split: Split, runs: &[Run]) -> Result<Vec<Metric>, ComparisonError> {
    let known: BTreeSet<&str> = runs.iter().flat_map(|run| run.metrics.keys().map(String::as_str)).collect();
    let sets: BTreeSet<&str> = known.iter().filter_map(|name| set_of(name)).collect();
    let full = |name: &str| {
        let is_of_set = name.split_once('/').is_some_and(|(set, _)| sets.contains(set));
        let is_full = is_of_set || Split::of(name).is_some() || name.starts_with('*');
        if is_full { name.to_owned() } else { split.of_score(name) }
    };
    let mut metrics: Vec<Metric> = Vec::new();
    if asked.is_empty() {
        let all = [EvalSet::Split(split)].into_iter().chain(sets.iter().map(|set| EvalSet::Named(set)));
        let headlines = all.flat_map(|on| Instance::headlines().map(move |score| on.of_score(&score.name())));
        metrics.extend(headlines.filter(|name| known.contains(name.as_str())).map(|name| Metric::new(&name)));
        if metrics.is_empty() {
            return Err(no_headline(split, &known));
        }
    }
    for asked in asked {
        let name = full(asked);
        let pattern = Pattern::new(&name)
            .map_err(|error| ComparisonError::Request(format!("`{asked}` is no pattern of metrics: {error}")))?;
        let fitting: Vec<&str> = known.iter().copied().filter(|known| pattern.matches(known)).collect();
        if fitting.is_empty() {
            return Err(elsewhere(&name, &known).unwrap_or_else(|| unknown(asked, &name, split, &known)));
        }
        for name in fitting {
            if !metrics.iter().any(|metric| metric.name == name) {
                metrics.push(Metric::new(name));
            }
        }
    }
    Ok(metrics)
}

/// The evaluation set of a score, where it is of one.
fn set_of(name: &str) -> Option<&str> {
    match EvalSet::of(name)? {
        EvalSet::Named(set) => Some(set),
        EvalSet::Split(_) => None,
    }
}

/// What people call scores, and a part of the names that these have.
const CALLED: [(&str, &str); 6] = [
    ("roc_auc", "auroc"),
    ("auc", "auroc"),
    ("recall", "_r_at_"),
    ("r@", "_r_at_"),
    ("precision", "_p_at_"),
    ("p@", "_p_at_"),
];
/// Metrics that are named where several may be meant.
const NAMED: usize = 5;

/// That there is no such metric, with the full names of those that hold what was asked for, headline scores first.
fn unknown(asked: &str, name: &str, split: Split, known: &BTreeSet<&str>) -> ComparisonError {
    if Group::of(asked).is_some() {
        return ComparisonError::Request(format!(
            "`{asked}` is no score of a held-out split or an evaluation set, which alone are compared: `lgdea runs --metric {asked}` lists \
             it run by run, and the report has the curves of training"
        ));
    }
    let word = asked.to_lowercase().replace(['-', ' '], "_");
    let called = CALLED.iter().find(|(called, part)| word.contains(called) && !word.contains(part));
    let word = called.map_or(word.clone(), |(called, part)| word.replace(called, part));
    let is_meant = |name: &&&str| !word.is_empty() && name.contains(&word);
    let headlines: Vec<String> = Instance::headlines().map(|score| split.of_score(&score.name())).collect();
    let mut meant: Vec<&str> = known.iter().filter(is_meant).copied().collect();
    // Those of the split that is asked for, and of them the headline scores, come first.
    meant.sort_by_key(|&name| (Split::of(name) != Some(split), !headlines.iter().any(|headline| headline == name)));
    let names: Vec<String> = meant.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    let suggestion = match names.as_slice() {
        [] => return ComparisonError::unknown("metric", name, known.iter().copied()),
        [one] => format!("; did you mean {one}?"),
        some if meant.len() > NAMED => format!("; did you mean one of {}, …?", some.join(", ")),
        [others @ .., last] => format!("; did you mean {} or {last}?", others.join(", ")),
    };
    ComparisonError::Unknown { what: "metric", name: asked.to_owned(), suggestion }
}

/// Why there is no headline score of a split, and where there are some.
fn no_headline(split: Split, known: &BTreeSet<&str>) -> ComparisonError {
    let other = other(split);
    let has_other = Instance::headlines().any(|score| known.contains(other.of_score(&score.name()).as_str()));
    ComparisonError::Request(if has_other {
        format!(
            "no run was evaluated on the {split} split: `--split {other}` compares the scores of {other} that there are"
        )
    } else {
        let others = suggestion("", known.iter().copied());
        format!("no run has a headline score of the {split} split; `--metric` names others{others}")
    })
}

/// A metric, or pattern of metrics, that the runs have of the other split alone.
fn elsewhere(name: &str, known: &BTreeSet<&str>) -> Option<ComparisonError> {
    let (split, score) = Split::strip(name)?;
    let other = other(split);
    let pattern = Pattern::new(&other.of_score(score)).ok()?;
    let found = known.iter().find(|known| pattern.matches(known))?;
    Some(ComparisonError::Unknown {
        what: "metric",
        name: name.to_owned(),
        suggestion: format!(
            ", but of the {other} split there is: `--split {other}` compares that, and a metric may name its split, \
             `{found}`"
        ),
    })
}

fn other(split: Split) -> Split {
    match split {
        Split::Validation => Split::Test,
        Split::Test => Split::Validation,
    }
}

/// The one metric of a name, of the split unless it names its own.
///
/// # Errors
/// No run has it.
pub fn one(name: &str, split: Split, runs: &[Run]) -> Result<Metric, ComparisonError> {
    Ok(chosen(&[Pattern::escape(name)], split, runs)?.swap_remove(0))
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::SweepPlace;

    fn runs(names: &[&str]) -> Vec<Run> {
        let place = SweepPlace { run_key: "a".to_owned(), arm: "b".to_owned(), seed: 0, deltas: Map::new() };
        vec![Run {
            place,
            seconds: 1.0,
            metrics: names.iter().map(|name| ((*name).to_owned(), 0.5)).collect(),
            sets: std::collections::BTreeMap::new(),
            data: None,
            protocols: std::collections::BTreeMap::new(),
            ceiling: false,
            labels: false,
            settings: std::sync::Arc::default(),
            folder: None,
        }]
    }

    #[test]
    fn names_and_patterns_are_of_the_split_unless_they_say_so() {
        let runs =
            runs(&["test/zero_shot/auroc_macro", "test/zero_shot/auroc/edema", "validation/zero_shot/auroc_macro"]);
        let names = |asked: &[&str], split| -> Result<Vec<String>, String> {
            let asked: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
            let found = chosen(&asked, split, &runs).map_err(|error| error.to_string())?;
            Ok(found.into_iter().map(|metric| metric.name).collect())
        };
        assert_eq!(names(&[], Split::Test).unwrap(), ["test/zero_shot/auroc_macro"]);
        assert_eq!(names(&[], Split::Validation).unwrap(), ["validation/zero_shot/auroc_macro"]);
        assert_eq!(names(&["zero_shot/*"], Split::Test).unwrap().len(), 2);
        assert_eq!(names(&["*/auroc_macro"], Split::Test).unwrap().len(), 2);
        assert_eq!(names(&["validation/*", "zero_shot/auroc_macro"], Split::Test).unwrap().len(), 2);
        let error = names(&["zero_shot/auroc_makro"], Split::Test).unwrap_err();
        assert!(error.contains("did you mean `test/zero_shot/auroc_macro`?"), "{error}");
        assert!(names(&["zero_shot/[a"], Split::Test).unwrap_err().contains("no pattern"));
    }

    #[test]
    fn scores_of_the_other_split_alone_are_told_with_the_way_to_them() {
        let asked = |names: &[&str], split, known: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            chosen(&names, split, &runs(known)).unwrap_err().to_string()
        };
        let searched = ["validation/zero_shot/auroc_macro", "validation/retrieval/i2t_r_at_10"];
        for (names, said) in [
            (&[][..], "no run was evaluated on the test split: `--split validation` compares"),
            (&["zero_shot/auroc_macro"], "`--split validation` compares that"),
            (&["zero_shot/auroc_macro"], "may name its split, `validation/zero_shot/auroc_macro`"),
            (&["retrieval/*"], "`validation/retrieval/i2t_r_at_10`"),
            (&["test/zero_shot/auroc_macro"], "`validation/zero_shot/auroc_macro`"),
        ] {
            let error = asked(names, Split::Test, &searched);
            assert!(error.contains(said), "{error}");
        }
        let error = asked(&["grounding/cnr"], Split::Test, &searched);
        assert!(!error.contains("--split"), "validation has no such score, either: {error}");
        let error = asked(&[], Split::Validation, &["test/zero_shot/auroc_macro"]);
        assert!(error.contains("`--split test`"), "{error}");
        let error = asked(&[], Split::Test, &["validation/zero_shot/auroc/edema"]);
        assert!(error.contains("`--metric` names others"), "{error}");
    }

    #[test]
    fn short_names_of_scores_lead_to_their_full_names() {
        let runs = runs(&[
            "test/zero_shot/auroc_macro",
            "test/zero_shot/auroc/edema",
            "test/zero_shot/auroc/mass",
            "test/retrieval/i2t_r_at_10",
            "test/retrieval/i2t_p_at_10",
            "test/grounding/pointing",
            "validation/zero_shot/auroc_macro",
        ]);
        for (asked, first) in [
            ("auroc", "did you mean `test/zero_shot/auroc_macro`, `test/zero_shot/auroc/edema`"),
            ("AUROC", "did you mean `test/zero_shot/auroc_macro`"),
            ("auc", "did you mean `test/zero_shot/auroc_macro`"),
            ("roc-auc", "did you mean `test/zero_shot/auroc_macro`"),
            ("auroc_macro", "did you mean `test/zero_shot/auroc_macro` or `validation/zero_shot/auroc_macro`?"),
            ("auroc-macro", "did you mean `test/zero_shot/auroc_macro`"),
            ("zero_shot", "did you mean `test/zero_shot/auroc_macro`"),
            ("recall", "did you mean `test/retrieval/i2t_r_at_10`?"),
            ("R@10", "did you mean `test/retrieval/i2t_r_at_10`?"),
            ("precision", "did you mean `test/retrieval/i2t_p_at_10`?"),
            ("pointing", "did you mean `test/grounding/pointing`?"),
            ("edema", "did you mean `test/zero_shot/auroc/edema`?"),
        ] {
            let error = chosen(&[asked.to_owned()], Split::Test, &runs).unwrap_err().to_string();
            assert!(error.contains(&format!("`{asked}`; {first}")), "{asked}: {error}");
        }
        let error = chosen(&["bleu".to_owned()], Split::Test, &runs).unwrap_err().to_string();
        assert!(error.contains("; there are `test/grounding/pointing`"), "{error}");
    }

    #[test]
    fn what_rounds_to_nothing_has_no_sign() {
        let metric = Metric::new("test/zero_shot/auroc_macro");
        assert_eq!(
            [-0.0004, 0.0004, -0.0006, -0.0].map(|value| metric.show(value)),
            ["0.000", "0.000", "-0.001", "0.000"]
        );
    }

    #[test]
    fn what_nobody_declared_is_its_own_label_and_better_the_more_it_is() {
        let metric = Metric::new("test/calibration/error");
        assert_eq!((metric.label.as_str(), metric.decimals), ("calibration/error", 3));
        assert!(metric.gain(0.2) > metric.gain(0.1));
        let rank = Metric::new("validation/retrieval/i2t_median_rank");
        assert_eq!((rank.label.as_str(), rank.decimals), ("validation image → report median rank", 1));
        assert!(rank.lower_is_better && rank.gain(3.0) > rank.gain(40.0));
    }
}
