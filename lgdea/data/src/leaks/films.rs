//! The same image in two places, or nearly the same.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::likeness::{Hash, are_alike, are_near, hash, slopes};
use crate::ImageStore;

/// Films that are compared with others at a time: their hashes stay in the processor's nearest cache.
const AT_A_TIME: usize = 128;

/// Images of a corpus that are to be compared: their hashes.
#[derive(Debug, Clone)]
pub struct Films<'a> {
    images: &'a ImageStore,
    /// Positions of studies whose image shows something.
    hashed: Vec<(usize, Hash)>,
}

impl<'a> Films<'a> {
    /// Hashes the images of the studies at `positions` of the corpus that `images` were made of, on all cores: 377,110 images of
    /// 224 × 224 pixels take 20 s of one core. A study without image is left out, and so is an image without structure.
    ///
    /// `progress` is called with the number of studies done and their total.
    pub fn of(images: &'a ImageStore, positions: &[usize], progress: &(dyn Fn(usize, usize) + Sync)) -> Films<'a> {
        let done = AtomicUsize::new(0);
        let hashed = positions.par_iter().filter_map(|&study| {
            let hash = images.pixels(study).zip(images.frame(study)).and_then(|(square, frame)| hash(square, frame));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, positions.len());
            Some((study, hash?))
        });
        Films { images, hashed: hashed.collect() }
    }

    /// Those of them that are wanted, by their position.
    #[must_use]
    pub fn only(&self, is_wanted: impl Fn(usize) -> bool) -> Films<'a> {
        let hashed = self.hashed.iter().copied().filter(|&(study, _)| is_wanted(study)).collect();
        Films { images: self.images, hashed }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.hashed.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.hashed.is_empty()
    }

    /// What [`are_alike`] compares.
    fn slopes(&self, study: usize) -> Option<Vec<f64>> {
        Some(slopes(self.images.pixels(study)?, self.images.frame(study)?))
    }
}

/// The films of `a` that `b` has, too, or nearly: each with the first of `b` that it is a copy of, in the order of `a`. Only pairs that
/// are `asked` for count; to look inside of one list, hand it over twice and ask for pairs whose first position is the lower.
///
/// All pairs of hashes are compared, on all cores, so that no copy is lost among films that are much alike. A pair takes 2 ns of one
/// core: 377,110 films and 5,000 take 4 s, 377,110 and themselves 5 minutes.
///
/// `progress` is called with the number of films of `a` done and their total.
pub fn copies(
    a: &Films<'_>,
    b: &Films<'_>,
    asked: &(dyn Fn(usize, usize) -> bool + Sync),
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<(usize, usize)> {
    let done = AtomicUsize::new(0);
    let chunks = a.hashed.par_chunks(AT_A_TIME).flat_map_iter(|chunk| {
        let mut films: Vec<Film<'_>> = chunk.iter().map(Film::new).collect();
        for other in &b.hashed {
            for film in films.iter_mut().filter(|film| film.copy.is_none() && are_near(film.hash, &other.1)) {
                if asked(film.study, other.0) && film.is_like(a, b, other.0) {
                    film.copy = Some(other.0);
                }
            }
        }
        progress(done.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len(), a.len());
        films.into_iter().filter_map(|film| Some((film.study, film.copy?)))
    });
    chunks.collect()
}

/// A film that copies are looked for.
struct Film<'a> {
    study: usize,
    hash: &'a Hash,
    /// Made where there is a candidate.
    slopes: OnceCell<Option<Vec<f64>>>,
    copy: Option<usize>,
}

impl<'a> Film<'a> {
    fn new((study, hash): &'a (usize, Hash)) -> Film<'a> {
        Film { study: *study, hash, slopes: OnceCell::new(), copy: None }
    }

    fn is_like(&self, a: &Films<'_>, b: &Films<'_>, other: usize) -> bool {
        let slopes = self.slopes.get_or_init(|| a.slopes(self.study)).as_deref();
        slopes.zip(b.slopes(other)).is_some_and(|(one, other)| are_alike(one, &other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaks::test_films::film;

    fn store(size: usize, films: &[Option<u64>]) -> ImageStore {
        let squares: Vec<Option<Vec<u8>>> = films.iter().map(|film_of| film_of.map(|seed| film(seed, size))).collect();
        ImageStore::of_squares(size, &squares)
    }

    fn films(images: &ImageStore) -> Films<'_> {
        let positions: Vec<usize> = (0..9).collect();
        Films::of(images, &positions, &|_, _| ())
    }

    #[test]
    fn copies_are_found_between_corpora_whose_images_have_other_sizes() {
        let (read, scored) =
            (store(64, &[Some(5), None, Some(6), Some(7)]), store(128, &[None, Some(9), Some(7), Some(5)]));
        let (a, b) = (films(&read), films(&scored));
        assert_eq!((a.len(), b.len()), (3, 3));
        assert_eq!(copies(&a, &b, &|_, _| true, &|_, _| ()), [(0, 3), (3, 2)]);
        assert_eq!(copies(&b, &a, &|_, _| true, &|_, _| ()), [(2, 3), (3, 0)]);
    }

    #[test]
    fn the_first_copy_that_is_asked_for_is_told() {
        let images = store(64, &[Some(5), Some(6), Some(5), Some(5), Some(6)]);
        let all = films(&images);
        let inside = |asked: &(dyn Fn(usize, usize) -> bool + Sync)| copies(&all, &all, asked, &|_, _| ());
        assert_eq!(inside(&|one, other| one < other), [(0, 2), (1, 4), (2, 3)]);
        assert_eq!(inside(&|one, other| one < other && other > 2), [(0, 3), (1, 4), (2, 3)]);
        assert_eq!(inside(&|_, _| false), []);
        let some = all.only(|study| study < 2);
        assert_eq!(copies(&some, &all.only(|study| study == 4), &|_, _| true, &|_, _| ()), [(1, 4)]);
        assert!(
            all.only(|_| false).is_empty() && copies(&all, &all.only(|_| false), &|_, _| true, &|_, _| ()).is_empty()
        );
    }

    #[test]
    fn images_without_structure_are_copies_of_nothing() {
        let flat = vec![9; 64 * 64];
        let images = ImageStore::of_squares(64, &[Some(flat.clone()), Some(flat)]);
        assert!(films(&images).is_empty());
    }

    #[test]
    fn copies_among_many_that_are_near_are_found_and_progress_ends_with_all() {
        let (many, last) = (vec![Some(5); 1000], AtomicUsize::new(0));
        let images = store(32, &many);
        let positions: Vec<usize> = (0..1000).collect();
        let seen = |done, total| {
            assert_eq!(total, 1000);
            last.fetch_max(done, Ordering::Relaxed);
        };
        let all = Films::of(&images, &positions, &seen);
        assert_eq!(last.swap(0, Ordering::Relaxed), 1000);
        let found = copies(&all, &all, &|one, other| one < other, &seen);
        assert_eq!((found.len(), found[0], found[998], last.into_inner()), (999, (0, 1), (998, 999), 1000));
    }
}
