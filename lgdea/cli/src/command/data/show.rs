//! `lgdea data show`: a contact sheet of an experiment's images.

use std::path::Path;

use lgdea_data::table::Vocabulary;
use lgdea_data::{Corpus, Sample, Sampled, Split, phrase_of};
use lgdea_eval::gallery::{STUDY_TILE, StudyTile, write_studies};
use lgdea_spec::{Seed, counted};

use crate::args::data::ShowArgs;
use crate::command::{not_read, writable};
use crate::failure::{Failure, refused};
use crate::output::unwritable;
use crate::progress::{Progress, say};

/// Tiles in a row.
const COLUMNS: usize = 6;

pub(super) fn show(args: &ShowArgs) -> Result<(), Failure> {
    writable(&args.out, "png")?;
    not_read(&args.out, &[&args.data.file])?;
    let inputs = args.data.resolve()?.experiment.inputs();
    let progress = Progress::new();
    let counter = progress.counter("reading data");
    let corpus = lgdea_data::load(&inputs.data, inputs.seed(), &|done, total| counter.update(done, total))?;
    drop(counter);
    not_read(&args.out, &pictures(&corpus))?;
    let sample = Sample {
        split: args.split.map(Split::from),
        finding: args.finding.as_deref(),
        boxed: args.boxed,
        count: usize::from(args.count),
        seed: Seed(args.seed),
    };
    let sampled = sample.draw(&corpus.studies, STUDY_TILE as usize);
    // Labels of a table of one's own may be texts; those of public sets are not.
    let vocabulary = inputs.data.manifest.is_some().then(|| vocabulary(&corpus));
    let name =
        |label: &str| phrase_of(&vocabulary.as_ref().map_or_else(|| label.to_owned(), |words| words.shown(label)));
    if sampled.drawn.is_empty() {
        return Err(refused(nothing(&sampled, args)));
    }
    let tiles: Vec<StudyTile<'_>> =
        sampled.drawn.iter().map(|one| StudyTile::new(&corpus.studies[one.study], one, &name, args.reports)).collect();
    write_studies(&args.out, &tiles, COLUMNS).map_err(|error| unwritable(&args.out, &error))?;
    say(format!("{} of {}: {}", tiles.len(), counted(sampled.of, "study"), args.out.display()));
    if !sampled.skipped.is_empty() {
        say(format!("images that cannot be read:\n{}", sampled.skipped));
    }
    Ok(())
}

/// The image files that a .png could be written upon.
fn pictures(corpus: &Corpus) -> Vec<&Path> {
    let is_png = |path: &&Path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
    corpus.studies.iter().filter_map(|study| study.image.as_ref()?.file()).filter(is_png).collect()
}

/// The names of findings, and how often each is there.
fn vocabulary(corpus: &Corpus) -> Vocabulary {
    let labels = corpus.studies.iter().filter_map(|study| study.labels.as_ref());
    let labels = labels.flat_map(|labels| labels.present.iter().chain(&labels.uncertain));
    let boxes = corpus.studies.iter().flat_map(|study| &study.boxes).map(|found| &found.finding);
    labels.chain(boxes).map(|name| (name.as_str(), 1)).collect()
}

/// Why there is no study to show.
fn nothing(sampled: &Sampled, args: &ShowArgs) -> String {
    if sampled.of > 0 {
        return format!("none of {} images can be read:\n{}", sampled.of, sampled.skipped);
    }
    let conditions = [
        args.split.map(|split| format!("--split {}", Split::from(split))),
        args.finding.as_ref().map(|_| "--finding".to_owned()),
        args.boxed.then(|| "--boxed".to_owned()),
    ];
    let conditions: Vec<String> = conditions.into_iter().flatten().collect();
    match conditions.as_slice() {
        [] => "no study of the data has an image".to_owned(),
        some => format!(
            "no study with an image is left by {}; `lgdea data stats` has the findings, images and boxes of each split",
            some.join(", ")
        ),
    }
}
