use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::{Laterality, Polarity, ReportEvidence};
use crate::ontology::Ontology;

/// The findings of one report, each with its side.
pub type Findings = BTreeMap<String, Laterality>;

/// The findings that evidence affirms; sides of several places are joined. Hedged ones ("may represent pneumonia") are left
/// out, as human annotators index what a report states.
pub fn present(evidence: &ReportEvidence) -> Findings {
    collect(evidence, Some)
}

/// As [`present`], each finding counted as the nearest of its ancestors (or itself) among `wanted`, others left out: for
/// gold that is coarser than the ontology, as when pneumonia is annotated as consolidation.
pub fn present_rolled_up(evidence: &ReportEvidence, ontology: &Ontology, wanted: &BTreeSet<String>) -> Findings {
    collect(evidence, |finding| ontology.roll_up(finding, wanted))
}

fn collect<'a>(evidence: &'a ReportEvidence, name: impl Fn(&'a str) -> Option<&'a str>) -> Findings {
    let mut findings = Findings::new();
    for one in evidence.evidence.iter().filter(|one| one.polarity == Polarity::Present) {
        if let Some(name) = name(&one.finding) {
            let side = findings.entry(name.to_owned()).or_insert(Laterality::None);
            *side = side.join(one.laterality);
        }
    }
    findings
}

/// Agreement of a provider with gold on the presence of one finding, over reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingScore {
    /// The finding.
    pub finding: String,
    /// Reports where both have it.
    pub true_positives: usize,
    /// Reports where only the provider has it.
    pub false_positives: usize,
    /// Reports where only gold has it.
    pub false_negatives: usize,
}

impl FindingScore {
    /// Share of the provider's positives that gold has; 0 where there are none.
    pub fn precision(&self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Share of gold's positives that the provider has; 0 where there are none.
    pub fn recall(&self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// Harmonic mean of the two, `2 TP / (2 TP + FP + FN)`; 0 where neither side has the finding.
    pub fn f1(&self) -> f64 {
        let twice = 2 * self.true_positives;
        ratio(twice, twice + self.false_positives + self.false_negatives)
    }
}

/// Agreement of a provider with gold over a set of reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// One per finding that was asked for, in that order.
    pub findings: Vec<FindingScore>,
    /// Findings of a report for which both name a side, the same one.
    pub laterality_agreed: usize,
    /// Findings of a report for which both name a side.
    pub laterality_compared: usize,
}

impl Score {
    /// F1 over all findings pooled.
    pub fn micro_f1(&self) -> f64 {
        let sum = |count: fn(&FindingScore) -> usize| self.findings.iter().map(count).sum();
        let pooled = FindingScore {
            finding: String::new(),
            true_positives: sum(|it| it.true_positives),
            false_positives: sum(|it| it.false_positives),
            false_negatives: sum(|it| it.false_negatives),
        };
        pooled.f1()
    }

    /// Unweighted mean of the findings' F1.
    pub fn macro_f1(&self) -> f64 {
        self.findings.iter().map(FindingScore::f1).sum::<f64>() / self.findings.len().max(1) as f64
    }

    /// Share of the sides that agree, where both name one.
    pub fn laterality_accuracy(&self) -> f64 {
        ratio(self.laterality_agreed, self.laterality_compared)
    }
}

/// Scores pairs of (gold, provider) over `findings`; what is not among those is left out.
pub fn score<'a>(pairs: impl IntoIterator<Item = (&'a Findings, &'a Findings)>, findings: &[String]) -> Score {
    let empty = |finding: &String| FindingScore {
        finding: finding.clone(),
        true_positives: 0,
        false_positives: 0,
        false_negatives: 0,
    };
    let mut score =
        Score { findings: findings.iter().map(empty).collect(), laterality_agreed: 0, laterality_compared: 0 };
    for (gold, found) in pairs {
        for counts in &mut score.findings {
            match (gold.get(&counts.finding), found.get(&counts.finding)) {
                (Some(&expected), Some(&side)) => {
                    counts.true_positives += 1;
                    if expected != Laterality::None && side != Laterality::None {
                        score.laterality_compared += 1;
                        score.laterality_agreed += usize::from(expected == side);
                    }
                }
                (None, Some(_)) => counts.false_positives += 1,
                (Some(_), None) => counts.false_negatives += 1,
                (None, None) => {}
            }
        }
    }
    score
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(of: &[(&str, Laterality)]) -> Findings {
        of.iter().map(|&(finding, side)| (finding.to_owned(), side)).collect()
    }

    #[test]
    fn counts_by_hand() {
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
        let names = ["mass".to_owned(), "edema".to_owned()];
        let score = score(gold.iter().zip(&found), &names);
        let mass = &score.findings[0];
        assert_eq!((mass.true_positives, mass.false_positives, mass.false_negatives), (2, 1, 0));
        assert!((mass.precision() - 2.0 / 3.0).abs() < 1e-12 && (mass.recall() - 1.0).abs() < 1e-12);
        assert!((mass.f1() - 0.8).abs() < 1e-12 && score.findings[1].f1().abs() < 1e-12);
        assert!((score.macro_f1() - 0.4).abs() < 1e-12);
        assert!((score.micro_f1() - 4.0 / 6.0).abs() < 1e-12);
        assert!((score.laterality_accuracy() - 0.5).abs() < 1e-12);
    }
}
