//! The same image in two places, or nearly the same: a copy in another split is a leak.
//!
//! Images are compared by a difference hash (dHash) of 256 bits: whether each of 16 × 16 means is darker than its right
//! neighbour. Copies that were resized, compressed again or windowed otherwise differ in few of them.

use std::collections::{BTreeSet, HashMap};

use rayon::prelude::*;

use super::{Diagnosis, Severity, both};
use crate::{Frame, ImageStore, Study};

const SIDE: usize = 16;
/// Bits that differ between images that are taken for copies. With as many bands as one more, a pair shares a band.
const NEAR: u32 = 11;
const BANDS: usize = 12;
/// Images in a band that are compared each with each; of more the band tells too little.
const CROWD: usize = 400;

type Hash = [u64; 4];

pub(super) fn diagnose(studies: &[Study], images: &ImageStore) -> Vec<Diagnosis> {
    let hashed: Vec<(usize, Hash)> = (0..studies.len())
        .into_par_iter()
        .filter_map(|study| Some((study, hash(images.pixels(study)?, images.frame(study)?)?)))
        .collect();
    let copies = near(&hashed);
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

/// The hash of an image inside of its frame; `None` where it shows nothing.
fn hash(square: &[u8], frame: Frame) -> Option<Hash> {
    let size = (square.len() as f64).sqrt().round() as usize;
    let mean = |row: usize, column: usize| {
        let span = |start: f32, length: f32, part: usize, parts: usize| {
            let pixel = |step: usize| (start + length * step as f32 / parts as f32) * size as f32;
            let first = (pixel(part) as usize).min(size - 1);
            first..(pixel(part + 1).ceil() as usize).clamp(first + 1, size)
        };
        let (rows, columns) = (span(frame.y, frame.height, row, SIDE), span(frame.x, frame.width, column, SIDE + 1));
        let values =
            rows.clone().flat_map(|row| square[row * size..][columns.clone()].iter().map(|&value| u64::from(value)));
        let count = (rows.len() * columns.len()) as u64;
        // In 64ths of a grey value, so that slight slopes count.
        values.sum::<u64>() * 64 / count
    };
    let mut bits = [0; 4];
    let mut slopes = 0;
    for place in 0..SIDE * SIDE {
        let (row, column) = (place / SIDE, place % SIDE);
        let (left, right) = (mean(row, column), mean(row, column + 1));
        slopes += usize::from(left != right);
        bits[place / 64] |= u64::from(left < right) << (place % 64);
    }
    (slopes > SIDE * SIDE / 4).then_some(bits)
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
    fn copies_are_near_and_others_are_not() {
        let original = hash(&image(1, 128), Frame::FULL).unwrap();
        let brighter: Vec<u8> = image(1, 128).iter().map(|&value| (f64::from(value) * 0.8 + 20.0) as u8).collect();
        for (copy, what) in [(image(1, 128), "the same"), (image(1, 64), "smaller"), (brighter, "windowed otherwise")] {
            let distance = distance(&original, &hash(&copy, Frame::FULL).unwrap());
            assert!(distance <= NEAR, "{what}: {distance}");
        }
        let others = (2..200).map(|seed| distance(&original, &hash(&image(seed, 128), Frame::FULL).unwrap()));
        assert!(others.min() > Some(4 * NEAR));
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
