//! How strongly a setting and a score go together: a first look at a search, and no statement of cause.

use super::moments::{mean, variation};

/// Spearman's rank correlation of pairs, equal values sharing their rank; `None` where one side does not vary.
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let x = ranks(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let y = ranks(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
    let (deviation_x, deviation_y) = (variation(&x)?, variation(&y)?);
    let (mean_x, mean_y) = (mean(&x), mean(&y));
    let products: f64 = x.iter().zip(&y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    Some((products / ((pairs.len() - 1) as f64 * deviation_x * deviation_y)).clamp(-1.0, 1.0))
}

/// Correlation ratio η² of values in groups: the share of their variance that lies between the groups; `None` where values
/// do not vary, or all are of one group.
pub fn correlation_ratio(groups: &[&[f64]]) -> Option<f64> {
    let groups: Vec<&[f64]> = groups.iter().copied().filter(|group| !group.is_empty()).collect();
    let all: Vec<f64> = groups.iter().copied().flatten().copied().collect();
    if groups.len() < 2 {
        return None;
    }
    variation(&all)?;
    let overall = mean(&all);
    let total: f64 = all.iter().map(|value| (value - overall).powi(2)).sum();
    let between: f64 = groups.iter().map(|group| group.len() as f64 * (mean(group) - overall).powi(2)).sum();
    Some((between / total).clamp(0.0, 1.0))
}

/// Rank of each value from 1; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|&a, &b| values[a].total_cmp(&values[b]).is_eq()) {
        for &position in tied {
            ranks[position] = before as f64 + (tied.len() + 1) as f64 / 2.0;
        }
        before += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_all_that_counts_for_numbers() {
        let pairs = [(1.0, 0.1), (10.0, 0.2), (100.0, 0.9), (1000.0, 0.95)];
        assert!((spearman(&pairs).unwrap() - 1.0).abs() < 1e-12);
        let turned: Vec<(f64, f64)> = pairs.iter().map(|&(x, y)| (-x, y)).collect();
        assert!((spearman(&turned).unwrap() + 1.0).abs() < 1e-12);
        // scipy.stats.spearmanr([1, 2, 2, 3], [1, 3, 2, 4])
        let tied = spearman(&[(1.0, 1.0), (2.0, 3.0), (2.0, 2.0), (3.0, 4.0)]).unwrap();
        assert!((tied - 0.948_683_298_050_513_8).abs() < 1e-12, "{tied}");
        assert_eq!(spearman(&[(1.0, 0.5), (2.0, 0.5)]), None);
        assert_eq!(spearman(&[]), None);
    }

    #[test]
    fn choices_explain_what_lies_between_them() {
        assert_eq!(correlation_ratio(&[&[1.0, 1.0], &[2.0, 2.0]]), Some(1.0));
        assert!(correlation_ratio(&[&[1.0, 2.0], &[2.0, 1.0]]).unwrap() < 1e-12);
        // Of the squares 5, those of the means 1.5 and 3.5 are 4.
        assert!((correlation_ratio(&[&[1.0, 2.0], &[3.0, 4.0]]).unwrap() - 0.8).abs() < 1e-12);
        assert_eq!(correlation_ratio(&[&[1.0, 2.0]]), None);
        assert_eq!(correlation_ratio(&[&[1.0], &[1.0]]), None);
    }
}
