//! Examinations as data sets tell of them, and the studies that they become.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use lgdea_spec::Views;

use crate::split::Splits;
use crate::table::{Vocabulary, shown_id};
use crate::view::View;
use crate::{FindingBox, Person, Picture, Projection, Report, SkipReason, Skipped, Split, Study, StudyLabels};

/// An examination, before the images are chosen that are read of it.
#[derive(Debug, Default)]
pub(crate) struct Examination {
    /// Identifier, unique in its source.
    pub(crate) id: String,
    /// Identifier of the patient.
    pub(crate) patient: String,
    /// The split that the source gives it; otherwise one is drawn by patient.
    pub(crate) split: Option<Split>,
    /// Its images.
    pub(crate) films: Vec<Film>,
    /// Its report.
    pub(crate) report: Option<Report>,
    /// Its findings, as far as they are not said of single images.
    pub(crate) labels: Option<StudyLabels>,
    /// Who was examined.
    pub(crate) person: Person,
    /// Where it is from, as far as the source tells that itself.
    pub(crate) source: Option<Arc<str>>,
}

/// An image of an examination.
#[derive(Debug)]
pub(crate) struct Film {
    /// Identifier, unique in its examination.
    pub(crate) id: String,
    /// The file.
    pub(crate) picture: Picture,
    /// What the source calls its view; empty where it does not say.
    pub(crate) view: String,
    /// Findings of this image alone; `None` where they are said of the examination.
    pub(crate) labels: Option<StudyLabels>,
    /// Where findings lie in it.
    pub(crate) boxes: Vec<FindingBox>,
}

impl Film {
    /// A file with its view, without findings of its own.
    pub(crate) fn new(id: impl Into<String>, picture: Picture, view: impl Into<String>) -> Film {
        Film { id: id.into(), picture, view: view.into(), labels: None, boxes: Vec::new() }
    }

    /// Adds a box; one that leaves nothing inside of the image is counted as one of the study `id`.
    pub(crate) fn add_box(&mut self, found: Option<FindingBox>, id: &str, skipped: &mut Skipped) {
        match found {
            Some(found) => self.boxes.push(found),
            None => skipped.add(SkipReason::EmptyBox, shown_id(id)),
        }
    }

    fn seen(&self) -> View {
        View::parse(&self.view)
    }
}

/// The studies of examinations: `splits` has what the source gives and draws the rest. What is not read is counted.
pub(crate) fn studies(
    examinations: Vec<Examination>,
    views: Views,
    mut splits: Splits<'_>,
    skipped: &mut Skipped,
) -> Vec<Study> {
    for examination in &examinations {
        if let Some(split) = examination.split {
            splits.give(&examination.patient, split);
        }
    }
    let called = called(&examinations);
    let of = |examination: Examination| examination.studies(views, &called, &splits, skipped);
    examinations.into_iter().flat_map(of).collect()
}

/// What the source calls views.
fn called(examinations: &[Examination]) -> Vocabulary {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for film in examinations.iter().flat_map(|examination| &examination.films) {
        if !film.view.is_empty() {
            *counts.entry(&film.view).or_default() += 1;
        }
    }
    counts.into_iter().collect()
}

/// Leaves out, of patients who have an image in the test that the source gives, those examinations that it does not give to the
/// test: some official splits are of images. They are counted.
pub(crate) fn leave_out_patients_of_test(examinations: &mut Vec<Examination>, skipped: &mut Skipped) {
    let is_test = |examination: &&Examination| examination.split == Some(Split::Test);
    let patients: HashSet<String> = examinations.iter().filter(is_test).map(|one| one.patient.clone()).collect();
    examinations.retain(|examination| {
        let stays = examination.split.is_some() || !patients.contains(&examination.patient);
        if !stays {
            skipped.add(SkipReason::PatientOfTest, shown_id(&examination.id));
        }
        stays
    });
}

impl Examination {
    /// The study with each image that `views` asks for; the study without image where it asks for none that is there.
    fn studies(mut self, views: Views, called: &Vocabulary, splits: &Splits<'_>, skipped: &mut Skipped) -> Vec<Study> {
        let films = self.read(views, called, skipped);
        // A study keeps its own split even where a patient is divided, so that the error can name both.
        let split = self.split.unwrap_or_else(|| splits.of(&self.patient));
        let study = |film: Option<Film>, id: String| {
            let (mut labels, mut boxes, mut projection, mut image) = (None, Vec::new(), None, None);
            if let Some(film) = film {
                projection = Projection::parse(&film.view);
                (labels, boxes, image) = (film.labels, film.boxes, Some(film.picture));
            }
            Study {
                id,
                examination: self.id.clone(),
                patient: self.patient.clone(),
                split,
                image,
                report: self.report.clone(),
                labels: labels.or_else(|| self.labels.clone()),
                boxes,
                person: self.person,
                projection,
                source: self.source.clone(),
            }
        };
        if films.is_empty() {
            return vec![study(None, self.id.clone())];
        }
        let named = films.into_iter().enumerate().map(|(number, film)| {
            let id = if number == 0 { self.id.clone() } else { format!("{}/{}", self.id, film.id) };
            study(Some(film), id)
        });
        named.collect()
    }

