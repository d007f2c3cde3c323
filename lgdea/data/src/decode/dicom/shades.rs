//! From stored values to grey ones.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::dataset::{DataSet, words};
use super::form::{Colours, Form};
use super::pixels::{luminance, swapped};
use crate::SkipReason;
use crate::decode::grey::range;

/// What each stored value means.
pub(super) struct Shades {
    /// By the bits of the stored value: after the modality's table or rescale and, where there is one, after the VOI's
    /// table (its entries) or window (shares of its range).
    pub(super) values: Vec<f64>,
    /// The values that become black and white; `None` where percentiles of the image decide.
    pub(super) ends: Option<[f64; 2]>,
    /// Whether the smallest value is white.
    pub(super) is_inverted: bool,
    /// Which stored values are padding: by their bits.
    is_padding: Vec<bool>,
}

impl Shades {
    /// Reads what the file says about its values.
    pub(super) fn of(form: &Form, data: &DataSet<'_>) -> Result<Shades, SkipReason> {
        let numbers: Vec<i32> = (0..=form.mask()).map(|bits| form.number(bits)).collect();
        let values: Vec<f64> = numbers.iter().copied().map(f64::from).collect();
        let (values, ends) = match form.colours {
            Colours::Grey | Colours::InvertedGrey => grey(form, data, values)?,
            Colours::Palette => palette(data, &numbers)?,
            Colours::Rgb | Colours::Ybr | Colours::Ybr422 | Colours::Ybr2000 => {
                ((0..=form.mask()).map(f64::from).collect(), Some([0.0, f64::from(form.mask())]))
            }
        };
        let padding = padding(form, data);
        let is_padding =
            numbers.iter().map(|number| padding.as_ref().is_some_and(|all| all.contains(number))).collect();
        Ok(Shades { values, ends, is_inverted: form.colours == Colours::InvertedGrey, is_padding })
    }

    /// Grey values in [0, 255] by the bits of stored values.
    pub(super) fn table(&self, stored: &[u16], percentiles: [f64; 2]) -> Vec<f32> {
        let [mut black, mut white] = self.ends.unwrap_or_else(|| self.robust(stored, percentiles));
        if self.is_inverted {
            (black, white) = (white, black);
        }
        // An image of one value is black.
        let range = white - black;
        let scale = if range.abs() > 0.0 { 255.0 / range } else { 0.0 };
        self.values.iter().map(|value| ((value - black) * scale).clamp(0.0, 255.0) as f32).collect()
    }

    /// The range of an image's values without its padding.
    fn robust(&self, stored: &[u16], percentiles: [f64; 2]) -> [f64; 2] {
        let mut counts = vec![0; self.values.len()];
        for &bits in stored {
            counts[usize::from(bits)] += 1;
        }
        let levels = |is_left_out: &dyn Fn(usize) -> bool| {
            let all = self.values.iter().zip(&counts).enumerate();
            let found = all.filter(|(bits, (_, count))| **count > 0 && !is_left_out(*bits));
            let mut levels: Vec<(f32, usize)> = found.map(|(_, (&value, &count))| (value as f32, count)).collect();
            levels.sort_by(|one, other| one.0.total_cmp(&other.0));
            levels
        };
        let mut found = levels(&|bits| self.is_padding[bits]);
        if found.is_empty() {
            found = levels(&|_| false);
        }
        range(&found, percentiles).map(f64::from)
    }
}

