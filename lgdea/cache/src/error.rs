//! Why a file of the cache cannot be used.

use std::path::PathBuf;

use lgdea_fault::{AtFault, Fault};

/// A file of the cache cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {}", path.display())]
pub struct CacheError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: std::io::Error,
}

/// What stands in the cache is ours.
impl AtFault for CacheError {
    fn fault(&self) -> Fault {
        Fault::Run
    }
}
