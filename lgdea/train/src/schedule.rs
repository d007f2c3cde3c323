//! The learning rate.

use std::f64::consts::PI;

/// Linear warm-up over `warmup` steps, then a plateau: the text stage.
pub(crate) fn warm(peak: f64, step: usize, warmup: usize) -> f64 {
    peak * ((step + 1) as f64 / warmup.max(1) as f64).min(1.0)
}

/// Linear warm-up over `warmup` steps under a cosine from `peak` at step 0 to 0 at `steps`: the joint stage.
pub(crate) fn warm_cosine(peak: f64, step: usize, warmup: usize, steps: usize) -> f64 {
    let cosine = 0.5 + 0.5 * (PI * step as f64 / steps as f64).cos();
    warm(peak, step, warmup) * cosine
}

/// Momentum of the moving average at a step: it starts low, so that the average forgets the random start.
pub(crate) fn average_momentum(ceiling: f64, step: usize) -> f64 {
    ceiling.min((step + 1) as f64 / (step + 10) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_then_cosine() {
        assert!((warm(1.0, 0, 10) - 0.1).abs() < 1e-12);
        assert!((warm(1.0, 50, 10) - 1.0).abs() < 1e-12);
        assert!((warm_cosine(1.0, 50, 10, 100) - 0.5).abs() < 1e-12);
        assert!(warm_cosine(1.0, 99, 10, 100) < 1e-3);
        assert!(warm(1.0, 0, 0) <= 1.0);
    }

    #[test]
    fn the_average_forgets_its_start() {
        assert!((average_momentum(0.98, 0) - 0.1).abs() < 1e-12);
        assert!((average_momentum(0.98, 10_000) - 0.98).abs() < 1e-12);
    }
}
