//! Means over classes.

/// How the classes of a metric are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// The metric of all decisions pooled: frequent classes weigh more.
    Micro,
    /// The unweighted mean over the classes that have the metric.
    Macro,
    /// The mean over those classes, weighted by their positives.
    Weighted,
}

/// Mean of the values that are defined, as mAP and every macro average take it; None where none is.
///
/// scikit-learn counts an undefined value as 0, which mixes "wrong" and "cannot be said".
pub fn mean_of_defined(values: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u64);
    for value in values.into_iter().flatten() {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}

/// Mean of the values that are defined, each with its weight; None where these have no weight.
pub fn weighted_mean_of_defined(values: impl IntoIterator<Item = (f64, Option<f64>)>) -> Option<f64> {
    let (mut mean, mut total) = (0.0, 0.0);
    for (share, value) in values {
        if let Some(value) = value.filter(|_| share > 0.0) {
            total += share;
            // So that the mean of one value, and of equal ones, is the value to its last digit (West 1979).
            mean += (value - mean) * (share / total);
        }
    }
    (total > 0.0).then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_values_have_no_part_in_a_mean() {
        assert_eq!(mean_of_defined([Some(1.0), None, Some(0.0)]), Some(0.5));
        assert_eq!(mean_of_defined([None, None]), None);
        assert_eq!(mean_of_defined([]), None);
        assert_eq!(weighted_mean_of_defined([(3.0, Some(1.0)), (9.0, None), (1.0, Some(0.0))]), Some(0.75));
        assert_eq!(weighted_mean_of_defined([(0.0, Some(1.0))]), None);
        assert_eq!(weighted_mean_of_defined([(3.0, Some(0.1)), (7.0, Some(0.1))]), Some(0.1));
    }
}
