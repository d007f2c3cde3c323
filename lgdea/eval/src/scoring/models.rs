//! One or several models by one protocol on the same cases: what each is worth, and how much it differs from the first.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use lgdea_predictions::PredictionError;
use serde::Serialize;

use super::{BySubgroup, Fit, Scored};
use crate::metric::paired::Difference;
use crate::protocol::Interval;
use crate::{EvalError, Scores};

/// What the outputs of a model are worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// What tables call it.
    pub name: String,
    /// Its scores with their intervals.
    pub scores: Scores,
    /// As [`Scored::thresholds`].
    pub thresholds: BTreeMap<String, f64>,
    /// As [`Scored::fits`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fits: BTreeMap<String, Fit>,
    /// Its scores by the subgroups of each column.
    pub by_subgroup: Vec<BySubgroup>,
    /// What was left out and why, one sentence each.
    pub warnings: Vec<String>,
}

impl Model {
    fn new(name: String, scored: Scored, interval: Interval) -> Self {
        let (thresholds, fits) = (scored.thresholds.clone(), scored.fits.clone());
        let by_subgroup = scored.by_subgroup(interval);
        let evaluation = scored.evaluation(interval);
        Self { name, scores: evaluation.scores, thresholds, fits, by_subgroup, warnings: evaluation.warnings }
    }
}

/// How much greater the scores of a model are than those of the first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// What tables call the model.
    pub name: String,
    /// Its scores less those of the first.
    pub differences: BTreeMap<String, Difference>,
}

/// What models are worth on the same cases.
#[derive(Debug, Clone, PartialEq)]
pub struct Models {
    /// Cases of the reference.
    pub cases: usize,
    /// What a resample draws: patients or cases.
    pub units: usize,
    /// The models, in the order in which they are shown.
    pub models: Vec<Model>,
    /// Each model but the first, compared with it.
    pub compared: Vec<Compared>,
    /// What is to be told of them.
    pub warnings: Vec<String>,
}

impl Models {
    /// The scores and the differences of named models, all scored on the same reference by the same protocol.
    pub fn new(named: Vec<(String, Scored)>, interval: Interval) -> Self {
        let (cases, units) = named.first().map(|(_, scored)| (scored.cases, scored.units)).unwrap_or_default();
        let (compared, warnings) = (compared(&named, interval), warnings(&named));
        let models = named.into_iter().map(|(name, scored)| Model::new(name, scored, interval)).collect();
        Self { cases, units, models, compared, warnings }
    }
}

/// What is to be told of named models, and of their comparison.
pub fn warnings(named: &[(String, Scored)]) -> Vec<String> {
    let of_each: Vec<(&str, &[String])> =
        named.iter().map(|(name, scored)| (name.as_str(), scored.warnings.as_slice())).collect();
    [told(&of_each), unlike(named)].concat()
}

/// What is to be told of means that are not compared: each model but the first beside it.
fn unlike(named: &[(String, Scored)]) -> Vec<String> {
    let Some(((first, base), others)) = named.split_first() else { return Vec::new() };
    let of = |(name, scored): &(String, Scored)| {
        let means: Vec<String> =
            scored.unlike(base).map(|(mean, [own, other])| format!("{mean} ({own} and {other} classes)")).collect();
        let means = Some(means.join(", ")).filter(|means| !means.is_empty())?;
        Some(format!(
            "{name} and {first} have means of different classes, which are not compared (choose the same ones by --classes): {means}"
        ))
    };
    others.iter().filter_map(of).collect()
}

/// Each model but the first, compared with it.
pub fn compared(named: &[(String, Scored)], interval: Interval) -> Vec<Compared> {
    let Some(((_, base), others)) = named.split_first() else { return Vec::new() };
    let compared = |(name, scored): &(String, Scored)| Compared {
        name: name.clone(),
        differences: scored.differences(base, interval),
    };
    others.iter().map(compared).collect()
}

/// The warnings of named models, each once: what is true of all as it stands, and else with the model's name before it.
fn told(of_each: &[(&str, &[String])]) -> Vec<String> {
    let mut told = Vec::new();
    for (name, warnings) in of_each {
        for warning in *warnings {
            let of_all = of_each.iter().all(|(_, others)| others.contains(warning));
            let warning = if of_all { warning.clone() } else { format!("{name}: {warning}") };
            if !told.contains(&warning) {
                told.push(warning);
            }
        }
    }
    told
}

/// A file that was read, and the digest of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// What it was read for.
    pub role: &'static str,
    /// Its path, as the user gave it.
    pub path: String,
    /// BLAKE3 of its bytes.
    pub blake3: String,
}

impl Source {
    /// A file with its digest.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(role: &'static str, path: &Path) -> Result<Self, EvalError> {
        let mut hasher = blake3::Hasher::new();
        File::open(path)
            .and_then(|file| hasher.update_reader(file).map(drop))
            .map_err(|source| PredictionError::Read { path: path.to_owned(), source })?;
        Ok(Self { role, path: path.display().to_string(), blake3: hasher.finalize().to_hex().to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_true_of_all_models_is_told_once_and_else_with_the_name() {
        let [all, own] = ["no patients", "classes are left out"].map(str::to_owned);
        let (first, second) = ([all.clone()], [own.clone(), all.clone()]);
        assert_eq!(told(&[("a", &first), ("b", &second)]), [all.clone(), format!("b: {own}")]);
        assert_eq!(told(&[("b", &second)]), [own, all]);
        assert!(told(&[]).is_empty());
    }
}
