//! What reading left out or doubted.

use super::{Diagnosis, Example, Severity};
use crate::{Corpus, SkipReason, SkippedItems};

/// Share of the images from which it is wrong, and not only doubtful, that they cannot be read.
const MANY: f64 = 0.05;

pub(super) fn diagnose(corpus: &Corpus) -> Vec<Diagnosis> {
    let lost: usize =
        corpus.skipped.0.iter().filter(|(reason, _)| reason.is_lost_image()).map(|(_, items)| items.count).sum();
    let images = lost + corpus.studies.iter().filter(|study| study.image.is_some()).count();
    let many = lost as f64 > MANY * images as f64;
    let diagnosis = |(&reason, items): (&SkipReason, &SkippedItems)| {
        let of = match reason {
            SkipReason::PatientOfTraining => corpus.studies.len() + items.count,
            reason if reason.is_lost_image() => images,
            _ => corpus.studies.len(),
        };
        let wrong = is_wrong(reason) || many && reason.is_lost_image();
        Diagnosis {
            severity: if wrong { Severity::Wrong } else { Severity::Doubtful },
            what: reason.describe().to_owned(),
            count: items.count,
            of,
            examples: items.examples.iter().map(Example::text).collect(),
            remedy: remedy(reason),
        }
    };
    corpus.skipped.0.iter().filter(|(reason, _)| !is_usual(**reason)).map(diagnosis).collect()
}

/// What every set has, images that are not asked for; and what the experiment leaves out.
fn is_usual(reason: SkipReason) -> bool {
    matches!(
        reason,
        SkipReason::LateralView
            | SkipReason::AdditionalImage
            | SkipReason::RowWithoutBox
            | SkipReason::PatientOfEvaluationSet
            | SkipReason::ImageOfScored
            | SkipReason::ReportOfScored
    )
}

/// What a run trains on all the same, otherwise than it is meant.
fn is_wrong(reason: SkipReason) -> bool {
    matches!(
        reason,
        SkipReason::UnreadSplit
            | SkipReason::StudyWithoutPatient
            | SkipReason::LfsPointer
            | SkipReason::JoinedLabels
            | SkipReason::WordForLabel
            | SkipReason::BoxWithoutStudy
    )
}

fn remedy(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::MissingImage => "fetch them, or correct the root or the column of the image",
        SkipReason::ForbiddenImage => "give yourself the right to read them",
        SkipReason::LfsPointer => "run `git lfs pull`",
        SkipReason::StudyWithoutPatient => "name the patient's column: otherwise a patient can be in two splits",
        SkipReason::UnreadSplit | SkipReason::UnreadView => "name the column in the experiment",
        SkipReason::PatientOfTraining => {
            "they are not scored; with the set in `pairing.leave-out.sets` training goes without these patients instead"
        }
        reason if reason.is_lost_image() => "fetch them again, or leave them out of the table",
        SkipReason::EmptyReport | SkipReason::MissingReport => {
            "look at the first; they are read for their images alone"
        }
        _ => "look at the first; nothing is to be done where this is meant",
    }
}
