//! Images that show nothing, or hardly anything.

use rayon::prelude::*;

use super::{Diagnosis, Example, Severity};
use crate::decode::ImageHeader;
use crate::{Frame, ImageStore, Study};

/// Grey values that differ by less than this standard deviation show nothing.
const FLAT: f64 = 3.0;
/// An image whose short side has fewer pixels is a thumbnail.
const TINY: u32 = 64;

pub(super) fn diagnose(studies: &[Study], images: &ImageStore, headers: &[Option<ImageHeader>]) -> Vec<Diagnosis> {
    let all: Vec<usize> = (0..studies.len()).filter(|&at| images.pixels(at).is_some()).collect();
    let is_flat = |at: &usize| {
        images.pixels(*at).zip(images.frame(*at)).is_some_and(|(square, frame)| deviation(square, frame) < FLAT)
    };
    let is_tiny = |at: &usize| headers[*at].as_ref().is_some_and(|header| header.width.min(header.height) < TINY);
    let example = |at: usize| Example::of(studies, at);
    let flat: Vec<usize> = all.par_iter().copied().filter(is_flat).collect();
    let tiny = all.iter().copied().filter(is_tiny);
    [
        Diagnosis::of(
            Severity::Wrong,
            "image without contrast: black, white or of one grey",
            flat.into_iter().map(example).collect(),
            all.len(),
            "fetch them again, or leave them out",
        ),
        Diagnosis::of(
            Severity::Doubtful,
            "image of fewer than 64 pixels",
            tiny.map(example).collect(),
            all.len(),
            "name the full images, if these are thumbnails",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
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
