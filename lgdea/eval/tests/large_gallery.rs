//! Retrieval in galleries that are too large for a matrix: what is found, how long it takes, and in how much memory.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::time::Instant;

use lgdea_eval::metric::ranking::Relevance;
use lgdea_eval::metric::retrieval::{ranks, relevance_of_top};
use lgdea_eval::metric::similarity::unit_rows;
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Embeddings of pairs: unit rows, those of the second near those of the first.
fn pairs(count: usize, width: usize) -> [Array2<f32>; 2] {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let mut noise = || Array2::from_shape_simple_fn((count, width), || random.random::<f32>() - 0.5);
    let (images, reports) = (noise(), noise());
    let near = &images * 0.5 + reports;
    [unit_rows(images.view()), unit_rows(near.view())]
}

/// Peak resident memory of this process in MiB, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

fn exact(count: usize, width: usize) {
    let [images, reports] = pairs(count, width);
    let own: Vec<usize> = (0..count).collect();
    let classes: Vec<usize> = (0..count).map(|study| study * study % 7).collect();
    let start = Instant::now();
    let blocked = Relevance::equal(&own, &own).rank(images.view(), reports.view(), 0).unwrap();
    let by_class = Relevance::equal(&classes, &classes).rank(images.view(), reports.view(), 10).unwrap();
    println!("{count} × {count} × {width}, twice by blocks: {:.1} s", start.elapsed().as_secs_f64());

    let whole = images.dot(&reports.t());
    let expected = ranks(whole.view());
    assert!(blocked.iter().map(|ranked| ranked.first.unwrap()).eq(expected));
    let expected = relevance_of_top(whole.view(), |query, candidate| classes[query] == classes[candidate], 10);
    for (found, expected) in by_class.iter().zip(expected) {
        assert!(found.gains.iter().map(|&gain| gain > 0.0).eq(expected));
    }
}

#[test]
fn blocks_find_what_the_whole_matrix_finds() {
    exact(1500, 64);
}

/// `cargo test -p lgdea-eval --test large_gallery -- --ignored --nocapture --test-threads 1`.
#[test]
#[ignore = "the whole matrix takes 1.6 GB"]
fn blocks_find_what_the_whole_matrix_finds_among_20_000() {
    exact(20_000, 128);
}

#[test]
#[ignore = "takes minutes on two cores"]
fn a_gallery_of_100_000_needs_less_than_4_gib() {
    const COUNT: usize = 100_000;
    let [images, reports] = pairs(COUNT, 128);
    let own: Vec<usize> = (0..COUNT).collect();
    let start = Instant::now();
    let ranked = Relevance::equal(&own, &own).rank(images.view(), reports.view(), 10).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let found = ranked.iter().filter(|ranked| ranked.first == Some(1)).count();
    println!("{COUNT} × {COUNT} × 128: {seconds:.1} s, peak {:?} MiB, {found} at rank 1", peak());
    assert!(found > 0 && ranked.iter().all(|ranked| ranked.first.is_some() && ranked.gains.len() == 10));
    assert!(peak().is_none_or(|mebibytes| mebibytes < 4096));
}
