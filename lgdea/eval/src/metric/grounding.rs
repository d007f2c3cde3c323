//! Phrase grounding: a heat map against the boxes of a phrase.
//!
//! All metrics take the map upsampled to the image ([`super::heat_map::upsample`]) and the [`region`], the pixels of
//! the phrase's boxes. Several boxes of one phrase in one image form one region (as `MaCo` scores MS-CXR).

use ndarray::{Array2, ArrayView2};

use super::auroc::{Case, RankedCases};
use super::heat_map;
use super::overlap::Overlap;

/// A box `[x, y, width, height]` in shares of the frame, from its upper left corner.
pub type Target = [f32; 4];

/// Pixels of a `size × size` frame whose centre lies in one of the boxes, and for a box between pixel centres the pixel
/// at its own centre. None if a box is not finite, has no area, or lies outside of the frame.
pub fn region(boxes: &[Target], size: usize) -> Option<Array2<bool>> {
    region_of(boxes, [size, size])
}

/// As [`region`], of a frame of `[rows, columns]`.
pub fn region_of(boxes: &[Target], [down, across]: [usize; 2]) -> Option<Array2<bool>> {
    let mut region = Array2::from_elem((down, across), false);
    for &[x, y, width, height] in boxes {
        let columns = pixels(x, width, across)?;
        for row in pixels(y, height, down)? {
            columns.clone().for_each(|column| region[[row, column]] = true);
        }
    }
    (!boxes.is_empty()).then_some(region)
}

/// Pixels of a `size × size` frame whose centre an outline covers, which is asked with shares of the frame's width and height.
/// None if it covers none.
pub fn outlined(size: usize, covers: impl Fn(f64, f64) -> bool) -> Option<Array2<bool>> {
    let centre = |pixel: usize| (pixel as f64 + 0.5) / size as f64;
    let region = Array2::from_shape_fn((size, size), |(row, column)| covers(centre(column), centre(row)));
    region.iter().any(|&within| within).then_some(region)
}

/// Pixels along one axis covered by `[start, start + length)`, never none.
fn pixels(start: f32, length: f32, size: usize) -> Option<std::ops::Range<usize>> {
    let (low, high) = (f64::from(start).max(0.0), (f64::from(start) + f64::from(length)).min(1.0));
    let on_frame = start.is_finite() && length.is_finite() && high > low;
    if !on_frame {
        return None;
    }
    // The first pixel whose centre, (i + ½) / size, is not left of the position.
    let first = |position: f64| ((position * size as f64 - 0.5).ceil().max(0.0) as usize).min(size);
    let covered = first(low)..first(high);
    if covered.is_empty() {
        let centre = (f64::midpoint(low, high) * size as f64) as usize;
        return Some(centre..centre + 1);
    }
    Some(covered)
}

/// Signed contrast-to-noise ratio `(µ_in − µ_out) / √(σ²_in + σ²_out)`, population variances; its absolute value is the
/// CNR of `BioViL` (Boecking et al., ECCV 2022), the signed form is `MaCo`'s. A map that is right and one that is inverted
/// have the same absolute CNR: read both.
///
/// A constant map has 0. None where the region covers the whole frame, or where both parts are constant but differ.
pub fn cnr(map: ArrayView2<'_, f32>, region: &Array2<bool>) -> Option<f64> {
    // Values relative to the least, so that a constant map gives exact zeros instead of rounding noise over itself.
    let (least, _) = heat_map::range(map);
    let moments = |inside: bool| {
        let values = || {
            map.iter()
                .zip(region)
                .filter(move |&(_, &within)| within == inside)
                .map(|(&value, _)| f64::from(value) - f64::from(least))
        };
        let count = values().count() as f64;
        let mean = values().sum::<f64>() / count;
        (count > 0.0).then(|| (mean, values().map(|value| (value - mean).powi(2)).sum::<f64>() / count))
    };
    let ((mean_in, variance_in), (mean_out, variance_out)) = (moments(true)?, moments(false)?);
    let (contrast, noise) = (mean_in - mean_out, (variance_in + variance_out).sqrt());
    if contrast == 0.0 { Some(0.0) } else { (noise > 0.0).then(|| contrast / noise) }
}

