//! What is doubtful or wrong with a corpus: what training would not notice.

mod copies;
mod films;
mod left_out;
mod texts;

use serde::Serialize;

use crate::table::shown_id;
use crate::{Corpus, ImageStore, Study};

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
    /// The first few: identifiers, or pairs of them.
    pub examples: Vec<String>,
    /// What to do.
    pub remedy: &'static str,
}

impl Diagnosis {
    /// A finding about some of `of` items, which are named; `None` where there are none.
    fn of(
        severity: Severity,
        what: impl Into<String>,
        items: Vec<String>,
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
    found.extend(films::diagnose(&corpus.studies, images));
    found.extend(copies::diagnose(&corpus.studies, images, progress));
    found.extend(texts::diagnose(&corpus.studies));
    // Stable: within a severity in the order of the chapters.
    found.sort_by_key(|diagnosis| diagnosis.severity);
    found
}

fn named(study: &Study) -> String {
    shown_id(&study.id)
}

/// Two studies that go together.
fn both(first: &Study, second: &Study) -> String {
    format!("{} ({}) and {} ({})", named(first), first.split, named(second), second.split)
}
