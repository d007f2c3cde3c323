//! Pictures of runs' folders, as the page embeds them.

use std::io::Cursor;
use std::path::{Component, Path};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageReader, Limits, RgbImage};
use serde::Serialize;

/// Quality of JPEGs: a gallery has some 200 kB, a tenth of its file.
const QUALITY: u8 = 82;
/// Bytes of memory that a picture may take.
const MEMORY: u64 = 256 << 20;

/// A picture in the page.
#[derive(Debug, Serialize)]
pub(super) struct Embedded {
    /// The JPEG as a data URI.
    source: String,
    width: u32,
    height: u32,
}

impl Embedded {
    pub(super) fn new(picture: &RgbImage) -> Result<Embedded, String> {
        let mut bytes = Cursor::new(Vec::new());
        let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
        picture.write_with_encoder(encoder).map_err(|error| error.to_string())?;
        let source = format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(bytes.into_inner()));
        Ok(Embedded { source, width: picture.width(), height: picture.height() })
    }
}

/// Reads a picture of a run's folder, or of one in it.
pub(super) fn read(folder: &Path, file: &Path) -> Result<DynamicImage, String> {
    if !file.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(format!("{} lies outside of the run's folder", file.display()));
    }
    let mut reader = ImageReader::open(folder.join(file)).map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    reader.decode().map_err(|error| error.to_string())
}
