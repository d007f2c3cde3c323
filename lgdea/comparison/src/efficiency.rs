//! Data efficiency: with how many times fewer pairs an arm is as good as another one.
//!
//! The other arm's mean is taken as a function of the share of pairs, linear in its logarithm between the shares that were
//! run. Nothing is said beyond them: an arm that is better than the other at its greatest share is so by *more than* the
//! factor to that share. Where the curve reaches a value several times, the first counts, which claims the least.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::rows::{Rows, Setting};
use crate::statistic::mean;
use crate::{Metric, Row};

/// The axis of the share of pairs.
pub(crate) const RATIO: &str = "pairing.ratio";

/// Where the reference is as good as an arm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "is", content = "ratio", rename_all = "kebab-case")]
pub enum Reach {
    /// Below the least share that was run.
    Below(f64),
    /// At this share.
    At(f64),
    /// Above the greatest share that was run, if at all.
    Above(f64),
}

impl Reach {
    /// The share, or the end of the range that it is beyond.
    fn ratio(self) -> f64 {
        let (Self::Below(ratio) | Self::At(ratio) | Self::Above(ratio)) = self;
        ratio
    }

    /// As a multiple of another share: `5.5×`, `> 20×`.
    pub fn times(self, ratio: f64) -> String {
        let sign = match self {
            Self::Below(_) => "< ",
            Self::At(_) => "",
            Self::Above(_) => "> ",
        };
        let times = self.ratio() / ratio;
        let decimals = if times < 0.995 { 2 } else { usize::from(times < 9.95) };
        format!("{sign}{times:.decimals$}×")
    }

    fn order(&self, other: &Reach) -> std::cmp::Ordering {
        let rank = |reach: &Reach| match reach {
            Self::Below(_) => 0,
            Self::At(_) => 1,
            Self::Above(_) => 2,
        };
        rank(self).cmp(&rank(other)).then(self.ratio().total_cmp(&other.ratio()))
    }
}

/// With how many times fewer pairs a row is as good as another arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Efficiency {
    /// Position of the metric.
    pub metric: usize,
    /// The row's group: of two, the one that is better at this share.
    pub group: String,
    /// The row's setting.
    pub setting: Setting,
    /// The row's share of pairs.
    pub ratio: f64,
    /// The other group.
    pub equals: String,
    /// Where the other's mean is the row's mean.
    pub reach: Reach,
    /// The least and the greatest such share over seeds, each by its own curve and value; none where no seed has both.
    pub over_seeds: Option<[Reach; 2]>,
    /// Seeds behind that range.
    pub seeds: usize,
}

/// Sets every group against a reference, at every setting: the better of the two at a share of pairs against the curve of the
/// other. Empty where the share of pairs is no axis.
pub(crate) fn efficiencies(rows: &Rows<'_>, metrics: &[Metric], reference: &str) -> Vec<Efficiency> {
    let Some(axis) = rows.keys.iter().position(|key| key == RATIO) else { return Vec::new() };
    let mut found = Vec::new();
    for (position, metric) in metrics.iter().enumerate() {
        for other in rows.rows.iter().filter(|row| row.group != reference) {
            let Some(row) = rows.counterpart(other, reference) else { continue };
            let gain = |row: &Row<'_>| metric.gain(mean(&numbers(row, metric)));
            let (better, worse) = if gain(row) >= gain(other) { (row, other) } else { (other, row) };
            let curve = curve(rows, better, axis, &worse.group);
            found.extend(efficiency(position, metric, better, &curve, axis));
        }
    }
    found
}

