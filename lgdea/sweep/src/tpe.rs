//! The tree-structured Parzen estimator (Bergstra et al., 2011), on coordinates in [0, 1].
//!
//! Our own because the one of `optimizer` has no prior among its kernels and piles its candidates up at the ends of a range:
//! on the functions of this crate's tests it is worse than random points.

use lgdea_spec::Seed;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Candidates of which the best is proposed.
const CANDIDATES: usize = 24;
/// Share of the trials that count as good, and most of them.
const GOOD: f64 = 0.1;
const MOST_GOOD: usize = 25;

/// A trial that has ended: its coordinates and its loss.
pub(crate) type Ended<'a> = (&'a [f64], f64);

/// The coordinates of a proposal, each drawn by itself. Until `startup` trials have ended they are uniform.
pub(crate) fn propose(dimensions: usize, ended: &[Ended<'_>], startup: usize, seed: Seed) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed.0);
    if ended.len() < startup.max(2) {
        return (0..dimensions).map(|_| rng.random()).collect();
    }
    let mut ranked = ended.to_vec();
    ranked.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let good = ((ranked.len() as f64 * GOOD).ceil() as usize).clamp(1, MOST_GOOD);
    let (good, bad) = ranked.split_at(good);
    let mut proposal = Vec::new();
    for dimension in 0..dimensions {
        let of = |trials: &[Ended<'_>]| Parzen::new(trials.iter().map(|(coordinates, _)| coordinates[dimension]));
        let (good, bad) = (of(good), of(bad));
        let candidates = (0..CANDIDATES).map(|_| good.draw(&mut rng));
        let scored = candidates.map(|x| (x, good.density(x).ln() - bad.density(x).ln()));
        // Of equals the first.
        let best = scored.reduce(|best, next| if next.1 > best.1 { next } else { best });
        proposal.push(best.map_or(0.5, |(x, _)| x));
    }
    proposal
}

/// A mixture of normal kernels, reflected at the ends of [0, 1]: one at each point, and one as wide as the range.
struct Parzen {
    /// Mean and standard deviation of each kernel.
    kernels: Vec<(f64, f64)>,
}

impl Parzen {
    /// Each kernel is as wide as the way to its farther neighbour, within limits that narrow as points come in.
    fn new(points: impl Iterator<Item = f64>) -> Parzen {
        let mut points: Vec<f64> = points.collect();
        points.sort_by(f64::total_cmp);
        let narrowest = 1.0 / (1.0 + points.len() as f64).min(100.0);
        let neighbour =
            |position: Option<usize>, end: f64| position.and_then(|at| points.get(at).copied()).unwrap_or(end);
        let kernel = |(position, &point): (usize, &f64)| {
            let left = point - neighbour(position.checked_sub(1), 0.0);
            let right = neighbour(Some(position + 1), 1.0) - point;
            (point, left.max(right).clamp(narrowest, 1.0))
        };
        let kernels = points.iter().enumerate().map(kernel).chain([(0.5, 1.0)]).collect();
        Parzen { kernels }
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        let (mean, deviation) = self.kernels[rng.random_range(0..self.kernels.len())];
        // Box and Muller: a normal number from two uniform ones.
        let (radius, angle): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
        let normal = (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos();
        let folded = (mean + deviation * normal).rem_euclid(2.0);
        if folded > 1.0 { 2.0 - folded } else { folded }
    }

    fn density(&self, x: f64) -> f64 {
        let kernel = |&(mean, deviation): &(f64, f64)| {
            let normal = |x: f64| (-0.5 * ((x - mean) / deviation).powi(2)).exp() / deviation;
            normal(x) + normal(-x) + normal(2.0 - x)
        };
        self.kernels.iter().map(kernel).sum::<f64>() / self.kernels.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_follows_the_density() {
        let parzen = Parzen::new([0.1, 0.15, 0.2].into_iter());
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let draws: Vec<f64> = (0..20_000).map(|_| parzen.draw(&mut rng)).collect();
        let bins = 10_u32;
        // Reflections beyond the nearest, and the normal's constant, are left out of the density.
        let densities: Vec<f64> =
            (0..bins).map(|bin| parzen.density((f64::from(bin) + 0.5) / f64::from(bins))).collect();
        let total: f64 = densities.iter().sum();
        for (bin, density) in (0..bins).zip(&densities) {
            let (low, high) = (f64::from(bin) / f64::from(bins), f64::from(bin + 1) / f64::from(bins));
            let share = draws.iter().filter(|x| (low..high).contains(*x)).count() as f64 / draws.len() as f64;
            assert!((share - density / total).abs() < 0.03, "bin {bin}: {share} for {}", density / total);
        }
    }

    #[test]
    fn good_regions_are_proposed() {
        let trials: Vec<([f64; 1], f64)> =
            (0..40).map(|n| f64::from(n) / 40.0).map(|x| ([x], (x - 0.3).abs())).collect();
        let ended: Vec<Ended<'_>> = trials.iter().map(|(x, loss)| (x.as_slice(), *loss)).collect();
        let near = (0..50).filter(|&n| (propose(1, &ended, 10, Seed(n))[0] - 0.3).abs() < 0.1).count();
        assert!(near > 35, "{near} of 50");
    }
}
