//! A provider's evidence against what humans found: precision, recall and F1 per class, micro and macro F1, accuracy of
//! sides.
//!
//! A class that neither side has in any report has no F1 (`0 / 0`); precision is undefined where the provider never names
//! it, recall where gold never does. Micro-F1 pools all classes, `2 TP / (2 TP + FP + FN)`; macro-F1 is the unweighted mean
//! of the classes that have one, in a resample as on the data. (scikit-learn's `f1_score` counts undefined ones as 0.)

use lgdea_evidence::{Class, Findings, Laterality};
use lgdea_metric::task::evidence::{F1, F1_MACRO, F1_MICRO, LATERALITY_ACCURACY, PRECISION, RECALL};
use lgdea_metric::{Declaration, Parameters};

use crate::metric::average::mean_of_defined;
use crate::metric::bootstrap::Statistic;
use crate::{Bootstrap, Evaluation};

/// In how many reports a class was found rightly, wrongly, or not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Both have it.
    pub true_positives: u64,
    /// Only the provider has it.
    pub false_positives: u64,
    /// Only gold has it.
    pub false_negatives: u64,
}

impl Counts {
    /// Share of the provider's positives that gold has.
    pub fn precision(self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Share of gold's positives that the provider has.
    pub fn recall(self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// Harmonic mean of precision and recall, `2 TP / (2 TP + FP + FN)`.
    pub fn f1(self) -> Option<f64> {
        let twice = 2 * self.true_positives;
        ratio(twice, twice + self.false_positives + self.false_negatives)
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Gold and the provider's findings of one report.
pub type Pair<'a> = (&'a Findings, Findings);

/// How each class fared.
pub fn counts(classes: &[Class], pairs: &[Pair<'_>]) -> Vec<Counts> {
    let once = vec![1; pairs.len()];
    classes.iter().map(|class| Cases::of(class, pairs).counts(&once)).collect()
}

/// What is measured of how a class fared; none where it is undefined.
type OfCounts = fn(Counts) -> Option<f64>;

/// Scores of a class.
static OF_CLASS: &[(&Declaration, OfCounts)] =
    &[(&PRECISION, Counts::precision), (&RECALL, Counts::recall), (&F1, Counts::f1)];

/// Scores `evidence/precision/<class>`, `…/recall/<class>`, `…/f1/<class>`, `evidence/f1_micro`, `evidence/f1_macro` and
/// `evidence/laterality_accuracy`: the share of findings with the same side, where both name one.
pub fn evaluate(classes: &[Class], pairs: &[Pair<'_>], bootstrap: Bootstrap) -> Evaluation {
    let cases: Vec<Cases> = classes.iter().map(|class| Cases::of(class, pairs)).collect();
    let pooled = Cases(cases.iter().flat_map(|cases| cases.0.iter().copied()).collect());
    let sides = sides(classes, pairs);

    let mut statistics: Vec<(String, Statistic<'_>)> = Vec::new();
    for (class, cases) in classes.iter().zip(&cases) {
        for (score, measure) in OF_CLASS {
            let statistic = move |multiplicity: &[u32]| measure(cases.counts(multiplicity));
            statistics.push((score.name(Parameters::class(&class.name)), Box::new(statistic)));
        }
    }
    let of_all: Vec<(&Declaration, Statistic<'_>)> = vec![
        (&F1_MICRO, Box::new(|multiplicity| pooled.counts(multiplicity).f1())),
        (&F1_MACRO, Box::new(|multiplicity| macro_f1(&cases, multiplicity))),
        (&LATERALITY_ACCURACY, Box::new(|multiplicity| accuracy(&sides, multiplicity))),
    ];
    statistics.extend(of_all.into_iter().map(|(score, statistic)| (score.name(Parameters::NONE), statistic)));
    Evaluation {
        scores: bootstrap.scores(pairs.len(), statistics),
        warnings: warnings(classes, &cases),
        ..Evaluation::default()
    }
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    TruePositive,
    FalsePositive,
    FalseNegative,
}

/// The reports that have a class, by gold or by the provider.
struct Cases(Vec<(usize, Outcome)>);

impl Cases {
    fn of(class: &Class, pairs: &[Pair<'_>]) -> Self {
        let outcome = |(report, (gold, found)): (usize, &Pair<'_>)| {
            let outcome = match (class.is_in(gold), class.is_in(found)) {
                (true, true) => Outcome::TruePositive,
                (false, true) => Outcome::FalsePositive,
                (true, false) => Outcome::FalseNegative,
                (false, false) => return None,
            };
            Some((report, outcome))
        };
        Self(pairs.iter().enumerate().filter_map(outcome).collect())
    }

    fn counts(&self, multiplicity: &[u32]) -> Counts {
        let mut counts = Counts::default();
        for &(report, outcome) in &self.0 {
            let count = match outcome {
                Outcome::TruePositive => &mut counts.true_positives,
                Outcome::FalsePositive => &mut counts.false_positives,
                Outcome::FalseNegative => &mut counts.false_negatives,
            };
            *count += u64::from(multiplicity[report]);
        }
        counts
    }
}

fn macro_f1(cases: &[Cases], multiplicity: &[u32]) -> Option<f64> {
    mean_of_defined(cases.iter().map(|cases| cases.counts(multiplicity).f1()))
}

/// For each finding that both have with a side: its report, and whether the side is the same.
fn sides(classes: &[Class], pairs: &[Pair<'_>]) -> Vec<(usize, bool)> {
    let mut findings: Vec<&String> = classes.iter().map(|class| &class.finding).collect();
    findings.sort();
    findings.dedup();
    let mut sides = Vec::new();
    for (report, (gold, found)) in pairs.iter().enumerate() {
        for finding in &findings {
            if let (Some(&expected), Some(&side)) = (gold.get(*finding), found.get(*finding))
                && expected != Laterality::None
                && side != Laterality::None
            {
                sides.push((report, expected == side));
            }
        }
    }
    sides
}

fn accuracy(sides: &[(usize, bool)], multiplicity: &[u32]) -> Option<f64> {
    let count = |right_only: bool| -> u64 {
        let counted = sides.iter().filter(|(_, right)| *right || !right_only);
        counted.map(|&(report, _)| u64::from(multiplicity[report])).sum()
    };
    ratio(count(true), count(false))
}

fn warnings(classes: &[Class], cases: &[Cases]) -> Vec<String> {
    let absent: Vec<&str> = classes
        .iter()
        .zip(cases)
        .filter(|(_, cases)| cases.0.is_empty())
        .map(|(class, _)| class.name.as_str())
        .collect();
    if absent.is_empty() {
        return Vec::new();
    }
    vec![format!("evidence: no report has these by either side, they have no score: {}", absent.join(", "))]
}

#[cfg(test)]
mod tests {
    use lgdea_spec::Seed;

    use super::*;

    const PLAIN: Bootstrap = Bootstrap { resamples: 0, seed: Seed(1) };

    fn findings(of: &[(&str, Laterality)]) -> Findings {
        of.iter().map(|&(finding, side)| (finding.to_owned(), side)).collect()
    }

    fn sided(name: &str, finding: &str, laterality: Laterality) -> Class {
        Class { name: name.into(), finding: finding.into(), laterality }
    }

    fn value(evaluation: &Evaluation, name: &str) -> f64 {
        evaluation.scores[&format!("evidence/{name}")].value
    }

    #[test]
    fn counts_and_scores_by_hand() {
        let gold = [
            findings(&[("mass", Laterality::Left), ("edema", Laterality::None)]),
            findings(&[("mass", Laterality::Left)]),
            findings(&[]),
        ];
        let found = [
            findings(&[("mass", Laterality::Left)]),
            findings(&[("mass", Laterality::Right), ("other", Laterality::None)]),
            findings(&[("mass", Laterality::None)]),
        ];
        let pairs: Vec<Pair<'_>> = gold.iter().zip(found).collect();
        let classes = ["mass", "edema", "fracture"].map(Class::of_finding);
        let expected = Counts { true_positives: 2, false_positives: 1, false_negatives: 0 };
        assert_eq!(counts(&classes, &pairs)[0], expected);
        let evaluation = evaluate(&classes, &pairs, PLAIN);
        for (name, expected) in [
            ("precision/mass", 2.0 / 3.0),
            ("recall/mass", 1.0),
            ("f1/mass", 0.8),
            ("recall/edema", 0.0),
            ("f1/edema", 0.0),
            ("f1_micro", 4.0 / 6.0),
            ("f1_macro", 0.4),
            ("laterality_accuracy", 0.5),
        ] {
            assert!((value(&evaluation, name) - expected).abs() < 1e-12, "{name}");
        }
        for undefined in ["precision/edema", "f1/fracture"] {
            assert!(!evaluation.scores.contains_key(&format!("evidence/{undefined}")), "{undefined}");
        }
        let warning = "evidence: no report has these by either side, they have no score: fracture";
        assert_eq!(evaluation.warnings, [warning]);
    }

    #[test]
    fn classes_with_a_side_are_scored_by_side_and_sides_once_a_finding() {
        let gold = [findings(&[("mass", Laterality::Bilateral)]), findings(&[("mass", Laterality::Right)])];
        let found = [findings(&[("mass", Laterality::Left)]), findings(&[("mass", Laterality::Right)])];
        let pairs: Vec<Pair<'_>> = gold.iter().zip(found).collect();
        let classes = [sided("left_mass", "mass", Laterality::Left), sided("right_mass", "mass", Laterality::Right)];
        let evaluation = evaluate(&classes, &pairs, PLAIN);
        assert!((value(&evaluation, "f1/left_mass") - 1.0).abs() < 1e-12);
        assert!((value(&evaluation, "recall/right_mass") - 0.5).abs() < 1e-12);
        assert!((value(&evaluation, "laterality_accuracy") - 0.5).abs() < 1e-12);
    }

    #[test]
    fn intervals_are_over_reports() {
        let gold: Vec<Findings> = (0..60).map(|_| findings(&[("mass", Laterality::None)])).collect();
        let found = (0..60).map(|i| if i % 3 == 0 { Findings::new() } else { findings(&[("mass", Laterality::None)]) });
        let pairs: Vec<Pair<'_>> = gold.iter().zip(found).collect();
        let bootstrap = Bootstrap { resamples: 400, seed: Seed(1) };
        let score = evaluate(&[Class::of_finding("mass")], &pairs, bootstrap).scores["evidence/recall/mass"];
        let [low, high] = score.interval.unwrap();
        // Standard error of a share of 2/3 in 60 reports: 0.061.
        assert!((score.value - 2.0 / 3.0).abs() < 1e-12);
        assert!(
            (low - (score.value - 1.96 * 0.061)).abs() < 0.03 && (high - (score.value + 1.96 * 0.061)).abs() < 0.03
        );
    }

    #[test]
    fn nothing_gives_no_score() {
        let bootstrap = Bootstrap { resamples: 10, seed: Seed(1) };
        assert!(evaluate(&[Class::of_finding("mass")], &[], bootstrap).scores.is_empty());
    }
}
