//! Standardising: mean 0 and standard deviation 1.

/// Keeps nearly constant values from being blown up to their rounding noise (value of the method's prototype).
const FLOOR: f64 = 1e-6;

/// Mean and standard deviation of some values.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    mean: f64,
    deviation: f64,
}

impl Scale {
    /// That of values.
    pub fn of(values: impl Iterator<Item = f32> + Clone) -> Self {
        let values = values.map(f64::from);
        let count = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / count;
        let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        Self { mean, deviation: variance.sqrt() }
    }

    /// `(v − µ) / (σ + 10⁻⁶)`.
    pub fn standardised(self, value: f32) -> f32 {
        ((f64::from(value) - self.mean) / (self.deviation + FLOOR)) as f32
    }
}
