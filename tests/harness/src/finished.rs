//! Finished runs that several tests look at: each is made once, and every test gets a copy.

use std::fs::{self, File};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

use crate::run::copy;
use crate::{Run, Said, Workspace, binary};

/// A finished [`Run`], in the results folder `results` of a workspace.
#[derive(Debug)]
pub struct Finished {
    run: Run,
    /// What it printed at its end.
    pub outcome: Value,
    /// What it told on the way.
    pub said: String,
}

impl Deref for Finished {
    type Target = Run;

    fn deref(&self) -> &Run {
        &self.run
    }
}

/// Hash of the binary: another one may make other runs.
static BINARY: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(binary::path()).unwrap()).unwrap();
    hasher.finalize().to_hex()[..16].to_owned()
});

impl Workspace {
    /// A copy of the run that `lgdea run tiny.toml` makes of an experiment, which must succeed; among the results there may
    /// be other runs already. The first test of any process that asks for it makes it, and others wait.
    pub fn finished(&self, experiment: &str, flags: &[&str]) -> Finished {
        let kept = kept(experiment, flags);
        copy(&kept.join("results"), &self.path("results"));
        let said = fs::read_to_string(kept.join("said")).unwrap();
        let mut outcome: Value = serde_json::from_str(&fs::read_to_string(kept.join("outcome.json")).unwrap()).unwrap();
        let run = Run::at(self.path("results/runs").join(Run::of(&outcome).name()));
        outcome["dir"] = run.folder().to_str().unwrap().into();
        Finished { run, outcome, said }
    }
}

/// The folder with `results/`, `outcome.json` and `said` of a run.
fn kept(experiment: &str, flags: &[&str]) -> PathBuf {
    // As `CARGO_TARGET_TMPDIR` is, which cargo tells nobody but the tests of crate `lgdea`.
    let all = binary::path().parent().unwrap().with_file_name("tmp").join("finished");
    let of_binary = all.join(&*BINARY);
    fs::create_dir_all(&of_binary).unwrap();
    let name = blake3::hash(format!("{experiment}\0{}", flags.join("\0")).as_bytes()).to_hex();
    let kept = of_binary.join(&name[..16]);
    // Held until the run is there; a process that dies lets go of it.
    let lock = File::create(kept.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if !kept.exists() {
        forget_others(&all);
        make(experiment, flags, &kept);
    }
    kept
}

/// Makes the run elsewhere, so that what stands at `kept` is whole.
fn make(experiment: &str, flags: &[&str], kept: &Path) {
    let place = Workspace::new();
    let ran = place.run(&place.write("tiny.toml", experiment), "results", flags).success();
    place.write("outcome.json", ran.outcome().to_string());
    place.write("said", ran.told());
    let begun = kept.with_extension("new");
    let _ = fs::remove_dir_all(&begun);
    copy(place.folder(), &begun);
    fs::rename(begun, kept).unwrap();
}

/// Removes what other binaries made.
fn forget_others(all: &Path) {
    for entry in fs::read_dir(all).unwrap().flatten() {
        if *entry.file_name() != **BINARY {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
