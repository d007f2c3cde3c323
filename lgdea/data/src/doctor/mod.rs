//! What is doubtful or wrong with a corpus: what training would not notice.

mod copies;
mod films;
mod headers;
mod left_out;
mod orientation;
mod pairs;
mod sets;
mod texts;

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde::Serialize;

use crate::table::shown_id;
use crate::{Corpus, ImageStore, Picture, Study};

pub use pairs::{Given, PairsAt, pairs_at_ratios};
pub use sets::diagnose_set;

/// Most examples that a finding names.
const EXAMPLES: usize = 5;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Training or scores would be wrong, without a word.
    Wrong,
    /// It may be meant; look at it.
    Doubtful,
}

/// Something that is doubtful or wrong with data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosis {
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong, in words.
    pub what: String,
    /// How many there are, and of how many.
    pub count: usize,
    /// See [`Diagnosis::count`].
    pub of: usize,
    /// The first few.
    pub examples: Vec<Example>,
    /// What to do.
    pub remedy: &'static str,
}

/// One of the things that a finding is about; its text alone is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Example {
    /// An identifier, or two that go together.
    pub text: String,
    /// Positions of studies whose images show it; none where images show nothing of it.
    #[serde(skip)]
    pub studies: Vec<usize>,
}

impl Example {
    /// What images show nothing of.
    pub fn text(text: impl Into<String>) -> Example {
        Example { text: text.into(), studies: Vec::new() }
    }

    /// What the image of a study shows.
    fn of(studies: &[Study], at: usize) -> Example {
        Example { text: named(&studies[at]), studies: vec![at] }
    }

    /// What the images of two studies show.
    fn of_both(studies: &[Study], one: usize, other: usize) -> Example {
        Example { text: both(&studies[one], &studies[other]), studies: vec![one, other] }
    }
}

impl Diagnosis {
    /// A finding about some of `of` items, which are named; `None` where there are none.
    fn of(
        severity: Severity,
        what: impl Into<String>,
        items: Vec<Example>,
        of: usize,
        remedy: &'static str,
    ) -> Option<Diagnosis> {
        let count = items.len();
        let examples = items.into_iter().take(EXAMPLES).collect();
        (count > 0).then(|| Diagnosis { severity, what: what.into(), count, of, examples, remedy })
    }
}

/// Looks through a corpus and its images; the gravest first.
///
/// `progress` is called with the number of images done and their total, stage by stage.
pub fn diagnose(corpus: &Corpus, images: &ImageStore, progress: &(dyn Fn(usize, usize) + Sync)) -> Vec<Diagnosis> {
    let mut found = left_out::diagnose(corpus);
    let studies = &corpus.studies;
    let count = counting(studies.len(), progress);
    let header = |study: &Study| {
        count();
        study.image.as_ref().and_then(Picture::header)
    };
    let headers: Vec<_> = studies.par_iter().map(header).collect();
    found.extend(films::diagnose(studies, images, &headers));
    found.extend(headers::diagnose(studies, &headers));
    found.extend(orientation::diagnose(studies, images, progress));
    found.extend(copies::diagnose(studies, images, progress));
    found.extend(texts::diagnose(studies));
    // Stable: within a severity in the order of the chapters.
    found.sort_by_key(|diagnosis| diagnosis.severity);
    found
}

/// Tells `progress` of one more of `all` with each call.
fn counting(all: usize, progress: &(dyn Fn(usize, usize) + Sync)) -> impl Fn() + Sync + '_ {
    let done = AtomicUsize::new(0);
    move || progress(done.fetch_add(1, Ordering::Relaxed) + 1, all)
}

fn named(study: &Study) -> String {
    shown_id(&study.id)
}

/// Two studies that go together.
fn both(first: &Study, second: &Study) -> String {
    format!("{} ({}) and {} ({})", named(first), first.split, named(second), second.split)
}
