//! Files that are written whole or not at all.

use std::io;
use std::path::Path;

use crate::PredictionError;

/// Has `write` make a file, and puts it at `path` in one step; `replace`: also where there is a file already.
pub(crate) fn write(
    path: &Path,
    replace: bool,
    write: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), PredictionError> {
    let failed = |source| PredictionError::Write { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any other new file: the process's mask takes away what it should.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let draft = builder.prefix(".partial-").tempfile_in(folder).map_err(failed)?.into_temp_path();
    write(&draft).map_err(failed)?;
    let placed = if replace { draft.persist(path) } else { draft.persist_noclobber(path) };
    placed.map_err(|error| failed(error.error))
}
