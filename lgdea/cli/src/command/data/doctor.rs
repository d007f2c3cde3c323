//! `lgdea data doctor`: what is doubtful or wrong with an experiment's data.

use std::fmt::Write as _;
use std::process::ExitCode;

use lgdea_data::{
    Corpus, Diagnosis, Given, ImageStore, PairsAt, Severity, Study, diagnose, diagnose_set, pairs_at_ratios,
};
use lgdea_eval::doctor::{Contents, labels_that_go_with, page, read_from_images};
use lgdea_run::{OpenSet, Preparation};
use lgdea_spec::counted;
use serde_json::json;

use crate::args::data::DoctorArgs;
use crate::command::{not_read, writable};
use crate::device;
use crate::failure::{Failure, refused_with_help};
use crate::output::{print, print_json, write_file};
use crate::progress::{Progress, say};

pub(super) fn doctor(args: &DoctorArgs) -> Result<(), Failure> {
    if let Some(html) = &args.html {
        writable(html, "html")?;
        not_read(html, &[&args.data.file])?;
    }
    let experiment = args.data.resolve()?.experiment;
    let progress = Progress::new();
    let preparation = Preparation { experiment: &experiment, results: &args.results, audience: &progress };
    let (corpus, images, sets) = preparation.data()?;
    let counter = progress.counter("looking at images");
    let update = |done, total| counter.update(done, total);
    let mut diagnoses = diagnose(&corpus, &images, &update);
    for OpenSet { set, images: of_set } in &sets {
        diagnoses.extend(diagnose_set((&corpus, &images), &set.name, (&set.corpus, of_set), &update));
    }
    drop(counter);
    diagnoses.extend(lgdea_inputs::check::unfit_labels(&experiment, &corpus.studies)?);
    diagnoses.extend(labels_that_go_with(&corpus.studies));
    if args.shortcuts {
        diagnoses.extend(shortcuts(&preparation, &corpus, &images, &progress)?);
    }
    // Stable: within a severity in the order of the chapters.
    diagnoses.sort_by_key(|diagnosis| diagnosis.severity);
    let pairs = pairs_at_ratios(&corpus, &experiment.pairing, experiment.seed.stream("pairing"));
    if let Some(html) = &args.html {
        let experiment_name = args.data.file.file_name().unwrap_or_default().to_string_lossy();
        let contents = Contents {
            experiment: &experiment_name,
            corpus: &corpus,
            images: &images,
            diagnoses: &diagnoses,
            pairs: &pairs,
            are_labels: experiment.data.has_known_labels(),
        };
        write_file(html, &page(&contents)?)?;
        say(format!("a page with images and identifiers of studies: {}", html.display()));
    }
    if args.json {
        print_json(&json!({ "diagnoses": diagnoses, "pairs": pairs }))?;
    } else {
        print(&as_text(&diagnoses, &pairs))?;
    }
    let is_wrong = diagnoses.iter().any(|diagnosis| diagnosis.severity == Severity::Wrong);
    if is_wrong { Err(Failure::Quiet(ExitCode::from(1))) } else { Ok(()) }
}

/// Which properties that are no finding the published encoder of the experiment reads from the images.
fn shortcuts(
    preparation: &Preparation<'_>,
    corpus: &Corpus,
    images: &ImageStore,
    progress: &Progress,
) -> Result<Option<Diagnosis>, Failure> {
    let settings = &preparation.experiment.device;
    let device = device::open(&settings.name, settings.threads)?;
    let Some(published) = preparation.published_features(images, &device)? else {
        let problem = "--shortcuts asks the image encoder that training starts from, and the experiment's starts from random weights";
        return Err(refused_with_help(
            problem.to_owned(),
            "name published ones, as in `encoder.image.efficientnet.weights`",
        ));
    };
    let studies: Vec<&Study> = published.studies.iter().map(|&study| &corpus.studies[study]).collect();
    let counter = progress.counter("looking for shortcuts");
    Ok(read_from_images(&studies, published.features.view(), &|done, total| counter.update(done, total))?)
}

fn as_text(diagnoses: &[Diagnosis], pairs: &[PairsAt]) -> String {
    let mut text = String::new();
    for Diagnosis { severity, what, count, of, examples, remedy } in diagnoses {
        let severity = match severity {
            Severity::Wrong => "wrong",
            Severity::Doubtful => "doubtful",
        };
        let _ = writeln!(text, "{severity}: {count} of {of} × {what}");
        if !examples.is_empty() {
            let more = if *count > examples.len() { ", …" } else { "" };
            let examples: Vec<&str> = examples.iter().map(|example| example.text.as_str()).collect();
            let _ = writeln!(text, "    {}{more}", examples.join(", "));
        }
        let _ = writeln!(text, "    {remedy}");
    }
    if diagnoses.is_empty() {
        text.push_str("nothing doubtful was found\n");
    }
    text.push('\n');
    let mut last = "";
    for PairsAt { ratio, given } in pairs {
        let percent = ratio * 100.0;
        let _ = match given {
            Given::Drawn { paired, images, reports } => {
                writeln!(
                    text,
                    "{percent:>3.0} % of the pairs: {}, {} alone, {} alone",
                    counted(*paired, "pair"),
                    counted(*images, "image"),
                    counted(*reports, "report")
                )
            }
            Given::Nothing { problem } if problem == last => writeln!(text, "{percent:>3.0} % of the pairs: the same"),
            Given::Nothing { problem } => {
                last = problem;
                writeln!(text, "{percent:>3.0} % of the pairs: {problem}")
            }
        };
    }
    text
}