/// Mean over `thresholds` of the intersection over union of `{pixels ≥ threshold}` and the region, on the map
/// normalised to [0, 1] by its own least and greatest value ([`super::heat_map::normalise`]).
///
/// Other protocols clamp cosines at 0 or normalise to [−1, 1] with the same thresholds; their numbers are not
/// comparable. A constant map predicts nothing and has 0. None without thresholds.
pub fn miou(map: ArrayView2<'_, f32>, region: &Array2<bool>, thresholds: &[f64]) -> Option<f64> {
    mean_overlap(heat_map::normalise(map).view(), region, thresholds, Overlap::iou)
}

/// Mean over `thresholds` of the Dice coefficient, `2 |A ∩ B| / (|A| + |B|)`, of `{pixels ≥ threshold}` and the region, on the
/// map normalised as for [`miou`]. A constant map has 0. None without thresholds.
pub fn dice(map: ArrayView2<'_, f32>, region: &Array2<bool>, thresholds: &[f64]) -> Option<f64> {
    mean_overlap(heat_map::normalise(map).view(), region, thresholds, Overlap::dice)
}

/// Mean over thresholds of a measure of `{pixels ≥ threshold}`, on the map as it is; 0 where it is undefined, as nothing is
/// predicted. None without thresholds.
pub fn mean_overlap(
    map: ArrayView2<'_, f32>,
    region: &Array2<bool>,
    thresholds: &[f64],
    score: fn(Overlap) -> Option<f64>,
) -> Option<f64> {
    let overlaps = Overlap::at_each(map, region, thresholds);
    let sum: f64 = overlaps.into_iter().map(|overlap| score(overlap).unwrap_or(0.0)).sum();
    (!thresholds.is_empty()).then(|| sum / thresholds.len() as f64)
}

/// Pointing game (Zhang et al., ECCV 2016, without their tolerance): whether the map's maximum lies in the region, 1 or 0.
///
/// Where several pixels share the maximum, their share within the region: what picking one of them at random would
/// give on average. So a constant map scores its chance level instead of the fate of its first pixel.
pub fn pointing(map: ArrayView2<'_, f32>, region: &Array2<bool>) -> f64 {
    pointing_within(map, region, 0.0)
}

/// Pointing game with a tolerance: whether the map's maximum lies in the region or at most `tolerance` pixels from the centre
/// of one of its pixels (15 in Zhang et al.), 1 or 0. Several maxima count as in [`pointing`]. A tolerance makes small boxes
/// easy: say it beside the score.
pub fn pointing_within(map: ArrayView2<'_, f32>, region: &Array2<bool>, tolerance: f64) -> f64 {
    let (_, most) = heat_map::range(map);
    let maxima = map.indexed_iter().filter(|&(_, &value)| value >= most);
    let (mut near, mut all) = (0_u32, 0_u32);
    for (place, _) in maxima {
        all += 1;
        near += u32::from(is_within(region, place, tolerance));
    }
    f64::from(near) / f64::from(all.max(1))
}

/// Whether a pixel of the region is at most `tolerance` pixels away.
fn is_within(region: &Array2<bool>, (row, column): (usize, usize), tolerance: f64) -> bool {
    let reach = tolerance.max(0.0).floor() as usize;
    let around = |place: usize, size: usize| {
        place.saturating_sub(reach)..place.saturating_add(reach).saturating_add(1).min(size)
    };
    let is_near = |other_row: usize, other_column: usize| {
        let (down, right) = (row.abs_diff(other_row) as f64, column.abs_diff(other_column) as f64);
        region[[other_row, other_column]] && down * down + right * right <= tolerance * tolerance
    };
    region.get((row, column)).copied().unwrap_or(false)
        || around(row, region.nrows())
            .any(|other_row| around(column, region.ncols()).any(|other_column| is_near(other_row, other_column)))
}

