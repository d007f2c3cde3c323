//! The evidence of the reports that training reads, each phrase once.

use std::collections::HashMap;

use lgdea_data::Study;
use lgdea_evidence::{ReportEvidence, phrases};
use lgdea_spec::EvidenceSpace;

/// Evidence by study, where its reading succeeded.
pub(crate) struct ReadEvidence<'a>(HashMap<&'a str, &'a ReportEvidence>);

impl<'a> ReadEvidence<'a> {
    pub(crate) fn new(evidence: &'a [ReportEvidence]) -> Self {
        let read = evidence.iter().filter(|report| report.failure.is_none());
        Self(read.map(|report| (report.report_id.as_str(), report)).collect())
    }

    pub(crate) fn has(&self, study: &Study) -> bool {
        self.0.contains_key(study.id.as_str())
    }

    /// The evidence phrases of a study's report.
    pub(crate) fn phrases(&self, study: &Study, space: &EvidenceSpace) -> Option<Vec<String>> {
        let read = self.0.get(study.id.as_str())?;
        Some(phrases(read, space.max_phrases, &space.no_finding_phrase))
    }
}

/// Distinct phrases and evidence sets of the reports that training reads.
#[derive(Default)]
pub(crate) struct EvidenceTable {
    pub(crate) phrases: Vec<String>,
    /// Per study position: its phrases, and the number of its evidence set.
    pub(crate) of_study: HashMap<usize, (Vec<usize>, usize)>,
}

impl EvidenceTable {
    /// Of the `readable` studies, in this order.
    pub(crate) fn new(
        read: &ReadEvidence<'_>,
        studies: &[Study],
        readable: impl Iterator<Item = usize>,
        space: &EvidenceSpace,
    ) -> Self {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut sets: HashMap<Vec<usize>, usize> = HashMap::new();
        let mut table = Self::default();
        for study in readable {
            let Some(phrases) = read.phrases(&studies[study], space) else { continue };
            let own: Vec<usize> = phrases
                .into_iter()
                .map(|phrase| *known.entry(phrase).or_insert_with_key(|phrase| table.add(phrase.clone())))
                .collect();
            let mut set = own.clone();
            set.sort_unstable();
            let next = sets.len();
            let number = *sets.entry(set).or_insert(next);
            table.of_study.insert(study, (own, number));
        }
        table
    }

    /// Adds a phrase that is not there yet, and gives its number.
    pub(crate) fn add(&mut self, phrase: String) -> usize {
        self.phrases.push(phrase);
        self.phrases.len() - 1
    }
}
