//! How fast a folder of images becomes an image store, and how fast training batches come out of it.
//!
//! `cargo run --release -p lgdea-data --example store_rate -- FOLDER [SIDE [BATCH [EPOCHS]]]`
//!
//! Prints one line of JSON: `build` is decoding, resizing and writing the store on all cores; `epoch` the mean of the
//! epochs read from it, standardised and augmented on one thread, as training does while another computes. Of each,
//! images a second, and milliseconds of processor time an image (Linux only), which other programs hardly change.
//! `just bench-loader` sets both beside PyTorch's `DataLoader`.
#![allow(clippy::print_stdout)]

use std::env;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use lgdea_cache::Cache;
use lgdea_data::{Corpus, ImageStore, Making, Picture, Sampler, Skipped, Split, Study, augment, standardise};
use lgdea_spec::{Augment, Resolved, Seed};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// As the binary has it: each image needs megabytes for a moment, which the system's allocator would map anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("which folder?")?);
    let mut number = |default: usize| arguments.next().map_or(Ok(default), |number| number.parse());
    let (side, batch, epochs) = (number(224)?, number(32)?, number(4)?);
    let mut corpus = corpus(&folder)?;
    let results = tempfile::tempdir()?;
    let making = Making { size: side, threads: 0, progress: &|_, _| (), waiting: &|_| () };
    let watch = Stopwatch::start()?;
    let (store, skipped) = ImageStore::open(&mut corpus, making, &Cache::of_results(results.path()))?;
    let build = watch.of(store.len())?;
    if skipped.total() > 0 {
        return Err(format!("not all images can be read: {skipped}").into());
    }
    let mut sampler = Sampler::new((0..store.len()).collect(), Seed(0).stream("sampler"));
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let settings = Resolved::from_overrides(&[])?.experiment.train.augment;
    let watch = Stopwatch::start()?;
    for _ in 0..epochs {
        for first in (0..store.len()).step_by(batch) {
            let studies = sampler.next(batch.min(store.len() - first));
            black_box(training_batch(&store, &studies, &settings, &mut rng));
        }
    }
    println!(r#"{{"build": {build:?}, "epoch": {:?}}}"#, watch.of(epochs * store.len())?);
    Ok(())
}

/// Time on the wall and of processors.
struct Stopwatch {
    started: Instant,
    /// Seconds.
    processor: f64,
}

impl Stopwatch {
    fn start() -> Result<Self, Box<dyn Error>> {
        Ok(Self { started: Instant::now(), processor: processor_seconds()? })
    }

    /// Images a second, and milliseconds of processor time an image.
    fn of(&self, images: usize) -> Result<[f64; 2], Box<dyn Error>> {
        let processor = processor_seconds()? - self.processor;
        Ok([images as f64 / self.started.elapsed().as_secs_f64(), 1000.0 * processor / images as f64])
    }
}

/// What this process has had of processors.
fn processor_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // User and system ticks, the 14th and 15th field; the name, which may have blanks, ends with the last bracket.
    let fields = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?.1.split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(ticks as f64 / 100.0)
}

/// The images of a batch, `[studies, side, side]`, as `lgdea-train` makes them.
fn training_batch(store: &ImageStore, studies: &[usize], settings: &Augment, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let side = store.size();
    let mut batch = Vec::with_capacity(studies.len() * side * side);
    for image in studies.iter().filter_map(|&study| store.pixels(study)) {
        batch.extend(augment(&standardise(image), side, settings, rng));
    }
    batch
}

/// A study for each JPEG and each DICOM file of a folder.
fn corpus(folder: &Path) -> Result<Corpus, Box<dyn Error>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jpg" || extension == "dcm"));
    paths.sort();
    let study = |path: PathBuf| Study {
        image: Some(Picture::file_at(path.clone())),
        ..Study::new(path.display().to_string(), path.display().to_string(), Split::Train)
    };
    let studies = paths.into_iter().map(study).collect();
    Ok(Corpus { studies, skipped: Skipped::default(), digest: String::new(), divisions: String::new() })
}
