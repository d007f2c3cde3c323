//! Masks of findings: which pixels of an image a finding covers.

mod coco;

pub(crate) use coco::CocoMask;

/// The pixels of an image that a finding covers, as runs in rows. One mask is of one finding, which may have several parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// Width of the image in pixels.
    width: u32,
    /// Height of the image in pixels.
    height: u32,
    /// First pixel of each run and the pixel behind its last, counted along the rows; in rising order, never touching.
    runs: Vec<[u32; 2]>,
}

/// The largest number of pixels of an image with a mask.
const LARGEST: u64 = 1 << 28;

impl Mask {
    /// A mask of runs along the **columns** of an image, as `[start, length]` counted from 0: how Kaggle and COCO write them.
    ///
    /// # Errors
    /// Says in words what is wrong: runs that leave the image, or an image without pixels.
    pub(crate) fn of_columns(
        [width, height]: [u32; 2],
        runs: impl IntoIterator<Item = [u64; 2]>,
    ) -> Result<Mask, String> {
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 || pixels > LARGEST {
            return Err(format!("a mask of {width} × {height} pixels"));
        }
        let mut covered = vec![false; pixels as usize];
        for [start, length] in runs {
            let end = start.checked_add(length).filter(|&end| end <= pixels);
            let end = end.ok_or_else(|| format!("a run from {start} of {length} leaves {width} × {height} pixels"))?;
            for place in start..end {
                let (column, row) = (place / u64::from(height), place % u64::from(height));
                covered[(row * u64::from(width) + column) as usize] = true;
            }
        }
        Ok(Mask::of_pixels([width, height], &covered))
    }

    /// A mask of pixels in rows, `width * height` of them.
    pub fn of_pixels([width, height]: [u32; 2], covered: &[bool]) -> Mask {
        let mut runs = Vec::new();
        let mut start = None;
        for (place, &within) in (0..).zip(covered) {
            match (within, start) {
                (true, None) => start = Some(place),
                (false, Some(first)) => {
                    runs.push([first, place]);
                    start = None;
                }
                _ => {}
            }
        }
        runs.extend(start.map(|first| [first, covered.len() as u32]));
        Mask { width, height, runs }
    }

    /// Whether the mask covers the point at shares `x` of the width and `y` of the height.
    pub fn covers(&self, x: f64, y: f64) -> bool {
        if !((0.0..1.0).contains(&x) && (0.0..1.0).contains(&y)) {
            return false;
        }
        let (column, row) = ((x * f64::from(self.width)) as u32, (y * f64::from(self.height)) as u32);
        let place = row * self.width + column;
        let next = self.runs.partition_point(|&[start, _]| start <= place);
        next > 0 && place < self.runs[next - 1][1]
    }

    /// The box around the mask in pixels, as left, upper, width, height; `None` where it covers nothing.
    pub(crate) fn bounds(&self) -> Option<[f64; 4]> {
        let width = self.width;
        let (mut left, mut right) = (width, 0);
        for &[start, end] in &self.runs {
            // A run over the end of a row covers the row's last and the next row's first pixel.
            let spans_rows = start / width != (end - 1) / width;
            left = left.min(if spans_rows { 0 } else { start % width });
            right = right.max(if spans_rows { width } else { (end - 1) % width + 1 });
        }
        let (top, bottom) = (self.runs.first()?[0] / width, (self.runs.last()?[1] - 1) / width + 1);
        Some([left, top, right - left, bottom - top].map(f64::from))
    }

    /// Width and height of the image in pixels.
    pub(crate) fn size(&self) -> [f64; 2] {
        [f64::from(self.width), f64::from(self.height)]
    }

    /// Adds the mask to a digest.
    pub(crate) fn digest(&self, mut field: impl FnMut(&[u8])) {
        field(b"mask");
        for number in [self.width, self.height].iter().chain(self.runs.as_flattened()) {
            field(&number.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `. # .` over `. # #`: two rows of three pixels.
    fn small() -> Mask {
        Mask::of_pixels([3, 2], &[false, true, false, false, true, true])
    }

    #[test]
    fn runs_in_columns_become_runs_in_rows() {
        assert_eq!(Mask::of_columns([3, 2], [[2, 2], [5, 1]]).unwrap(), small());
        assert_eq!(small().runs, [[1, 2], [4, 6]]);
    }

    #[test]
    fn points_are_looked_up_in_shares() {
        let mask = small();
        for (x, y, within) in
            [(0.5, 0.2, true), (0.1, 0.2, false), (0.9, 0.2, false), (0.9, 0.9, true), (0.1, 0.9, false)]
        {
            assert_eq!(mask.covers(x, y), within, "{x} {y}");
        }
        for (x, y) in [(-0.1, 0.5), (1.0, 0.5), (0.5, 1.0), (f64::NAN, 0.5)] {
            assert!(!mask.covers(x, y), "{x} {y}");
        }
    }

    #[test]
    fn the_box_around_it() {
        assert_eq!(small().bounds(), Some([1.0, 0.0, 2.0, 2.0]));
        assert_eq!(Mask::of_pixels([3, 2], &[false; 6]).bounds(), None);
        assert_eq!(
            Mask::of_pixels([3, 2], &[false, false, true, true, false, false]).bounds(),
            Some([0.0, 0.0, 3.0, 2.0])
        );
        assert_eq!(Mask::of_pixels([3, 2], &[true; 6]).bounds(), Some([0.0, 0.0, 3.0, 2.0]));
    }

    #[test]
    fn what_leaves_the_image_is_refused() {
        for runs in [[5, 2], [u64::MAX, 2], [7, 0]] {
            assert!(Mask::of_columns([3, 2], [runs]).is_err(), "{runs:?}");
        }
        assert!(Mask::of_columns([0, 2], []).is_err() && Mask::of_columns([u32::MAX, u32::MAX], []).is_err());
    }
}
