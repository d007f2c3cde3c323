//! Measures how many metrics a second a journal takes.
//!
//! `cargo run --release -p lgdea-track --example journal_rate`

#![allow(clippy::print_stdout)]

use std::time::Instant;

use lgdea_track::{Journal, RunDir};

const METRICS: usize = 1_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for per_event in [1, 12] {
        let folder = tempfile::tempdir()?;
        let journal = Journal::create(&RunDir::at(folder.path()))?;
        let names: Vec<String> = (0..per_event).map(|index| format!("train/loss/term_{index}")).collect();
        let values: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), 0.123_456_789)).collect();
        let begun = Instant::now();
        for step in 0..METRICS / per_event {
            journal.metrics(step as u64, &values)?;
        }
        journal.flush()?;
        let rate = METRICS as f64 / begun.elapsed().as_secs_f64();
        println!("{per_event:2} metrics an event: {rate:.0} metrics/s");
    }
    Ok(())
}
