//! `lgdea data doctor`: what is doubtful or wrong with an experiment's data.

use std::fmt::Write as _;
use std::process::ExitCode;

use lgdea_data::{Corpus, Diagnosis, Severity, diagnose};
use lgdea_run::Preparation;
use serde_json::json;

use crate::args::data::DoctorArgs;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::progress::Progress;

/// Shares of pairs that are usual in tables.
const RATIOS: [f64; 4] = [0.01, 0.05, 0.1, 1.0];

pub(super) fn doctor(args: &DoctorArgs) -> Result<(), Failure> {
    let experiment = args.data.resolve()?.experiment;
    let progress = Progress::new();
    let preparation = Preparation { experiment: &experiment, results: &args.results, audience: &progress };
    let (corpus, images) = preparation.data()?;
    let counter = progress.counter("looking at images");
    let found = diagnose(&corpus, &images, &|done, total| counter.update(done, total));
    drop(counter);
    let pairs = pairs(&preparation, &corpus);
    if args.json {
        print_json(&json!({ "diagnoses": found, "pairs": pairs.iter().map(Pairs::json).collect::<Vec<_>>() }))?;
    } else {
        print(&as_text(&found, &pairs))?;
    }
    let is_wrong = found.iter().any(|diagnosis| diagnosis.severity == Severity::Wrong);
    if is_wrong { Err(Failure::Quiet(ExitCode::from(1))) } else { Ok(()) }
}

/// What the pairing gives at a ratio, or why it gives nothing.
struct Pairs {
    ratio: f64,
    drawn: Result<[usize; 3], String>,
}

impl Pairs {
    fn json(&self) -> serde_json::Value {
        match &self.drawn {
            Ok([paired, images, reports]) => {
                json!({ "ratio": self.ratio, "paired": paired, "images": images, "reports": reports })
            }
            Err(problem) => json!({ "ratio": self.ratio, "problem": problem }),
        }
    }
}

fn pairs(preparation: &Preparation<'_>, corpus: &Corpus) -> Vec<Pairs> {
    let drawn = |ratio| {
        let mut experiment = preparation.experiment.clone();
        experiment.pairing.ratio = ratio;
        experiment.pairing.manifest.clear();
        let pairs = Preparation { experiment: &experiment, ..*preparation }.pairs(corpus);
        pairs
            .map(|pairs| [pairs.paired.len(), pairs.images.len(), pairs.reports.len()])
            .map_err(|error| error.to_string())
    };
    RATIOS.into_iter().map(|ratio| Pairs { ratio, drawn: drawn(ratio) }).collect()
}

fn as_text(found: &[Diagnosis], pairs: &[Pairs]) -> String {
    let mut text = String::new();
    for Diagnosis { severity, what, count, of, examples, remedy } in found {
        let severity = match severity {
            Severity::Wrong => "wrong",
            Severity::Doubtful => "doubtful",
        };
        let _ = writeln!(text, "{severity}: {count} of {of} × {what}");
        if !examples.is_empty() {
            let more = if *count > examples.len() { ", …" } else { "" };
            let _ = writeln!(text, "    {}{more}", examples.join(", "));
        }
        let _ = writeln!(text, "    {remedy}");
    }
    if found.is_empty() {
        text.push_str("nothing doubtful was found\n");
    }
    text.push('\n');
    for Pairs { ratio, drawn } in pairs {
        let percent = ratio * 100.0;
        let _ = match drawn {
            Ok([paired, images, reports]) => {
                writeln!(
                    text,
                    "{percent:>3.0} % of the pairs: {paired} pairs, {images} images alone, {reports} reports alone"
                )
            }
            Err(problem) => writeln!(text, "{percent:>3.0} % of the pairs: {problem}"),
        };
    }
    text
}
