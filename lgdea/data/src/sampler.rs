//! Batches without replacement.

use lgdea_spec::Seed;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Draws batches over shuffled epochs: within an epoch each index comes once, and within a batch at most once, even where
/// the batch crosses into the next epoch.
#[derive(Debug, Clone)]
pub struct Sampler {
    seed: Seed,
    epoch: u64,
    order: Vec<usize>,
    position: usize,
}

impl Sampler {
    /// A sampler over `indices`, which depends on their order and on the seed only.
    pub fn new(indices: Vec<usize>, seed: Seed) -> Sampler {
        let mut sampler = Sampler { seed, epoch: 0, order: indices, position: 0 };
        sampler.shuffle();
        sampler
    }

    /// The next `n` indices; all of them, shuffled, where there are no more than `n`.
    pub fn next(&mut self, n: usize) -> Vec<usize> {
        let n = n.min(self.order.len());
        let start = self.position;
        let end = self.order.len().min(start + n);
        let mut batch = self.order[start..end].to_vec();
        self.position = end;
        if batch.len() < n {
            self.epoch += 1;
            self.shuffle();
            let missing = n - batch.len();
            self.bring_forward(missing, &batch);
            batch.extend_from_slice(&self.order[..missing]);
            self.position = missing;
        }
        batch
    }

    fn shuffle(&mut self) {
        let seed = self.seed.stream(&format!("epoch-{}", self.epoch));
        self.order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed.0));
    }

    /// Moves the first `count` indices that are not in `batch` to the front of the epoch.
    fn bring_forward(&mut self, count: usize, batch: &[usize]) {
        let taken: std::collections::HashSet<usize> = batch.iter().copied().collect();
        let mut front = Vec::with_capacity(self.order.len());
        let mut back = Vec::new();
        for &index in &self.order {
            if front.len() < count && !taken.contains(&index) {
                front.push(index);
            } else {
                back.push(index);
            }
        }
        front.append(&mut back);
        self.order = front;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn epochs_and_batches_hold_each_index_once(len in 1_usize..40, n in 1_usize..60, seed in 0..5_u64) {
            let mut sampler = Sampler::new((100..100 + len).collect(), Seed(seed));
            let mut drawn = Vec::new();
            while drawn.len() < 3 * len {
                let batch = sampler.next(n);
                prop_assert_eq!(batch.len(), n.min(len));
                prop_assert_eq!(batch.iter().collect::<BTreeSet<_>>().len(), batch.len());
                drawn.extend(batch);
            }
            for epoch in drawn.chunks_exact(len) {
                prop_assert_eq!(epoch.iter().collect::<BTreeSet<_>>().len(), len);
            }
        }
    }

    #[test]
    fn epochs_differ_and_repeat_by_seed() {
        let draw = |seed| {
            let mut sampler = Sampler::new((0..50).collect(), Seed(seed));
            (sampler.next(50), sampler.next(50))
        };
        assert_ne!(draw(1).0, draw(1).1);
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn nothing_to_draw_is_no_batch() {
        let mut sampler = Sampler::new(Vec::new(), Seed(0));
        assert!(sampler.next(4).is_empty());
    }
}
