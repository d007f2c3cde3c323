//! Made-up films for tests.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A smooth image of random hills: the same of a seed at any size.
pub(crate) fn film(seed: u64, size: usize) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let hills: Vec<[f64; 3]> = (0..12).map(|_| [rng.random(), rng.random(), rng.random_range(0.02..0.2)]).collect();
    let value = |x: f64, y: f64| {
        hills.iter().map(|[a, b, r]| (-((x - a).powi(2) + (y - b).powi(2)) / (r * r)).exp()).sum::<f64>()
    };
    let at = |place: usize| value((place % size) as f64 / size as f64, (place / size) as f64 / size as f64);
    (0..size * size).map(|place| (at(place) * 60.0).min(255.0) as u8).collect()
}
