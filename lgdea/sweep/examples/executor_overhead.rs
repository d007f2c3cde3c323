//! What the executor costs per trial: a sweep of trials that only write a journal, against the same processes started one after
//! the other.
//!
//! ```console
//! $ cargo run --release -p lgdea-sweep --example executor_overhead -- 200
//! ```
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use lgdea_spec::Resolved;
use lgdea_spec::sweep::{OnFailure, Sweep};
use lgdea_sweep::{Audience, Counts, Earlier, Execution, Local, News, Plan, Running, Slot, execute};
use lgdea_track::{Event, Journal, Lineage, RunDir, Status};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, _, file, _, results, _, key, ..] = arguments.as_slice() {
        return trial(Path::new(file), Path::new(results), key);
    }
    let trials: usize = arguments.get(1).map_or(Ok(100), |trials| trials.parse())?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("many.toml");
    std::fs::write(&file, format!("experiment = []\n[seeds]\ncount = {trials}\n"))?;
    let plan = Plan::new(Sweep::from_file(&file)?, &Earlier::default(), None, &|_, _| ())?;
    let results = folder.path().join("results");
    let execution = Execution {
        file,
        launcher: Local { program: std::env::current_exe()?, results, device: "flex".to_owned(), threads: 1 },
        slots: vec![Slot::default()],
        on_failure: OnFailure::Continue,
        max_failures: 0,
        retries: 0,
        trials: None,
        submission: None,
    };
    let began = Instant::now();
    let counts = execute(plan, &execution, &AtomicUsize::new(0), &mut Nobody)?;
    let sweep = began.elapsed();
    assert_eq!(counts.finished, trials);

    let files = execution.launcher.results.join("sweeps/many/trials");
    let began = Instant::now();
    for file in std::fs::read_dir(files)? {
        let file: PathBuf = file?.path();
        let key = file.file_stem().unwrap_or_default().to_owned();
        let mut command = Command::new(&execution.launcher.program);
        command.arg("run").arg(&file).arg("--results").arg(folder.path().join("alone")).arg("--trial").arg(key);
        command.stdin(Stdio::piped()).status()?;
    }
    let alone = began.elapsed();
    let each = |time: std::time::Duration| time.as_secs_f64() * 1000.0 / trials as f64;
    println!("{trials} trials: {:.1} ms each in a sweep, {:.1} ms each alone", each(sweep), each(alone));
    Ok(())
}

/// What a trial does at least: it reads its experiment and writes its journal.
fn trial(file: &Path, results: &Path, key: &str) -> Result<(), Box<dyn Error>> {
    let name = Resolved::from_file(file, &[])?.experiment.name;
    let journal = Journal::open(&RunDir::new(results, &name, key))?;
    let lineage = Box::new(Lineage::default());
    journal.write(Event::Started { run_key: key.to_owned(), name, attempt: 1, lineage })?;
    journal.write(Event::Ended { status: Status::Finished, error: None, seconds: 0.0 })?;
    Ok(())
}

/// Nobody listens.
struct Nobody;

impl Audience for Nobody {
    fn news(&mut self, _: &News<'_>) {}

    fn standing(&mut self, _: &[Running<'_>], _: &Counts) {}
}
