//! Metrics at the size of a real test split: `cargo bench -p lgdea-eval --bench metrics`.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::Criterion;
use lgdea_eval::Bootstrap;
use lgdea_eval::metric::auroc::{Case, RankedCases, auroc};
use lgdea_eval::metric::bootstrap::Statistic;
use lgdea_eval::metric::retrieval::ranks;
use lgdea_spec::Seed;
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Studies, about as many as MIMIC-CXR's test split has.
const STUDIES: usize = 3000;
/// Share of studies with the finding.
const PREVALENCE: f64 = 0.1;
const RESAMPLES: usize = 1000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let positive: Vec<bool> = (0..STUDIES).map(|_| rng.random_bool(PREVALENCE)).collect();
    let scores: Vec<f32> =
        positive.iter().map(|&positive| rng.random::<f32>() + 0.3 * f32::from(u8::from(positive))).collect();
    let similarity = Array2::from_shape_simple_fn((STUDIES, STUDIES), || rng.random::<f32>());

    criterion.bench_function("AUROC", |bencher| bencher.iter(|| auroc(&scores, &positive)));
    // 100 samples, as many as usual, would take minutes.
    let mut group = criterion.benchmark_group("intervals");
    group.sample_size(10);
    group.bench_function("AUROC of 1000 resamples", |bencher| {
        bencher.iter(|| {
            let cases = scores.iter().zip(&positive).enumerate();
            let cases = cases.map(|(unit, (&score, &positive))| Case { unit, score: f64::from(score), positive });
            let ranked = RankedCases::new(cases).unwrap();
            let statistic: Statistic<'_> = Box::new(move |multiplicity| ranked.auroc(multiplicity));
            let bootstrap = Bootstrap { resamples: RESAMPLES, seed: Seed(0) };
            bootstrap.scores(STUDIES, vec![("auroc".to_owned(), statistic)])
        });
    });
    group.finish();
    criterion.bench_function("retrieval ranks", |bencher| bencher.iter(|| ranks(similarity.view())));
    criterion.final_summary();
}
