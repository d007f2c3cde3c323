//! The claims of a sweep, checked at every setting.
//!
//! A claim **holds** where the mean difference, paired by seed, is for the better and at least `min-delta`, and the corrected p of
//! the chosen test against no difference is below alpha. It **fails** where the mean difference is smaller, or for the worse.
//! Otherwise it **cannot be decided**: the difference is there, but the seeds are too few to tell it from chance; of fewer than
//! [`FEWEST_SEEDS`] nothing is decided. All settings of all claims on a metric are one family for Holm's correction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lgdea_sweep::ClaimSummary;
use serde::Serialize;

use crate::difference::{Difference, FEWEST_SEEDS, Judgement, Test, Verdict, judge};
use crate::metric::{Metric, Split};
use crate::rows::{ARM, Rows};
use crate::statistic::{permutation, power};
use crate::{Collection, ComparisonError, Missing, Run, metric};

/// Power at which the seeds that a decision needs are counted.
const POWER: f64 = 0.8;

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Outcome {
    /// It holds.
    Holds {
        /// Whether only the assumption of normal differences says so, as the seeds are few.
        if_normal: bool,
    },
    /// It fails.
    Fails {
        /// Why.
        because: String,
    },
    /// It cannot be decided.
    Undecided {
        /// Why.
        because: String,
        /// Seeds that would decide it with a power of 0.8 if the difference is what it seems; none where nothing is known, as
        /// of fewer than [`FEWEST_SEEDS`].
        seeds_needed: Option<usize>,
    },
}

/// A claim at a setting.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CheckedClaim {
    /// The claim.
    pub claim: ClaimSummary,
    /// Its metric.
    pub metric: Metric,
    /// The setting, in words; empty where nothing varies.
    pub setting: String,
    /// Difference `better` − `than`; none where the arms share no setting.
    pub difference: Option<Difference>,
    /// What became of it.
    pub outcome: Outcome,
}

/// Checks all claims of the collection's sweeps.
///
/// # Errors
/// There are no claims or no finished runs; no claim's metric is in any run.
pub fn check(collection: &Collection, judgement: &Judgement) -> Result<Vec<CheckedClaim>, ComparisonError> {
    let claims = distinct(collection)?;
    Rows::new(collection, ARM)?;
    let planned = with_missing(collection);
    let rows = Rows::new(&planned, ARM)?;
    let (mut checked, mut unscored) = (Vec::new(), Vec::new());
    for claim in claims {
        match metric::one(&claim.metric, Split::Test, &collection.runs) {
            Ok(metric) => checked.extend(compared(&claim, &metric, &rows, judgement)),
            Err(error) => unscored.push((claim, error)),
        }
    }
    // A score that no run has may be one that no study allows, such as of a set without boxes; of all claims it is a mistake.
    match unscored.pop() {
        Some((_, error)) if checked.is_empty() => return Err(error),
        last => unscored.extend(last),
    }
    let names: BTreeSet<String> = checked.iter().map(|claim: &CheckedClaim| claim.metric.name.clone()).collect();
    for name in names {
        let of_metric = checked.iter_mut().filter(|claim| claim.metric.name == name);
        let mut family: Vec<&mut Difference> = of_metric.filter_map(|claim| claim.difference.as_mut()).collect();
        judge(&mut family, judgement);
    }
    for claim in &mut checked {
        if let Some(difference) = &claim.difference {
            claim.outcome = outcome(difference, &claim.metric, claim.claim.min_delta, judgement);
        }
    }
    checked.extend(unscored.into_iter().map(|(claim, error)| {
        let metric = Metric::new(&claim.metric);
        open(&claim, &metric, String::new(), None, error.to_string())
    }));
    Ok(checked)
}

