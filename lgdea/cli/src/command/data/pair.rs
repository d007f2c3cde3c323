//! `lgdea data pair`: draws the pairs of an experiment and writes them down.

use lgdea_run::Preparation;

use crate::args::data::PairArgs;
use crate::command::{not_read, replaceable, writable};
use crate::failure::Failure;
use crate::output::write_file;
use crate::progress::{Progress, say};

pub(super) fn pair(args: &PairArgs) -> Result<(), Failure> {
    writable(&args.out, "json")?;
    not_read(&args.out, &[&args.data.file])?;
    replaceable(&args.out, args.force)?;
    let mut experiment = args.data.resolve()?.experiment.without_scored_sets();
    // What is drawn here replaces what was drawn before.
    experiment.pairing.manifest.clear();
    let progress = Progress::new();
    let preparation = Preparation { experiment: &experiment, results: &args.results, audience: &progress };
    let (corpus, ..) = preparation.data()?;
    let pairs = preparation.pairs(&corpus)?;
    write_file(&args.out, &format!("{}\n", serde_json::to_string_pretty(&pairs)?))?;
    say(format!(
        "{} of {} complete training studies are pairs, {} give their image alone, {} their report alone: {}",
        pairs.paired.len(),
        pairs.complete,
        pairs.images.len(),
        pairs.reports.len(),
        args.out.display()
    ));
    Ok(())
}
