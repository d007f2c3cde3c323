//! `lgdea sweep`: runs what `lgdea plan` lists.

mod board;
mod place;
mod status;
mod submit;
mod watch;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use lgdea_cache::Cache;
use lgdea_fault::chain;
use lgdea_spec::counted;
use lgdea_spec::sweep::{Launcher, OnFailure, Sweep};
use lgdea_sweep::{Cluster, ClusterJob, Counts, Earlier, Execution, Local, Plan, Submission, Trials, execute};
use lgdea_track::mlflow::sync_command;

use crate::args::sweep::{ClusterArg, SweepArgs};
use crate::command::sync;
use crate::device;
use crate::failure::{Failure, refused};
use crate::notify::{End, notify};
use crate::output::print;
use crate::progress::{Progress, say};

use board::Board;
pub(crate) use status::standings;

/// The program itself. On Linux by a path that leads to it even after another one was put in its place, so that all trials of a
/// call are run by one program.
const PROGRAM: &str = "/proc/self/exe";

/// Reads a sweep file, for the device that the command line names, if it does.
pub(crate) fn read(file: &Path, device: Option<&str>) -> Result<Sweep, Failure> {
    let mut sweep = Sweep::from_file(file)?;
    if let Some(device) = device {
        device.clone_into(&mut sweep.device);
    }
    device::known_somewhere(&sweep.device)?;
    Ok(sweep)
}

pub(crate) fn sweep(args: &SweepArgs) -> Result<(), Failure> {
    let sweep = read(&args.file, args.device.as_deref())?;
    if args.status {
        return standing_of(&sweep, args);
    }
    if let Some(cluster) = args.print {
        return print_job(&sweep, args, cluster);
    }
    let by_slurm = args.launcher.map_or(sweep.execute.launcher, Into::into) == Launcher::Slurm;
    if by_slurm && (args.trials.is_some() || args.submission.is_some()) {
        return Err(refused(
            "`--trials` is for this machine: `execute.slurm.trials-per-element` is for Slurm".to_owned(),
        ));
    }
    // The login node of a cluster need not have the GPUs of its other nodes, which run the same program.
    if !by_slurm || !device::is_built(&sweep.device) {
        device::check(&sweep.device)?;
    }
    let progress = Progress::new();
    let counter = progress.counter("reading data");
    let update = |done, total| counter.update(done, total);
    // What is done already is looked up run by run, without the estimates of a plan.
    let cache = Cache::of_results(&args.results);
    let plan = Plan::new(sweep, &Earlier::default(), Some(&cache), &update)?;
    drop(counter);
    // The elements of a submission need not repeat what it said.
    if args.submission.is_none() {
        plan.remarks().iter().for_each(|remark| say(format!("note: {remark}")));
        plan.left_out.iter().for_each(|note| say(format!("note: {note}")));
    }
    if by_slurm {
        return submit::to_slurm(plan, args);
    }
    let execution = execution(args, &plan)?;
    let list = Trials::path(&args.results, &plan.sweep.name);
    say(describe(&execution));
    let signals = signals();
    let mut board = Board::new(execution.slots.len());
    let (command, began) = (plan.sweep.notify.clone(), Instant::now());
    let counts = execute(plan, &execution, &signals, &mut board)?;
    // A server that did not take the trials is not asked for more.
    let is_shown = board.all_sent;
    drop(board);
    if is_shown {
        show(&list, &args.results);
    }
    let told = tell(&counts, args.json);
    tell_of_the_end(&command, &counts, &list, began.elapsed().as_secs_f64(), args);
    told?;
    if counts.failed > counts.failed_before || signals.load(Ordering::Relaxed) > 0 {
        Err(Failure::Quiet(1.into()))
    } else {
        Ok(())
    }
}

/// Says how the sweep stands, once or again and again.
fn standing_of(sweep: &Sweep, args: &SweepArgs) -> Result<(), Failure> {
    if args.watch { watch::watch(&status::list(sweep, args)?, &args.results) } else { status::status(sweep, args) }
}

/// Shows on the tracker how the sweep stands.
fn show(trials: &Path, results: &Path) {
    match sync::show_sweep(trials, results, None) {
        Ok(Some(url)) => say(format!("tracker   {url}")),
        Ok(None) => {}
        Err(failure) => {
            let reason = failure.message();
            let command = sync_command(results, None);
            say(format!("the sweep's own run is not up to date on the tracker ({reason}); `{command}` mends that"));
        }
    }
}

