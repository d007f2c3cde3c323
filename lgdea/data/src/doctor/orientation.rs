//! Films that lie on their side, stand on their head or are negatives, and corpora that do as a whole.
//!
//! A film is compared with the mean film of its own corpus (laterals with that of the laterals), on 32 × 32 means, however it is
//! turned and mirrored. An upright chest is alike left and right, and not above and below.
//!
//! On 2,665 public films of adults and children two are told, of which one does stand on its head, and on the 772 of one hospital among them
//! that one alone. Of copies that were turned by a quarter some 80 % are found (73 % of the hospital's), of those that stand on their head
//! 70 %, and of negatives 98 %. Films that are mirrored left to right are not told: a
//! heart on the right side cannot be told from that.

use rayon::prelude::*;

use super::{Diagnosis, Example, Severity, counting};
use crate::leaks::means;
use crate::{ImageStore, Projection, Study};

/// Side of the means.
const SIDE: usize = 32;
/// Films that make a mean film worth comparing with, and most that it is made of.
const ENOUGH: usize = 50;
const MOST: usize = 2000;
/// How much better a film fits on its side than upright, and a share of how much more alike above and below than left and right it is.
const ON_ITS_SIDE: f64 = 0.55;
const LEANING: f64 = 0.35;
/// Correlation of what differs above and below with that of the mean film.
const UPSIDE_DOWN: f64 = -0.5;
/// Correlation with the mean film.
const NEGATIVE: f64 = -0.25;
/// How much more alike above and below than left and right a mean film is that lies on its side.
const ALL_ON_THEIR_SIDE: f64 = 0.1;
/// By how many standard deviations the mediastinum is darker than the lungs in a mean film that is a negative.
const ALL_NEGATIVE: f64 = 0.5;
/// Films that are hardly false alarms any more: share and count.
const MANY: (f64, usize) = (0.01, 3);

pub(super) fn diagnose(
    studies: &[Study],
    images: &ImageStore,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Diagnosis> {
    let is_lateral = |study: &Study| study.projection == Some(Projection::Lateral);
    [false, true]
        .into_iter()
        .flat_map(|lateral| {
            let group: Vec<usize> = (0..studies.len())
                .filter(|&at| is_lateral(&studies[at]) == lateral && images.pixels(at).is_some())
                .collect();
            told(studies, &group, &|at| Film::of(images, at), lateral, progress)
        })
        .collect()
}

/// What is told of films that are of one kind of view.
fn told(
    studies: &[Study],
    group: &[usize],
    film: &(dyn Fn(usize) -> Option<Film> + Sync),
    lateral: bool,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Diagnosis> {
    if group.len() < ENOUGH {
        return Vec::new();
    }
    let Some(mean) = Mean::of(group, film) else { return Vec::new() };
    if let Some(fault) = mean.fault().filter(|_| !lateral) {
        return vec![fault.of_all(group.len())];
    }
    let count = counting(group.len(), progress);
    let found: Vec<(usize, Fault)> = group
        .par_iter()
        .filter_map(|&at| {
            count();
            Some((at, mean.fault_of(&film(at)?)?))
        })
        .collect();
    let those = |fault: Fault| {
        let positions = found.iter().filter(|(_, of)| *of == fault).map(|&(at, _)| at);
        let examples: Vec<Example> = positions.map(|at| Example::of(studies, at)).collect();
        let is_many = examples.len() >= MANY.1 && examples.len() as f64 > MANY.0 * group.len() as f64;
        let severity = if is_many { Severity::Wrong } else { Severity::Doubtful };
        Diagnosis::of(severity, fault.of_one(), examples, group.len(), fault.remedy())
    };
    Fault::ALL.into_iter().filter_map(those).collect()
}

/// How a film is shown wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Negative,
    OnItsSide,
    UpsideDown,
}

impl Fault {
    const ALL: [Fault; 3] = [Fault::Negative, Fault::OnItsSide, Fault::UpsideDown];

    fn of_one(self) -> &'static str {
        match self {
            Fault::Negative => "film that looks like a negative of the others",
            Fault::OnItsSide => "film that seems to lie on its side",
            Fault::UpsideDown => "film that seems to stand on its head",
        }
    }

    fn of_all(self, films: usize) -> Diagnosis {
        let what = match self {
            Fault::Negative => {
                "film of a corpus whose mean film looks like a negative: the mediastinum is darker than the lungs"
            }
            _ => {
                "film of a corpus whose mean film lies on its side: it is alike above and below, and not left and right"
            }
        };
        Diagnosis {
            severity: Severity::Wrong,
            what: what.to_owned(),
            count: films,
            of: films,
            examples: Vec::new(),
            remedy: self.remedy(),
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Fault::Negative => {
                "look at them; write them again with air dark, or correct the DICOM files' Photometric Interpretation"
            }
            Fault::OnItsSide | Fault::UpsideDown => "look at them; turn the files upright, with their boxes",
        }
    }
}

