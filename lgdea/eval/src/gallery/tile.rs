//! One radiograph as a picture: at any size, under heat, or a part of it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops::{self, FilterType as Filter};
use image::{GrayImage, Rgb, RgbImage};
use ndarray::Array2;

use super::draw;
use crate::metric::grounding::Target;
use crate::metric::heat_map::{normalise, upsample};
use crate::{EvalError, check};

/// Opacity of the hottest pixel.
const HEAT_OPACITY: f64 = 0.7;

/// Heat in [0, 1] as a colour: inferno, which is perceptually uniform and readable without colour vision.
pub(super) fn heat_colour(heat: f64) -> Rgb<u8> {
    Rgb(colorous::INFERNO.eval_continuous(heat.clamp(0.0, 1.0)).as_array())
}

/// A radiograph of `size * size` grey pixels, resized to `side` pixels.
pub(crate) fn radiograph(pixels: &[u8], size: usize, side: u32) -> Result<RgbImage, EvalError> {
    check::shape("a panel's radiograph", &[pixels.len()], &[size.max(1).saturating_pow(2)])?;
    let grey =
        GrayImage::from_fn(size as u32, size as u32, |x, y| image::Luma([pixels[y as usize * size + x as usize]]));
    let tile = imageops::resize(&grey, side, side, Filter::Triangle);
    Ok(RgbImage::from_fn(side, side, |x, y| Rgb([tile.get_pixel(x, y).0[0]; 3])))
}

/// Refuses heat maps that cannot be drawn.
pub(crate) fn check_map(map: &Array2<f32>) -> Result<(), EvalError> {
    let sides = [map.nrows(), map.ncols()];
    check::shape("the heat map of a panel", &sides, &sides.map(|side| side.max(1)))?;
    check::finite("the heat map of a panel", map.view())
}

/// Lays a heat map that [`check_map`] passed over a radiograph. Opacity grows with the square of the heat, so that the
/// radiograph stays visible where little is found.
pub(crate) fn overlay(tile: &mut RgbImage, map: &Array2<f32>) {
    let heat = normalise(upsample(map.view(), tile.width() as usize).view());
    for (x, y, pixel) in tile.enumerate_pixels_mut() {
        let heat = f64::from(heat[[y as usize, x as usize]]);
        draw::blend(pixel, heat_colour(heat), (HEAT_OPACITY * heat * heat) as f32);
    }
}

/// The part of a radiograph around a place, `margin` times as wide and as high, moved into the frame where it would leave
/// it, resized to `side` pixels, with the place outlined.
pub(crate) fn crop(radiograph: &RgbImage, place: Target, margin: f32, side: u32) -> RgbImage {
    let [x, y, width, height] = place;
    let span = (width.max(height) * margin).min(1.0);
    let start = |from: f32, length: f32| (from + length / 2.0 - span / 2.0).clamp(0.0, 1.0 - span);
    let (left, top) = (start(x, width), start(y, height));
    let pixels = |share: f32| (share * radiograph.width() as f32).round() as u32;
    let part = imageops::crop_imm(radiograph, pixels(left), pixels(top), pixels(span).max(1), pixels(span).max(1));
    let mut crop = imageops::resize(&part.to_image(), side, side, Filter::Triangle);
    let inside = [(x - left) / span, (y - top) / span, width / span, height / span];
    draw::outline(&mut crop, inside, super::BOX);
    crop
}

/// The bytes of a PNG file.
pub(crate) fn png(image: &RgbImage) -> Result<Vec<u8>, EvalError> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive);
    image.write_with_encoder(encoder).map_err(EvalError::EncodePicture)?;
    Ok(bytes)
}

/// A PNG file as a page embeds it.
pub(crate) fn data_uri(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png))
}

/// Centre of the hottest pixel (the first of several), in shares of the frame.
pub fn peak(map: &Array2<f32>) -> [f32; 2] {
    let first_hottest = |best: ((usize, usize), f32), (at, &value): ((usize, usize), &f32)| {
        if value > best.1 { (at, value) } else { best }
    };
    let ((row, column), _) = map.indexed_iter().fold(((0, 0), f32::NEG_INFINITY), first_hottest);
    [(column as f32 + 0.5) / map.ncols() as f32, (row as f32 + 0.5) / map.nrows() as f32]
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_crop_stays_in_the_frame_and_outlines_its_place() {
        let pixels: Vec<u8> = (0..64).map(|pixel| if pixel % 8 == 0 && pixel < 8 { 200 } else { 10 }).collect();
        let whole = radiograph(&pixels, 8, 8).unwrap();
        assert_eq!(whole.get_pixel(0, 0).0, [200; 3]);
        for place in [[0.0, 0.0, 0.25, 0.25], [0.75, 0.75, 0.25, 0.25], [0.4, 0.1, 0.2, 0.2], [0.0, 0.0, 1.0, 1.0]] {
            let part = crop(&whole, place, 2.0, 32);
            assert_eq!(part.dimensions(), (32, 32));
            assert!(part.pixels().any(|&pixel| pixel == super::super::BOX), "{place:?}");
        }
        // Moved to the corner, the place is the crop's upper left quarter; its outline hides the pixel at its own corner.
        let corner = crop(&whole, [0.0, 0.0, 0.25, 0.25], 2.0, 32);
        assert_eq!(*corner.get_pixel(0, 15), super::super::BOX);
        assert_eq!(corner.get_pixel(20, 20).0, [10; 3]);
        assert!(corner.get_pixel(4, 4).0[0] > 100);
    }

    #[test]
    fn heat_hides_what_is_hot_and_leaves_what_is_cold() {
        let mut tile = radiograph(&[128; 16], 4, 4).unwrap();
        let map = array![[1.0, 0.0], [0.0, 0.0]];
        overlay(&mut tile, &map);
        assert_eq!(tile.get_pixel(3, 3).0, [128; 3]);
        assert_ne!(tile.get_pixel(0, 0).0, [128; 3]);
        assert_eq!(peak(&array![[0.0, 0.5], [1.0, 1.0]]), [0.25, 0.75]);
    }
}
