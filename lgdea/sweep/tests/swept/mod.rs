//! A sweep whose trials are a script.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, PoisonError};

use lgdea_spec::sweep::{OnFailure, Sweep};
use lgdea_sweep::{
    Audience, Counts, Earlier, Ending, ExecuteError, Execution, Local, News, Plan, Running, Slot, execute,
};

/// What was told.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) started: usize,
    pub(crate) failed: usize,
    pub(crate) closed: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

impl Audience for Told {
    fn news(&mut self, news: &News<'_>) {
        match news {
            News::Started { .. } => self.started += 1,
            News::Ended { ending: Ending::Failed(_), .. } => self.failed += 1,
            News::Warning(text) => self.warnings.push((*text).to_owned()),
            News::Closed(reason) => self.closed.push((*reason).to_owned()),
            _ => {}
        }
    }

    fn standing(&mut self, _: &[Running<'_>], _: &Counts) {}
}

/// A program that was just written cannot be started while another test's child, just forked, still holds it open.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs a sweep of the experiment `e.toml`, which a few studies of the phantom make quick, whose program ends as `script` says.
pub(crate) fn swept(folder: &Path, sweep: &str, script: &str, workers: usize) -> (Result<Counts, ExecuteError>, Told) {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let file = folder.join("s.toml");
    fs::write(folder.join("e.toml"), "data.phantom = { studies = 4, validation = 0, test = 0 }\n").unwrap();
    fs::write(&file, sweep).unwrap();
    let program = folder.join("trial.sh");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let plan = Plan::new(Sweep::from_file(&file).unwrap(), &Earlier::default(), None, &|_, _| ()).unwrap();
    let execution = Execution {
        file,
        launcher: Local { program, results: folder.join("results"), device: "flex".to_owned(), threads: 1 },
        slots: vec![Slot::default(); workers],
        on_failure: OnFailure::Continue,
        max_failures: 0,
        retries: 0,
        trials: None,
        submission: None,
    };
    let mut told = Told::default();
    let ended = execute(plan, &execution, &AtomicUsize::new(0), &mut told);
    (ended, told)
}
