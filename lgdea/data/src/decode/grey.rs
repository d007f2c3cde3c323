//! Grey pixels, and which values of deep ones become black and white.

use fast_image_resize::pixels::F32;

/// An image of grey values in [0, 255].
pub(super) struct Grey {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Width and height of the whole image, of which these may be fewer pixels: see [`super::dicom`].
    pub(super) whole: [u32; 2],
    /// Row by row.
    pub(super) pixels: Vec<F32>,
}

/// The values of deep pixels that become black and white: at two percentiles, so that a few hot pixels or a burnt-in mark do
/// not decide; the darkest and the brightest where nothing lies between these. `levels` are values with their counts, in
/// order.
pub(super) fn range(levels: &[(f32, usize)], percentiles: [f64; 2]) -> [f32; 2] {
    let value_at = |place: usize| {
        let mut passed = 0;
        let level = levels.iter().find(|(_, count)| {
            passed += count;
            passed > place
        });
        level.map_or(0.0, |&(value, _)| value)
    };
    let last = levels.iter().map(|(_, count)| count).sum::<usize>().saturating_sub(1);
    let [low, high] = percentiles.map(|percentile| percentile / 100.0 * last as f64);
    let robust = [value_at(low.floor() as usize), value_at((high.ceil() as usize).min(last))];
    if robust[0] < robust[1] { robust } else { [value_at(0), value_at(last)] }
}
