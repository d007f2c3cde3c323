//! Scores as a table for the terminal.

use std::collections::BTreeSet;
use std::ops::Range;

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};

use lgdea_evidence::Class;
use lgdea_metric::task::evidence::F1;
use lgdea_metric::{Declaration, Instance, Parameters, Task, Way};

use crate::task::evidence::Counts;
use crate::{Score, Scores};

/// An empty table in the style of all that `lgdea` prints; the columns `numbers` are aligned to the right.
pub fn with_header(header: &[&str], numbers: Range<usize>) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_header(header.iter().copied());
    for column in table.column_iter_mut().skip(numbers.start).take(numbers.len()) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The headline scores of the three tasks, one row each, with their 95 % intervals; tasks without scores are left out.
///
/// Retrieval is shown at the greatest K. Classes, single maps and the other K are in the scores themselves.
/// The scores are those of one split, without its name before theirs.
pub fn summary(scores: &Scores) -> String {
    let mut table = with_header(&["task", "metric", "value", "95 % interval"], 2..4);
    let mut shown = BTreeSet::new();
    for (task, metric, score) in rows(scores) {
        let task = if shown.insert(task.label()) { task.label() } else { "" };
        table.add_row([task.to_owned(), metric, rounded(score.value, score), interval(score)]);
    }
    table.to_string()
}

/// Scores of evidence against gold: a row a class, with the 95 % interval of its F1, then the means over classes. A metric
/// that is undefined is left blank.
pub fn evidence(classes: &[Class], counts: &[Counts], scores: &Scores) -> String {
    let has_row = |score: &&Declaration| score.row.is_some();
    let (of_class, of_all): (Vec<_>, Vec<_>) =
        Task::Evidence.declarations().filter(has_row).partition(|score| score.is_of_a_class());
    let columns = of_class.iter().filter_map(|score| score.row);
    let beside_f1 = 3 + of_class.iter().position(|score| **score == F1).unwrap_or_default();
    let header: Vec<&str> = ["class", "in gold", "found"].into_iter().chain(columns).chain(["95 % interval"]).collect();
    let mut table = with_header(&header, 1..header.len());
    let value = |score: Option<&Score>| score.map_or_else(String::new, |score| format!("{:.3}", score.value));
    for (class, counts) in classes.iter().zip(counts) {
        let score = |declaration: &Declaration| scores.get(&declaration.name(Parameters::class(&class.name)));
        let in_gold = counts.true_positives + counts.false_negatives;
        let found = counts.true_positives + counts.false_positives;
        let mut cells = vec![class.name.clone(), in_gold.to_string(), found.to_string()];
        cells.extend(of_class.iter().map(|of_class| value(score(of_class))));
        cells.push(score(&F1).map_or_else(String::new, interval));
        table.add_row(cells);
    }
    for of_all in of_all {
        let score = scores.get(&of_all.name(Parameters::NONE));
        // What is of all classes stands below their F1, whose interval the last column has.
        let mut cells = vec![String::new(); header.len()];
        of_all.row.unwrap_or_default().clone_into(&mut cells[0]);
        cells[beside_f1] = value(score);
        cells[header.len() - 1] = score.map_or_else(String::new, interval);
        table.add_row(cells);
    }
    table.to_string()
}

/// The scores that have a row, with what it is called: those of the chosen heat map, at the greatest K. Some are of runs that a
/// protocol scores.
fn rows(scores: &Scores) -> Vec<(Task, String, &Score)> {
    let known: Vec<(Instance<'_>, &Score)> =
        scores.iter().filter_map(|(name, score)| Some((Instance::find(name)?, score))).collect();
    let mut rows = Vec::new();
    for task in Task::OF_RUNS {
        for way in [None].into_iter().chain(Way::ALL.map(Some)) {
            for declaration in beside(task) {
                let shown = known.iter().filter(|(score, _)| {
                    score.declaration == declaration && score.of.way == way && score.of.map.is_none()
                });
                let greatest = shown.max_by_key(|(score, _)| score.of.k);
                rows.extend(greatest.and_then(|(found, score)| Some((task, declaration.row(found.of)?, *score))));
            }
        }
    }
    rows
}

/// The declarations of a run's task and of what is measured besides, each with the same score within strata behind it.
fn beside(task: Task) -> impl Iterator<Item = &'static Declaration> {
    let tasks = [task].into_iter().chain(task.further().iter().copied());
    let plain = tasks.flat_map(Task::declarations).filter(|declaration| !declaration.is_within_strata());
    plain.flat_map(|declaration| [declaration].into_iter().chain(declaration.within))
}

