//! The same image in two places, or nearly the same: a copy in another split is a leak.

use super::{Diagnosis, Example, Severity};
use crate::leaks::{Films, copies};
use crate::{ImageStore, Split, Study};

pub(super) fn diagnose(
    studies: &[Study],
    images: &ImageStore,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Diagnosis> {
    let positions: Vec<usize> = (0..studies.len()).collect();
    let films = Films::of(images, &positions, progress);
    let (mut across, mut patients) = (Vec::new(), Vec::new());
    for split in Split::ALL {
        let of_split = films.only(|study| studies[study].split == split);
        let later = films.only(|study| studies[study].split > split);
        across.extend(copies(&of_split, &later, &|_, _| true, progress));
        let are_two = |one: usize, other: usize| one < other && studies[one].patient != studies[other].patient;
        patients.extend(copies(&of_split, &of_split, &are_two, progress));
    }
    let told = |pairs: Vec<(usize, usize)>| -> Vec<Example> {
        pairs.into_iter().map(|(one, other)| Example::of_both(studies, one, other)).collect()
    };
    [
        Diagnosis::of(
            Severity::Wrong,
            "the same image, or nearly, in two splits: scores see what training saw",
            told(across),
            films.len(),
            "look at them; leave one out, or give both the same patient",
        ),
        Diagnosis::of(
            Severity::Doubtful,
            "the same image, or nearly, of two patients",
            told(patients),
            films.len(),
            "look at them; where they are copies, give both the same patient",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}
