//! Examinations as data sets tell of them, and the studies that they become.

use lgdea_spec::Views;

use crate::split::Splits;
use crate::table::{shown, shown_id};
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
    let of = |examination: Examination| examination.studies(views, &splits, skipped);
    examinations.into_iter().flat_map(of).collect()
}

impl Examination {
    /// The study with each image that `views` asks for; the study without image where it asks for none that is there.
    fn studies(mut self, views: Views, splits: &Splits<'_>, skipped: &mut Skipped) -> Vec<Study> {
        let films = self.read(views, skipped);
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

    /// Takes the images that are read, the one to prefer first; the others are counted.
    fn read(&mut self, views: Views, skipped: &mut Skipped) -> Vec<Film> {
        let mut read = Vec::new();
        for film in std::mem::take(&mut self.films) {
            match film.seen() {
                View::OtherImage => self.leave(film, SkipReason::OtherImage, skipped),
                View::Lateral if views != Views::WithLaterals => self.leave(film, SkipReason::LateralView, skipped),
                View::Lateral | View::Frontal | View::Untold | View::Unknown => read.push(film),
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
        for film in read.drain(keep.min(read.len())..) {
            let reason = match film.seen() {
                View::Unknown => SkipReason::UnknownView,
                _ => SkipReason::AdditionalImage,
            };
            self.leave(film, reason, skipped);
        }
        read
    }

    /// Counts an image that is not read, and its boxes.
    fn leave(&self, film: Film, reason: SkipReason, skipped: &mut Skipped) {
        match reason {
            SkipReason::OtherImage | SkipReason::UnknownView => skipped.add_value(reason, shown(&film.view)),
            _ => skipped.add(reason, shown_id(&self.id)),
        }
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
    fn a_report_stays_where_no_image_is_read() {
        let (studies, _) = ids(&[("1", "L", false)], Views::FirstFrontal);
        assert_eq!(studies, [("s".to_owned(), None)]);
    }
}
