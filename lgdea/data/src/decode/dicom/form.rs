//! How a file's pixels are stored.

use dicom_dictionary_std::tags;

use super::dataset::DataSet;
use crate::SkipReason;

/// Most pixels of an image: 8192 × 8192, twice the largest detectors for mammograms.
const LARGEST: usize = 1 << 26;

/// What samples stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    /// Grey, the smallest value black.
    Grey,
    /// Grey, the smallest value white: MONOCHROME1.
    InvertedGrey,
    /// Places in a table of colours.
    Palette,
    Rgb,
    /// Luminance and two differences, one each for every pixel.
    Ybr,
    /// The same, with the differences of every second pixel of a row.
    Ybr422,
    /// The same, as JPEG 2000 has it; its decoder gives RGB.
    Ybr2000,
}

impl Colours {
    fn of(name: &str) -> Option<Colours> {
        Some(match name {
            "MONOCHROME2" => Colours::Grey,
            "MONOCHROME1" => Colours::InvertedGrey,
            "PALETTE COLOR" => Colours::Palette,
            "RGB" => Colours::Rgb,
            "YBR_FULL" => Colours::Ybr,
            "YBR_FULL_422" => Colours::Ybr422,
            "YBR_RCT" | "YBR_ICT" => Colours::Ybr2000,
            _ => return None,
        })
    }
}

/// How pixels are stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) rows: u16,
    pub(super) columns: u16,
    pub(super) colours: Colours,
    /// Bits of a sample with those that are not used: 8 or 16.
    pub(super) bits_allocated: u16,
    /// Bits of a sample.
    pub(super) bits_stored: u16,
    /// Place of a sample's highest bit.
    pub(super) high_bit: u16,
    pub(super) is_signed: bool,
    /// Whether each of several samples has a plane of its own.
    pub(super) is_planar: bool,
}

impl Form {
    /// The form of a file's pixels.
    pub(super) fn of(data: &DataSet<'_>) -> Result<Form, SkipReason> {
        data.pixels()?;
        let needed = |tag| data.number(tag).ok_or(SkipReason::BrokenDicom);
        let (rows, columns) = (needed(tags::ROWS)?, needed(tags::COLUMNS)?);
        let samples = data.number(tags::SAMPLES_PER_PIXEL).unwrap_or(1);
        let name = data.text(tags::PHOTOMETRIC_INTERPRETATION);
        let default = if samples == 1 { "MONOCHROME2" } else { "RGB" };
        let colours = Colours::of(name.as_deref().unwrap_or(default)).ok_or(SkipReason::UnreadPixels)?;
        let bits_allocated = needed(tags::BITS_ALLOCATED)?;
        let bits_stored = data.number(tags::BITS_STORED).unwrap_or(bits_allocated);
        let high_bit = data.number(tags::HIGH_BIT).unwrap_or(bits_stored.saturating_sub(1));
        let form = Form {
            rows,
            columns,
            colours,
            bits_allocated,
            bits_stored,
            high_bit,
            is_signed: data.number(tags::PIXEL_REPRESENTATION) == Some(1),
            is_planar: data.number(tags::PLANAR_CONFIGURATION) == Some(1),
        };
        let is_read = matches!(bits_allocated, 8 | 16) && usize::from(samples) == form.samples();
        if !is_read {
            return Err(SkipReason::UnreadPixels);
        }
        let is_possible =
            (1..=bits_allocated).contains(&bits_stored) && (bits_stored - 1..bits_allocated).contains(&high_bit);
        if rows == 0 || columns == 0 || !is_possible {
            return Err(SkipReason::BrokenDicom);
        }
        if form.pixels() > LARGEST {
            return Err(SkipReason::HugeImage);
        }
        if data.decimal(tags::NUMBER_OF_FRAMES).is_some_and(|frames| frames > 1.0) {
            return Err(SkipReason::SeveralFrames);
        }
        Ok(form)
    }

    /// How many pixels there are.
    pub(super) fn pixels(&self) -> usize {
        usize::from(self.rows) * usize::from(self.columns)
    }

    /// Samples of a pixel.
    pub(super) fn samples(&self) -> usize {
        match self.colours {
            Colours::Grey | Colours::InvertedGrey | Colours::Palette => 1,
            Colours::Rgb | Colours::Ybr | Colours::Ybr422 | Colours::Ybr2000 => 3,
        }
    }

    /// Bytes of a sample that is not compressed.
    pub(super) fn bytes(&self) -> usize {
        usize::from(self.bits_allocated / 8)
    }

    /// The bits of a stored value.
    pub(super) fn mask(&self) -> u16 {
        u16::MAX >> (16 - self.bits_stored)
    }

    /// The number that bits stand for.
    pub(super) fn number(&self, bits: u16) -> i32 {
        let is_negative = self.is_signed && bits >> (self.bits_stored - 1) == 1;
        i32::from(bits) - if is_negative { 1 << self.bits_stored } else { 0 }
    }
}

/// An image's samples, those of a pixel side by side.
pub(super) struct Stored {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) samples: Vec<u16>,
}

impl Stored {
    /// Samples of all pixels of a file.
    pub(super) fn whole(form: &Form, samples: Vec<u16>) -> Stored {
        Stored { width: u32::from(form.columns), height: u32::from(form.rows), samples }
    }
}
