//! The images of a corpus, ready to batch.

mod file;

use std::sync::atomic::{AtomicUsize, Ordering};

use lgdea_cache::{Cache, Stage};
use memmap2::Mmap;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use crate::source::Progress;
use crate::{Corpus, DataError, Frame, Picture, SkipReason, Skipped, Study};

/// Largest side of stored images.
const LARGEST: usize = 4096;
/// Bytes of pixels that are drawn before they are written.
const AT_A_TIME: usize = 64 << 20;

/// The frontal image of each study that has one, as grey squares.
#[derive(Debug)]
pub struct ImageStore {
    size: usize,
    /// `[images, size, size]`.
    pixels: Pixels,
    /// Per image.
    frames: Vec<Frame>,
    /// Per study: which image is its.
    slots: Vec<Option<usize>>,
}

#[derive(Debug)]
enum Pixels {
    Here(Vec<u8>),
    Shared(Mmap),
}

/// How images are made.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// Side of the squares, in pixels.
    pub size: usize,
    /// Threads that draw; 0 for all cores. The result does not depend on it.
    pub threads: usize,
    /// Called with the number of images done and their total; not at all where they are there already.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
    /// Called with whom it waits for, where another process is making the same images.
    pub waiting: &'a dyn Fn(&str),
}

impl ImageStore {
    /// The images of `corpus` as squares, from `cache` if they are there, else decoded, resized or rendered into it first.
    /// Where the cache cannot be written, they are made in memory, with a warning.
    ///
    /// Images that cannot be read are taken out of the corpus: their studies stay with their reports alone, or go where
    /// they have none. So positions of studies change; draw pairs afterwards. What was left out is returned, and
    /// is among `corpus.skipped`, too.
    ///
    /// # Errors
    /// A side that is no side of an image; no readable image; no memory.
    pub fn open(corpus: &mut Corpus, making: Making<'_>, cache: &Cache) -> Result<(ImageStore, Skipped), DataError> {
        let pictures = pictures(corpus);
        if pictures.is_empty() {
            return Self::in_memory(corpus, making);
        }
        let key = file::key(&pictures, making.size);
        let drawing = Drawing::new(&pictures, making)?;
        let stored = cache.get_or_make(
            Stage::Images,
            &key,
            |path| file::open(path, making.size),
            |path| file::write(path, &drawing),
            making.waiting,
        );
        match stored {
            Ok(file::Mapped { pixels, results }) => Self::of(corpus, making.size, Pixels::Shared(pixels), &results),
            Err(DataError::Cache(error)) => {
                tracing::warn!("images are kept in memory: {error}: {}", error.source);
                Self::in_memory(corpus, making)
            }
            Err(error) => Err(error),
        }
    }

    /// As [`ImageStore::open`], without a cache.
    ///
    /// # Errors
    /// As there.
    pub fn in_memory(corpus: &mut Corpus, making: Making<'_>) -> Result<(ImageStore, Skipped), DataError> {
        let pictures = pictures(corpus);
        let drawing = Drawing::new(&pictures, making)?;
        let memory = || DataError::Memory { images: pictures.len(), size: making.size };
        let mut pixels: Vec<u8> = Vec::new();
        pixels.try_reserve_exact(pictures.len().saturating_mul(drawing.area())).map_err(|_| memory())?;
        let results = drawing.draw(&mut |drawn| {
            pixels.extend_from_slice(drawn);
            Ok(())
        })?;
        pixels.shrink_to_fit();
        Self::of(corpus, making.size, Pixels::Here(pixels), &results)
    }

    /// What a cache calls the images of a corpus; none where there are none.
    pub fn key(corpus: &Corpus, size: usize) -> Option<String> {
        let pictures = pictures(corpus);
        (!pictures.is_empty()).then(|| file::key(&pictures, size))
    }