    /// Takes the images that are read, the one to prefer first; the others are counted. `called` is what the source calls views.
    fn read(&mut self, views: Views, called: &Vocabulary, skipped: &mut Skipped) -> Vec<Film> {
        let mut read = Vec::new();
        for film in std::mem::take(&mut self.films) {
            match film.seen() {
                View::OtherImage => {
                    skipped.add_value(SkipReason::OtherImage, called.shown(&film.view));
                    self.leave(film, skipped);
                }
                View::Lateral if views != Views::WithLaterals => {
                    skipped.add(SkipReason::LateralView, shown_id(&self.id));
                    self.leave(film, skipped);
                }
                View::Unknown => {
                    // Counted whether it is read or not: what the source calls it may be what is to be left out.
                    skipped.add_value(SkipReason::UnknownView, called.shown(&film.view));
                    read.push(film);
                }
                View::Lateral | View::Frontal | View::Untold => read.push(film),
            }
        }
        // Stable: what is known to be frontal goes before what is not, and what has boxes before what has none.
        read.sort_by_key(|film| (film.seen(), film.boxes.is_empty()));
        let keep = match views {
            Views::FirstFrontal => 1,
            Views::AllFrontal | Views::WithLaterals => {
                let known = read.iter().filter(|film| film.seen() != View::Unknown).count();
                if known > 0 { known } else { read.len().min(1) }
            }
        };
        // Views that say nothing stand behind frontal ones and before lateral ones.
        if views != Views::FirstFrontal {
            read.sort_by_key(|film| film.seen() == View::Unknown);
        }
        for film in read.split_off(keep.min(read.len())) {
            if film.seen() != View::Unknown {
                skipped.add(SkipReason::AdditionalImage, shown_id(&self.id));
            }
            self.leave(film, skipped);
        }
        read
    }

    /// Counts the boxes of an image that is not read.
    fn leave(&self, film: Film, skipped: &mut Skipped) {
        for _ in film.boxes {
            skipped.add(SkipReason::BoxOnOtherImage, shown_id(&self.id));
        }
    }
}

#[cfg(test)]
mod tests {
    use lgdea_spec::{Fractions, Seed};

    use super::*;

    const FRACTIONS: Fractions = Fractions { validation: 0.0, test: 0.0 };

    fn examination(films: &[(&str, &str, bool)]) -> Examination {
        let films = films.iter().map(|&(id, view, boxed)| {
            let whole = FindingBox::in_pixels("mass", "", [0.0, 0.0, 1.0, 1.0], [1.0, 1.0]);
            let boxes = if boxed { Vec::from_iter(whole) } else { Vec::new() };
            Film { boxes, ..Film::new(id, Picture::file_at(id.into()), view) }
        });
        let report = Report::parse("IMPRESSION: Clear.");
        let (id, patient) = ("s".to_owned(), "p".to_owned());
        Examination { id, patient, films: films.collect(), report, ..Examination::default() }
    }

    fn ids(films: &[(&str, &str, bool)], views: Views) -> (Vec<(String, Option<String>)>, Skipped) {
        let mut skipped = Skipped::default();
        let splits = Splits::new(&FRACTIONS, Seed(0)).unwrap();
        let studies = studies(vec![examination(films)], views, splits, &mut skipped);
        let file = |study: &Study| study.image.as_ref()?.file().map(|path| path.display().to_string());
        (studies.iter().map(|study| (study.id.clone(), file(study))).collect(), skipped)
    }

    fn files(films: &[(&str, &str, bool)], views: Views) -> Vec<String> {
        ids(films, views).0.into_iter().filter_map(|(_, file)| file).collect()
    }

    const MIXED: &[(&str, &str, bool)] = &[
        ("1", "LATERAL", false),
        ("2", "AP", false),
        ("3", "", false),
        ("4", "PA", false),
        ("5", "LAO", false),
        ("6", "CT", false),
    ];

