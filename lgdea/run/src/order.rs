//! What is to be run.

use std::path::Path;

use lgdea_spec::Resolved;

/// What is to be run.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// The experiment.
    pub resolved: &'a Resolved,
    /// The file that it stands in.
    pub file: &'a Path,
    /// Folder that results are written to.
    pub results: &'a Path,
    /// Whether a run that has finished is run again, and nothing is taken from others.
    pub force: bool,
    /// The key that a sweep planned, where this is its trial: the run waits for its journal and stops when standard input ends.
    pub trial: Option<&'a str>,
}
