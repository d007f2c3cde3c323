//! The images of a corpus, ready to batch.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use crate::corpus::Progress;
use crate::{Corpus, DataError, Frame, Picture, SkipReason, Skipped, Study};

/// Largest side of stored images.
const LARGEST: usize = 4096;

/// The frontal image of each study that has one, as grey squares in memory.
#[derive(Debug, Clone)]
pub struct ImageStore {
    size: usize,
    /// `[images, size, size]`.
    pixels: Vec<u8>,
    /// Per image.
    frames: Vec<Frame>,
    /// Per study: which image is its.
    slots: Vec<Option<usize>>,
}

impl ImageStore {
    /// Decodes, resizes or renders every image of `corpus` in parallel, to squares of `size` pixels a side.
    ///
    /// Images that cannot be read are taken out of the corpus: their studies stay with their reports alone, or go where
    /// they have none. So positions of studies change; draw pairs afterwards. What was left out is returned, and
    /// is among `corpus.skipped`, too. `threads` 0 takes all cores; the result does not depend on it. `progress` is called
    /// with the number of images done and their total.
    pub fn build(
        corpus: &mut Corpus,
        size: usize,
        threads: usize,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<(ImageStore, Skipped), DataError> {
        if !(1..=LARGEST).contains(&size) {
            return Err(DataError::ImageSize { size });
        }
        let pictures: Vec<&Picture> = corpus.studies.iter().filter_map(|study| study.image.as_ref()).collect();
        let images = pictures.len();
        let (mut pixels, results) = read_all(&pictures, size, threads.min(images), progress)?;
        let frames = keep_readable(&mut pixels, size * size, &results);
        let skipped = drop_unreadable(corpus, &results);
        if images > 0 && frames.is_empty() {
            let skipped = skipped.to_string();
            return Err(DataError::NoReadableImage { images, skipped });
        }
        corpus.skipped.merge(&skipped);
        let mut next = 0..;
        let slots = corpus.studies.iter().map(|study| study.image.as_ref().and_then(|_| next.next())).collect();
        let store = ImageStore { size, pixels, frames, slots };
        Ok((store, skipped))
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
        self.pixels.get(slot * area..(slot + 1) * area)
    }

    /// Where the original image of the study at a position of the corpus lies in its square; `None` where it has none.
    pub fn frame(&self, study: usize) -> Option<Frame> {
        let slot = (*self.slots.get(study)?)?;
        self.frames.get(slot).copied()
    }
}

type Results = Vec<Result<Frame, SkipReason>>;

/// `[pictures, size, size]` pixels, and for each picture where it lies in its square or why there is none.
fn read_all(
    pictures: &[&Picture],
    size: usize,
    threads: usize,
    progress: Progress<'_>,
) -> Result<(Vec<u8>, Results), DataError> {
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|source| DataError::Threads { threads, source })?;
    let area = size * size;
    let mut pixels = zeroed(pictures.len(), size)?;
    let done = AtomicUsize::new(0);
    let read = |(square, picture): (&mut [u8], &&Picture)| {
        let result = picture.draw(size, square);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, pictures.len());
        result
    };
    let results = pool.install(|| pixels.par_chunks_exact_mut(area).zip(pictures).map(read).collect());
    Ok((pixels, results))
}

/// `[images, size, size]` black pixels; an error, not an abort, where memory does not hold them.
fn zeroed(images: usize, size: usize) -> Result<Vec<u8>, DataError> {
    let mut pixels = Vec::new();
    let length = images.saturating_mul(size * size);
    pixels.try_reserve_exact(length).map_err(|_| DataError::Memory { images, size })?;
    pixels.resize(length, 0);
    Ok(pixels)
}

/// Closes the gaps that unreadable images leave.
fn keep_readable(pixels: &mut Vec<u8>, area: usize, results: &[Result<Frame, SkipReason>]) -> Vec<Frame> {
    let mut frames = Vec::with_capacity(results.len());
    for (position, frame) in results.iter().enumerate() {
        if let Ok(frame) = frame {
            pixels.copy_within(position * area..(position + 1) * area, frames.len() * area);
            frames.push(*frame);
        }
    }
    pixels.truncate(frames.len() * area);
    pixels.shrink_to_fit();
    frames
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
        let (store, skipped) = ImageStore::build(&mut corpus, 4, 2, &|_, _| ()).unwrap();
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
        let error = ImageStore::build(&mut corpus, 4, 0, &|_, _| ()).unwrap_err();
        assert!(error.to_string().contains("1 × image file not found (a)"), "{error}");
        for size in [0, usize::MAX] {
            assert!(matches!(ImageStore::build(&mut corpus, size, 0, &|_, _| ()), Err(DataError::ImageSize { .. })));
        }
    }

    #[test]
    fn a_corpus_without_images_has_an_empty_store() {
        let (store, _) =
            ImageStore::build(&mut corpus(vec![study("a", None, Some("clear"))]), 4, 0, &|_, _| ()).unwrap();
        assert!(store.is_empty());
    }

    #[test]
    fn the_result_does_not_depend_on_threads() {
        let phantom = lgdea_spec::Phantom { studies: 30, validation: 0, test: 0, seed: Seed(1) };
        let data = Data { phantom: Some(phantom), manifest: None, openi: None };
        let build = |threads| {
            let mut corpus = load(&data, Seed(0), &|_, _| ()).unwrap();
            let calls = AtomicUsize::new(0);
            let count = |_, total| {
                calls.fetch_add(1, Ordering::Relaxed);
                assert_eq!(total, 30);
            };
            let (store, _) = ImageStore::build(&mut corpus, 32, threads, &count).unwrap();
            assert_eq!(calls.into_inner(), 30);
            store.pixels
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
        let (store, skipped) = ImageStore::build(&mut corpus, 64, 0, &|_, _| ()).unwrap();
        assert_eq!((store.len(), skipped.total()), (paths.len(), 0), "{skipped}");
        for study in 0..store.len() {
            let spread = standardise(store.pixels(study).unwrap()).iter().filter(|&&pixel| pixel.abs() < 1.5).count();
            assert!(spread > 1_000, "{}", corpus.studies[study].id);
        }
    }
}
