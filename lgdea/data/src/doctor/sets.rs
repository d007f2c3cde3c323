//! What training and an evaluation set have in common.

use super::texts::MANY;
use super::{Diagnosis, Example, Severity, both, left_out};
use crate::leaks::{Films, copies, equal_reports};
use crate::{Corpus, ImageStore, Split};

/// Looks for what training and an evaluation set have in common, and for what of the set cannot be read. Patients that both have are
/// left out of the one or the other already.
///
/// `progress` is called with the number of images done and their total, stage by stage.
pub fn diagnose_set(
    (corpus, images): (&Corpus, &ImageStore),
    name: &str,
    (set, images_of_set): (&Corpus, &ImageStore),
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Diagnosis> {
    let (studies, scored) = (&corpus.studies, &set.studies);
    let trained: Vec<usize> = (0..studies.len()).filter(|&study| studies[study].split == Split::Train).collect();
    let all: Vec<usize> = (0..scored.len()).collect();
    let films = [Films::of(images, &trained, progress), Films::of(images_of_set, &all, progress)];
    let told = |pairs: Vec<(usize, usize)>| -> Vec<Example> {
        let text = |(one, other): (usize, usize)| Example::text(both(&studies[one], &scored[other]));
        pairs.into_iter().map(text).collect()
    };
    let same_films = told(copies(&films[0], &films[1], &|_, _| true, progress));
    let of_training = trained.iter().map(|&study| (study, &studies[study]));
    let reports = equal_reports(of_training, scored.iter().enumerate());
    let reports = reports.iter().filter(|same| same.words >= MANY).map(|same| (same.one, same.other)).collect();
    let own = left_out::diagnose(set).into_iter();
    let mut found: Vec<Diagnosis> =
        own.map(|found| Diagnosis { what: format!("evaluation set `{name}`: {}", found.what), ..found }).collect();
    found.extend(
        [
            Diagnosis::of(
                Severity::Wrong,
                format!("the same image, or nearly, in training and in the evaluation set `{name}`"),
                same_films,
                trained.len(),
                "look at them; `images = true` in `[pairing.leave-out]`, with the set among its `sets`, keeps them out of training",
            ),
            Diagnosis::of(
                Severity::Wrong,
                format!("the same long report in training and in the evaluation set `{name}`"),
                told(reports),
                trained.len(),
                "`reports = true` in `[pairing.leave-out]`, with the set among its `sets`, keeps them out of training",
            ),
        ]
        .into_iter()
        .flatten(),
    );
    found
}