/// The claims of the collection's sweeps, each once.
fn distinct(collection: &Collection) -> Result<Vec<ClaimSummary>, ComparisonError> {
    let mut claims: Vec<ClaimSummary> = Vec::new();
    for claim in collection.sweeps.iter().flat_map(|sweep| &sweep.claims) {
        match claims.iter_mut().find(|known| known.is_same(claim)) {
            Some(known) => known.after = known.after.min(claim.after),
            None => claims.push(claim.clone()),
        }
    }
    if claims.is_empty() {
        let reason =
            "there is no claim to check: a sweep states them as `[[claim]]` tables with metric, better and than";
        return Err(ComparisonError::Request(reason.to_owned()));
    }
    Ok(claims)
}

/// A claim in each setting of the arm that is to be better, not yet judged.
fn compared(claim: &ClaimSummary, metric: &Metric, rows: &Rows<'_>, judgement: &Judgement) -> Vec<CheckedClaim> {
    let mut settings = Vec::new();
    for row in rows.rows.iter().filter(|row| row.group == claim.better) {
        if let Some(than) = rows.counterpart(row, &claim.than) {
            settings.push((rows.describe(&row.setting), Some(Difference::of(metric, row, than, judgement))));
        }
    }
    if settings.is_empty() {
        settings.push((String::new(), None));
    }
    let because = "the two arms share no setting";
    settings.into_iter().map(|(setting, found)| open(claim, metric, setting, found, because.to_owned())).collect()
}

fn open(
    claim: &ClaimSummary,
    metric: &Metric,
    setting: String,
    difference: Option<Difference>,
    because: String,
) -> CheckedClaim {
    let outcome = Outcome::Undecided { because, seeds_needed: None };
    CheckedClaim { claim: claim.clone(), metric: metric.clone(), setting, difference, outcome }
}

/// The collection with trials that have not finished as runs without scores: a claim is about them, too.
fn with_missing(collection: &Collection) -> Collection {
    let mut planned = collection.clone();
    for Missing { place, .. } in &collection.missing {
        let same =
            |run: &Run| run.place.seed == place.seed && run.place.arm == place.arm && run.place.deltas == place.deltas;
        if !planned.runs.iter().any(same) {
            planned.runs.push(Run {
                place: place.clone(),
                seconds: 0.0,
                metrics: BTreeMap::new(),
                sets: BTreeMap::new(),
                data: None,
                protocols: BTreeMap::new(),
                ceiling: false,
                labels: false,
                settings: Arc::default(),
                folder: None,
            });
        }
    }
    planned
}

fn outcome(difference: &Difference, metric: &Metric, min_delta: f64, judgement: &Judgement) -> Outcome {
    let undecided = |because: String| Outcome::Undecided { because, seeds_needed: needed(difference, judgement) };
    let Some(mean) = difference.mean.filter(|_| !difference.has_too_few_seeds()).map(|mean| metric.gain(mean)) else {
        return undecided(format!("fewer than {FEWEST_SEEDS} seeds that both have"));
    };
    if mean <= 0.0 || mean < min_delta {
        let because = if mean <= 0.0 { "the difference is not for the better" } else { "the difference is smaller" };
        return Outcome::Fails { because: because.to_owned() };
    }
    match &difference.verdict {
        Verdict::Significant => Outcome::Holds { if_normal: false },
        Verdict::IfNormal => Outcome::Holds { if_normal: true },
        Verdict::NotSignificant => undecided("it may be chance".to_owned()),
        Verdict::Unsupported(because) => undecided(because.clone()),
    }
}

/// Seeds with which a difference like this one would be told from chance.
fn needed(difference: &Difference, judgement: &Judgement) -> Option<usize> {
    if difference.has_too_few_seeds() {
        return None;
    }
    let alpha = judgement.alpha / difference.family.max(1) as f64;
    let floor = if judgement.test == Test::PairedT { FEWEST_SEEDS } else { permutation::fewest_pairs(alpha) };
    let effect = difference.mean?.abs() / difference.standard_deviation.filter(|deviation| *deviation > 0.0)?;
    Some(power::pairs_needed(effect, alpha, POWER)?.max(floor))
}