/// Whether a phrase is there at all, by the maximum of its map: cases whose AUROC is the *groundability* of a model. Each
/// phrase has its unit of resampling, its map (as the model gives it: normalising would make all maxima 1) and whether the
/// image shows it. None if a map is empty or has only NaN.
pub fn groundability<'a>(phrases: impl IntoIterator<Item = (usize, ArrayView2<'a, f32>, bool)>) -> Option<RankedCases> {
    let case = |(unit, map, positive): (usize, ArrayView2<'_, f32>, bool)| {
        let (least, most) = heat_map::range(map);
        (least <= most).then(|| Case { unit, score: f64::from(most), positive })
    };
    RankedCases::new(phrases.into_iter().map(case).collect::<Option<Vec<_>>>()?)
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;

    fn covered(region: &Array2<bool>) -> usize {
        region.iter().filter(|&&within| within).count()
    }

    #[test]
    fn a_box_on_pixel_borders_covers_exactly_its_pixels() {
        let region = region(&[[0.25, 0.5, 0.5, 0.25]], 4).unwrap();
        let (t, f) = (true, false);
        assert_eq!(region, array![[f, f, f, f], [f, f, f, f], [f, t, t, f], [f, f, f, f]]);
    }

    #[test]
    fn boxes_are_joined_clipped_and_never_empty() {
        assert_eq!(covered(&region(&[[0.0, 0.0, 0.5, 0.5], [0.25, 0.25, 0.5, 0.5]], 4).unwrap()), 7);
        assert_eq!(covered(&region(&[[-1.0, -1.0, 3.0, 3.0]], 4).unwrap()), 16);
        assert_eq!(covered(&region(&[[0.26, 0.26, 0.01, 0.01]], 4).unwrap()), 1);
        assert_eq!(covered(&region(&[[0.999, 0.999, 0.001, 0.001]], 4).unwrap()), 1);
    }

    #[test]
    fn outlines_cover_the_pixels_whose_centres_they_cover() {
        let half = outlined(4, |x, _| x < 0.5).unwrap();
        assert_eq!(half, region(&[[0.0, 0.0, 0.5, 1.0]], 4).unwrap());
        assert_eq!(outlined(4, |x, _| x < 0.1), None);
    }

    #[test]
    fn impossible_boxes_are_refused() {
        for refused in [[0.5, 0.5, 0.0, 0.1], [0.5, 0.5, -0.1, 0.1], [1.2, 0.0, 0.1, 0.1], [f32::NAN, 0.0, 0.1, 0.1]] {
            assert_eq!(region(&[[0.0, 0.0, 1.0, 1.0], refused], 4), None, "{refused:?}");
        }
        assert_eq!(region(&[], 4), None);
    }

    #[test]
    fn hand_computed_scores() {
        // Inside {3, 5}, outside {0, 1}: means 4 and 0.5, variances 1 and 0.25.
        let map = array![[3.0, 5.0], [0.0, 1.0]];
        let top = array![[true, true], [false, false]];
        assert!((cnr(map.view(), &top).unwrap() - 3.5 / 1.25_f64.sqrt()).abs() < 1e-12);
        // Normalised {0.6, 1; 0, 0.2}: at 0.1 three pixels (2/3), at 0.5 two (1), at 0.9 one (1/2).
        let miou = miou(map.view(), &top, &[0.1, 0.5, 0.9]).unwrap();
        assert!((miou - (2.0 / 3.0 + 1.0 + 0.5) / 3.0).abs() < 1e-12);
        // 2 · 2 / (3 + 2), 2 · 2 / (2 + 2), 2 · 1 / (1 + 2).
        let dice = dice(map.view(), &top, &[0.1, 0.5, 0.9]).unwrap();
        assert!((dice - (0.8 + 1.0 + 2.0 / 3.0) / 3.0).abs() < 1e-12);
        assert!((pointing(map.view(), &top) - 1.0).abs() < f64::EPSILON);
        assert!(pointing(map.view(), &top.mapv(|within| !within)).abs() < f64::EPSILON);
    }

    #[test]
    fn a_constant_map_says_nothing() {
        let map = Array2::from_elem((4, 4), 0.1);
        let region = region(&[[0.0, 0.0, 0.5, 0.5]], 4).unwrap();
        assert_eq!(cnr(map.view(), &region), Some(0.0));
        assert_eq!(miou(map.view(), &region, &[0.1, 0.5]), Some(0.0));
        assert_eq!(dice(map.view(), &region, &[0.1, 0.5]), Some(0.0));
        assert!((pointing(map.view(), &region) - 0.25).abs() < f64::EPSILON);
    }

    #[test]
    fn undefined_contrasts() {
        let all = Array2::from_elem((2, 2), true);
        assert_eq!(cnr(array![[1.0, 2.0], [3.0, 4.0]].view(), &all), None);
        assert_eq!(cnr(array![[1.0, 1.0], [0.0, 0.0]].view(), &array![[true, true], [false, false]]), None);
        assert_eq!(miou(array![[1.0]].view(), &array![[true]], &[]), None);
    }

    #[test]
    fn a_tolerance_counts_what_is_near() {
        let map = array![[9.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]];
        let mut region = Array2::from_elem((3, 4), false);
        region[[2, 2]] = true;
        let expected =
            [(0.0, 0.0), (2.0, 0.0), (2.8, 0.0), (2.9, 1.0), (15.0, 1.0), (1e300, 1.0), (-1.0, 0.0), (f64::NAN, 0.0)];
        for (tolerance, expected) in expected {
            assert_eq!(pointing_within(map.view(), &region, tolerance), expected, "{tolerance}");
        }
        region[[0, 0]] = true;
        assert_eq!(pointing_within(map.view(), &region, -1.0), 1.0);
    }

    #[test]
    fn phrases_that_are_not_there_have_lower_maxima() {
        let (strong, weak) = (array![[0.1, 0.9]], array![[0.3, 0.3]]);
        let phrases = || [(0, strong.view(), true), (1, weak.view(), false), (1, strong.view(), false)];
        assert_eq!(groundability(phrases()).unwrap().auroc(&[1, 1]), Some(0.75));
        assert_eq!(groundability(phrases().into_iter().take(1)).unwrap().auroc(&[1]), None);
        let empty = Array2::zeros((0, 0));
        assert!(groundability([(0, empty.view(), true)]).is_none());
        assert!(groundability([(0, array![[f32::NAN]].view(), true)]).is_none());
    }

    proptest! {
        #[test]
        fn any_finite_box_gives_a_region_or_none(x in -2.0_f32..2.0, y in -2.0_f32..2.0, w in -1.0_f32..3.0, h in -1.0_f32..3.0, size in 1_usize..40) {
            if let Some(region) = region(&[[x, y, w, h]], size) {
                prop_assert!(covered(&region) > 0);
            }
        }

        #[test]
        fn scores_ignore_gain_and_offset_and_cnr_flips_with_the_map(
            values in prop::collection::vec(-1.0_f32..1.0, 36),
            gain in 0.5_f32..4.0,
            offset in -2.0_f32..2.0,
        ) {
            let map = Array2::from_shape_vec((6, 6), values).unwrap();
            let region = region(&[[0.0, 0.3, 0.5, 0.5]], 6).unwrap();
            let changed = map.mapv(|value| value * gain + offset);
            let (a, b) = (cnr(map.view(), &region).unwrap(), cnr(changed.view(), &region).unwrap());
            prop_assert!((a - b).abs() < 1e-3, "{a} {b}");
            let flipped = cnr(map.mapv(|value| -value).view(), &region).unwrap();
            prop_assert!((a + flipped).abs() < 1e-5, "{a} {flipped}");
            let share = miou(map.view(), &region, &[0.1, 0.3, 0.5]).unwrap();
            prop_assert!((0.0..=1.0).contains(&share));
        }
    }
}
