//! Input that is at fault for several trials fails the first of them, and is told once; what only one trial asks for is not.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)]

mod swept;

use std::fs;
use std::path::Path;

use lgdea_sweep::Counts;

use swept::{Told, swept};

const HEAD: &str = "experiment = 'e.toml'\nseeds.count = 3\n";
/// What a trial says that is refused.
const REFUSED: &str = "echo 'no study bears the label `edema`' >&2; exit 2";

fn counted(folder: &Path, sweep: &str, script: &str, workers: usize) -> (Counts, Told) {
    let (counts, told) = swept(folder, sweep, script, workers);
    (counts.unwrap(), told)
}

/// Two arms, of which the second sets something.
fn arms(set: &str) -> String {
    format!("{HEAD}[[case]]\nname = 'a'\n[[case]]\nname = 'b'\n{set}\n")
}

#[test]
fn trials_that_read_the_same_are_not_started_after_the_first_is_refused() {
    let six = "experiment = 'e.toml'\nseeds.count = 6\n";
    for (sweep, workers, failed, left) in [
        (six.to_owned(), 1, 1, 5),
        (six.to_owned(), 3, 3, 3),
        (HEAD.to_owned(), 1, 1, 2),
        (format!("{HEAD}[grid]\ntrain.steps = [5, 6]\n"), 1, 1, 5),
        (format!("{HEAD}[grid]\nloss.global.weight = [1.0, 2.0]\n"), 1, 1, 5),
        (arms("extends = 'clip'"), 1, 1, 5),
        (arms("set.eval.grounding.heat-map = 'similarity'"), 1, 1, 5),
        (arms("set.graph.share = 0.3"), 1, 1, 5),
        // What the arms read, or ask of it, differs: one of each is tried.
        (arms("set.pairing.ratio = 0.5"), 1, 2, 4),
        (arms("set.eval.splits = ['validation']"), 1, 2, 4),
        (arms("set.eval.zero-shot.prompts = 'chexpert'"), 1, 2, 4),
        (arms("set.data.phantom.studies = 5"), 1, 2, 4),
        (arms("set.encoder.image.patch-cnn.size = 32"), 1, 2, 4),
    ] {
        let folder = tempfile::tempdir().unwrap();
        // Another call tries again, and comes to the same.
        for _ in 0..2 {
            let (counts, told) = counted(folder.path(), &sweep, REFUSED, workers);
            assert_eq!((counts.failed, counts.left, told.failed), (failed, left, failed), "{sweep}");
            assert_eq!(told.started, failed, "{sweep}");
            assert_eq!(told.warnings.len(), 1, "{sweep}: {:?}", told.warnings);
            assert!(told.warnings[0].starts_with("trials that read the same are not started"));
        }
    }
}

#[test]
fn failures_that_are_not_the_inputs_stop_nothing() {
    for script in ["echo 'the loss is NaN'; exit 1", "exit 1", "exit 137", "exit 3", "kill -9 $$"] {
        let folder = tempfile::tempdir().unwrap();
        let (counts, told) = counted(folder.path(), HEAD, script, 1);
        assert_eq!((counts.failed, counts.left, told.warnings.len()), (3, 0, 0), "{script}");
    }
}

/// Patients are split by the seed: what one split lacks another may have.
#[test]
fn splits_by_the_seed_are_at_fault_once_two_have_found_the_same() {
    let experiment = "[data.manifest]\nroot = 'd'\nstudies = ['s.csv']\ncolumns = { image = '', labels = [] }\n";
    let studies = (0..9).map(|n| format!("s{n},p{n},Clear.\n")).collect::<Vec<_>>().concat();
    for (script, failed, left) in [
        ("echo \"no study of the test split has one of $$ labels\"; exit 2", 2, 4),
        ("echo \"$(echo $6 | md5sum | tr '0-9' 'g-p')\"; exit 2", 6, 0),
        ("exit 1", 6, 0),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("d")).unwrap();
        fs::write(folder.path().join("d/s.csv"), format!("study,patient,report\n{studies}")).unwrap();
        fs::write(folder.path().join("m.toml"), experiment).unwrap();
        let sweep = "experiment = 'm.toml'\nseeds.count = 6\n";
        let (counts, _) = counted(folder.path(), sweep, script, 1);
        assert_eq!((counts.failed, counts.left), (failed, left), "{script}");
    }
}

#[test]
fn a_search_ends_whose_trials_all_read_what_is_at_fault() {
    let folder = tempfile::tempdir().unwrap();
    let search = "experiment = 'e.toml'\n[search]\nobjective = 'validation/zero_shot/auroc_macro'\n[search.space]\n\
                  train.learning-rate = { low = 1e-4, high = 1e-2, log = true }\n[budget]\ntrials = 20\n";
    let (counts, told) = counted(folder.path(), search, REFUSED, 1);
    assert_eq!((counts.failed, told.started), (1, 1));
    assert_eq!(told.closed, ["what its trials read is at fault"]);
    let proposed = fs::read_dir(folder.path().join("results/sweeps/s")).unwrap().count();
    assert!(counts.runs <= 2 && proposed > 0, "{counts:?}");
}
