//! Positions of a vision transformer for images of another size.

use burn::tensor::TensorData;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::F32;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

/// Positions `[1, 1 + side², width]` as `[1, tokens, width]`: the class token's as it is, the grid's by antialiased bicubic
/// interpolation, as timm does it. `None` where a grid is no square.
pub(super) fn resize(positions: &TensorData, tokens: usize) -> Option<TensorData> {
    let [_, found, width] = positions.shape().to_vec().try_into().ok()?;
    let (old, new) = (side(found)?, side(tokens)?);
    let values: Vec<f32> = positions.iter::<f32>().collect();
    let mut resized = values.get(..width)?.to_vec();
    resized.resize(tokens * width, 0.0);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    let mut resizer = Resizer::new();
    for channel in 0..width {
        let grid: Vec<F32> =
            values[width..].iter().skip(channel).step_by(width).map(|&value| F32::new(value)).collect();
        let from = TypedImageRef::new(old as u32, old as u32, &grid).ok()?;
        let mut to = TypedImage::new(new as u32, new as u32);
        resizer.resize_typed(&from, &mut to, &options).ok()?;
        for (place, value) in resized[width..].iter_mut().skip(channel).step_by(width).zip(to.pixels()) {
            *place = value.0;
        }
    }
    Some(TensorData::new(resized, [1, tokens, width]))
}

/// Side of the square grid of all tokens but the first.
fn side(tokens: usize) -> Option<usize> {
    let patches = tokens.checked_sub(1)?;
    let side = patches.isqrt();
    (side > 0 && side * side == patches).then_some(side)
}
