//! Scores of all classes by subgroup, and how much each subgroup differs from all others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lgdea_metric::Instance;
use lgdea_predictions::Reference;
use serde::Serialize;

use super::Scored;
use crate::Bootstrap;
use crate::metric::bootstrap::Statistic;
use crate::metric::subgroup::{Gaps, Subgroup, gaps};

/// Statistics by name.
type Named = Vec<(String, Statistic<'static>)>;

/// Cases of a subgroup, and all others of its column; those that the column says nothing of are in neither.
pub(super) struct Division {
    column: String,
    name: String,
    pub(super) inside: Vec<usize>,
    pub(super) rest: Vec<usize>,
}

impl fmt::Display for Division {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.column, self.name)
    }
}

/// A subgroup before resampling.
pub(super) struct Group {
    column: String,
    name: String,
    cases: usize,
    /// Statistics within it, and among all others.
    statistics: [Named; 2],
}

impl Group {
    pub(super) fn new(division: Division, statistics: [Named; 2]) -> Self {
        Self { column: division.column, name: division.name, cases: division.inside.len(), statistics }
    }
}

/// The scores of all classes by the subgroups of a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BySubgroup {
    /// The column of the reference.
    pub column: String,
    /// Cases of each subgroup, in the order in which they are shown.
    pub subgroups: Vec<Size>,
    /// Of each score, its values and the gaps.
    pub scores: BTreeMap<String, Gaps>,
}

/// How large a subgroup is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Its name.
    pub name: String,
    /// Its cases.
    pub cases: usize,
}

/// Every subgroup of the reference with its cases. A warning tells of cases without a value.
pub(super) fn divisions(reference: &Reference, warnings: &mut Vec<String>) -> Vec<Division> {
    let mut divisions = Vec::new();
    for groups in &reference.groups {
        let silent = groups.of_case.iter().filter(|group| group.is_none()).count();
        if silent > 0 {
            let column = &groups.column;
            warnings.push(format!("cases without a value of `{column}` are in none of its subgroups: {silent}"));
        }
        for (at, name) in groups.names.iter().enumerate() {
            let known = groups.of_case.iter().enumerate().filter_map(|(case, group)| Some((case, (*group)? == at)));
            let (inside, rest): (Vec<_>, Vec<_>) = known.partition(|&(_, inside)| inside);
            let cases = |part: Vec<(usize, bool)>| part.into_iter().map(|(case, _)| case).collect();
            let (column, name) = (groups.column.clone(), name.clone());
            divisions.push(Division { column, name, inside: cases(inside), rest: cases(rest) });
        }
    }
    divisions
}

/// Without those of single classes.
pub(super) fn only_of_all_classes(statistics: Named) -> Named {
    let of_all = |name: &str| Instance::find(name).is_some_and(|one| one.of.class.is_none());
    statistics.into_iter().filter(|(name, _)| of_all(name)).collect()
}

/// The gaps of each score of each column; `units` are what a resample draws.
pub(super) fn by_subgroup(bootstrap: Bootstrap, units: usize, scored: &Scored) -> Vec<BySubgroup> {
    let mut columns: Vec<&str> = scored.groups.iter().map(|group| group.column.as_str()).collect();
    columns.dedup();
    let of_column = |column: &str| {
        let groups: Vec<&Group> = scored.groups.iter().filter(|group| group.column == column).collect();
        let names: BTreeSet<&String> =
            groups.iter().flat_map(|group| &group.statistics).flatten().map(|(name, _)| name).collect();
        let of_score = |score: &String| {
            let subgroups: Vec<Subgroup<'_>> = groups.iter().map(|group| subgroup(group, score)).collect();
            (score.clone(), gaps(bootstrap, units, &subgroups))
        };
        BySubgroup {
            column: column.to_owned(),
            subgroups: groups.iter().map(|group| Size { name: group.name.clone(), cases: group.cases }).collect(),
            scores: names.into_iter().map(of_score).collect(),
        }
    };
    columns.into_iter().map(of_column).collect()
}

fn subgroup<'a>(group: &'a Group, score: &str) -> Subgroup<'a> {
    let [inside, rest] = group.statistics.each_ref().map(|part| -> Statistic<'a> {
        match part.iter().find(|(name, _)| name == score) {
            Some((_, statistic)) => Box::new(move |counts| statistic(counts)),
            None => Box::new(|_| None),
        }
    });
    Subgroup { name: group.name.clone(), inside, rest }
}
