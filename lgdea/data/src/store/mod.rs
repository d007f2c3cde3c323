//! The images of a corpus, ready to batch.

mod file;

use std::cell::Cell;
use std::io;
use std::path::Path;
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
        let key = Self::key(&file::images(&pictures), making.size);
        let drawing = Drawing::new(&pictures, making)?;
        let is_made = Cell::new(false);
        let open = |path: &Path| {
            let mapped = file::open(path, making.size)?;
            // What this process could not read itself is known. What another one could not may have passed.
            if is_made.get() { Ok(mapped) } else { still_true(mapped, &pictures) }
        };
        let stored = cache.get_or_make(
            Stage::Images,
            &key,
            open,
            |path| {
                is_made.set(true);
                file::write(path, &drawing)
            },
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

    /// Forgets the images of studies that are not kept; those that are move together, as the studies of a corpus do.
    pub fn retain(&mut self, is_kept: impl Fn(usize) -> bool) {
        let mut study = 0;
        self.slots.retain(|_| {
            study += 1;
            is_kept(study - 1)
        });
    }

    /// A hash of what determines the images of a corpus at any size; none where there are none.
    pub(crate) fn of_images(corpus: &Corpus) -> Option<String> {
        let pictures = pictures(corpus);
        (!pictures.is_empty()).then(|| file::images(&pictures))
    }

    /// What a cache calls images, see [`ImageStore::of_images`], at a size.
    pub(crate) fn key(images: &str, size: usize) -> String {
        blake3::Hasher::new_derive_key("lgdea images 5")
            .update(images.as_bytes())
            .update(&size.to_le_bytes())
            .finalize()
            .to_hex()
            .to_string()
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

    /// Squares as they are, study by study.
    #[cfg(test)]
    pub(crate) fn of_squares(size: usize, squares: &[Option<Vec<u8>>]) -> ImageStore {
        let pixels: Vec<u8> = squares.iter().flatten().flatten().copied().collect();
        let mut next = 0..;
        let slots: Vec<Option<usize>> =
            squares.iter().map(|square| square.as_ref().and_then(|_| next.next())).collect();
        let frames = vec![Frame::FULL; pixels.len() / (size * size)];
        ImageStore { size, pixels: Pixels::Here(pixels), frames, slots }
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

    /// Positions of the studies that have an image.
    pub fn studies(&self) -> Vec<usize> {
        (0..self.slots.len()).filter(|&study| self.slots[study].is_some()).collect()
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

/// Refuses what is stored where a file that could not be read then can be read now: such a failure is never kept.
fn still_true(mapped: file::Mapped, pictures: &[&Picture]) -> io::Result<file::Mapped> {
    let failed = |result: &Result<Frame, SkipReason>| result.is_err_and(SkipReason::may_pass);
    let has_passed = |(result, picture): (_, &&Picture)| failed(result) && picture.can_be_read();
    if mapped.results.iter().zip(pictures).any(has_passed) {
        return Err(io::Error::other("an image that could not be read then can be read now"));
    }
    Ok(mapped)
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
mod tests;
