//! A full disk: told once as what it is, and not as the failure of every trial that meets it.

use std::io::{self, Write};
use std::path::Path;

use super::Executor;
use super::ending::{Ending, Verdict};
use super::jobs::JobState;
use crate::ExecuteError;
use crate::error::is_full;

/// Bytes that are written to see whether the disk takes any: a trial that died without a word may have met its end.
const PROBE: usize = 1 << 20;

/// What the system says where a folder takes no more.
fn probe(folder: &Path) -> Option<String> {
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".probe-").tempfile_in(folder)?;
        file.write_all(&vec![0; PROBE])?;
        file.as_file().sync_data()
    };
    write().err().filter(is_full).map(|error| error.to_string())
}

/// The words of a message that say that no space is left.
fn said(message: &str) -> Option<String> {
    let line = lgdea_fault::full_disk(message)?;
    Some(line.trim().trim_start_matches(['×', '│', ' ']).to_owned())
}

impl Executor<'_> {
    /// Whether a trial ended because the disk was full: what its error or the system says of it.
    pub(super) fn disk_was_full(&self, verdict: &Verdict) -> Option<String> {
        let (Verdict::Ended(Ending::Failed(message)) | Verdict::Crashed(message)) = verdict else { return None };
        // Of several trials that met it, some may have given space back when they ended.
        let known = self.full.clone();
        known.or_else(|| said(message)).or_else(|| probe(&self.execution.launcher.results))
    }

    /// Starts nothing more, and asks the trials that run to stop.
    pub(super) fn heed_full_disk(&mut self, reason: String) {
        if self.full.is_none() {
            self.full = Some(reason);
            self.close("no space is left for results");
            self.workers.iter_mut().flatten().for_each(|worker| worker.process.stop());
        }
    }

    /// What a sweep that a full disk has ended says.
    pub(super) fn full_error(&self, reason: String) -> ExecuteError {
        let left = self.jobs.all.iter().filter(|job| job.place == JobState::Settled(Ending::Left)).count();
        let left = left + self.jobs.to_propose();
        ExecuteError::Full { path: self.execution.launcher.results.clone(), reason, left: Some(left) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_trial_says_of_a_full_disk_is_known_by_the_systems_number() {
        let full = [
            "failed to write a/journal.jsonl: No space left on device (os error 28)",
            "  × failed to write checkpoint: Disk quota exceeded (os error 122)\n",
            "panicked at src/x.rs:\n│ Kein Platz mehr (os error 28)\nmore",
        ];
        for message in full {
            assert!(said(message).is_some_and(|line| line.contains("(os error") && !line.contains('×')), "{message}");
        }
        for message in ["", "the loss is NaN", "No such file (os error 2)", "error 28", "(os error 281)"] {
            assert_eq!(said(message), None, "{message}");
        }
    }

    #[test]
    fn a_folder_with_space_is_not_full_and_stays_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(probe(folder.path()), None);
        assert_eq!(probe(&folder.path().join("nowhere")), None, "another error is another reason");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(is_full(&io::Error::from_raw_os_error(28)) && !is_full(&io::Error::from_raw_os_error(2)));
    }
}
