//! What training goes without because it is scored: `pairing.leave-out`.

use std::collections::HashSet;

use lgdea_data::leaks::{Films, copies, equal_reports};
use lgdea_data::{Corpus, ImageStore, SkipReason, Split, Study};
use lgdea_inputs::{Apart, LoadedSet};

use crate::open_set::OpenSet;
use crate::{Preparation, RunError};

impl Preparation<'_> {
    /// Keeps what is trained on and what is scored apart, in a corpus, its images and evaluation sets: by patients, and as far as the
    /// experiment says so by images and reports, that are the same as those of a study that is scored, of a held-out split or of
    /// the sets that training goes without.
    ///
    /// # Errors
    /// Nothing of a set remains.
    pub(crate) fn keep_apart(
        &self,
        corpus: &mut Corpus,
        images: &mut ImageStore,
        sets: &mut [OpenSet],
    ) -> Result<(), RunError> {
        let loaded: Vec<&LoadedSet> = sets.iter().map(|open| &open.set).collect();
        let apart = Apart::new(&self.experiment.inputs(), corpus, &loaded)?;
        let settings = &self.experiment.pairing.leave_out;
        take_out(corpus, images, SkipReason::PatientOfEvaluationSet, &apart.training);
        for (OpenSet { set, images }, out) in sets.iter_mut().zip(&apart.sets) {
            take_out(&mut set.corpus, images, SkipReason::PatientOfTraining, out);
        }
        let sets: Vec<&OpenSet> = sets.iter().filter(|open| settings.sets.contains(&open.set.name)).collect();
        if settings.images {
            let found = self.same_images(corpus, images, &sets);
            take_out(corpus, images, SkipReason::ImageOfScored, &found);
        }
        if settings.reports {
            let found = same_reports(corpus, &sets);
            take_out(corpus, images, SkipReason::ReportOfScored, &found);
        }
        Ok(())
    }

    fn same_images(&self, corpus: &Corpus, images: &ImageStore, sets: &[&OpenSet]) -> HashSet<usize> {
        let films = |images, positions: &[usize]| {
            Films::of(images, positions, &self.audience.counter("hashing images that may be the same"))
        };
        let trained = films(images, &positions(corpus, |study| study.split == Split::Train));
        let held_out = films(images, &positions(corpus, |study| study.split != Split::Train));
        let of_sets = sets.iter().map(|open| films(&open.images, &positions(&open.set.corpus, |_| true)));
        let scored = [held_out].into_iter().chain(of_sets);
        let found = scored.flat_map(|scored| {
            copies(&trained, &scored, &|_, _| true, &self.audience.counter("looking for images that are the same"))
        });
        found.map(|(study, _)| study).collect()
    }
}

fn same_reports(corpus: &Corpus, sets: &[&OpenSet]) -> HashSet<usize> {
    let is_trained = |study: &Study| study.split == Split::Train;
    let scored = corpus.studies.iter().filter(|study| !is_trained(study));
    let scored = scored.chain(sets.iter().flat_map(|open| &open.set.corpus.studies)).enumerate();
    let trained = corpus.studies.iter().enumerate().filter(|(_, study)| is_trained(study));
    equal_reports(trained, scored).into_iter().map(|same| same.one).collect()
}

fn positions(corpus: &Corpus, is_wanted: impl Fn(&Study) -> bool) -> Vec<usize> {
    (0..corpus.studies.len()).filter(|&study| is_wanted(&corpus.studies[study])).collect()
}

/// Takes studies out of a corpus and its images, and counts them.
fn take_out(corpus: &mut Corpus, images: &mut ImageStore, reason: SkipReason, out: &HashSet<usize>) {
    corpus.take_out(reason, out);
    images.retain(|study| !out.contains(&study));
}
