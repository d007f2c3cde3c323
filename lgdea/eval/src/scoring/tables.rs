//! Scores of outputs as tables, for the terminal and for a page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lgdea_metric::{Declaration, Instance, Parameters, Task, Way, percent};
use serde::Serialize;

use super::{BySubgroup, Compared, Model};
use crate::Score;
use crate::metric::paired::Difference;
use crate::table::{interval, rounded, with_header};

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grid {
    /// What stands above it; empty for nothing.
    pub title: String,
    /// Names of the columns.
    pub header: Vec<String>,
    /// How many of the first columns are words; the others are numbers.
    pub words: usize,
    /// The cells.
    pub rows: Vec<Vec<String>>,
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.title.is_empty() {
            writeln!(f, "{}", self.title)?;
        }
        let header: Vec<&str> = self.header.iter().map(String::as_str).collect();
        let mut table = with_header(&header, self.words..header.len());
        table.add_rows(&self.rows);
        write!(f, "{table}")
    }
}

/// Scores by name, each with those of the models beside each other.
type Beside<'a> = BTreeMap<&'a str, Vec<Option<&'a Score>>>;

/// The scores of models: those of all classes a row each, with their 95 % intervals, then those of single classes.
pub fn scores(models: &[Model]) -> Vec<Grid> {
    let names: BTreeSet<&str> = models.iter().flat_map(|model| model.scores.keys()).map(String::as_str).collect();
    let beside = |name| (name, models.iter().map(|model| model.scores.get(name)).collect());
    let all: Beside<'_> = names.into_iter().map(beside).collect();
    let of_all_classes = Grid {
        title: String::new(),
        header: header_of("metric", "value", models),
        words: 1,
        rows: ordered(all.iter().map(|(name, scores)| (*name, scores)))
            .into_iter()
            .map(|(metric, scores)| row(metric, scores))
            .collect(),
    };
    [of_all_classes].into_iter().chain(of_single_classes(&all, models)).collect()
}

/// A column for what rows are of, and then a column a model, or of one model its value and its interval.
fn header_of(of: &str, value: &str, models: &[Model]) -> Vec<String> {
    match models {
        [_] => [of, value, "95 % interval"].map(str::to_owned).to_vec(),
        several => {
            let of = format!("{of} (95 % interval)");
            [of].into_iter().chain(several.iter().map(|model| model.name.clone())).collect()
        }
    }
}

fn row(of: String, scores: &[Option<&Score>]) -> Vec<String> {
    let with_interval = |score: &Score| match interval(score) {
        none if none.is_empty() => rounded(score.value, score),
        ends => format!("{} ({ends})", rounded(score.value, score)),
    };
    let cells: Vec<String> = match scores {
        [Some(score)] => vec![rounded(score.value, score), interval(score)],
        several => several.iter().map(|score| score.map_or_else(String::new, with_interval)).collect(),
    };
    [of].into_iter().chain(cells).collect()
}

/// What of names with values has a row, and what it is called: metric by metric, each one way after the other, at rising K.
fn ordered<'a, T: Copy>(values: impl Iterator<Item = (&'a str, T)>) -> Vec<(String, T)> {
    let known: Vec<(Instance<'_>, T)> =
        values.filter_map(|(name, value)| Some((Instance::find(name)?, value))).collect();
    let mut rows = Vec::new();
    for declaration in of_outputs() {
        for way in [None].into_iter().chain(Way::ALL.map(Some)) {
            let mut shown: Vec<_> =
                known.iter().filter(|(one, _)| one.declaration == declaration && one.of.way == way).collect();
            shown.sort_by_key(|(one, _)| one.of.k);
            rows.extend(shown.into_iter().filter_map(|(one, value)| Some((declaration.row(one.of)?, *value))));
        }
    }
    rows
}

/// Declarations of what `lgdea score` measures, in the order in which they are shown.
fn of_outputs() -> impl Iterator<Item = &'static Declaration> {
    let tasks = [
        Task::ZeroShot,
        Task::ZeroShotOutputs,
        Task::Retrieval,
        Task::RetrievalOutputs,
        Task::Grounding,
        Task::GroundingOutputs,
        Task::Probe,
    ];
    tasks.into_iter().flat_map(Task::declarations)
}

/// What a metric of a class is called: `zero_shot/average_precision/{class}` is "average precision".
fn heading(of_class: &Declaration) -> String {
    of_class.name.rsplit('/').nth(1).unwrap_or_default().replace('_', " ")
}

