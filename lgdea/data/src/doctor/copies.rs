//! The same image in two places, or nearly the same: a copy in another split is a leak.
//!
//! Candidates have a difference hash (dHash) of 256 bits that is near: whether each of 16 × 16 means is darker than its right
//! neighbour. They are copies where the differences of neighbours on 32 × 32 means go together. On 600 public films of children
//! and adults, copies that were resized to 60 %, compressed with JPEG quality 50 and windowed otherwise correlate with
//! .98 and more (with gamma 1.5: .96), films of other people with .76 at most.

use std::collections::{BTreeSet, HashMap};

use rayon::prelude::*;

use super::{Diagnosis, Severity, both};
use crate::{Frame, ImageStore, Study};

/// Side of the means that are hashed, and of those that are compared.
const SIDE: usize = 16;
const FINE: usize = 32;
/// Bits that differ between candidates. With as many bands as one more, a pair shares a band.
const NEAR: u32 = 19;
const BANDS: usize = 20;
/// Images in a band that are compared each with each; of more the band tells too little.
const CROWD: usize = 400;
/// Correlation from which candidates are copies.
const ALIKE: f64 = 0.9;

type Hash = [u64; 4];

pub(super) fn diagnose(studies: &[Study], images: &ImageStore) -> Vec<Diagnosis> {
    let hashed: Vec<(usize, Hash)> = (0..studies.len())
        .into_par_iter()
        .filter_map(|study| Some((study, hash(images.pixels(study)?, images.frame(study)?)?)))
        .collect();
    let candidates = near(&hashed).into_par_iter();
    let copies: Vec<(usize, usize)> = candidates.filter(|&(one, other)| is_copy(images, one, other)).collect();
    let those = |is: &dyn Fn(&Study, &Study) -> bool| -> Vec<String> {
        let pairs = copies.iter().map(|&(one, other)| (&studies[one], &studies[other]));
        pairs.filter(|(one, other)| is(one, other)).map(|(one, other)| both(one, other)).collect()
    };
    let across = those(&|one, other| one.split != other.split);
    let patients = those(&|one, other| one.split == other.split && one.patient != other.patient);
    [
        Diagnosis::of(
            Severity::Wrong,
            "the same image, or nearly, in two splits: scores see what training saw",
            across,
            hashed.len(),
            "look at them; leave one out, or give both the same patient",
        ),
        Diagnosis::of(
            Severity::Doubtful,
            "the same image, or nearly, of two patients",
            patients,
            hashed.len(),
            "look at them; where they are copies, give both the same patient",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The means of the grey values in `rows` × `columns` parts of an image, inside of its frame.
fn means(square: &[u8], frame: Frame, rows: usize, columns: usize) -> Vec<f64> {
    let size = square.len().isqrt();
    let span = |start: f32, length: f32, part: usize, parts: usize| {
        let pixel = |step: usize| (start + length * step as f32 / parts as f32) * size as f32;
        let first = (pixel(part) as usize).min(size - 1);
        first..(pixel(part + 1).ceil() as usize).clamp(first + 1, size)
    };
    let mean = |place: usize| {
        let rows = span(frame.y, frame.height, place / columns, rows);
        let columns = span(frame.x, frame.width, place % columns, columns);
        let count = (rows.len() * columns.len()) as f64;
        let values = rows.flat_map(|row| square[row * size..][columns.clone()].iter().map(|&value| f64::from(value)));
        values.sum::<f64>() / count
    };
    (0..rows * columns).map(mean).collect()
}

/// The hash of an image inside of its frame; `None` where it shows nothing.
fn hash(square: &[u8], frame: Frame) -> Option<Hash> {
    let means = means(square, frame, SIDE, SIDE + 1);
    let mut bits = [0; 4];
    let mut slopes = 0;
    for place in 0..SIDE * SIDE {
        let at = place / SIDE * (SIDE + 1) + place % SIDE;
        let rises = means[at] < means[at + 1];
        slopes += usize::from(rises || means[at] > means[at + 1]);
        bits[place / 64] |= u64::from(rises) << (place % 64);
    }
    (slopes > SIDE * SIDE / 4).then_some(bits)
}

/// Whether two candidates show the same.
fn is_copy(images: &ImageStore, one: usize, other: usize) -> bool {
    let slopes = |study| Some(slopes(images.pixels(study)?, images.frame(study)?));
    slopes(one).zip(slopes(other)).is_some_and(|(one, other)| correlation(&one, &other) >= ALIKE)
}

/// The differences of neighbours, beside and below each other.
fn slopes(square: &[u8], frame: Frame) -> Vec<f64> {
    let means = means(square, frame, FINE, FINE);
    let beside = (0..FINE * FINE).filter(|place| place % FINE > 0).map(|place| means[place] - means[place - 1]);
    let below = (FINE..FINE * FINE).map(|place| means[place] - means[place - FINE]);
    beside.chain(below).collect()
}

/// Pearson's correlation.
fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (m, n) = (mean(one), mean(other));
    let (mut both, mut first, mut second) = (0.0, 0.0, 0.0);
    for (a, b) in one.iter().zip(other) {
        both += (a - m) * (b - n);
        first += (a - m).powi(2);
        second += (b - n).powi(2);
    }
    both / (first * second).sqrt()
}

fn distance(one: &Hash, other: &Hash) -> u32 {
    one.iter().zip(other).map(|(a, b)| (a ^ b).count_ones()).sum()
}

/// Pairs of images, in order, whose hashes are near.
fn near(hashed: &[(usize, Hash)]) -> BTreeSet<(usize, usize)> {
    let mut found = BTreeSet::new();
    for band in 0..BANDS {
        let mut alike: HashMap<u32, Vec<&(usize, Hash)>> = HashMap::new();
        for image in hashed {
            alike.entry(key(&image.1, band)).or_default().push(image);
        }
        for images in alike.values().filter(|images| images.len() <= CROWD) {
            for (at, (one, hash)) in images.iter().enumerate() {
                for (other, second) in &images[at + 1..] {
                    if distance(hash, second) <= NEAR {
                        found.insert((*one.min(other), *one.max(other)));
                    }
                }
            }
        }
    }
    found
}

/// The bits of a band, which lie all over the image: those of one corner are alike in most radiographs.
fn key(hash: &Hash, band: usize) -> u32 {
    let bits = (band..SIDE * SIDE).step_by(BANDS);
    bits.fold(0, |key, place| key << 1 | (hash[place / 64] >> (place % 64) & 1) as u32)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// A smooth image of random hills.
    fn image(seed: u64, size: usize) -> Vec<u8> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let hills: Vec<[f64; 3]> = (0..12).map(|_| [rng.random(), rng.random(), rng.random_range(0.02..0.2)]).collect();
        let value = |x: f64, y: f64| {
            hills.iter().map(|[a, b, r]| (-((x - a).powi(2) + (y - b).powi(2)) / (r * r)).exp()).sum::<f64>()
        };
        let at = |place: usize| value((place % size) as f64 / size as f64, (place / size) as f64 / size as f64);
        (0..size * size).map(|place| (at(place) * 60.0).min(255.0) as u8).collect()
    }

    #[test]
    fn copies_are_alike_and_others_are_not() {
        let original = image(1, 128);
        let brighter: Vec<u8> = original.iter().map(|&value| (f64::from(value) * 0.8 + 20.0) as u8).collect();
        let compared = |copy: &[u8]| {
            let hashes = [&original[..], copy].map(|image| hash(image, Frame::FULL).unwrap());
            let slopes = [&original[..], copy].map(|image| slopes(image, Frame::FULL));
            (distance(&hashes[0], &hashes[1]), correlation(&slopes[0], &slopes[1]))
        };
        for (copy, what) in [(image(1, 128), "the same"), (image(1, 64), "smaller"), (brighter, "windowed otherwise")] {
            let (distance, correlation) = compared(&copy);
            assert!(distance <= NEAR && correlation >= ALIKE, "{what}: {distance} {correlation}");
        }
        for seed in 2..100 {
            assert!(compared(&image(seed, 128)).1 < ALIKE, "{seed}");
        }
    }

    #[test]
    fn pairs_are_found_once_and_in_order() {
        let hashes: Vec<(usize, Hash)> = [5, 6, 5, 7]
            .iter()
            .enumerate()
            .map(|(at, &seed)| (at, hash(&image(seed, 64), Frame::FULL).unwrap()))
            .collect();
        assert_eq!(near(&hashes).into_iter().collect::<Vec<_>>(), [(0, 2)]);
        assert_eq!(hash(&[7; 64], Frame::FULL), None);
    }

    #[test]
    fn hashes_within_reach_share_a_band() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for _ in 0..500 {
            let one: Hash = rng.random();
            let mut other = one;
            for _ in 0..NEAR {
                let place = rng.random_range(0..256);
                other[place / 64] ^= 1 << (place % 64);
            }
            assert!((0..BANDS).any(|band| key(&one, band) == key(&other, band)));
        }
    }
}
