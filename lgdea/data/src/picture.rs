//! Where an image comes from, and how it is made.
//!
//! A picture of the phantom is a scene that is drawn when it is asked for, so that this file names the phantom, whose studies
//! hold pictures: a circle of imports.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use lgdea_spec::DEEP_PERCENTILES;

use crate::decode::{ImageHeader, header, read_square};
use crate::source::phantom::{self, Scene};
use crate::{Frame, SkipReason};

/// Where an image comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Picture {
    /// An image file.
    File(ImageFile),
    /// A radiograph that the phantom renders at any size.
    Phantom(Box<Scene>),
}

/// An image file (PNG, JPEG, BMP, TIFF, WebP or DICOM), and how its pixels become grey values.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageFile {
    /// Where it is.
    pub path: PathBuf,
    /// Percentiles of the pixels that become black and white, where they have more than 8 bits; see
    /// [`lgdea_spec::Manifest::deep_percentiles`].
    pub percentiles: [f64; 2],
}

impl Picture {
    /// An image file whose pixels are read as they are by default.
    pub fn file_at(path: PathBuf) -> Picture {
        Picture::File(ImageFile { path, percentiles: DEEP_PERCENTILES })
    }

    /// Draws the image into `square`, `[size * size]` grey pixels that are all 0: fitted in, in the middle.
    ///
    /// # Panics
    ///
    /// If `square` does not have `size * size` pixels, or none.
    pub fn draw(&self, size: usize, square: &mut [u8]) -> Result<Frame, SkipReason> {
        assert!(size > 0 && square.len() == size * size, "a square of {size} × {size} pixels");
        match self {
            Picture::File(file) => read_square(file, size, square),
            Picture::Phantom(scene) => {
                scene.render(size, square);
                Ok(Frame::FULL)
            }
        }
    }

    /// Whether an image file can be read now, whatever is in it.
    pub(crate) fn can_be_read(&self) -> bool {
        self.file().is_none_or(|path| std::fs::read(path).is_ok())
    }

    /// Width and height in pixels of an image file as it is shown; `None` where its header cannot be read, and for the phantom, which
    /// has no size of its own.
    pub fn dimensions(&self) -> Option<(u32, u32)> {
        self.header().map(|header| (header.width, header.height))
    }

    /// What an image file says of itself; `None` where it cannot be read, and for the phantom.
    pub(crate) fn header(&self) -> Option<ImageHeader> {
        header(self.file()?)
    }

    /// The image file; `None` for the phantom.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Picture::File(file) => Some(&file.path),
            Picture::Phantom(_) => None,
        }
    }

    /// Adds to a corpus's digest what tells the image apart: the phantom's version and seed, or the file's path below
    /// `root` and its `size` in bytes.
    pub(crate) fn digest(&self, root: &Path, size: u64, mut field: impl FnMut(&[u8])) {
        match self {
            Picture::Phantom(scene) => {
                field(phantom::VERSION.as_bytes());
                field(&scene.seed().0.to_le_bytes());
            }
            Picture::File(ImageFile { path, .. }) => {
                field(path.strip_prefix(root).unwrap_or(path).to_string_lossy().as_bytes());
                field(&size.to_le_bytes());
            }
        }
    }

    /// Adds to the key of stored pixels what determines them: the phantom's version and seed, or the file's full path,
    /// size and time of last change, and how it is read.
    pub(crate) fn key(&self, hasher: &mut blake3::Hasher) {
        match self {
            Picture::Phantom(scene) => {
                hasher.update(phantom::VERSION.as_bytes()).update(&scene.seed().0.to_le_bytes());
            }
            Picture::File(ImageFile { path, percentiles }) => {
                for percentile in percentiles {
                    hasher.update(&percentile.to_le_bytes());
                }
                let full = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                let bytes = full.as_os_str().as_encoded_bytes();
                hasher.update(&bytes.len().to_le_bytes()).update(bytes);
                // What is not there or does not tell is found out when it is read.
                let file = path.metadata().ok();
                let changed = file.as_ref().and_then(|file| file.modified().ok()?.duration_since(UNIX_EPOCH).ok());
                hasher.update(&file.map_or(0, |file| file.len()).to_le_bytes());
                hasher.update(&changed.map_or(0, |since| since.as_nanos()).to_le_bytes());
            }
        }
    }
}