    #[test]
    fn views_decide_which_images_are_read() {
        assert_eq!(files(MIXED, Views::FirstFrontal), ["2"]);
        assert_eq!(files(MIXED, Views::AllFrontal), ["2", "4", "3"]);
        assert_eq!(files(MIXED, Views::WithLaterals), ["2", "4", "3", "1"]);
        assert_eq!(files(&[("1", "LAO", false), ("2", "RAO", false)], Views::AllFrontal), ["1"]);
        assert_eq!(files(&[("1", "L", false)], Views::AllFrontal), [""; 0]);
        assert_eq!(files(&[("1", "L", false)], Views::WithLaterals), ["1"]);
    }

    #[test]
    fn an_image_with_boxes_goes_first_among_its_like() {
        assert_eq!(files(&[("1", "PA", false), ("2", "AP", true)], Views::FirstFrontal), ["2"]);
        assert_eq!(files(&[("1", "PA", false), ("2", "", true)], Views::FirstFrontal), ["1"]);
    }

    #[test]
    fn boxes_on_images_that_are_not_read_are_counted() {
        for (other, reason) in
            [("PA", SkipReason::AdditionalImage), ("L", SkipReason::LateralView), ("CT", SkipReason::OtherImage)]
        {
            let (_, skipped) = ids(&[("1", "PA", true), ("2", other, true)], Views::FirstFrontal);
            assert_eq!((skipped.count(reason), skipped.count(SkipReason::BoxOnOtherImage)), (1, 1), "{other}");
        }
    }

    #[test]
    fn further_images_are_studies_of_the_same_examination() {
        let (studies, _) = ids(MIXED, Views::AllFrontal);
        let ids: Vec<&str> = studies.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["s", "s/4", "s/3"]);
    }

    #[test]
    fn what_is_not_read_is_counted() {
        let (_, skipped) = ids(MIXED, Views::FirstFrontal);
        for (reason, count) in [
            (SkipReason::LateralView, 1),
            (SkipReason::OtherImage, 1),
            (SkipReason::UnknownView, 1),
            (SkipReason::AdditionalImage, 2),
        ] {
            assert_eq!(skipped.count(reason), count, "{reason:?}");
        }
    }

    #[test]
    fn the_first_image_is_the_best_known_one() {
        for (films, expected) in [
            (&[("1", "oblique"), ("2", "PA")][..], Some("2")),
            (&[("1", ""), ("2", "AP")], Some("2")),
            (&[("1", "oblique"), ("2", "")], Some("2")),
            (&[("1", "LAO"), ("2", "RAO")], Some("1")),
            (&[("1", "PA"), ("2", "AP")], Some("1")),
            (&[("1", "Lateral"), ("2", "Axial")], None),
            (&[("1", "CT"), ("2", "PA"), ("3", "Coronal")], Some("2")),
            (&[("1", "Axial"), ("2", "Other")], Some("2")),
            (&[("1", "-"), ("2", "oblique")], Some("1")),
        ] {
            let films: Vec<(&str, &str, bool)> = films.iter().map(|&(id, view)| (id, view, false)).collect();
            let read = files(&films, Views::FirstFrontal);
            assert_eq!(read.first().map(String::as_str), expected, "{films:?}");
        }
    }

    #[test]
    fn a_view_that_is_neither_is_named_whether_it_is_read_or_not() {
        let unknown = |films: &[(&str, &str, bool)]| {
            let (_, skipped) = ids(films, Views::FirstFrontal);
            let items = skipped.0[&SkipReason::UnknownView].clone();
            (items.count, items.examples.join(","), skipped.count(SkipReason::AdditionalImage))
        };
        assert_eq!(unknown(&[("1", "LAO", false)]), (1, "LAO".to_owned(), 0));
        assert_eq!(unknown(&[("1", "LAO", false), ("2", "PA", false)]), (1, "LAO".to_owned(), 0));
        assert_eq!(unknown(&[("1", "LAO", false), ("2", "LAO", false)]), (2, "LAO".to_owned(), 0));
        // Words that stand there once may be a text.
        assert_eq!(unknown(&[("1", "Small left effusion", false)]).1, "a text of 19 characters");
        let often = [("1", "Swimmers view", false), ("2", "Swimmers view", false)];
        assert_eq!(unknown(&often).1, "Swimmers view");
    }

    #[test]
    fn a_report_stays_where_no_image_is_read() {
        let (studies, _) = ids(&[("1", "L", false)], Views::FirstFrontal);
        assert_eq!(studies, [("s".to_owned(), None)]);
    }
}