/// Of one model a row a class and a column a metric, without intervals where these are several; of several models such a table
/// for each metric, with intervals. Of probes, at the greatest share. None where nothing is of a class.
fn of_single_classes(all: &Beside<'_>, models: &[Model]) -> Vec<Grid> {
    let known: Vec<(Instance<'_>, &[Option<&Score>])> =
        all.iter().filter_map(|(name, scores)| Some((Instance::find(name)?, scores.as_slice()))).collect();
    let share = known.iter().filter_map(|(one, _)| one.of.share).max();
    let classes: BTreeSet<&str> = known.iter().filter_map(|(one, _)| one.of.class).collect();
    let of_class = |declaration: &Declaration, class: &str| {
        let of = Parameters { share, ..Parameters::class(class) };
        let found = known.iter().find(|(one, _)| one.declaration == declaration && one.of == of);
        found.map(|(_, scores)| *scores)
    };
    let has = |declaration: &&Declaration| {
        declaration.is_of_a_class() && known.iter().any(|(one, _)| one.declaration == *declaration)
    };
    let metrics: Vec<&Declaration> = of_outputs().filter(has).collect();
    let class = share.map_or_else(|| "class".to_owned(), |share| format!("class, at {}", percent(share)));
    if models.len() == 1 && metrics.len() > 1 {
        let value = |scores: Option<&[Option<&Score>]>| match scores {
            Some([Some(score)]) => format!("{:.3}", score.value),
            _ => String::new(),
        };
        let row = |name: &&str| {
            [(*name).to_owned()].into_iter().chain(metrics.iter().map(|metric| value(of_class(metric, name)))).collect()
        };
        let header = [class].into_iter().chain(metrics.iter().map(|metric| heading(metric))).collect();
        return vec![Grid { title: String::new(), header, words: 1, rows: classes.iter().map(row).collect() }];
    }
    let grid = |metric: &&Declaration| Grid {
        title: if models.len() == 1 { String::new() } else { heading(metric) },
        header: header_of(&class, &heading(metric), models),
        words: 1,
        rows: classes.iter().filter_map(|name| Some(row((*name).to_owned(), of_class(metric, name)?))).collect(),
    };
    metrics.iter().map(grid).collect()
}

/// How much a model differs from `base`: scores of all classes a row each, and those of single classes that have `DeLong`'s p
/// value; all of these where no score of all classes is compared.
pub fn differences(base: &str, compared: &Compared) -> Grid {
    let with_delong = compared.differences.values().any(|found| found.delong_p_value.is_some());
    let p_value = |p: Option<f64>| p.map_or_else(String::new, |p| format!("{p:.3}"));
    let row = |of: String, found: &Difference| {
        let ends = interval(&Score { value: found.value, interval: found.interval });
        let delong = with_delong.then(|| p_value(found.delong_p_value));
        [of, format!("{:+.3}", found.value), ends, p_value(found.p_value)].into_iter().chain(delong).collect()
    };
    let of_all = ordered(compared.differences.iter().map(|(name, found)| (name.as_str(), found)));
    let is_any_of_all = !of_all.is_empty();
    let of_class = |(name, found): (&String, &Difference)| {
        if found.delong_p_value.is_none() && is_any_of_all {
            return None;
        }
        let Instance { declaration, of } = Instance::find(name)?;
        let share = of.share.map_or_else(String::new, |share| format!(", at {}", percent(share)));
        Some(row(format!("{}, {}{share}", heading(declaration), of.class?), found))
    };
    let of_classes = compared.differences.iter().filter_map(of_class);
    let rows = of_all.into_iter().map(|(metric, found)| row(metric, found)).chain(of_classes).collect();
    let delong = with_delong.then_some("p by DeLong");
    let header = ["metric", "difference", "95 % interval", "p"].into_iter().chain(delong).map(str::to_owned).collect();
    Grid { title: format!("{} less {base}", compared.name), header, words: 1, rows }
}

/// The scores of models by the subgroups of each column.
pub fn subgroups(models: &[Model]) -> Vec<Grid> {
    let of_model = |model: &Model| -> Vec<Grid> {
        let title = if models.len() == 1 { "" } else { model.name.as_str() };
        model.by_subgroup.iter().map(|by| by_subgroup(title, by)).collect()
    };
    models.iter().flat_map(of_model).collect()
}

/// The scores of all classes by the subgroups of a column, each with how much it differs from all others.
fn by_subgroup(title: &str, by: &BySubgroup) -> Grid {
    let header = ["metric", by.column.as_str(), "cases", "value", "95 % interval", "less the others", "95 % interval"];
    let mut rows = Vec::new();
    for (metric, gaps) in ordered(by.scores.iter().map(|(name, gaps)| (name.as_str(), gaps))) {
        let mut shown = metric;
        for subgroup in &by.subgroups {
            let of = gaps.subgroups.get(&subgroup.name);
            let value = of.map(|of| [rounded(of.value.value, &of.value), interval(&of.value)]).unwrap_or_default();
            let against = of.and_then(|of| of.against_rest);
            let against = against.map(|gap| [format!("{:+.3}", gap.value), interval(&gap)]).unwrap_or_default();
            let subgroup = [std::mem::take(&mut shown), subgroup.name.clone(), subgroup.cases.to_string()];
            rows.push(subgroup.into_iter().chain(value).chain(against).collect());
        }
    }
    Grid { title: title.to_owned(), header: header.map(str::to_owned).to_vec(), words: 2, rows }
}
