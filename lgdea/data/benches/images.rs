//! What an image costs on its way from a file into a training batch: `cargo bench -p lgdea-data --bench images`.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{BatchSize, Criterion, Throughput};
use lgdea_data::{ImageStore, Making, Picture, Sampler, augment, load, standardise};
use lgdea_spec::{Data, Phantom, Resolved, Seed};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Side of the stored images, in pixels.
const SIDE: usize = 224;
/// Side of the file's image, in pixels.
const FILE_SIDE: usize = 1024;
const BATCH: usize = 16;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let phantom = Phantom { studies: BATCH, validation: 0, test: 0, seed: Seed(1) };
    let data = Data { phantom: Some(phantom), ..Data::default() };
    let mut corpus = load(&data, Seed(0), &|_, _| ()).unwrap();
    let picture = corpus.studies[0].image.clone().unwrap();
    let making = Making { size: SIDE, threads: 0, progress: &|_, _| (), waiting: &|_| () };
    let (store, _) = ImageStore::in_memory(&mut corpus, making).unwrap();
    first_pass(&mut criterion, &picture);
    later_epoch(&mut criterion, &store);
    criterion.final_summary();
}

/// A JPEG to a square.
fn first_pass(criterion: &mut Criterion, picture: &Picture) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("radiograph.jpg");
    let mut pixels = vec![0; FILE_SIDE * FILE_SIDE];
    picture.draw(FILE_SIDE, &mut pixels).unwrap();
    image::save_buffer(&path, &pixels, FILE_SIDE as u32, FILE_SIDE as u32, image::ColorType::L8).unwrap();
    let file = Picture::file_at(path);
    criterion.bench_function("decode and resize a JPEG", |bencher| {
        bencher.iter_batched_ref(
            || vec![0; SIDE * SIDE],
            |square| file.draw(SIDE, square).unwrap(),
            BatchSize::LargeInput,
        );
    });
}

/// Stored images to a batch, piece by piece and together.
fn later_epoch(criterion: &mut Criterion, store: &ImageStore) {
    let settings = Resolved::from_overrides(&[]).unwrap().experiment.train.augment;
    let stored = store.pixels(0).unwrap();
    let image = standardise(stored);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    criterion.bench_function("standardise", |bencher| bencher.iter(|| standardise(stored)));
    criterion.bench_function("augment", |bencher| bencher.iter(|| augment(&image, SIDE, &settings, &mut rng)));

    let mut sampler = Sampler::new((0..store.len()).collect(), Seed(0));
    let mut group = criterion.benchmark_group("store");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("training batch", |bencher| {
        bencher.iter(|| {
            let mut batch = Vec::with_capacity(BATCH * SIDE * SIDE);
            for study in sampler.next(BATCH) {
                batch.extend(augment(&standardise(store.pixels(study).unwrap()), SIDE, &settings, &mut rng));
            }
            batch
        });
    });
    group.finish();
}
