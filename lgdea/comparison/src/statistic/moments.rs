//! Mean and standard deviation.

/// Arithmetic mean; NaN of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Standard deviation of a sample (divided by n − 1); `None` of fewer than two values.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// Standard deviation of values that differ by more than rounding; `None` where they do not vary.
///
/// Five differences of 0.1 have a computed deviation of 1e-17, by which anything would be significant.
pub(crate) fn variation(values: &[f64]) -> Option<f64> {
    let scale = values.iter().fold(0.0, |scale: f64, value| scale.max(value.abs()));
    standard_deviation(values).filter(|&deviation| deviation > 1e-12 * scale)
}
