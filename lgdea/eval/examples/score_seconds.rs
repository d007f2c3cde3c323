//! How long it takes to score the outputs of a model, without the time of reading them.
//!
//! `cargo run --release -p lgdea-eval --example score_seconds -- PROTOCOL PREDICTIONS REFERENCE`
//!
//! Calls what `lgdea score` calls, of the task that the protocol names. Prints one line of JSON: seconds on the wall to read
//! the files (`read`) and to score what was read (`score`), processor seconds of the scoring (`processor`), the peak of
//! memory in MiB (`peak`), both of Linux alone, and the `scores`. `just bench-scoring` sets it beside scikit-learn and
//! PyTorch.
#![allow(clippy::print_stdout)]

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use lgdea_eval::protocol::{Protocol, Rules};
use lgdea_eval::scoring::{self, Scored};
use lgdea_eval::{EvalError, Evaluation};
use lgdea_predictions::{Features, Reference, Retrieval, Scores, SplitReference};
use serde_json::json;

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let protocol = Protocol::named_or_path(&arguments.next().ok_or("which protocol?")?)?;
    let predictions = PathBuf::from(arguments.next().ok_or("which predictions?")?);
    let reference = PathBuf::from(arguments.next().ok_or("which reference?")?);
    let (read, [score, processor], evaluation) = timed(&protocol, &predictions, &reference)?;
    let peak = kibibytes("/proc/self/status", "VmHWM:")? / 1024;
    let scores = evaluation.scores;
    println!("{}", json!({ "read": read, "score": score, "processor": processor, "peak": peak, "scores": scores }));
    Ok(())
}

/// Seconds of reading; of scoring, on the wall and of processors; and what was found.
fn timed(
    protocol: &Protocol,
    predictions: &Path,
    reference: &Path,
) -> Result<(f64, [f64; 2], Evaluation), Box<dyn Error>> {
    let started = Instant::now();
    match &protocol.rules {
        Rules::ZeroShot(rules) => {
            let (scores, reference) = (Scores::read(predictions)?, Reference::read(reference)?);
            scored(started, protocol, || scoring::zero_shot(rules, &scores, &reference, None))
        }
        Rules::Retrieval(rules) => {
            let (outputs, reference) = (Retrieval::read(predictions, None)?, Reference::read(reference)?);
            scored(started, protocol, || scoring::retrieval(rules, &outputs, &reference))
        }
        Rules::Probe(rules) => {
            let (features, reference) = (Features::read(predictions)?, SplitReference::read(reference)?);
            scored(started, protocol, || scoring::probe(rules, &features, &reference))
        }
        Rules::Grounding(_) => Err("grounding is not measured here".into()),
    }
}

/// [`timed`], with all files read.
fn scored(
    started: Instant,
    protocol: &Protocol,
    score: impl FnOnce() -> Result<Scored, EvalError>,
) -> Result<(f64, [f64; 2], Evaluation), Box<dyn Error>> {
    let read = started.elapsed().as_secs_f64();
    let (started, processor) = (Instant::now(), processor_seconds()?);
    let evaluation = score()?.evaluation(protocol.interval());
    Ok((read, [started.elapsed().as_secs_f64(), processor_seconds()? - processor], evaluation))
}

/// What this process has had of processors.
fn processor_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // User and system ticks, the 14th and 15th field; the name, which may have blanks, ends with the last bracket.
    let fields = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?.1.split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(ticks as f64 / 100.0)
}

/// A number of a file of `/proc`.
fn kibibytes(file: &str, name: &str) -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or("no peak of memory")?;
    Ok(line.split_whitespace().next().ok_or("no number")?.parse()?)
}
