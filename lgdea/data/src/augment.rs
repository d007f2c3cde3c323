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

/// A randomly moved, brightened, lit and noisy copy of a standardised image.
///
/// `image` is `[size * size]`, row by row; `out = gain · moved + offset + slope · position + noise`, where `position` runs
/// from −1 to 1 in both directions, `moved` is turned and scaled around the middle and then shifted, and what that uncovers
/// takes the edge's value. Each part is drawn from `rng` even where its setting is 0, so that arms of an ablation that
/// differ in one setting draw alike; but turn and scale are, together, only where one of them is on.
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
    let turned = (settings.rotation > 0.0 || settings.scale > 0.0).then(|| {
        let angle = settings.rotation.to_radians() * rng.random_range(-1.0..=1.0);
        let scale = 1.0 + settings.scale * rng.random_range(-1.0..=1.0);
        turn(image, size, angle, scale)
    });
    let image = turned.as_deref().unwrap_or(image);

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

/// The image `scale` times as large and turned clockwise by `angle` (radians) around its middle, bilinear.
fn turn(image: &[f32], size: usize, angle: f64, scale: f64) -> Vec<f32> {
    let (middle, last) = ((size as f64 - 1.0) / 2.0, size as f64 - 1.0);
    let (sine, cosine) = ((angle.sin() / scale) as f32, (angle.cos() / scale) as f32);
    let (middle, last) = (middle as f32, last as f32);
    let mut turned = Vec::with_capacity(image.len());
    for y in 0..size {
        let dy = y as f32 - middle;
        turned.extend((0..size).map(|x| {
            let dx = x as f32 - middle;
            // Where the pixel comes from: turned back and shrunk.
            let from_x = (cosine * dx + sine * dy + middle).clamp(0.0, last);
            let from_y = (cosine * dy - sine * dx + middle).clamp(0.0, last);
            let (left, top) = (from_x as usize, from_y as usize);
            let (right, bottom) = ((left + 1).min(size - 1), (top + 1).min(size - 1));
            let (share_x, share_y) = (from_x - left as f32, from_y - top as f32);
            let across = |row: usize| {
                let row = &image[row * size..][..size];
                row[left] + share_x * (row[right] - row[left])
            };
            let (above, below) = (across(top), across(bottom));
            above + share_y * (below - above)
        }));
    }
    turned
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const NONE: Augment =
        Augment { shift: 0.0, gain: 0.0, offset: 0.0, noise: 0.0, illumination: 0.0, rotation: 0.0, scale: 0.0 };
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
    fn a_quarter_turn_is_clockwise_and_double_size_is_around_the_middle() {
        let image: Vec<f32> = (0..9).map(|i| i as f32).collect();
        let quarter = turn(&image, 3, std::f64::consts::FRAC_PI_2, 1.0);
        let expected = [6.0, 3.0, 0.0, 7.0, 4.0, 1.0, 8.0, 5.0, 2.0];
        assert!(quarter.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-5), "{quarter:?}");
        assert_eq!(turn(&image, 3, 0.0, 1.0), image);
        assert_eq!(turn(&image, 3, 0.0, 2.0), [2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0]);
    }

    #[test]
    fn turn_and_scale_move_pixels_and_leave_other_draws_alone() {
        let moves = Augment { rotation: 10.0, scale: 0.1, ..NONE };
        let lights = Augment { gain: 0.2, offset: 0.3, illumination: 0.1, ..NONE };
        let both = Augment { rotation: 10.0, scale: 0.1, ..lights.clone() };
        let flat = |settings: &Augment| augment(&[1.0; 256], SIZE, settings, &mut ChaCha8Rng::seed_from_u64(3));
        assert_eq!(flat(&lights), flat(&both));
        assert_eq!(flat(&moves), [1.0; 256]);
        assert_ne!(augmented(&moves, 1), image());
        assert_ne!(augmented(&moves, 1), augmented(&moves, 2));
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