fn execution(args: &SweepArgs, plan: &Plan) -> Result<Execution, Failure> {
    let execute = &plan.sweep.execute;
    let workers = args.workers.map(usize::from).or(execute.workers);
    let place = place::Workers::new(&plan.sweep.device, workers).map_err(refused)?;
    let submission = args.submission.as_deref().map(Submission::read).transpose()?;
    let program = if cfg!(target_os = "linux") { PROGRAM.into() } else { program()? };
    Ok(Execution {
        file: args.file.clone(),
        launcher: Local { program, results: args.results.clone(), device: place.device, threads: place.threads },
        slots: place.slots,
        on_failure: args.on_failure.map_or(execute.on_failure, Into::into),
        max_failures: args.max_failures.unwrap_or(execute.max_failures),
        retries: execute.retries,
        trials: args.trials,
        submission,
    })
}

/// Prints a job file for a cluster that lgdea itself starts nothing on.
fn print_job(sweep: &Sweep, args: &SweepArgs, cluster: ClusterArg) -> Result<(), Failure> {
    // What is no sweep is told here, and not on the cluster.
    sweep.expand()?;
    let job = ClusterJob {
        sweep: &sweep.name,
        file: &args.file,
        results: &args.results,
        arguments: &submit::passed_on(args),
        workers: args.workers.map(usize::from).or(sweep.execute.workers).unwrap_or(1),
        gpu: device::gpu_kind(&sweep.device).is_some(),
        version: env!("CARGO_PKG_VERSION"),
    };
    print(&Cluster::from(cluster).job(&job)?)
}

fn program() -> Result<std::path::PathBuf, Failure> {
    Ok(std::env::current_exe()?)
}

fn describe(execution: &Execution) -> String {
    let Execution { slots, launcher, on_failure, .. } = execution;
    let gpus = slots.iter().filter_map(|slot| slot.gpu.as_deref()).collect::<Vec<_>>().join(", ");
    let gpus = if gpus.is_empty() { gpus } else { format!(" on GPU {gpus}") };
    let stop = if *on_failure == OnFailure::Stop { "; the first failure ends the sweep" } else { "" };
    let threads = launcher.threads;
    format!(
        "{} at a time{gpus}, {}{}{stop}",
        counted(slots.len(), "trial"),
        counted(threads, "CPU thread"),
        if slots.len() == 1 { "" } else { " each" }
    )
}

/// The number of times that the user asked to stop.
fn signals() -> Arc<AtomicUsize> {
    let signals = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&signals);
    let count = move || {
        counted.fetch_add(1, Ordering::Relaxed);
    };
    if let Err(error) = ctrlc::set_handler(count) {
        tracing::warn!(
            "Ctrl-C will end the sweep at once, and its trials go on from their checkpoints: {}",
            chain(&error)
        );
    }
    signals
}

/// Tells by the user's command that the sweep has ended. Of the elements of an array job the last one does.
fn tell_of_the_end(command: &str, counts: &Counts, list: &Path, seconds: f64, args: &SweepArgs) {
    let is_open = counts.left + counts.running + counts.elsewhere > 0;
    if args.submission.is_some() && is_open {
        return;
    }
    let folder = list.parent().unwrap_or(list);
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let status = match counts {
        Counts { failed, .. } if *failed > 0 => "failed",
        _ if is_open => "stopped",
        _ => "finished",
    };
    let message = format!("{} of {} finished, {} failed", counts.finished, counted(counts.runs, "run"), counts.failed);
    notify(command, End { name: &name, status, folder, seconds, message: &message });
}

/// Says what the sweep came to.
fn tell(counts: &Counts, json: bool) -> Result<(), Failure> {
    if json {
        let text = serde_json::to_string(counts)?;
        return print(&format!("{text}\n"));
    }
    let Counts { runs, finished, cached, pruned, failed, left, .. } = counts;
    let parts = [("pruned", pruned), ("failed", failed), ("left", left)];
    let parts = parts.iter().filter(|(_, count)| **count > 0).map(|(name, count)| format!(", {count} {name}"));
    let others = parts.collect::<Vec<_>>().concat();
    print(&format!("{finished} of {} finished ({cached} earlier){others}\n", counted(*runs, "run")))
}