/// Stored values that are no part of the image.
fn padding(form: &Form, data: &DataSet<'_>) -> Option<RangeInclusive<i32>> {
    let number = |tag| data.number(tag).map(|bits| form.number(bits & form.mask()));
    let one = number(tags::PIXEL_PADDING_VALUE)?;
    let other = number(tags::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(one);
    Some(one.min(other)..=one.max(other))
}

/// Values of grey pixels, and which of them are black and white.
fn grey(form: &Form, data: &DataSet<'_>, stored: Vec<f64>) -> Result<(Vec<f64>, Option<[f64; 2]>), SkipReason> {
    let values: Vec<f64> = if let Some(table) = Table::of(data, tags::MODALITY_LUT_SEQUENCE, form.is_signed)? {
        stored.into_iter().map(|value| table.at(value)).collect()
    } else {
        let rescale = data.decimal(tags::RESCALE_SLOPE).zip(data.decimal(tags::RESCALE_INTERCEPT));
        let (slope, intercept) = rescale.unwrap_or((1.0, 0.0));
        stored.into_iter().map(|value| value * slope + intercept).collect()
    };
    let ends = |values: &[f64]| values.iter().fold([f64::MAX, f64::MIN], |[low, high], &v| [low.min(v), high.max(v)]);
    let is_signed = ends(&values)[0] < 0.0;
    if let Some(table) = Table::of(data, tags::VOILUT_SEQUENCE, is_signed)? {
        // By the entries that are there: some say 16 bits and use 12 of them.
        let entries: Vec<f64> = table.entries.iter().copied().map(f64::from).collect();
        return Ok((values.into_iter().map(|value| table.at(value)).collect(), Some(ends(&entries))));
    }
    if let Some(window) = Window::of(data)? {
        return Ok((values.into_iter().map(|value| window.share(value)).collect(), Some([0.0, 1.0])));
    }
    // As other images: those of 8 bits are shown as they are.
    let ends = (form.bits_stored <= 8).then(|| ends(&values));
    Ok((values, ends))
}

/// Luminance of the colours of a palette.
fn palette(data: &DataSet<'_>, numbers: &[i32]) -> Result<(Vec<f64>, Option<[f64; 2]>), SkipReason> {
    let table = |descriptor: Tag, entries: Tag| {
        let entries = data.value(entries).ok_or(SkipReason::UnreadPixels)?;
        let descriptor = data.words(descriptor).ok_or(SkipReason::BrokenDicom)?;
        Table::from(&descriptor, entries, false, data.is_big_endian)
    };
    let red = table(tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA)?;
    let green = table(tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA)?;
    let blue = table(tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA)?;
    let colour = |&number: &i32| [&red, &green, &blue].map(|table| table.entry(f64::from(number)));
    let values = numbers.iter().map(|number| f64::from(luminance(colour(number)))).collect();
    // Entries of no bits are those of a broken file.
    let most = u16::MAX.checked_shr(16_u32.saturating_sub(red.bits)).unwrap_or(u16::MAX);
    Ok((values, Some([0.0, f64::from(most)])))
}

/// A lookup table.
struct Table {
    /// The value that has the first entry; smaller ones have it, too, and those after the last entry have the last.
    first: f64,
    entries: Vec<u16>,
    /// Bits of an entry.
    bits: u32,
}

impl Table {
    /// The table of a sequence's first item.
    fn of(data: &DataSet<'_>, sequence: Tag, is_signed: bool) -> Result<Option<Table>, SkipReason> {
        let descriptor = data.value_in(sequence, tags::LUT_DESCRIPTOR);
        let Some((descriptor, entries)) = descriptor.zip(data.value_in(sequence, tags::LUT_DATA)) else {
            return Ok(None);
        };
        let descriptor = words(descriptor, data.is_big_endian);
        Table::from(&descriptor, entries, is_signed, data.is_big_endian).map(Some)
    }

    fn from(descriptor: &[u16], entries: &[u8], is_signed: bool, is_big_endian: bool) -> Result<Table, SkipReason> {
        let &[length, first, bits, ..] = descriptor else { return Err(SkipReason::BrokenDicom) };
        let length = if length == 0 { 1 << 16 } else { usize::from(length) };
        let first = if is_signed { f64::from(first as i16) } else { f64::from(first) };
        let entries = if entries.len() >= 2 * length {
            words(&entries[..2 * length], is_big_endian)
        } else {
            // Entries of 8 bits lie side by side in words.
            let entries = if is_big_endian { Cow::Owned(swapped(entries)) } else { Cow::Borrowed(entries) };
            entries.get(..length).ok_or(SkipReason::BrokenDicom)?.iter().copied().map(u16::from).collect()
        };
        Ok(Table { first, entries, bits: u32::from(bits) })
    }

    fn at(&self, value: f64) -> f64 {
        f64::from(self.entry(value))
    }

    fn entry(&self, value: f64) -> u16 {
        self.entries[(value - self.first).clamp(0.0, (self.entries.len() - 1) as f64) as usize]
    }
}

/// The values that are shown: the first window of a file (PS3.3, C.11.2.1.2 and C.11.2.1.3).
struct Window {
    centre: f64,
    width: f64,
    is_sigmoid: bool,
}

impl Window {
    /// The window; `None` where there is none, or one without any width.
    fn of(data: &DataSet<'_>) -> Result<Option<Window>, SkipReason> {
        let Some((centre, width)) = data.decimal(tags::WINDOW_CENTER).zip(data.decimal(tags::WINDOW_WIDTH)) else {
            return Ok(None);
        };
        let function = data.text(tags::VOILUT_FUNCTION).unwrap_or_default().to_ascii_uppercase();
        let window = match function.as_str() {
            "" | "LINEAR" => Window { centre: centre - 0.5, width: width - 1.0, is_sigmoid: false },
            "LINEAR_EXACT" => Window { centre, width, is_sigmoid: false },
            "SIGMOID" => Window { centre, width, is_sigmoid: true },
            _ => return Err(SkipReason::UnreadPixels),
        };
        let is_empty = if function.is_empty() || function == "LINEAR" { width < 1.0 } else { width <= 0.0 };
        Ok((!is_empty).then_some(window))
    }

    /// A value's share of the window.
    fn share(&self, value: f64) -> f64 {
        let away = value - self.centre;
        if self.is_sigmoid {
            1.0 / (1.0 + (-4.0 * away / self.width).exp())
        } else if away <= -self.width / 2.0 {
            0.0
        } else if away > self.width / 2.0 {
            1.0
        } else {
            away / self.width + 0.5
        }
    }
}
