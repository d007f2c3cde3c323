//! How much a metric differs between subgroups: sex, age band, view, source.

use std::collections::BTreeMap;

use serde::Serialize;

use super::bootstrap::{Bootstrap, Statistic};
use crate::{Score, Scores};

/// A metric within a subgroup and among all others, each as a function of how often each unit occurs. The units are
/// patients, who may have studies in several subgroups (views, age bands).
pub struct Subgroup<'a> {
    /// The subgroup, as it is called in a report.
    pub name: String,
    /// The metric of the cases in it.
    pub inside: Statistic<'a>,
    /// The metric of all other cases.
    pub rest: Statistic<'a>,
}

/// A metric of a subgroup.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OfSubgroup {
    /// Its value.
    pub value: Score,
    /// Its value less that of all other cases; none where that is undefined.
    pub against_rest: Option<Score>,
}

/// A metric by subgroup, and the gaps between them, all with 95 % intervals over units.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Gaps {
    /// The subgroups that have the metric.
    pub subgroups: BTreeMap<String, OfSubgroup>,
    /// The greatest value of them less the least; none where fewer than two have one.
    ///
    /// It is positive even where subgroups differ by chance alone, and the more the smaller and the more numerous they are:
    /// its interval never reaches 0 for that. Whether one subgroup differs, `against_rest` says.
    pub spread: Option<Score>,
    /// The subgroups for which the metric is undefined, such as those without a positive.
    pub undefined: Vec<String>,
}

/// The gaps of a metric between subgroups of `units` units.
///
/// A resample in which one of the subgroups lacks the metric has no spread; where that is often so, there is no interval
/// (see [`super::bootstrap`]).
pub fn gaps(bootstrap: Bootstrap, units: usize, subgroups: &[Subgroup<'_>]) -> Gaps {
    let once = vec![1; units];
    let (defined, undefined): (Vec<_>, Vec<_>) =
        subgroups.iter().partition(|subgroup| (subgroup.inside)(&once).is_some());
    let key = |part: &str, subgroup: usize| format!("{part}/{subgroup}");
    let mut statistics: Vec<(String, Statistic<'_>)> = Vec::new();
    for (index, subgroup) in defined.iter().enumerate() {
        statistics.push((key("inside", index), Box::new(|counts| (subgroup.inside)(counts))));
        let against = |counts: &[u32]| Some((subgroup.inside)(counts)? - (subgroup.rest)(counts)?);
        statistics.push((key("against", index), Box::new(against)));
    }
    if defined.len() > 1 {
        statistics.push((key("spread", 0), Box::new(|counts| spread(&defined, counts))));
    }
    let scores: Scores = bootstrap.scores(units, statistics);
    let of_subgroup = |(index, subgroup): (usize, &&Subgroup<'_>)| {
        let against_rest = scores.get(&key("against", index)).copied();
        let value = *scores.get(&key("inside", index))?;
        Some((subgroup.name.clone(), OfSubgroup { value, against_rest }))
    };
    Gaps {
        subgroups: defined.iter().enumerate().filter_map(of_subgroup).collect(),
        spread: scores.get(&key("spread", 0)).copied(),
        undefined: undefined.iter().map(|subgroup| subgroup.name.clone()).collect(),
    }
}

/// Greatest less least value; None where a subgroup has none.
fn spread(subgroups: &[&Subgroup<'_>], multiplicity: &[u32]) -> Option<f64> {
    let values: Vec<f64> = subgroups.iter().map(|subgroup| (subgroup.inside)(multiplicity)).collect::<Option<_>>()?;
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(greatest - values.iter().copied().fold(f64::INFINITY, f64::min))
}

#[cfg(test)]
mod tests {
    use lgdea_spec::Seed;

    use super::*;
    use crate::metric::auroc::{Case, RankedCases};

    /// A case of a patient in a subgroup.
    type Grouped = (&'static str, Case);

    fn subgroups(cases: &[Grouped], names: &[&'static str]) -> Vec<Subgroup<'static>> {
        let auroc = |chosen: &dyn Fn(&str) -> bool| -> Statistic<'static> {
            let cases = cases.iter().filter(|(group, _)| chosen(group)).map(|&(_, case)| case);
            let ranked = RankedCases::new(cases).unwrap();
            Box::new(move |counts| ranked.auroc(counts))
        };
        let subgroup = |&name: &&'static str| Subgroup {
            name: name.to_owned(),
            inside: auroc(&|group| group == name),
            rest: auroc(&|group| group != name),
        };
        names.iter().map(subgroup).collect()
    }

    /// 40 patients each, the women's ranked rightly but for some, the men's by chance.
    fn cases() -> Vec<Grouped> {
        (0..80_usize)
            .map(|unit| {
                let positive = unit % 3 == 0;
                let noise = (unit * 37 % 23) as f64;
                let (group, shift) = if unit < 40 { ("women", 15.0) } else { ("men", 0.0) };
                (group, Case { unit, score: noise + if positive { shift } else { 0.0 }, positive })
            })
            .collect()
    }

    #[test]
    fn gaps_by_hand_with_intervals() {
        let bootstrap = Bootstrap { resamples: 300, seed: Seed(1) };
        let found = gaps(bootstrap, 80, &subgroups(&cases(), &["women", "men"]));
        let (women, men) = (found.subgroups["women"], found.subgroups["men"]);
        let gap = women.value.value - men.value.value;
        assert!(gap > 0.2 && found.undefined.is_empty());
        // There are two: each is the other's rest, and the spread is their difference.
        assert!((women.against_rest.unwrap().value - gap).abs() < 1e-12);
        assert!((men.against_rest.unwrap().value + gap).abs() < 1e-12);
        assert!((found.spread.unwrap().value - gap).abs() < 1e-12);
        let [low, high] = women.against_rest.unwrap().interval.unwrap();
        assert!(0.0 < low && low < gap && gap < high, "{low} {gap} {high}");
    }

    #[test]
    fn subgroups_without_the_metric_are_named() {
        let mut cases = cases();
        cases.push(("unknown", Case { unit: 3, score: 1.0, positive: true }));
        let bootstrap = Bootstrap { resamples: 0, seed: Seed(1) };
        let found = gaps(bootstrap, 80, &subgroups(&cases, &["women", "unknown"]));
        assert_eq!(found.undefined, ["unknown"]);
        assert_eq!(found.subgroups.keys().collect::<Vec<_>>(), ["women"]);
        assert_eq!(found.spread, None);
        assert_eq!(gaps(bootstrap, 80, &[]), Gaps::default());
        // All are women: there is no rest.
        let women: Vec<Grouped> = cases.into_iter().filter(|(group, _)| *group == "women").collect();
        let found = gaps(bootstrap, 80, &subgroups(&women, &["women"]));
        assert_eq!(found.subgroups["women"].against_rest, None);
    }
}
