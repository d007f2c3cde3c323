//! How far a thresholded heat map, or a segmentation, covers a region.

use ndarray::{Array2, ArrayView2};

/// Numbers of pixels of a predicted region and a true one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overlap {
    /// In both.
    pub both: u64,
    /// In the predicted one.
    pub predicted: u64,
    /// In the true one.
    pub target: u64,
}

impl Overlap {
    /// The pixels `{map ≥ threshold}` against the region, at each threshold in its order. A NaN (such as beyond a crop)
    /// is never predicted. The map and the region have one shape; of other pixels nothing is said.
    ///
    /// The map is read once: `O(pixels · log thresholds)`.
    pub fn at_each(map: ArrayView2<'_, f32>, region: &Array2<bool>, thresholds: &[f64]) -> Vec<Self> {
        let mut ascending: Vec<usize> = (0..thresholds.len()).collect();
        ascending.sort_by(|&a, &b| thresholds[a].total_cmp(&thresholds[b]));
        let sorted: Vec<f64> = ascending.iter().map(|&at| thresholds[at]).collect();
        // Pixels by how many of the thresholds they reach, from none to all.
        let mut reaching = vec![Self::default(); sorted.len() + 1];
        let mut target = 0;
        for (&value, &within) in map.iter().zip(region) {
            let reached = sorted.partition_point(|&threshold| f64::from(value) >= threshold);
            reaching[reached].predicted += 1;
            reaching[reached].both += u64::from(within);
            target += u64::from(within);
        }
        let mut overlaps = vec![Self::default(); thresholds.len()];
        let (mut both, mut predicted) = (0, 0);
        for (rank, &at) in ascending.iter().enumerate().rev() {
            both += reaching[rank + 1].both;
            predicted += reaching[rank + 1].predicted;
            overlaps[at] = Self { both, predicted, target };
        }
        overlaps
    }

    /// Intersection over union, `|A ∩ B| / |A ∪ B|`. None where both are empty.
    pub fn iou(self) -> Option<f64> {
        let union = self.predicted + self.target - self.both;
        (union > 0).then(|| self.both as f64 / union as f64)
    }

    /// Dice coefficient, `2 |A ∩ B| / (|A| + |B|)`. None where both are empty: segmentation of SIIM counts that as 1, which
    /// is up to the protocol.
    pub fn dice(self) -> Option<f64> {
        let sum = self.predicted + self.target;
        (sum > 0).then(|| 2.0 * self.both as f64 / sum as f64)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hand_computed_overlaps_in_any_order_of_thresholds() {
        let map = array![[3.0, 5.0], [0.0, 1.0]];
        let top = array![[true, true], [false, false]];
        let overlaps = Overlap::at_each(map.view(), &top, &[1.0, 9.0, 0.0, 4.0]);
        let predicted: Vec<(u64, u64)> = overlaps.iter().map(|overlap| (overlap.both, overlap.predicted)).collect();
        assert_eq!(predicted, [(2, 3), (0, 0), (2, 4), (1, 1)]);
        assert_eq!((overlaps[0].iou(), overlaps[0].dice()), (Some(2.0 / 3.0), Some(0.8)));
        assert_eq!((overlaps[1].iou(), overlaps[1].dice()), (Some(0.0), Some(0.0)));
        assert_eq!(Overlap::at_each(map.view(), &top, &[]), []);
    }

    #[test]
    fn nothing_in_both_says_nothing_and_nan_is_not_predicted() {
        let nowhere = array![[false, false]];
        let overlaps = Overlap::at_each(array![[f32::NAN, 0.2]].view(), &nowhere, &[0.5, 0.1]);
        assert_eq!((overlaps[0].iou(), overlaps[0].dice()), (None, None));
        assert_eq!((overlaps[1].predicted, overlaps[1].iou()), (1, Some(0.0)));
    }

    proptest! {
        #[test]
        fn equals_counting_at_each_threshold_and_dice_follows_from_iou(
            pixels in prop::collection::vec((-3_i8..4, any::<bool>()), 16),
            thresholds in prop::collection::vec(-3_i8..5, 0..6),
        ) {
            let map = Array2::from_shape_fn((4, 4), |(row, column)| f32::from(pixels[4 * row + column].0));
            let region = Array2::from_shape_fn((4, 4), |(row, column)| pixels[4 * row + column].1);
            let thresholds: Vec<f64> = thresholds.into_iter().map(f64::from).collect();
            for (overlap, &threshold) in Overlap::at_each(map.view(), &region, &thresholds).iter().zip(&thresholds) {
                let count = |within: bool| map.iter().zip(&region).filter(|&(&value, &inside)| f64::from(value) >= threshold && (inside || !within)).count() as u64;
                prop_assert_eq!((overlap.both, overlap.predicted), (count(true), count(false)));
                if let (Some(iou), Some(dice)) = (overlap.iou(), overlap.dice()) {
                    prop_assert!((dice - 2.0 * iou / (1.0 + iou)).abs() < 1e-12);
                }
            }
        }
    }
}
