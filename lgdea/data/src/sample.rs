//! Studies with images to look at, drawn from a corpus by what they hold.

use lgdea_spec::Seed;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::table::shown_path;
use crate::{Frame, Picture, Skipped, Split, Study, normalise_label};

/// Which studies to look at.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Only those of a split.
    pub split: Option<Split>,
    /// Only those with a finding among their labels that are present, or among their boxes; however it is written.
    pub finding: Option<&'a str>,
    /// Only those with a box or a mask.
    pub boxed: bool,
    /// How many at most.
    pub count: usize,
    /// What decides which of more they are.
    pub seed: Seed,
}

/// What was drawn.
#[derive(Debug)]
pub struct Sampled {
    /// The studies, in their order in the corpus; as many as were asked for, if so many can be read.
    pub drawn: Vec<Drawn>,
    /// How many studies with an image there are to draw from.
    pub of: usize,
    /// Images that could not be read, for which others were drawn.
    pub skipped: Skipped,
}

/// A study with its image.
#[derive(Debug)]
pub struct Drawn {
    /// Position in the corpus.
    pub study: usize,
    /// The image, `[size * size]` grey pixels row by row.
    pub pixels: Vec<u8>,
    /// Where the original image lies in this square.
    pub frame: Frame,
}

impl Sample<'_> {
    /// Draws studies and reads their images at `size` pixels a side. The same seed draws the same studies.
    ///
    /// # Panics
    /// If `size` is 0.
    pub fn draw(&self, studies: &[Study], size: usize) -> Sampled {
        let mut order: Vec<usize> = (0..studies.len()).filter(|&at| self.wants(&studies[at])).collect();
        let of = order.len();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(self.seed.stream("sample").0));
        let (mut drawn, mut skipped) = (Vec::new(), Skipped::default());
        let mut rest = order.as_slice();
        while drawn.len() < self.count && !rest.is_empty() {
            let (next, others) = rest.split_at((self.count - drawn.len()).min(rest.len()));
            rest = others;
            let read = |&study: &usize| {
                let picture = studies[study].image.as_ref()?;
                let mut pixels = vec![0; size * size];
                let frame = picture.draw(size, &mut pixels);
                Some((picture, frame.map(|frame| Drawn { study, pixels, frame })))
            };
            // In parallel, and in the order of the draw.
            let read: Vec<Option<(&Picture, _)>> = next.par_iter().map(read).collect();
            for (picture, result) in read.into_iter().flatten() {
                match result {
                    Ok(one) => drawn.push(one),
                    Err(reason) => skipped.add(reason, picture.file().map_or_else(String::new, shown_path)),
                }
            }
        }
        drawn.sort_by_key(|one| one.study);
        Sampled { drawn, of, skipped }
    }

    fn wants(&self, study: &Study) -> bool {
        study.image.is_some()
            && self.split.is_none_or(|split| study.split == split)
            && (!self.boxed || !study.boxes.is_empty())
            && self.finding.is_none_or(|finding| {
                let finding = normalise_label(finding);
                let is_label = study.labels.as_ref().is_some_and(|labels| labels.present.contains(&finding));
                is_label || study.boxes.iter().any(|found| found.finding == finding)
            })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lgdea_spec::{Data, Phantom};

    use super::*;
    use crate::{FindingBox, SkipReason, StudyLabels, load};

    const ALL: Sample<'_> = Sample { split: None, finding: None, boxed: false, count: 1000, seed: Seed(0) };

    fn phantom() -> Vec<Study> {
        let phantom = Phantom { studies: 20, validation: 10, test: 10, seed: Seed(1) };
        load(&Data { phantom: Some(phantom), ..Data::default() }, Seed(0), &|_, _| ()).unwrap().studies
    }

    fn drawn(sample: Sample<'_>, studies: &[Study]) -> Vec<usize> {
        sample.draw(studies, 8).drawn.iter().map(|one| one.study).collect()
    }

    #[test]
    fn each_condition_leaves_out_what_does_not_meet_it() {
        let mut studies = phantom();
        studies[0].image = None;
        let all = drawn(ALL, &studies);
        assert_eq!((all.len(), all[0]), (39, 1), "a study without image is not drawn");
        let of = |sample, is: &dyn Fn(&Study) -> bool| {
            let drawn = drawn(sample, &studies);
            assert!(!drawn.is_empty() && drawn.len() < 39 && drawn.iter().all(|&at| is(&studies[at])), "{sample:?}");
            assert_eq!(drawn.len(), studies[1..].iter().filter(|study| is(study)).count());
        };
        of(Sample { split: Some(Split::Test), ..ALL }, &|study| study.split == Split::Test);
        of(Sample { boxed: true, ..ALL }, &|study| !study.boxes.is_empty());
        let finding = studies[1..].iter().find_map(|study| Some(study.boxes.first()?.finding.clone())).unwrap();
        let has = |study: &Study| study.labels.as_ref().is_some_and(|labels| labels.present.contains(&finding));
        of(Sample { finding: Some(&finding), ..ALL }, &has);
        of(Sample { finding: Some(&finding.to_uppercase().replace('_', " ")), ..ALL }, &has);
        assert_eq!(drawn(Sample { finding: Some("none such"), ..ALL }, &studies), [0; 0]);
    }

    #[test]
    fn a_finding_is_one_of_labels_or_of_boxes() {
        let mut studies = phantom();
        let found = |finding| FindingBox::in_pixels(finding, "", [0.0, 0.0, 1.0, 1.0], [2.0, 2.0]);
        for study in &mut studies {
            (study.labels, study.boxes) = (None, Vec::new());
        }
        studies[3].labels = Some(StudyLabels::from_iter(["mass"]));
        studies[5].boxes.extend(found("mass"));
        studies[7].labels = Some(StudyLabels { uncertain: ["mass".to_owned()].into(), ..StudyLabels::default() });
        assert_eq!(drawn(Sample { finding: Some("Mass"), ..ALL }, &studies), [3, 5], "uncertain is not present");
    }

    #[test]
    fn the_seed_decides_which_of_many() {
        let studies = phantom();
        let of = |seed, count| drawn(Sample { count, seed: Seed(seed), ..ALL }, &studies);
        assert_eq!(of(1, 6).len(), 6);
        assert_eq!(of(1, 6), of(1, 6));
        assert_ne!(of(1, 6), of(2, 6));
        assert!(of(1, 6).is_sorted() && of(1, 6).iter().all(|one| of(1, 12).contains(one)), "more of the same");
        assert_eq!(ALL.draw(&studies, 8).of, 40);
        assert!(of(1, 0).is_empty());
    }

    #[test]
    fn images_that_cannot_be_read_are_counted_and_others_stand_in() {
        let folder = tempfile::tempdir().unwrap();
        let broken = folder.path().join("broken.png");
        fs::write(&broken, "no image").unwrap();
        let mut studies = phantom();
        for study in studies.iter_mut().step_by(2) {
            study.image = Some(Picture::file_at(broken.clone()));
        }
        let sampled = Sample { count: 20, ..ALL }.draw(&studies, 8);
        assert_eq!((sampled.drawn.len(), sampled.of), (20, 40));
        assert!(sampled.drawn.iter().all(|one| one.study % 2 == 1 && one.pixels.len() == 64));
        let sampled = Sample { count: 21, ..ALL }.draw(&studies, 8);
        assert_eq!((sampled.drawn.len(), sampled.skipped.count(SkipReason::UnreadableImage)), (20, 20));
    }
}
