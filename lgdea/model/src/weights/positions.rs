//! Positions of a vision transformer for images of another size.

use burn::tensor::TensorData;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::F32;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

/// Positions `[1, 1 + side², width]` as `[1, tokens, width]`: the class token's, where it has one, as it is, the grid's by
/// antialiased bicubic interpolation, as timm does it. `None` where a grid is no square, or one of the two has no class token.
pub(super) fn resize(positions: &TensorData, tokens: usize) -> Option<TensorData> {
    let [_, found, width] = positions.shape().to_vec().try_into().ok()?;
    let ((class, old), (class_new, new)) = (grid(found)?, grid(tokens)?);
    if class != class_new {
        return None;
    }
    let values: Vec<f32> = positions.iter::<f32>().collect();
    let (class, values) = values.split_at_checked(class * width)?;
    let mut resized = class.to_vec();
    resized.resize(tokens * width, 0.0);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    let mut resizer = Resizer::new();
    for channel in 0..width {
        let grid: Vec<F32> = values.iter().skip(channel).step_by(width).map(|&value| F32::new(value)).collect();
        let from = TypedImageRef::new(old as u32, old as u32, &grid).ok()?;
        let mut to = TypedImage::new(new as u32, new as u32);
        resizer.resize_typed(&from, &mut to, &options).ok()?;
        for (place, value) in resized[class.len()..].iter_mut().skip(channel).step_by(width).zip(to.pixels()) {
            *place = value.0;
        }
    }
    Some(TensorData::new(resized, [1, tokens, width]))
}

/// Class tokens, none or one, and the side of the square grid of all others.
fn grid(tokens: usize) -> Option<(usize, usize)> {
    [0, 1].into_iter().find_map(|class| {
        let patches = tokens.checked_sub(class)?;
        let side = patches.isqrt();
        (side > 0 && side * side == patches).then_some((class, side))
    })
}
