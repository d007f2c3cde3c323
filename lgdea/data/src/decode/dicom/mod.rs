//! Radiographs in DICOM files.
//!
//! What a file says becomes grey values on the way of the standard (PS3.3, C.11): stored values, Modality LUT or rescale, VOI
//! LUT or window, and MONOCHROME1 inverted. All of it maps one stored value to one grey value, so that it is a table, made
//! once for each image.
//!
//! JPEG 2000 keeps an image at halved resolutions, too. What is to become a small square is decoded at the lowest one that has still
//! twice as many pixels a side: of a large film that takes a small part of the time. The resizing that follows averages what is
//! left. Against the whole image the square is moved by less than a quarter of its pixels, and where the darkest and brightest
//! pixels decide they are those of the lower resolution.

mod dataset;
mod form;
mod jpeg;
mod jpeg2000;
mod pixels;
mod rle;
mod shades;

use std::io::Read;
use std::path::Path;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use fast_image_resize::pixels::F32;

use self::dataset::{DataSet, Source};
use self::form::{Colours, Form, Stored};
use self::shades::Shades;
use super::grey::Grey;
use crate::{SkipReason, disk};

/// Bytes from the start of a file that tell whether it is DICOM.
pub(super) const START: usize = 132;
/// Bytes that are read first where the header alone is wanted, then more of them.
const HEADER: [u64; 3] = [8 << 10, 128 << 10, 2 << 20];

/// What a DICOM file says about its image and patient. Texts are as they are in the file, trimmed; `None` where they are
/// missing or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DicomHeader {
    /// Height in pixels.
    pub rows: u16,
    /// Width in pixels.
    pub columns: u16,
    /// How values become brightness or colour: `MONOCHROME2`, `MONOCHROME1`, …
    pub photometric_interpretation: Option<String>,
    /// The projection: `PA`, `AP`, `LL`, …
    pub view_position: Option<String>,
    /// Where rows and columns go in the patient: `L\F`, …
    pub patient_orientation: Option<String>,
    /// The patient's sex: `F`, `M` or `O`.
    pub patient_sex: Option<String>,
    /// The patient's age with its unit: `058Y`, `003M`, …
    pub patient_age: Option<String>,
    /// The patient's identifier.
    pub patient_id: Option<String>,
}

/// Reads the header of a DICOM file without its pixels.
pub fn dicom_header(path: &Path) -> Result<DicomHeader, SkipReason> {
    let mut file = disk::open(path).map_err(|error| SkipReason::of_reading(&error))?;
    let mut bytes = Vec::new();
    for limit in HEADER.into_iter().chain([u64::MAX]) {
        let more = limit - bytes.len() as u64;
        file.by_ref().take(more).read_to_end(&mut bytes).map_err(|error| SkipReason::of_reading(&error))?;
        let is_whole = (bytes.len() as u64) < limit;
        match header_of(&bytes) {
            // As long as there is more of the file, that may be what is missing.
            Err(_) if !is_whole => {}
            result => return result,
        }
    }
    Err(SkipReason::BrokenDicom)
}

fn header_of(bytes: &[u8]) -> Result<DicomHeader, SkipReason> {
    let source = Source::open(bytes)?;
    let data = DataSet::read(&source)?;
    let text = |tag: Tag| data.text(tag).filter(|text| !text.is_empty());
    Ok(DicomHeader {
        rows: data.number(tags::ROWS).ok_or(SkipReason::BrokenDicom)?,
        columns: data.number(tags::COLUMNS).ok_or(SkipReason::BrokenDicom)?,
        photometric_interpretation: text(tags::PHOTOMETRIC_INTERPRETATION),
        view_position: text(tags::VIEW_POSITION),
        patient_orientation: text(tags::PATIENT_ORIENTATION),
        patient_sex: text(tags::PATIENT_SEX),
        patient_age: text(tags::PATIENT_AGE),
        patient_id: text(tags::PATIENT_ID),
    })
}

/// Whether a file is DICOM, by its first [`START`] bytes; where these are of no known kind, by its name.
pub(super) fn is_dicom(start: &[u8], path: &Path) -> bool {
    if start.get(128..START) == Some(b"DICM") || start.starts_with(b"DICM") || dataset::begins(start) {
        return true;
    }
    let names = ["dcm", "dicom", "dic"];
    let named = path.extension().is_some_and(|name| names.iter().any(|known| name.eq_ignore_ascii_case(known)));
    named && image::guess_format(start).is_err()
}

/// An image as it is stored, and what its values mean.
pub(super) struct Radiograph {
    width: u32,
    height: u32,
    /// Width and height of the whole image.
    whole: [u32; 2],
    /// `[height, width]`, as bits, `Form::bits_stored` of them: the index in `shades`.
    stored: Vec<u16>,
    shades: Shades,
}

/// Reads the image of a DICOM file, which is to fit into a square of `size` pixels.
pub(super) fn read(bytes: &[u8], size: usize) -> Result<Radiograph, SkipReason> {
    let source = Source::open(bytes)?;
    let data = DataSet::read(&source)?;
    let form = Form::of(&data)?;
    // Neither places in a palette nor padding can be averaged with what is beside them.
    let is_averaged = form.colours != Colours::Palette && data.number(tags::PIXEL_PADDING_VALUE).is_none();
    let Stored { width, height, samples } = pixels::stored(&form, &data, if is_averaged { size } else { usize::MAX })?;
    let shades = Shades::of(&form, &data)?;
    Ok(Radiograph { width, height, whole: [form.columns, form.rows].map(u32::from), stored: samples, shades })
}

impl Radiograph {
    /// Grey values in [0, 255].
    pub(super) fn grey(&self, percentiles: [f64; 2]) -> Grey {
        let table = self.shades.table(&self.stored, percentiles);
        let pixels = self.stored.iter().map(|&value| F32::new(table[usize::from(value)])).collect();
        Grey { width: self.width, height: self.height, whole: self.whole, pixels }
    }
}

#[cfg(test)]
mod broken;
#[cfg(test)]
mod parity;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod written;
