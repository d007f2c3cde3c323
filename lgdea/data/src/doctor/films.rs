//! Images that show nothing, or hardly anything.

use rayon::prelude::*;

use super::{Diagnosis, Severity, named};
use crate::{Frame, ImageStore, Study};

/// Grey values that differ by less than this standard deviation show nothing.
const FLAT: f64 = 3.0;
/// An image whose short side has fewer pixels is a thumbnail.
const TINY: u32 = 64;

pub(super) fn diagnose(studies: &[Study], images: &ImageStore) -> Vec<Diagnosis> {
    let seen: Vec<(&Study, Look)> = studies
        .par_iter()
        .enumerate()
        .filter_map(|(position, study)| {
            Some((study, Look::at(study, images.pixels(position)?, images.frame(position)?)))
        })
        .collect();
    let those =
        |is: fn(&Look) -> bool| seen.iter().filter(|(_, look)| is(look)).map(|(study, _)| named(study)).collect();
    let all = seen.len();
    let flat = "image without contrast: black, white or of one grey";
    let tiny = "image of fewer than 64 pixels";
    [
        Diagnosis::of(Severity::Wrong, flat, those(|look| look.is_flat), all, "fetch them again, or leave them out"),
        Diagnosis::of(
            Severity::Doubtful,
            tiny,
            those(|look| look.is_tiny),
            all,
            "name the full images, if these are thumbnails",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

struct Look {
    is_flat: bool,
    is_tiny: bool,
}

impl Look {
    fn at(study: &Study, square: &[u8], frame: Frame) -> Look {
        let is_tiny = study
            .image
            .as_ref()
            .and_then(crate::Picture::dimensions)
            .is_some_and(|(width, height)| width.min(height) < TINY);
        Look { is_flat: deviation(square, frame) < FLAT, is_tiny }
    }
}

/// Standard deviation of the grey values inside of the frame.
fn deviation(square: &[u8], frame: Frame) -> f64 {
    let values = within(square, frame);
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
}

/// The grey values of a square image inside of its frame.
fn within(square: &[u8], frame: Frame) -> Vec<f64> {
    let size = square.len().isqrt();
    let span = |start: f32, length: f32| {
        let pixel = |share: f32| ((share * size as f32).round() as usize).min(size);
        pixel(start)..pixel(start + length)
    };
    let columns = span(frame.x, frame.width);
    span(frame.y, frame.height)
        .flat_map(|row| square[row * size..][columns.clone()].iter().map(|&value| f64::from(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_padding_is_no_contrast() {
        let mut square = vec![0; 64];
        square[16..48].fill(200);
        let frame = Frame { x: 0.0, y: 0.25, width: 1.0, height: 0.5 };
        assert!(deviation(&square, frame) < FLAT && deviation(&square, Frame::FULL) > FLAT);
        square[20] = 90;
        assert!(deviation(&square, frame) > FLAT);
    }
}