/// The means of an image, with a mean of 0 and a norm of 1.
#[derive(Debug, Clone)]
struct Film(Vec<f64>);

impl Film {
    /// `None` where there is no image, or one of a single grey.
    fn of(images: &ImageStore, study: usize) -> Option<Film> {
        Film::new(means(images.pixels(study)?, images.frame(study)?, SIDE, SIDE))
    }

    fn new(mut values: Vec<f64>) -> Option<Film> {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        for value in &mut values {
            *value -= mean;
        }
        let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
        for value in &mut values {
            *value /= norm;
        }
        (norm > f64::EPSILON).then_some(Film(values))
    }

    /// Each place is taken from another one.
    fn moved(&self, from: impl Fn(usize, usize) -> (usize, usize)) -> Film {
        let value = |place: usize| {
            let (row, column) = from(place / SIDE, place % SIDE);
            self.0[row * SIDE + column]
        };
        Film((0..SIDE * SIDE).map(value).collect())
    }

    fn mirrored(&self) -> Film {
        self.moved(|row, column| (row, SIDE - 1 - column))
    }

    fn above_below(&self) -> Film {
        self.moved(|row, column| (SIDE - 1 - row, column))
    }

    /// Mirrored at the diagonal from the upper left.
    fn transposed(&self) -> Film {
        self.moved(|row, column| (column, row))
    }

    fn correlation(&self, other: &Film) -> f64 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }

    /// What differs above and below; `None` where nothing does.
    fn rise(&self) -> Option<Film> {
        Film::new(self.0.iter().zip(&self.above_below().0).map(|(a, b)| a - b).collect())
    }

    /// How much more alike above and below than left and right it is.
    fn lean(&self) -> f64 {
        self.correlation(&self.above_below()) - self.correlation(&self.mirrored())
    }
}

/// The mean of films.
struct Mean {
    film: Film,
    /// The mean, turned and mirrored: upright and on its head, and lying on either side.
    standing: [Film; 4],
    lying: [Film; 4],
    rise: Option<Film>,
}

impl Mean {
    fn of(group: &[usize], film: &(dyn Fn(usize) -> Option<Film> + Sync)) -> Option<Mean> {
        // Spread over all of them, for sources stand one behind the other.
        let step = group.len().div_ceil(MOST);
        let films: Vec<Film> = group.par_iter().step_by(step).filter_map(|&at| film(at)).collect();
        let mut sum = vec![0.0; SIDE * SIDE];
        for Film(values) in &films {
            sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
        let film = Film::new(sum)?;
        let standing = [film.clone(), film.mirrored(), film.above_below(), film.mirrored().above_below()];
        let lying = standing.each_ref().map(Film::transposed);
        Some(Mean { rise: film.rise(), film, standing, lying })
    }

    /// What is wrong with the films as a whole.
    fn fault(&self) -> Option<Fault> {
        let part = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
            let count = (rows.len() * columns.len()) as f64;
            rows.flat_map(|row| &self.film.0[row * SIDE..][columns.clone()]).sum::<f64>() / count
        };
        // Of a norm of 1.
        let deviation = 1.0 / SIDE as f64;
        let lungs = f64::midpoint(part(9..19, 6..11), part(9..19, 21..26));
        let lean = self.film.lean();
        // The lungs are there only where the films stand upright.
        let is_negative = lean < 0.0 && part(9..22, 14..18) < lungs - ALL_NEGATIVE * deviation;
        if lean > ALL_ON_THEIR_SIDE { Some(Fault::OnItsSide) } else { is_negative.then_some(Fault::Negative) }
    }

