//! Standardisation and augmentation of one image. There is no flip: laterality is diagnostic.

use lgdea_spec::Augment;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

/// A grey image with mean 0 and standard deviation 1; all 0 where the image has a single grey.
pub fn standardise(pixels: &[u8]) -> Vec<f32> {
    let count = pixels.len().max(1) as f64;
    let mean = pixels.iter().map(|&p| f64::from(p)).sum::<f64>() / count;
    let variance = pixels.iter().map(|&p| (f64::from(p) - mean).powi(2)).sum::<f64>() / count;
    let scale = if variance > 0.0 { variance.sqrt().recip() } else { 0.0 };
    pixels.iter().map(|&p| ((f64::from(p) - mean) * scale) as f32).collect()
}

/// A randomly shifted, brightened, lit and noisy copy of a standardised image.
///
/// `image` is `[size * size]`, row by row; `out = gain · shifted + offset + slope · position + noise`, where `position` runs
/// from −1 to 1 in both directions and what a shift uncovers takes the edge's value. Each part is drawn from `rng` even
/// where its setting is 0, so that arms of an ablation that differ in one setting draw alike.
///
/// # Panics
///
/// If `image` does not have `size * size` pixels.
pub fn augment(image: &[f32], size: usize, settings: &Augment, rng: &mut impl Rng) -> Vec<f32> {
    assert_eq!(image.len(), size * size, "image of {size} × {size} pixels");
    let reach = (settings.shift * size as f64).round() as i64;
    let (shift_x, shift_y) = (rng.random_range(-1.0..=1.0), rng.random_range(-1.0..=1.0));
    let shift = |draw: f64| (draw * (reach as f64 + 0.5)).round().clamp(-reach as f64, reach as f64) as i64;
    let (shift_x, shift_y) = (shift(shift_x), shift(shift_y));
    let mut normal = |deviation: f64| deviation as f32 * rng.sample::<f32, _>(StandardNormal);
    let gain = 1.0 + normal(settings.gain);
    let offset = normal(settings.offset);
    let (slope_x, slope_y) = (normal(settings.illumination), normal(settings.illumination));
    let noise = settings.noise as f32 * rng.random::<f32>();

    let edge = |position: usize, shift: i64| (position as i64 - shift).clamp(0, size as i64 - 1) as usize;
    let centred = |position: usize| (2 * position + 1) as f32 / size as f32 - 1.0;
    let mut augmented = Vec::with_capacity(image.len());
    for y in 0..size {
        let row = &image[edge(y, shift_y) * size..][..size];
        let lit = offset + slope_y * centred(y);
        augmented.extend((0..size).map(|x| {
            let grain = noise * rng.sample::<f32, _>(StandardNormal);
            gain * row[edge(x, shift_x)] + lit + slope_x * centred(x) + grain
        }));
    }
    augmented
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const NONE: Augment = Augment { shift: 0.0, gain: 0.0, offset: 0.0, noise: 0.0, illumination: 0.0 };
    const SIZE: usize = 16;

    fn image() -> Vec<f32> {
        let pixels: Vec<u8> = (0..SIZE * SIZE).map(|i| (i * 7 % 251) as u8).collect();
        standardise(&pixels)
    }

    fn augmented(settings: &Augment, seed: u64) -> Vec<f32> {
        augment(&image(), SIZE, settings, &mut ChaCha8Rng::seed_from_u64(seed))
    }

    #[test]
    fn standardised_images_have_mean_0_and_deviation_1() {
        let image = image();
        let mean = image.iter().sum::<f32>() / image.len() as f32;
        let variance = image.iter().map(|p| (p - mean).powi(2)).sum::<f32>() / image.len() as f32;
        assert!(mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-5);
        assert_eq!(standardise(&[9; 4]), [0.0; 4]);
        assert!(standardise(&[]).is_empty());
    }

    #[test]
    fn without_settings_nothing_changes() {
        assert_eq!(augmented(&NONE, 1), image());
    }

    #[test]
    fn a_shift_moves_pixels_and_repeats_the_edge() {
        let settings = Augment { shift: 0.25, ..NONE };
        let (original, reach) = (image(), 4);
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..50 {
            let moved = augmented(&settings, seed);
            let found = (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (dx, dy))).find(|&(dx, dy)| {
                (0..SIZE * SIZE).all(|i| {
                    let at = |p: usize, d: i64| (p as i64 - d).clamp(0, SIZE as i64 - 1) as usize;
                    moved[i].to_bits() == original[at(i / SIZE, dy) * SIZE + at(i % SIZE, dx)].to_bits()
                })
            });
            seen.insert(found.expect("a shift within reach explains the image"));
        }
        assert!(seen.len() > 20, "{seen:?}");
    }

    #[test]
    fn each_part_has_its_deviation() {
        let offsets: Vec<f32> =
            (0..400).map(|seed| augmented(&Augment { offset: 0.5, ..NONE }, seed)[0] - image()[0]).collect();
        let deviation = (offsets.iter().map(|o| o * o).sum::<f32>() / 400.0).sqrt();
        assert!((deviation - 0.5).abs() < 0.06, "{deviation}");
        for settings in
            [Augment { gain: 0.2, ..NONE }, Augment { illumination: 0.2, ..NONE }, Augment { noise: 0.2, ..NONE }]
        {
            assert_ne!(augmented(&settings, 1), image());
            assert_eq!(augmented(&settings, 1), augmented(&settings, 1));
        }
    }
}
