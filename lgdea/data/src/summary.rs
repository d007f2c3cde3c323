//! What a corpus holds, in numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Corpus, Skipped, Split, Study};

/// Counts over a corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Studies in all.
    pub studies: usize,
    /// Patients in all.
    pub patients: usize,
    /// Counts by split; each split is there.
    pub splits: BTreeMap<Split, SplitSummary>,
    /// What was left out, by reason.
    pub skipped: Skipped,
}

/// Counts over a split.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitSummary {
    /// Studies.
    pub studies: usize,
    /// Patients.
    pub patients: usize,
    /// Studies with an image.
    pub images: usize,
    /// Studies with a report.
    pub reports: usize,
    /// Studies with both.
    pub complete: usize,
    /// Studies with labels, of which there may be none.
    pub labelled: usize,
    /// Boxes.
    pub boxes: usize,
}

/// Counts what a corpus holds.
pub fn summary(corpus: &Corpus) -> Summary {
    let patients: BTreeSet<&str> = corpus.studies.iter().map(|study| study.patient.as_str()).collect();
    Summary {
        studies: corpus.studies.len(),
        patients: patients.len(),
        splits: Split::ALL.into_iter().map(|split| (split, summary_of(&corpus.studies, split))).collect(),
        skipped: corpus.skipped.clone(),
    }
}

fn summary_of(studies: &[Study], split: Split) -> SplitSummary {
    let mut summary = SplitSummary::default();
    let mut patients = BTreeSet::new();
    for study in studies.iter().filter(|study| study.split == split) {
        patients.insert(&study.patient);
        summary.studies += 1;
        summary.images += usize::from(study.image.is_some());
        summary.reports += usize::from(study.report.is_some());
        summary.complete += usize::from(study.image.is_some() && study.report.is_some());
        summary.labelled += usize::from(study.labels.is_some());
        summary.boxes += study.boxes.len();
    }
    summary.patients = patients.len();
    summary
}

#[cfg(test)]
mod tests {
    use lgdea_spec::{Data, Phantom, Seed};

    use super::*;
    use crate::load;

    #[test]
    fn a_phantom_is_counted_by_split() {
        let phantom = Phantom { studies: 20, validation: 5, test: 7, seed: Seed(1) };
        let data = Data { phantom: Some(phantom), ..Data::default() };
        let mut corpus = load(&data, Seed(0), &|_, _| ()).unwrap();
        corpus.studies[0].report = None;
        let summary = summary(&corpus);
        assert_eq!(summary.studies, 32);
        let train = &summary.splits[&Split::Train];
        assert_eq!((train.studies, train.images, train.reports, train.complete), (20, 20, 19, 19));
        assert_eq!(summary.splits[&Split::Test].labelled, 7);
        assert_eq!(summary.patients, summary.splits.values().map(|split| split.patients).sum::<usize>());
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["splits"]["validation"]["studies"], 5);
    }
}
