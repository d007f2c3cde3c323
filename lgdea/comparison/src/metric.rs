//! Metrics: which are shown, what they are called, and which way is better.

use std::collections::BTreeSet;

use glob::Pattern;
use serde::Serialize;

use crate::error::suggestion;
use crate::{ComparisonError, Run};

/// What is shown where no metric is asked for, as far as it is there: the headline score of each task.
const HEADLINES: [&str; 5] =
    ["zero_shot/auroc_macro", "retrieval/i2t_r_at_10", "retrieval/t2i_r_at_10", "grounding/pointing", "grounding/cnr"];

/// A held-out split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// For choices, while methods are tuned.
    Validation,
    /// For the final word.
    Test,
}

impl Split {
    /// Name, as metrics begin with it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

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
    /// The metric of this name.
    pub fn new(name: &str) -> Metric {
        let is_rank = name.ends_with("median_rank");
        let decimals = if is_rank { 1 } else { 3 };
        Metric { name: name.to_owned(), label: label(name), lower_is_better: is_rank, decimals }
    }

    /// A difference as a gain: positive where it is for the better.
    pub fn gain(&self, difference: f64) -> f64 {
        if self.lower_is_better { -difference } else { difference }
    }

    /// A value with its decimals.
    pub fn show(&self, value: f64) -> String {
        format!("{value:.*}", self.decimals)
    }
}

/// Whether a metric of any split is the headline score of a task.
pub(crate) fn is_headline(name: &str) -> bool {
    name.split_once('/').is_some_and(|(_, score)| HEADLINES.contains(&score))
}

/// The metrics that are asked for by name or pattern (`retrieval/*`), of one split unless they name theirs; without any, the
/// headline score of each task.
///
/// # Errors
/// A name or pattern fits no metric of the runs.
pub fn chosen(asked: &[String], split: Split, runs: &[Run]) -> Result<Vec<Metric>, ComparisonError> {
    let known: BTreeSet<&str> = runs.iter().flat_map(|run| run.metrics.keys().map(String::as_str)).collect();
    let full = |name: &str| {
        let has_split = ["test/", "validation/", "*"].iter().any(|start| name.starts_with(start));
        if has_split { name.to_owned() } else { format!("{}/{name}", split.name()) }
    };
    let mut metrics: Vec<Metric> = Vec::new();
    if asked.is_empty() {
        metrics.extend(
            HEADLINES
                .iter()
                .map(|name| full(name))
                .filter(|name| known.contains(name.as_str()))
                .map(|name| Metric::new(&name)),
        );
        if metrics.is_empty() {
            let reason = format!(
                "no run has a headline score of the {} split; `--metric` names others{}",
                split.name(),
                suggestion("", known)
            );
            return Err(ComparisonError::Request(reason));
        }
    }
    for asked in asked {
        let name = full(asked);
        let pattern = Pattern::new(&name)
            .map_err(|error| ComparisonError::Request(format!("`{asked}` is no pattern of metrics: {error}")))?;
        let fitting: Vec<&str> = known.iter().copied().filter(|known| pattern.matches(known)).collect();
        if fitting.is_empty() {
            return Err(ComparisonError::unknown("metric", &name, known));
        }
        for name in fitting {
            if !metrics.iter().any(|metric| metric.name == name) {
                metrics.push(Metric::new(name));
            }
        }
    }
    Ok(metrics)
}

/// The one metric of a name, of the split unless it names its own.
///
/// # Errors
/// No run has it.
pub fn one(name: &str, split: Split, runs: &[Run]) -> Result<Metric, ComparisonError> {
    Ok(chosen(&[Pattern::escape(name)], split, runs)?.swap_remove(0))
}

/// A name for readers; that of the journal where there is no shorter one.
fn label(name: &str) -> String {
    let (split, rest) = name.split_once('/').unwrap_or(("", name));
    let known = match rest {
        "zero_shot/auroc_macro" => Some("zero-shot AUROC".to_owned()),
        "grounding/pointing" => Some("pointing game".to_owned()),
        "grounding/cnr" => Some("CNR".to_owned()),
        "grounding/miou" => Some("mean IoU".to_owned()),
        _ => retrieval(rest),
    };
    let label = known.unwrap_or_else(|| rest.to_owned());
    // The test split is what a table shows unless it says so.
    if split == "validation" { format!("validation {label}") } else { label }
}

/// `retrieval/i2t_r_at_10` as `image → report R@10`.
fn retrieval(name: &str) -> Option<String> {
    let (way, rest) = name.strip_prefix("retrieval/")?.split_once('_')?;
    let way = match way {
        "i2t" => "image → report",
        "t2i" => "report → image",
        _ => return None,
    };
    if rest == "median_rank" {
        return Some(format!("{way} median rank"));
    }
    let (kind, k) = rest.split_once("_at_")?;
    let kind = match kind {
        "r" => "R",
        "p" => "P",
        _ => return None,
    };
    let (k, condition) = k.strip_suffix("_abnormal").map_or((k, ""), |k| (k, ", abnormal"));
    Some(format!("{way} {kind}@{k}{condition}"))
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::Place;

    fn runs(names: &[&str]) -> Vec<Run> {
        let place = Place { run_key: "a".to_owned(), arm: "b".to_owned(), seed: 0, deltas: Map::new() };
        vec![Run {
            place,
            seconds: 1.0,
            metrics: names.iter().map(|name| ((*name).to_owned(), 0.5)).collect(),
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
    fn labels_are_for_readers() {
        assert_eq!(label("test/retrieval/i2t_r_at_10"), "image → report R@10");
        assert_eq!(label("test/retrieval/t2i_p_at_5_abnormal"), "report → image P@5, abnormal");
        assert_eq!(label("validation/zero_shot/auroc_macro"), "validation zero-shot AUROC");
        assert_eq!(label("test/zero_shot/auroc/edema"), "zero_shot/auroc/edema");
        assert!(Metric::new("test/retrieval/i2t_median_rank").lower_is_better);
    }
}
