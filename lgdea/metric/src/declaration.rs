//! A score as it is declared, and one of its instances.
//!
//! This file and `task` know each other: a declaration names its task, and a task lists its declarations.

use crate::{Better, HeatMap, Parameters, Task, Way, template};

/// A score, declared once.
#[derive(Debug, PartialEq)]
pub struct Declaration {
    /// The task that it is of.
    pub task: Task,
    /// Name below the split's, with the parameters `{way}`, `{k}`, `{map}`, `{share}` and `{class}`: `retrieval/{way}_r_at_{k}`.
    pub name: &'static str,
    /// Name for readers, with the same parameters; none where it goes by its name. A score of a single heat map is always shown by its name.
    pub label: Option<&'static str>,
    /// What it is called in the table of its evaluation; none where it is not in it. Of several K the greatest is shown, and of
    /// heat maps the chosen one.
    pub row: Option<&'static str>,
    /// Which way is better.
    pub better: Better,
    /// Decimals that make sense for it.
    pub decimals: usize,
    /// The instances that are shown where nobody asks for a metric, in tables and reports and on MLflow.
    pub headlines: &'static [Parameters<'static>],
    /// The same score within strata, with the same parameters; none where runs do not measure it.
    pub within: Option<&'static Declaration>,
}

impl Declaration {
    /// What most declarations have in common: a share between 0 and 1, of which more is better, shown nowhere by itself.
    pub(crate) const fn new(task: Task, name: &'static str) -> Declaration {
        let (label, row, headlines, within): (_, _, &[Parameters<'static>], _) = (None, None, &[], None);
        Declaration { task, name, label, row, better: Better::Higher, decimals: 3, headlines, within }
    }

    /// Whether it is another score within strata.
    pub fn is_within_strata(&self) -> bool {
        Task::ALL.into_iter().flat_map(Task::declarations).any(|other| other.within == Some(self))
    }

    /// The name of an instance, below the split's.
    pub fn name(&self, of: Parameters<'_>) -> String {
        template::name(self.name, &of)
    }

    /// What an instance is called in the table that a run ends with.
    pub fn row(&self, of: Parameters<'_>) -> Option<String> {
        self.row.map(|row| template::label(row, &of))
    }

    /// Whether its instances are of single classes.
    pub fn is_of_a_class(&self) -> bool {
        template::has(self.name, "class")
    }

    /// All its instances, at these ranks K and of these classes; of shares at those that are usual, 1 %, 10 % and 100 %.
    pub fn instances<'a>(&'static self, at: &[usize], classes: &[&'a str]) -> Vec<Instance<'a>> {
        let mut all: Vec<Parameters<'a>> = vec![Parameters::NONE];
        let has = |parameter| template::has(self.name, parameter);
        if has("way") {
            all = each(&all, &Way::ALL, |of, way| Parameters { way: Some(way), ..of });
        }
        if has("k") {
            all = each(&all, at, |of, k| Parameters { k: Some(k), ..of });
        }
        if has("map") {
            let single = each(&all, &HeatMap::ALL, |of, map| Parameters { map: Some(map), ..of });
            all.extend(single);
        }
        if has("share") {
            all = each(&all, &["0.01", "0.1", "1"], |of, share| Parameters { share: Some(share), ..of });
        }
        if has("class") {
            all = each(&all, classes, |of, class| Parameters { class: Some(class), ..of });
        }
        all.into_iter().map(|of| Instance { declaration: self, of }).collect()
    }
}

/// All parameters with each of some values.
fn each<'a, T: Copy>(
    all: &[Parameters<'a>],
    values: &[T],
    with: fn(Parameters<'a>, T) -> Parameters<'a>,
) -> Vec<Parameters<'a>> {
    all.iter().flat_map(|&of| values.iter().map(move |&value| with(of, value))).collect()
}

/// A declared score with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instance<'a> {
    /// Its declaration.
    pub declaration: &'static Declaration,
    /// What it is of.
    pub of: Parameters<'a>,
}

impl<'a> Instance<'a> {
    /// The instance of a name without a split; none where nobody declared it.
    pub fn find(name: &'a str) -> Option<Instance<'a>> {
        let find = |declaration: &'static Declaration| {
            let of = template::find(declaration.name, name)?;
            Some(Instance { declaration, of })
        };
        Task::ALL.into_iter().flat_map(Task::declarations).find_map(find)
    }

    /// Name, below the split's.
    pub fn name(&self) -> String {
        self.declaration.name(self.of)
    }

    /// Name for readers.
    pub fn label(&self) -> String {
        match self.declaration.label.filter(|_| self.of.map.is_none()) {
            Some(label) => template::label(label, &self.of),
            None => self.name(),
        }
    }

    /// Whether it is shown where nobody asks for a metric.
    pub fn is_headline(&self) -> bool {
        self.declaration.headlines.contains(&self.of)
    }

    /// All that are shown where nobody asks for a metric, task by task, the first one first of all.
    pub fn headlines() -> impl Iterator<Item = Instance<'static>> {
        let declarations = Task::ALL.into_iter().flat_map(Task::declarations);
        declarations.flat_map(|declaration| declaration.headlines.iter().map(move |&of| Instance { declaration, of }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_instance_is_found_again_by_its_name_and_by_no_other() {
        let mut names = BTreeSet::new();
        for declaration in Task::ALL.into_iter().flat_map(Task::declarations) {
            for instance in declaration.instances(&[1, 10], &["edema", "f1_micro"]) {
                let name = instance.name();
                assert!(!name.contains(['{', '}']), "{name}");
                assert_eq!(Instance::find(&name), Some(instance), "{name}");
                assert!(names.insert(name.clone()), "{name} is declared twice");
            }
        }
    }

    #[test]
    fn headlines_are_those_of_each_task() {
        let names: Vec<_> = Instance::headlines().map(|score| score.name()).collect();
        let retrieval = ["retrieval/i2t_r_at_10", "retrieval/t2i_r_at_10"];
        assert_eq!(names[0], "zero_shot/auroc_macro");
        assert_eq!(names[1..3], retrieval);
        assert_eq!(names[3..], ["grounding/pointing", "grounding/cnr"]);
    }

    #[test]
    fn a_score_within_strata_has_the_parameters_the_direction_and_the_decimals_of_the_plain_one() {
        let all: Vec<_> = Task::ALL.into_iter().flat_map(Task::declarations).collect();
        let mut linked = 0;
        for (plain, within) in all.iter().filter_map(|plain| Some((plain, plain.within?))) {
            for parameter in ["way", "k", "map", "share", "class"] {
                assert_eq!(
                    template::has(plain.name, parameter),
                    template::has(within.name, parameter),
                    "{}",
                    within.name
                );
            }
            assert_eq!((plain.better, plain.decimals), (within.better, within.decimals), "{}", within.name);
            assert!(all.contains(&within) && within.is_within_strata() && !plain.is_within_strata(), "{}", within.name);
            linked += 1;
        }
        assert_eq!(linked, all.iter().filter(|score| score.name.contains("/within/")).count());
    }

    #[test]
    fn labels_and_rows_name_no_parameter_that_the_name_has_not() {
        for declaration in Task::ALL.into_iter().flat_map(Task::declarations) {
            for words in [declaration.label, declaration.row].into_iter().flatten() {
                for parameter in ["way", "k", "map", "share", "class"] {
                    let (in_words, in_name) =
                        (template::has(words, parameter), template::has(declaration.name, parameter));
                    assert!(!in_words || in_name, "{}: {words}", declaration.name);
                }
            }
        }
    }
}
