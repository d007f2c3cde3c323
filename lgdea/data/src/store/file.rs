//! Images as a file that processes share: mapped into memory, so that each page is read when it is needed and once for all.
//!
//! The pixels come first, then a footer in JSON, its length in 8 bytes (little endian) and [`MAGIC`].

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use lgdea_cache::{CacheError, mapped};
use memmap2::Mmap;
use serde::{Deserialize, Serialize};

use super::{Drawing, Results};
use crate::{DataError, Picture};

const MAGIC: &[u8; 8] = b"lgdea1im";
/// Bytes after the footer.
const TAIL: u64 = 16;

#[derive(Serialize, Deserialize)]
struct Footer {
    size: usize,
    results: Results,
}

/// The pixels of readable pictures, `[readable, size, size]`, and for each picture what became of it.
pub(super) struct Mapped {
    pub(super) pixels: Mmap,
    pub(super) results: Results,
}

/// A hash of what determines pictures at any size.
pub(super) fn images(pictures: &[&Picture]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("lgdea images of any size 1");
    for picture in pictures {
        picture.key(&mut hasher);
    }
    hasher.finalize().to_hex().to_string()
}

/// Draws the pictures into a file.
pub(super) fn write(path: &Path, drawing: &Drawing<'_>) -> Result<(), DataError> {
    let failed = |source| CacheError { path: path.to_owned(), source };
    let mut file = BufWriter::new(File::create(path).map_err(failed)?);
    let results = drawing.draw(&mut |pixels| Ok(file.write_all(pixels).map_err(failed)?))?;
    let footer = serde_json::to_vec(&Footer { size: drawing.size, results }).map_err(|error| failed(error.into()))?;
    let mut end = || {
        file.write_all(&footer)?;
        file.write_all(&(footer.len() as u64).to_le_bytes())?;
        file.write_all(MAGIC)?;
        file.flush()
    };
    Ok(end().map_err(failed)?)
}

/// Maps a file into memory.
pub(super) fn open(path: &Path, size: usize) -> io::Result<Mapped> {
    let mut file = File::open(path)?;
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "it is no image store, or cut off");
    let end = file.seek(SeekFrom::End(0))?.checked_sub(TAIL).ok_or_else(broken)?;
    let mut tail = [0; TAIL as usize];
    file.seek(SeekFrom::Start(end))?;
    file.read_exact(&mut tail)?;
    let (length, magic) = tail.split_at(8);
    let length = u64::from_le_bytes(length.try_into().map_err(|_| broken())?);
    let start = end.checked_sub(length).filter(|_| magic == MAGIC).ok_or_else(broken)?;
    file.seek(SeekFrom::Start(start))?;
    let mut footer = Vec::new();
    Read::by_ref(&mut file).take(length).read_to_end(&mut footer)?;
    let footer: Footer = serde_json::from_slice(&footer)?;
    let readable = footer.results.iter().flatten().count();
    if footer.size != size || (readable * size * size) as u64 != start {
        return Err(broken());
    }
    Ok(Mapped { pixels: mapped(&file, start as usize)?, results: footer.results })
}
