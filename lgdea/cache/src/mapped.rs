//! Cached files as memory.

use std::fs::File;
use std::io;

use memmap2::{Mmap, MmapOptions};

/// The first `length` bytes of a cached file as memory: each page is read when it is needed, and once for all processes.
///
/// # Errors
/// The file system's.
pub fn mapped(file: &File, length: usize) -> io::Result<Mmap> {
    // SAFETY: what is mapped must not change. A cached file is written under another name, never again, and at most removed,
    // which leaves the mapping whole.
    #[expect(unsafe_code, reason = "a shared mapping is the one way not to read all of a file in every process")]
    unsafe {
        MmapOptions::new().len(length).map(file)
    }
}
