//! Scores as a table for the terminal.

use std::collections::BTreeSet;
use std::ops::Range;

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};

use lgdea_evidence::Class;

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
    for (task, metric, name) in rows(scores) {
        if let Some(score) = scores.get(&name) {
            let task = if shown.insert(task) { task } else { "" };
            table.add_row([task.to_owned(), metric, rounded(score.value, score), interval(score)]);
        }
    }
    table.to_string()
}

/// Scores of evidence against gold: a row a class, with the 95 % interval of its F1, then the means over classes. A metric
/// that is undefined is left blank.
pub fn evidence(classes: &[Class], counts: &[Counts], scores: &Scores) -> String {
    let header = ["class", "in gold", "found", "precision", "recall", "F1", "95 % interval"];
    let mut table = with_header(&header, 1..header.len());
    let score = |metric: &str| scores.get(&format!("evidence/{metric}"));
    let value = |score: Option<&Score>| score.map_or_else(String::new, |score| format!("{:.3}", score.value));
    for (class, counts) in classes.iter().zip(counts) {
        let [precision, recall, f1] =
            ["precision", "recall", "f1"].map(|metric| score(&format!("{metric}/{}", class.name)));
        let in_gold = counts.true_positives + counts.false_negatives;
        let found = counts.true_positives + counts.false_positives;
        table.add_row([
            class.name.clone(),
            in_gold.to_string(),
            found.to_string(),
            value(precision),
            value(recall),
            value(f1),
            f1.map_or_else(String::new, interval),
        ]);
    }
    for (name, metric) in
        [("micro F1", "f1_micro"), ("macro F1", "f1_macro"), ("laterality accuracy", "laterality_accuracy")]
    {
        let score = score(metric);
        let blank = || String::new();
        let cells = [name.to_owned(), blank(), blank(), blank(), blank(), value(score)];
        table.add_row(cells.into_iter().chain([score.map_or_else(String::new, interval)]));
    }
    table.to_string()
}

/// Task, readable metric and score name of every row that there may be.
fn rows(scores: &Scores) -> Vec<(&'static str, String, String)> {
    let mut rows = Vec::new();
    for (metric, name) in [
        ("AUROC, mean of classes", "auroc_macro"),
        ("by similarity alone", "auroc_macro_similarity"),
        ("by evidence alone", "auroc_macro_evidence"),
    ] {
        rows.push(("zero-shot", metric.to_owned(), format!("zero_shot/{name}")));
    }
    for (way, from_to) in [("i2t", "image → report"), ("t2i", "report → image")] {
        for (symbol, key, suffix, condition) in
            [("R", "r", "", ""), ("P", "p", "", ""), ("P", "p", "_abnormal", ", abnormal")]
        {
            if let Some(k) = greatest_k(scores, &format!("retrieval/{way}_{key}_at_"), suffix) {
                let name = format!("retrieval/{way}_{key}_at_{k}{suffix}");
                rows.push(("retrieval", format!("{from_to} {symbol}@{k}{condition}"), name));
            }
        }
        rows.push(("retrieval", format!("{from_to} median rank"), format!("retrieval/{way}_median_rank")));
    }
    for (metric, name) in
        [("pointing game", "pointing"), ("CNR, absolute", "cnr"), ("CNR, signed", "cnr_signed"), ("mean IoU", "miou")]
    {
        rows.push(("grounding", metric.to_owned(), format!("grounding/{name}")));
    }
    rows
}

fn greatest_k(scores: &Scores, before: &str, after: &str) -> Option<usize> {
    scores.keys().filter_map(|name| name.strip_prefix(before)?.strip_suffix(after)?.parse().ok()).max()
}

fn interval(score: &Score) -> String {
    score.interval.map_or_else(String::new, |[low, high]| format!("{} – {}", rounded(low, score), rounded(high, score)))
}

/// No more decimals than the data can tell: three, or two where the interval is wider than 0.1, or one where it is wider
/// than 1.
fn rounded(value: f64, score: &Score) -> String {
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
