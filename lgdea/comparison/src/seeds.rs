//! How many seeds a comparison needs, from the runs of a pilot.

use serde::Serialize;

use crate::difference::{Difference, FEWEST_SEEDS, Judgement};
use crate::metric::Metric;
use crate::rows::{ARM, Rows};
use crate::statistic::{permutation, power};
use crate::{Collection, ComparisonError};

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The metric.
    pub metric: Metric,
    /// One arm.
    pub arm: String,
    /// The other.
    pub than: String,
    /// The difference that is to be found, in the metric's unit; the observed one where it is none.
    pub delta: Option<f64>,
    /// With what probability.
    pub power: f64,
    /// Chance of finding one where there is none, before correction.
    pub alpha: f64,
    /// Comparisons that the p values will be corrected for.
    pub comparisons: usize,
}

/// What a pilot says.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// Of each setting of which it says something.
    pub settings: Vec<SeedsNeeded>,
    /// Settings of both arms of which it says nothing: of fewer than [`FEWEST_SEEDS`], or of differences that do not vary.
    pub left_out: usize,
}

/// The answer for a setting.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SeedsNeeded {
    /// The setting, in words; empty where nothing varies.
    pub setting: String,
    /// The pilot's difference.
    pub pilot: Difference,
    /// The difference that is to be found.
    pub delta: f64,
    /// Seeds for a paired t-test, if the pilot's standard deviation is the true one; none where 100,000 do not suffice.
    pub seeds: Option<usize>,
    /// Seeds if the true one is as great as a pilot of this size leaves possible (upper 80 % limit, Browne 1995).
    pub cautious: Option<usize>,
    /// Fewest seeds with which a permutation test can reach such a p at all.
    pub permutation: usize,
}

/// Answers for every setting at which both arms have at least [`FEWEST_SEEDS`] and their differences vary.
///
/// The first step of Holm's correction decides: alpha over the number of comparisons.
///
/// # Errors
/// An arm has no runs; no setting has so many seeds; the difference to be found is zero; a number is out of its range.
pub fn seeds_needed(collection: &Collection, question: &Question) -> Result<Answers, ComparisonError> {
    check(question)?;
    let rows = Rows::new(collection, ARM)?;
    rows.group(&question.arm)?;
    rows.group(&question.than)?;
    let alpha = question.alpha / question.comparisons as f64;
    let judgement = Judgement { alpha: question.alpha, ..Judgement::default() };
    let (mut settings, mut left_out) = (Vec::new(), 0);
    for row in rows.rows.iter().filter(|row| row.group == question.arm) {
        let Some(than) = rows.counterpart(row, &question.than) else { continue };
        let pilot = Difference::of(&question.metric, row, than, &judgement);
        // The test has a p of enough seeds whose differences vary.
        let (Some(mean), Some(deviation), Some(_)) = (pilot.mean, pilot.standard_deviation, pilot.p_paired_t) else {
            left_out += 1;
            continue;
        };
        let delta = question.delta.unwrap_or(mean);
        // Fewer than three are not judged, whatever their difference.
        let seeds = |deviation: f64| {
            let seeds = power::pairs_needed((delta / deviation).abs(), alpha, question.power)?;
            Some(seeds.max(FEWEST_SEEDS))
        };
        let cautious = deviation * power::upper_deviation_factor(pilot.values.len());
        settings.push(SeedsNeeded {
            setting: rows.describe(&row.setting),
            delta,
            seeds: seeds(deviation),
            cautious: seeds(cautious),
            permutation: permutation::fewest_pairs(alpha),
            pilot,
        });
    }
    if settings.is_empty() {
        let Question { arm, than, metric, .. } = question;
        let reason = format!(
            "nothing is said of fewer than {FEWEST_SEEDS} seeds: no setting has so many of both `{arm}` and `{than}` at which the \
             difference in {} is not always the same; run both with the same {FEWEST_SEEDS} seeds at least",
            metric.label
        );
        return Err(ComparisonError::Request(reason));
    }
    Ok(Answers { settings, left_out })
}

fn check(question: &Question) -> Result<(), ComparisonError> {
    let refused = |reason: &str| Err(ComparisonError::Request(reason.to_owned()));
    let share = |value: f64| value > 0.0 && value < 1.0;
    if question.arm == question.than {
        return refused("an arm does not differ from itself: `--arm` and `--than` name two");
    }
    if question.delta.is_some_and(|delta| delta == 0.0 || !delta.is_finite()) {
        return refused("`--delta` is the difference to be found, and must not be 0");
    }
    if !share(question.power) || !share(question.alpha) {
        return refused("`--power` and `--alpha` are probabilities between 0 and 1");
    }
    if question.comparisons == 0 {
        return refused("`--comparisons` is 1 at least");
    }
    Ok(())
}
