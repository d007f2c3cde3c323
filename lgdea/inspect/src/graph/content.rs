//! What reports say, to compare them by.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lgdea_evidence::{Polarity, ReportEvidence, phrases};
use lgdea_spec::EvidenceSpace;

/// The distinct contents of reports.
pub(super) struct Contents {
    space: EvidenceSpace,
    distinct: Vec<Content>,
    number: BTreeMap<Content, usize>,
    of_study: HashMap<usize, usize>,
}

/// Evidence phrases as training takes them, and the findings that they name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Content {
    pub(super) phrases: BTreeSet<String>,
    findings: BTreeSet<String>,
}

impl Contents {
    pub(super) fn new(space: &EvidenceSpace) -> Self {
        Self { space: space.clone(), distinct: Vec::new(), number: BTreeMap::new(), of_study: HashMap::new() }
    }

    pub(super) fn add(&mut self, study: usize, report: &ReportEvidence) {
        let content = self.read(report);
        let number = *self.number.entry(content).or_insert_with_key(|content| {
            self.distinct.push(content.clone());
            self.distinct.len() - 1
        });
        self.of_study.insert(study, number);
    }

    /// The phrases of a study's report; none where it is not known what it says.
    pub(super) fn phrases(&self, study: usize) -> Option<&BTreeSet<String>> {
        Some(&self.distinct[*self.of_study.get(&study)?].phrases)
    }

    pub(super) fn read(&self, report: &ReportEvidence) -> Content {
        let space = &self.space;
        let phrases: BTreeSet<String> =
            phrases(report, space.max_phrases, &space.no_finding_phrase).into_iter().collect();
        let named = report.evidence.iter().filter(|one| one.polarity != Polarity::Absent);
        let entered = named.filter(|one| phrases.contains(&one.text));
        Content { findings: entered.map(|one| one.finding.clone()).collect(), phrases }
    }

    /// Relevance of each of `reports` to the study's own report: whether the evidence is the same, and the Jaccard index
    /// of the findings (1 where neither has any). None where it is not known what the study's report says.
    pub(super) fn relevance(&self, study: usize, reports: &[usize]) -> Option<[Vec<f32>; 2]> {
        let own = &self.distinct[*self.of_study.get(&study)?];
        let same: Vec<f32> =
            self.distinct.iter().map(|other| f32::from(u8::from(other.phrases == own.phrases))).collect();
        let alike: Vec<f32> = self.distinct.iter().map(|other| jaccard(&other.findings, &own.findings)).collect();
        let of_each = |relevance: &[f32]| {
            reports.iter().map(|report| self.of_study.get(report).map_or(0.0, |&number| relevance[number])).collect()
        };
        Some([of_each(&same), of_each(&alike)])
    }
}

fn jaccard(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f32 {
    let union = a.union(b).count();
    if union == 0 { 1.0 } else { a.intersection(b).count() as f32 / union as f32 }
}