    /// What is wrong with a film among others.
    fn fault_of(&self, film: &Film) -> Option<Fault> {
        if film.correlation(&self.film) < NEGATIVE {
            return Some(Fault::Negative);
        }
        let best = |of: &[Film; 4]| of.iter().map(|mean| film.correlation(mean)).fold(f64::MIN, f64::max);
        if best(&self.lying) - best(&self.standing) + LEANING * film.lean() > ON_ITS_SIDE {
            return Some(Fault::OnItsSide);
        }
        let rise = film.rise()?.correlation(self.rise.as_ref()?);
        (rise < UPSIDE_DOWN).then_some(Fault::UpsideDown)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use lgdea_spec::{Data, Phantom, Seed};

    use super::*;
    use crate::{Frame, Picture, load, test_data};

    type Turn = fn(&Film) -> Film;
    const TURNED: [(&str, Turn, Fault); 6] = [
        ("a quarter to the left", |film| film.transposed().above_below(), Fault::OnItsSide),
        ("a quarter to the right", |film| film.transposed().mirrored(), Fault::OnItsSide),
        ("a quarter, mirrored", Film::transposed, Fault::OnItsSide),
        ("by half", |film| film.mirrored().above_below(), Fault::UpsideDown),
        ("upside down", Film::above_below, Fault::UpsideDown),
        ("a negative", |film| Film(film.0.iter().map(|value| -value).collect()), Fault::Negative),
    ];

    fn films(pictures: &[Picture]) -> Vec<Film> {
        let film = |picture: &Picture| {
            let mut square = vec![0; 96 * 96];
            let frame = picture.draw(96, &mut square).unwrap();
            Film::new(means(&square, frame, SIDE, SIDE)).unwrap()
        };
        pictures.par_iter().map(film).collect()
    }

    fn phantom() -> Vec<Film> {
        let phantom = Phantom { studies: 80, validation: 0, test: 0, seed: Seed(4) };
        let data = Data { phantom: Some(phantom), ..Data::default() };
        let studies = load(&data, Seed(0), &|_, _| ()).unwrap().studies;
        films(&studies.into_iter().filter_map(|study| study.image).collect::<Vec<_>>())
    }

    /// What is told of films.
    fn found(films: &[Film]) -> Vec<Diagnosis> {
        let studies: Vec<Study> =
            (0..films.len()).map(|n| Study::new(format!("s{n}"), "p", crate::Split::Train)).collect();
        let group: Vec<usize> = (0..films.len()).collect();
        told(&studies, &group, &|at| Some(films[at].clone()), false, &|_, _| ())
    }

    #[test]
    fn upright_films_are_not_told_and_each_turned_one_is() {
        let upright = phantom();
        assert_eq!(found(&upright), []);
        for (how, turn, fault) in TURNED {
            let mut films = upright.clone();
            films[7] = turn(&films[7]);
            let told = found(&films);
            assert_eq!(told.len(), 1, "{how}: {told:?}");
            assert_eq!((told[0].what.as_str(), told[0].examples[0].text.as_str()), (fault.of_one(), "s7"), "{how}");
            assert_eq!(told[0].severity, Severity::Doubtful);
        }
    }

    #[test]
    fn several_turned_films_are_wrong_and_not_only_doubtful() {
        let mut films = phantom();
        for at in [3, 5, 11] {
            films[at] = films[at].transposed();
        }
        let told = found(&films);
        assert_eq!((told[0].severity, told[0].count), (Severity::Wrong, 3));
    }

    #[test]
    fn a_corpus_that_is_wrong_as_a_whole_is_told_once() {
        for (how, turn, fault) in TURNED.into_iter().filter(|(_, _, fault)| *fault != Fault::UpsideDown) {
            let films: Vec<Film> = phantom().iter().map(turn).collect();
            assert_eq!(found(&films), [fault.of_all(80)], "{how}");
        }
    }

    #[test]
    fn few_films_and_films_of_one_grey_are_not_judged() {
        let mut few = phantom();
        few.truncate(ENOUGH - 1);
        few[7] = few[7].transposed();
        assert_eq!(found(&few), []);
        assert!(Film::new(vec![9.0; SIDE * SIDE]).is_none());
        let square = vec![9; 64];
        assert!(Film::new(means(&square, Frame::FULL, SIDE, SIDE)).is_none());
    }

    /// The shares that this file's head tells.
    #[test]
    fn on_real_films_alarms_are_rare_and_most_turned_films_are_found() {
        let Some(root) = test_data::root() else { return };
        let listed = |table: &str| -> Vec<PathBuf> {
            let mut rows = csv::Reader::from_path(root.join(table)).unwrap();
            let column = rows.headers().unwrap().iter().position(|name| name == "path").unwrap();
            let folder = root.join(table).parent().unwrap().to_owned();
            rows.records().map(|row| folder.join(&row.unwrap()[column])).collect()
        };
        let mut paths = listed("cxr_mini/images.csv");
        paths.extend(listed("cxr_more/studies.csv"));
        let films = films(&paths.into_iter().map(Picture::file_at).collect::<Vec<_>>());
        let group: Vec<usize> = (0..films.len()).collect();
        let mean = Mean::of(&group, &|at| Some(films[at].clone())).unwrap();
        assert_eq!(mean.fault(), None);
        let alarms = films.iter().filter(|film| mean.fault_of(film).is_some()).count();
        eprintln!("{alarms} alarms on {} films", films.len());
        assert!(alarms * 500 <= films.len(), "{alarms}");
        for (how, turn, fault) in TURNED {
            let found = films.iter().filter(|film| mean.fault_of(&turn(film)) == Some(fault)).count();
            let share = found as f64 / films.len() as f64;
            eprintln!("{how}: {share:.3}");
            assert!(share > 0.65, "{how}: {share}");
        }
    }
}
