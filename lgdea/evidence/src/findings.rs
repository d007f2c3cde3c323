//! The findings that a report affirms, with their sides.

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
            add(&mut findings, name, one.laterality);
        }
    }
    findings
}

/// Notes a finding; sides of several places are joined.
pub(crate) fn add(findings: &mut Findings, finding: &str, laterality: Laterality) {
    let side = findings.entry(finding.to_owned()).or_insert(Laterality::None);
    *side = side.join(laterality);
}

/// What is scored: a finding, perhaps on one side only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    /// As gold calls it: `pleural_effusion`, `left_pleural_effusion`.
    pub name: String,
    /// Its finding in the ontology.
    pub finding: String,
    /// The side that it asks for; `none` where any will do.
    pub laterality: Laterality,
}

impl Class {
    /// A finding on any side.
    pub fn of_finding(finding: &str) -> Self {
        Self { name: finding.to_owned(), finding: finding.to_owned(), laterality: Laterality::None }
    }

    /// Whether a report with these findings is of the class; one with a finding on both sides has it on each.
    pub fn is_in(&self, findings: &Findings) -> bool {
        findings.get(&self.finding).is_some_and(|&side| match self.laterality {
            Laterality::None => true,
            wanted => side == wanted || side == Laterality::Bilateral,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rules;

    #[test]
    fn affirmed_findings_with_joined_sides() {
        let ontology = Ontology::named_or_path("chest").unwrap();
        let text = "Left upper lobe nodule. Right lower lobe nodule. No effusion. Possible mass. Pneumonia.";
        let evidence = Rules::new(&ontology).extract("r", text);
        let found = present(&evidence);
        let expected = [("nodule", Laterality::Bilateral), ("pneumonia", Laterality::None)];
        assert_eq!(found, expected.map(|(finding, side)| (finding.to_owned(), side)).into());
        let wanted = BTreeSet::from(["consolidation".to_owned(), "lung_opacity".to_owned()]);
        let found = present_rolled_up(&evidence, &ontology, &wanted);
        let expected = [("consolidation", Laterality::None), ("lung_opacity", Laterality::Bilateral)];
        assert_eq!(found, expected.map(|(finding, side)| (finding.to_owned(), side)).into());
    }

    #[test]
    fn a_class_asks_for_its_side() {
        use Laterality::{Bilateral, Left, None, Right};
        let class = |laterality| Class { name: "x".into(), finding: "mass".into(), laterality };
        let with = |side| Findings::from([("mass".to_owned(), side)]);
        for (laterality, side, expected) in [
            (None, None, true),
            (None, Left, true),
            (Left, Left, true),
            (Left, Right, false),
            (Left, None, false),
            (Left, Bilateral, true),
            (Bilateral, Left, false),
            (Bilateral, Bilateral, true),
        ] {
            assert_eq!(class(laterality).is_in(&with(side)), expected, "{laterality:?} {side:?}");
        }
        assert!(!class(None).is_in(&Findings::new()));
    }
}