    fn of(
        corpus: &mut Corpus,
        size: usize,
        pixels: Pixels,
        results: &Results,
    ) -> Result<(ImageStore, Skipped), DataError> {
        let frames: Vec<Frame> = results.iter().flatten().copied().collect();
        let skipped = drop_unreadable(corpus, results);
        if !results.is_empty() && frames.is_empty() {
            let skipped = skipped.to_string();
            return Err(DataError::NoReadableImage { images: results.len(), skipped });
        }
        corpus.skipped.merge(&skipped);
        let mut next = 0..;
        let slots = corpus.studies.iter().map(|study| study.image.as_ref().and_then(|_| next.next())).collect();
        Ok((ImageStore { size, pixels, frames, slots }, skipped))
    }

    /// Side of the images, in pixels.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The image, `[size * size]` row by row, of the study at a position of the corpus; `None` where it has none.
    pub fn pixels(&self, study: usize) -> Option<&[u8]> {
        let area = self.size * self.size;
        let slot = (*self.slots.get(study)?)?;
        let pixels = match &self.pixels {
            Pixels::Here(pixels) => pixels.as_slice(),
            Pixels::Shared(pixels) => pixels,
        };
        pixels.get(slot * area..(slot + 1) * area)
    }

    /// Where the original image of the study at a position of the corpus lies in its square; `None` where it has none.
    pub fn frame(&self, study: usize) -> Option<Frame> {
        let slot = (*self.slots.get(study)?)?;
        self.frames.get(slot).copied()
    }
}

/// For each picture where it lies in its square, or why there is none.
type Results = Vec<Result<Frame, SkipReason>>;

fn pictures(corpus: &Corpus) -> Vec<&Picture> {
    corpus.studies.iter().filter_map(|study| study.image.as_ref()).collect()
}

/// Pictures that are to be drawn.
struct Drawing<'a> {
    pictures: &'a [&'a Picture],
    size: usize,
    threads: usize,
    progress: Progress<'a>,
}

impl<'a> Drawing<'a> {
    fn new(pictures: &'a [&'a Picture], making: Making<'a>) -> Result<Self, DataError> {
        let Making { size, threads, progress, .. } = making;
        if !(1..=LARGEST).contains(&size) {
            return Err(DataError::ImageSize { size });
        }
        Ok(Self { pictures, size, threads: threads.min(pictures.len()), progress })
    }

    fn area(&self) -> usize {
        self.size * self.size
    }

    /// Draws in parallel and hands out the pixels of readable pictures, `[size, size]` each, in their order.
    fn draw(&self, sink: &mut dyn FnMut(&[u8]) -> Result<(), DataError>) -> Result<Results, DataError> {
        let threads = self.threads;
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|source| DataError::Threads { threads, source })?;
        let (area, done) = (self.area(), AtomicUsize::new(0));
        let read = |(square, picture): (&mut [u8], &&Picture)| {
            square.fill(0);
            let result = picture.draw(self.size, square);
            (self.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, self.pictures.len());
            result
        };
        let mut results = Results::with_capacity(self.pictures.len());
        let mut pixels = Vec::new();
        for pictures in self.pictures.chunks((AT_A_TIME / area).max(1)) {
            pixels.resize(pictures.len() * area, 0);
            let drawn: Results = pool.install(|| pixels.par_chunks_exact_mut(area).zip(pictures).map(read).collect());
            for (square, _) in pixels.chunks_exact(area).zip(&drawn).filter(|(_, result)| result.is_ok()) {
                sink(square)?;
            }
            results.extend(drawn);
        }
        Ok(results)
    }
}

