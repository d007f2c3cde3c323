//! One file per subcommand.

pub(crate) mod check;
pub(crate) mod claims;
mod collected;
pub(crate) mod compare;
pub(crate) mod data;
pub(crate) mod devices;
pub(crate) mod doctor;
pub(crate) mod embed;
pub(crate) mod eval;
pub(crate) mod evidence;
pub(crate) mod export;
pub(crate) mod gc;
pub(crate) mod graph;
pub(crate) mod ground;
pub(crate) mod init;
mod listed;
pub(crate) mod logs;
mod named;
mod opened;
pub(crate) mod plan;
pub(crate) mod power;
pub(crate) mod profile;
pub(crate) mod prototypes;
pub(crate) mod reference;
pub(crate) mod report;
mod requirements;
pub(crate) mod rm;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod score;
pub(crate) mod shell;
pub(crate) mod sweep;
pub(crate) mod sync;
pub(crate) mod ui;

use std::path::Path;

use crate::failure::{Failure, refused};

/// Refuses to write onto a file that the same command reads, whatever it is called there (a link, another spelling): what is
/// read would be lost.
fn not_read(out: &Path, read: &[&Path]) -> Result<(), Failure> {
    match read.iter().find(|read| same_file::is_same_file(out, read).unwrap_or(false)) {
        Some(read) => Err(refused(format!(
            "{} is the same file as {}, which is read and would be lost; name another one to write",
            out.display(),
            read.display()
        ))),
        None => Ok(()),
    }
}

/// Refuses a file that could not be written in the end: one of another kind, or in a folder that is not there.
fn writable(out: &Path, extension: &str) -> Result<(), Failure> {
    if out.extension().is_none_or(|found| !found.eq_ignore_ascii_case(extension)) {
        return Err(refused(format!("{} does not end in .{extension}, which is what will be written", out.display())));
    }
    placeable(out)
}

/// Refuses a file that is there, unless it is to be replaced.
fn replaceable(out: &Path, force: bool) -> Result<(), Failure> {
    if out.exists() && !force {
        return Err(refused(format!("{} is there already; name another file, or add --force", out.display())));
    }
    Ok(())
}

/// Refuses a file where a folder is, or in a folder that is not there.
fn placeable(out: &Path) -> Result<(), Failure> {
    if out.is_dir() {
        return Err(refused(format!("{} cannot be written: it is a folder; name a file", out.display())));
    }
    match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(refused(format!("{} cannot be written: there is no folder {}", out.display(), folder.display())))
        }
        _ => Ok(()),
    }
}