/// Both ends of the 95 % interval; empty where there is none.
pub(crate) fn interval(score: &Score) -> String {
    score.interval.map_or_else(String::new, |[low, high]| format!("{} – {}", rounded(low, score), rounded(high, score)))
}

/// No more decimals than the data can tell: three, or two where the interval is wider than 0.1, or one where it is wider
/// than 1.
pub(crate) fn rounded(value: f64, score: &Score) -> String {
    let width = score.interval.map_or(0.0, |[low, high]| high - low);
    let decimals = if width > 1.0 {
        1
    } else if width > 0.1 {
        2
    } else {
        3
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(scores: &[(&str, f64, Option<[f64; 2]>)]) -> Scores {
        scores.iter().map(|&(name, value, interval)| (name.to_owned(), Score { value, interval })).collect()
    }

    #[test]
    fn headline_scores_with_honest_digits() {
        let scores = scores(&[
            ("zero_shot/auroc_macro", 0.870_4, Some([0.858_2, 0.881_9])),
            ("zero_shot/auroc/cardiomegaly", 0.9, None),
            ("retrieval/i2t_r_at_1", 0.1, None),
            ("retrieval/i2t_r_at_10", 0.372_4, Some([0.301, 0.423])),
            ("retrieval/i2t_p_at_5_abnormal", 0.238, Some([0.22, 0.25])),
            ("retrieval/i2t_median_rank", 18.0, Some([15.0, 22.5])),
            ("grounding/pointing", 0.55, Some([0.51, 0.589])),
            ("grounding/similarity/pointing", 0.4, None),
            ("grounding/cnr", 1.47, None),
        ]);
        insta::assert_snapshot!(summary(&scores));
    }

    #[test]
    fn a_score_within_strata_stands_below_the_plain_one() {
        let scores = scores(&[
            ("zero_shot/auroc_macro", 0.91, Some([0.9, 0.92])),
            ("zero_shot/auroc_macro_similarity", 0.88, None),
            ("zero_shot/within/auroc_macro", 0.55, Some([0.48, 0.62])),
            ("zero_shot/within/auroc/edema", 0.55, None),
            ("retrieval/i2t_r_at_10", 0.16, None),
            ("retrieval/within/i2t_r_at_5", 0.3, None),
            ("retrieval/i2t_median_rank", 18.0, None),
            ("retrieval/within/i2t_median_rank", 5.0, None),
            ("retrieval/i2t_normalised_rank", 0.21, None),
            ("retrieval/within/i2t_normalised_rank", 0.48, None),
        ]);
        let rows: Vec<String> =
            rows(&scores).into_iter().map(|(_, row, score)| format!("{row} {}", score.value)).collect();
        assert_eq!(
            rows,
            [
                "AUROC, mean of classes 0.91",
                "AUROC, mean of classes, within strata 0.55",
                "by similarity alone 0.88",
                "image → report R@10 0.16",
                "image → report R@5 within strata 0.3",
                "image → report median rank 18",
                "image → report median rank within strata 5",
                "image → report normalised rank 0.21",
                "image → report normalised rank within strata 0.48",
            ]
        );
    }

    #[test]
    fn evidence_by_class_with_blanks_where_nothing_is_defined() {
        let scores = scores(&[
            ("evidence/precision/edema", 0.909_1, Some([0.8, 1.0])),
            ("evidence/recall/edema", 0.952_4, None),
            ("evidence/f1/edema", 0.930_2, Some([0.841, 1.0])),
            ("evidence/f1_micro", 0.963_2, Some([0.954_1, 0.971_9])),
            ("evidence/f1_macro", 0.930_2, None),
        ]);
        let classes = ["edema", "fracture"].map(Class::of_finding);
        let edema = Counts { true_positives: 20, false_positives: 2, false_negatives: 1 };
        insta::assert_snapshot!(evidence(&classes, &[edema, Counts::default()], &scores));
    }
}