/// Takes unreadable images out of the corpus; `results` follow the studies that have an image.
fn drop_unreadable(corpus: &mut Corpus, results: &[Result<Frame, SkipReason>]) -> Skipped {
    let mut skipped = Skipped::default();
    let mut results = results.iter();
    let readable = |study: Study| {
        let result = study.image.as_ref().and_then(|_| results.next());
        match result {
            Some(Err(reason)) => study.without_image(*reason, &mut skipped),
            _ => Some(study),
        }
    };
    corpus.studies = std::mem::take(&mut corpus.studies).into_iter().filter_map(readable).collect();
    skipped
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use image::{GrayImage, Luma};

    use lgdea_spec::{Data, Seed};

    use super::*;
    use crate::{Report, Split, load, standardise, test_data};

    fn study(id: &str, image: Option<&Path>, report: Option<&str>) -> Study {
        Study {
            id: id.into(),
            patient: id.into(),
            split: Split::Train,
            image: image.map(|path| Picture::File(path.into())),
            report: report.and_then(Report::parse),
            labels: None,
            boxes: Vec::new(),
        }
    }

    fn making(size: usize, threads: usize) -> Making<'static> {
        Making { size, threads, progress: &|_, _| (), waiting: &|_| () }
    }

    fn corpus(studies: Vec<Study>) -> Corpus {
        Corpus { studies, skipped: Skipped::default(), digest: String::new() }
    }

    #[test]
    fn unreadable_images_are_counted_and_their_reports_kept() {
        let folder = tempfile::tempdir().unwrap();
        let save = |name: &str, grey| {
            let path = folder.path().join(name);
            GrayImage::from_pixel(10, 10, Luma([grey])).save(&path).unwrap();
            path
        };
        let (first, last) = (save("a.png", 10), save("b.png", 20));
        let broken = folder.path().join("c.png");
        std::fs::write(&broken, "no image").unwrap();
        let mut corpus = corpus(vec![
            study("first", Some(&first), None),
            study("gone", Some(&broken), None),
            study("text", None, Some("clear")),
            study("kept", Some(&broken), Some("clear")),
            study("last", Some(&last), Some("clear")),
        ]);
        let (store, skipped) = ImageStore::in_memory(&mut corpus, making(4, 2)).unwrap();
        let ids: Vec<&str> = corpus.studies.iter().map(|study| study.id.as_str()).collect();
        assert_eq!(ids, ["first", "text", "kept", "last"]);
        assert_eq!((store.len(), store.size()), (2, 4));
        assert_eq!(store.pixels(0), Some([10; 16].as_slice()));
        assert_eq!((store.pixels(1), store.frame(2), store.pixels(9)), (None, None, None));
        assert_eq!(store.pixels(3), Some([20; 16].as_slice()));
        assert_eq!(skipped.count(SkipReason::UnreadableImage), 2);
        assert_eq!(skipped.count(SkipReason::NothingLeft), 1);
        assert_eq!(corpus.skipped, skipped);
    }

    #[test]
    fn no_readable_image_is_an_error() {
        let mut corpus = corpus(vec![study("a", Some(Path::new("absent.png")), Some("clear"))]);
        let error = ImageStore::in_memory(&mut corpus, making(4, 0)).unwrap_err();
        assert!(error.to_string().contains("1 × image file not found (absent.png)"), "{error}");
        for size in [0, usize::MAX] {
            assert!(matches!(ImageStore::in_memory(&mut corpus, making(size, 0)), Err(DataError::ImageSize { .. })));
        }
    }

    #[test]
    fn a_corpus_without_images_has_an_empty_store() {
        let (store, _) =
            ImageStore::in_memory(&mut corpus(vec![study("a", None, Some("clear"))]), making(4, 0)).unwrap();
        assert!(store.is_empty());
    }

    #[test]
    fn the_result_does_not_depend_on_threads() {
        let phantom = lgdea_spec::Phantom { studies: 30, validation: 0, test: 0, seed: Seed(1) };
        let data = Data { phantom: Some(phantom), ..Data::default() };
        let build = |threads| {
            let mut corpus = load(&data, Seed(0), &|_, _| ()).unwrap();
            let calls = AtomicUsize::new(0);
            let count = |_, total| {
                calls.fetch_add(1, Ordering::Relaxed);
                assert_eq!(total, 30);
            };
            let (store, _) =
                ImageStore::in_memory(&mut corpus, Making { progress: &count, ..making(32, threads) }).unwrap();
            assert_eq!(calls.into_inner(), 30);
            (0..30).map(|study| store.pixels(study).unwrap().to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(build(1), build(3));
    }

    #[test]
    fn the_real_mini_corpus_is_stored() {
        let Some(root) = test_data::root() else { return };
        let Ok(entries) = std::fs::read_dir(root.join("cxr_mini/images/nih")) else { panic!("no images") };
        let paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        let studies = paths.iter().map(|path| study(&path.display().to_string(), Some(path), None)).collect();
        let mut corpus = corpus(studies);
        let (store, skipped) = ImageStore::in_memory(&mut corpus, making(64, 0)).unwrap();
        assert_eq!((store.len(), skipped.total()), (paths.len(), 0), "{skipped}");
        for study in 0..store.len() {
            let spread = standardise(store.pixels(study).unwrap()).iter().filter(|&&pixel| pixel.abs() < 1.5).count();
            assert!(spread > 1_000, "{}", corpus.studies[study].id);
        }
    }

    /// Two images, one that is broken and one that is missing.
    fn mixed(folder: &Path) -> Vec<Study> {
        let paths = ["a.png", "b.png", "broken.png", "missing.png"].map(|name| folder.join(name));
        for (path, grey) in paths.iter().zip([10, 20]) {
            GrayImage::from_pixel(6, 3, Luma([grey])).save(path).unwrap();
        }
        fs::write(&paths[2], "no image").unwrap();
        let [a, b, broken, missing] = &paths;
        vec![
            study("a", Some(a), None),
            study("broken", Some(broken), Some("clear")),
            study("missing", Some(missing), Some("clear")),
            study("b", Some(b), None),
        ]
    }

    #[test]
    fn what_the_cache_has_is_what_was_made_and_nothing_is_drawn_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::of_results(folder.path());
        let drawn = AtomicUsize::new(0);
        let count = |_, _| {
            drawn.fetch_add(1, Ordering::Relaxed);
        };
        let making = Making { progress: &count, ..making(6, 1) };
        let mut in_memory = corpus(mixed(folder.path()));
        let (expected, left_out) = ImageStore::in_memory(&mut in_memory, making).unwrap();
        for round in 1..4 {
            let mut corpus = corpus(mixed_again(folder.path()));
            let (store, skipped) = ImageStore::open(&mut corpus, making, &cache).unwrap();
            assert_eq!(drawn.load(Ordering::Relaxed), 8, "round {round}: drawn once in memory, once into the cache");
            assert_eq!((&corpus.studies, &corpus.skipped), (&in_memory.studies, &in_memory.skipped));
            assert_eq!((&skipped, store.len()), (&left_out, 2));
            for study in 0..corpus.studies.len() {
                assert_eq!(store.pixels(study), expected.pixels(study));
                assert_eq!(store.frame(study), expected.frame(study));
            }
        }
    }

    /// The studies of [`mixed`] without touching their files.
    fn mixed_again(folder: &Path) -> Vec<Study> {
        ["a", "broken", "missing", "b"]
            .map(|id| {
                let report = matches!(id, "broken" | "missing").then_some("clear");
                study(id, Some(&folder.join(format!("{id}.png"))), report)
            })
            .into()
    }

    #[test]
    fn a_changed_file_another_size_and_a_torn_store_are_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::of_results(folder.path());
        let first = |size| {
            let mut corpus = corpus(mixed_again(folder.path()));
            let (store, _) = ImageStore::open(&mut corpus, making(size, 1), &cache).unwrap();
            store.pixels(0).unwrap()[size * size / 2]
        };
        mixed(folder.path());
        assert_eq!([first(6), first(4)], [10, 10]);
        let path = folder.path().join("a.png");
        GrayImage::from_pixel(6, 3, Luma([90])).save(&path).unwrap();
        let later = fs::metadata(&path).unwrap().modified().unwrap() + std::time::Duration::from_secs(1);
        fs::File::open(&path).unwrap().set_modified(later).unwrap();
        assert_eq!(first(6), 90);

        for entry in fs::read_dir(folder.path().join("cache/images")).unwrap() {
            let path = entry.unwrap().path();
            let length = fs::metadata(&path).unwrap().len();
            fs::File::options().write(true).open(path).unwrap().set_len(length - 3).unwrap();
        }
        assert_eq!(first(6), 90);
    }

    #[test]
    fn without_a_cache_that_can_be_written_images_are_made_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cache"), "a file where the folder should be").unwrap();
        mixed(folder.path());
        let mut corpus = corpus(mixed_again(folder.path()));
        let (store, _) = ImageStore::open(&mut corpus, making(6, 1), &Cache::of_results(folder.path())).unwrap();
        assert_eq!(store.len(), 2);
    }
}
