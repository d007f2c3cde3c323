//! Where tests find real data that the project does not contain.

use std::env;
use std::path::{Path, PathBuf};

/// Folder of real data: `LGDEA_DATA`, or `../shared/data` beside the workspace. Says so where it is missing.
pub(crate) fn root() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = env::var_os("LGDEA_DATA").map_or(default, PathBuf::from);
    if root.is_dir() {
        return Some(root);
    }
    eprintln!("skipped: ../shared/data not found");
    None
}