fn efficiency(
    position: usize,
    metric: &Metric,
    row: &Row<'_>,
    curve: &[(f64, &Row<'_>)],
    axis: usize,
) -> Option<Efficiency> {
    let means = curve.iter().map(|(ratio, row)| (*ratio, mean(&numbers(row, metric))));
    let means: Vec<(f64, f64)> = means.filter(|(_, mean)| !mean.is_nan()).collect();
    let of_seed = |(seed, value): (&u64, &f64)| {
        let point = |(ratio, row): &(f64, &Row<'_>)| Some((*ratio, *row.values(&metric.name).get(seed)?));
        let points: Option<Vec<(f64, f64)>> = curve.iter().map(point).collect();
        reach(&points?, *value, metric)
    };
    let mut over_seeds: Vec<Reach> = row.values(&metric.name).iter().filter_map(of_seed).collect();
    over_seeds.sort_by(Reach::order);
    Some(Efficiency {
        metric: position,
        group: row.group.clone(),
        setting: row.setting.clone(),
        ratio: ratio(row, axis)?,
        equals: curve.first()?.1.group.clone(),
        reach: reach(&means, mean(&numbers(row, metric)), metric)?,
        over_seeds: over_seeds.first().zip(over_seeds.last()).map(|(low, high)| [*low, *high]),
        seeds: over_seeds.len(),
    })
}

fn numbers(row: &Row<'_>, metric: &Metric) -> Vec<f64> {
    row.values(&metric.name).into_values().collect()
}

fn ratio(row: &Row<'_>, axis: usize) -> Option<f64> {
    row.setting[axis].as_ref()?.parse().ok().filter(|ratio| *ratio > 0.0)
}

/// The reference's rows that agree with a row in all but the share of pairs, by ascending share; a share of which several do is
/// left out.
fn curve<'a, 'r>(rows: &'r Rows<'a>, row: &Row<'_>, axis: usize, reference: &str) -> Vec<(f64, &'r Row<'a>)> {
    let agrees = |other: &Row<'_>| {
        let both = other.setting.iter().zip(&row.setting).enumerate();
        both.into_iter().all(|(key, (a, b))| key == axis || a.is_none() || b.is_none() || a == b)
    };
    let mut by_ratio: BTreeMap<u64, Vec<(f64, &Row<'_>)>> = BTreeMap::new();
    for other in rows.rows.iter().filter(|other| other.group == reference && agrees(other)) {
        if let Some(ratio) = ratio(other, axis) {
            // Positive numbers are in the order of their bits.
            by_ratio.entry(ratio.to_bits()).or_default().push((ratio, other));
        }
    }
    by_ratio.into_values().filter(|rows| rows.len() == 1).flatten().collect()
}

/// Where a curve of ascending shares first is as good as `target`; `None` of a target that is no number, or fewer than two points.
fn reach(curve: &[(f64, f64)], target: f64, metric: &Metric) -> Option<Reach> {
    let target = metric.gain(target);
    let gain = |(ratio, value): &(f64, f64)| (*ratio, metric.gain(*value));
    let curve: Vec<(f64, f64)> = curve.iter().map(gain).collect();
    if target.is_nan() || curve.len() < 2 {
        return None;
    }
    let (first, last) = (curve[0], curve[curve.len() - 1]);
    let Some(above) = curve.iter().position(|&(_, value)| value >= target) else { return Some(Reach::Above(last.0)) };
    let (high, value) = curve[above];
    if above == 0 {
        return Some(if value > target { Reach::Below(first.0) } else { Reach::At(first.0) });
    }
    let (low, below) = curve[above - 1];
    let share = (target - below) / (value - below);
    Some(Reach::At(low * (high / low).powf(share)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURVE: [(f64, f64); 3] = [(0.01, 0.5), (0.1, 0.7), (1.0, 0.8)];

    #[test]
    fn between_shares_it_is_linear_in_their_logarithm_and_beyond_nothing_is_said() {
        let metric = Metric::new("test/zero_shot/auroc_macro");
        let at = |target| reach(&CURVE, target, &metric).unwrap();
        assert!(matches!(at(0.6), Reach::At(ratio) if (ratio - 0.1_f64.powf(1.5)).abs() < 1e-12));
        assert_eq!(at(0.7), Reach::At(0.1));
        assert_eq!((at(0.4), at(0.5), at(0.9)), (Reach::Below(0.01), Reach::At(0.01), Reach::Above(1.0)));
        assert_eq!(reach(&CURVE[..1], 0.5, &metric), None);
        assert_eq!(reach(&CURVE, f64::NAN, &metric), None);
    }

    #[test]
    fn less_may_be_better() {
        let metric = Metric::new("test/retrieval/i2t_median_rank");
        let curve = [(0.01, 40.0), (0.1, 20.0)];
        assert!(
            matches!(reach(&curve, 30.0, &metric), Some(Reach::At(ratio)) if (ratio - 0.1_f64.powf(1.5)).abs() < 1e-12)
        );
        assert_eq!(reach(&curve, 10.0, &metric), Some(Reach::Above(0.1)));
    }

    #[test]
    fn a_curve_that_falls_again_counts_where_it_first_arrives() {
        let metric = Metric::new("m");
        assert_eq!(reach(&[(0.01, 0.5), (0.1, 0.9), (1.0, 0.6)], 0.9, &metric), Some(Reach::At(0.1)));
    }

    #[test]
    fn factors_are_read_at_a_glance() {
        assert_eq!(Reach::At(0.11).times(0.02), "5.5×");
        assert_eq!(Reach::Above(1.0).times(0.02), "> 50×");
        assert_eq!(Reach::Below(0.02).times(0.1), "< 0.20×");
    }
}
