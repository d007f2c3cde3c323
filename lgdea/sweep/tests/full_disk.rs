//! A disk that is full ends a sweep with one reason, whatever trial meets it and however; nothing else does.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)]

mod swept;

use std::fs;
use std::path::Path;

use lgdea_fault::{AtFault, Fault};
use lgdea_sweep::{Counts, ExecuteError};

use swept::Told;

/// Runs a sweep of six trials whose program ends as `script` says.
fn swept(folder: &Path, script: &str, workers: usize) -> (Result<Counts, ExecuteError>, Told) {
    swept::swept(folder, "experiment = 'e.toml'\nseeds.count = 6\n", script, workers)
}

#[test]
fn trials_that_meet_a_full_disk_end_the_sweep_once_and_do_not_count_as_failed() {
    let full = [
        "echo 'failed to write journal.jsonl: No space left on device (os error 28)' >&2; exit 1",
        "echo '  × could not write a/checkpoint: No space left on device (os error 28)'; exit 1",
        "echo 'x: Disk quota exceeded (os error 122)'; exit 1",
        "echo 'x: Kein Speicherplatz (os error 28)'; exit 2",
        "printf 'panicked: No space left on device (os error 28)\\nstack backtrace:\\n 0: main\\n'; exit 101",
        "echo 'No space left on device (os error 28)'; kill -9 $$",
        "echo 'No space left on device (os error 28)'; kill -BUS $$",
        "echo 'No space left on device (os error 28)'; echo 'it goes on from its checkpoint'; exit 1",
    ];
    for script in full {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let (ended, told) = swept(folder.path(), script, 1);
            let error = ended.unwrap_err();
            assert!(matches!(&error, ExecuteError::Full { left: Some(6), .. }), "{script}: {error}");
            assert_eq!((error.fault(), told.started, told.failed), (Fault::Run, 1, 0), "{script}");
            assert_eq!(told.closed, ["no space is left for results"], "{script}");
            let text = error.to_string();
            assert!(text.contains("(os error") && text.contains("6 runs are left") && !text.contains('×'), "{text}");
            assert_eq!(fs::read_dir(folder.path().join("results/leases")).unwrap().count(), 0, "no lease stays");
        }
    }
}

#[test]
fn trials_beside_the_one_that_met_it_are_left_too() {
    let folder = tempfile::tempdir().unwrap();
    let script = "if mkdir \"$4/first\" 2>/dev/null; then sleep 0.3; echo 'x (os error 28)'; exit 1; fi; cat; exit 1";
    let (ended, told) = swept(folder.path(), script, 3);
    assert!(matches!(ended, Err(ExecuteError::Full { left: Some(6), .. })), "{ended:?}");
    assert_eq!((told.started, told.failed), (3, 0));
}

#[test]
fn other_errors_are_failures_of_their_trials() {
    for script in [
        "echo 'the loss is NaN' >&2; exit 1",
        "echo 'No such file or directory (os error 2)'; exit 1",
        "echo 'out of memory (os error 12)'; exit 1",
        "exit 1",
        "exit 137",
        "echo 'step 28 of 122'; exit 1",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (ended, told) = swept(folder.path(), script, 2);
        let counts = ended.unwrap();
        assert_eq!((counts.failed, counts.left, told.started, told.failed), (6, 0, 6, 6), "{script}");
    }
}

#[test]
fn what_the_sweep_itself_cannot_write_is_told_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("results"), "").unwrap();
    let (ended, told) = swept(folder.path(), "exit 0", 1);
    let error = ended.unwrap_err();
    assert_eq!((error.fault(), told.started), (Fault::Input, 0));
    assert!(error.to_string().contains("results"), "{error}");
}
