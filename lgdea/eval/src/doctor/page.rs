//! The page of the doctor: what is doubtful or wrong with data, with pictures, and what they are made of. Texts of reports are
//! never shown, images are.

use std::collections::BTreeMap;

use lgdea_data::{
    Corpus, Diagnosis, Example, Given, ImageStore, PairsAt, Severity, Split, SplitSummary, Statistics, statistics,
    summary,
};
use minijinja::value::Serde;
use serde::Serialize;

use crate::EvalError;
use crate::gallery::{data_uri, png, radiograph};
use crate::html;

const TEMPLATE: &str = include_str!("../../../../templates/doctor.html");
/// Side of a picture, in pixels.
const PICTURE: u32 = 160;
/// Findings that have a bar.
const FINDINGS: usize = 40;

/// What the page shows.
#[derive(Clone, Copy)]
pub struct Contents<'a> {
    /// Name of the experiment.
    pub experiment: &'a str,
    /// Its data.
    pub corpus: &'a Corpus,
    /// The images of `corpus`.
    pub images: &'a ImageStore,
    /// What is doubtful or wrong, the gravest first.
    pub diagnoses: &'a [Diagnosis],
    /// What the pairing gives.
    pub pairs: &'a [PairsAt],
    /// Whether labels are names of findings for certain: otherwise those that hardly repeat may be texts, and are not shown.
    pub are_labels: bool,
}

/// The page, complete with its pictures.
///
/// # Errors
/// A picture cannot be drawn, the template cannot be filled in.
pub fn page(contents: &Contents<'_>) -> Result<String, EvalError> {
    let Contents { experiment, corpus, diagnoses, pairs, are_labels, .. } = *contents;
    let of = |severity| diagnoses.iter().filter(|diagnosis| diagnosis.severity == severity).count();
    let totals = summary(corpus);
    let filled = Filled {
        experiment,
        wrong: of(Severity::Wrong),
        doubtful: of(Severity::Doubtful),
        cards: diagnoses.iter().map(|diagnosis| Card::new(diagnosis, contents.images)).collect::<Result<_, _>>()?,
        pairs: (0..pairs.len())
            .map(|at| Drawn::new(&pairs[at], at.checked_sub(1).map(|before| &pairs[before])))
            .collect(),
        balances: balances(&statistics(corpus), &totals.splits, are_labels),
        splits: totals.splits.iter().map(|(split, of)| (split.to_string(), of.clone())).collect(),
    };
    let mut environment = html::environment();
    environment.add_filter("percent", percent);
    environment.add_template("page", TEMPLATE)?;
    Ok(environment.get_template("page")?.render(Serde(&filled))?)
}

/// A share in percent: a part that is there is never 0, and one that lacks something never 100.
fn percent(share: f64) -> String {
    match 100.0 * share {
        0.0 => "0".to_owned(),
        small if small < 0.1 => "< 0.1".to_owned(),
        most if most > 99.9 && most < 100.0 => "> 99.9".to_owned(),
        some if some < 10.0 => format!("{some:.1}"),
        some => format!("{some:.0}"),
    }
}

/// What the template is filled in with.
#[derive(Serialize)]
struct Filled<'a> {
    experiment: &'a str,
    wrong: usize,
    doubtful: usize,
    cards: Vec<Card<'a>>,
    pairs: Vec<Drawn<'a>>,
    balances: Vec<Balance>,
    splits: Vec<(String, SplitSummary)>,
}

/// A diagnosis.
#[derive(Serialize)]
struct Card<'a> {
    is_wrong: bool,
    what: &'a str,
    count: usize,
    of: usize,
    share: f64,
    remedy: &'a str,
    examples: Vec<Shown<'a>>,
    has_pictures: bool,
}

/// An example, with the pictures of its studies.
#[derive(Serialize)]
struct Shown<'a> {
    text: &'a str,
    pictures: Vec<String>,
}

impl<'a> Card<'a> {
    fn new(diagnosis: &'a Diagnosis, images: &ImageStore) -> Result<Card<'a>, EvalError> {
        let Diagnosis { severity, what, count, of, examples, remedy } = diagnosis;
        let examples: Vec<Shown<'_>> =
            examples.iter().map(|example| Shown::new(example, images)).collect::<Result<_, _>>()?;
        Ok(Card {
            is_wrong: *severity == Severity::Wrong,
            what,
            count: *count,
            of: *of,
            share: share(*count, *of),
            remedy,
            has_pictures: examples.iter().any(|example| !example.pictures.is_empty()),
            examples,
        })
    }
}

impl<'a> Shown<'a> {
    fn new(example: &'a Example, images: &ImageStore) -> Result<Shown<'a>, EvalError> {
        let picture = |pixels: &[u8]| Ok(data_uri(&png(&radiograph(pixels, images.size(), PICTURE)?)?));
        let pictures = example.studies.iter().filter_map(|&study| images.pixels(study)).map(picture);
        Ok(Shown { text: &example.text, pictures: pictures.collect::<Result<_, EvalError>>()? })
    }
}

/// What the pairing gives at a share.
#[derive(Serialize)]
struct Drawn<'a> {
    percent: String,
    /// Pairs, images alone, reports alone, each with its share of the largest.
    counts: Vec<Bar>,
    problem: Option<&'a str>,
}

/// A number and how long its bar is.
#[derive(Serialize)]
struct Bar {
    count: usize,
    share: f64,
}

impl<'a> Drawn<'a> {
    /// `before` is what a smaller share gives.
    fn new(pairs: &'a PairsAt, before: Option<&PairsAt>) -> Drawn<'a> {
        let same = before.is_some_and(|before| before.given == pairs.given);
        let percent = format!("{:.0}", 100.0 * pairs.ratio);
        match &pairs.given {
            Given::Nothing { .. } if same => Drawn { percent, counts: Vec::new(), problem: Some("the same") },
            Given::Nothing { problem } => Drawn { percent, counts: Vec::new(), problem: Some(problem) },
            &Given::Drawn { paired, images, reports } => {
                let most = paired + images.max(reports);
                let counts = [paired, images, reports].map(|count| Bar { count, share: share(count, most) });
                Drawn { percent, counts: counts.into(), problem: None }
            }
        }
    }
}

/// How often each of several values is there, split by split.
#[derive(Serialize)]
struct Balance {
    name: &'static str,
    /// What is counted.
    counted: &'static str,
    splits: Vec<String>,
    rows: Vec<(String, Vec<Bar>)>,
    /// Values that are not shown.
    more: usize,
}

/// A name, what is counted, the counts by value and split, and what they are a share of.
type Counted<'a> =
    (&'static str, &'static str, &'a BTreeMap<String, BTreeMap<Split, usize>>, fn(&SplitSummary) -> usize);

/// What no source tells has no balance.
fn balances(found: &Statistics, splits: &BTreeMap<Split, SplitSummary>, are_labels: bool) -> Vec<Balance> {
    let used: Vec<Split> = splits.iter().filter(|(_, of)| of.studies > 0).map(|(&split, _)| split).collect();
    let bars = |counts: &BTreeMap<Split, usize>, of: fn(&SplitSummary) -> usize| -> Vec<Bar> {
        let bar = |split: &Split| {
            let count = counts.get(split).copied().unwrap_or_default();
            Bar { count, share: share(count, splits.get(split).map(of).unwrap_or_default()) }
        };
        used.iter().map(bar).collect()
    };
    let names: Vec<String> = used.iter().map(Split::to_string).collect();
    let all = found.frequent(are_labels);
    let present = all.iter().take(FINDINGS).map(|(name, counts)| {
        let counts = counts.iter().map(|(&split, count)| (split, count.present)).collect();
        (name.clone(), bars(&counts, |of| of.labelled))
    });
    let findings = Balance {
        name: "Findings",
        counted: "labelled studies",
        splits: names.clone(),
        rows: present.collect(),
        more: all.len().saturating_sub(FINDINGS),
    };
    let others: [Counted<'_>; 3] = [
        ("Views", "images", &found.views, |of| of.images),
        ("Sexes", "studies", &found.sexes, |of| of.studies),
        ("Ages", "studies", &found.ages, |of| of.studies),
    ];
    let told = others.into_iter().filter(|(_, _, counts, _)| counts.keys().any(|value| value != "unknown"));
    let others = told.map(|(name, counted, counts, of)| Balance {
        name,
        counted,
        splits: names.clone(),
        rows: counts.iter().map(|(value, counts)| (value.clone(), bars(counts, of))).collect(),
        more: 0,
    });
    [findings].into_iter().filter(|findings| !findings.rows.is_empty()).chain(others).collect()
}

fn share(count: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { count as f64 / of as f64 }
}

#[cfg(test)]
mod tests {
    use lgdea_data::{Making, Skipped, load, pairs_at_ratios};
    use lgdea_spec::{Data, Pairing, Phantom, Seed, Unpaired};

    use super::*;

    fn phantom() -> (Corpus, ImageStore) {
        let phantom = Phantom { studies: 12, validation: 6, test: 6, seed: Seed(3) };
        let data = Data { phantom: Some(phantom), ..Data::default() };
        let mut corpus = load(&data, Seed(0), &|_, _| ()).unwrap();
        let making = Making { size: 32, threads: 1, progress: &|_, _| (), waiting: &|_| () };
        let (images, _) = ImageStore::in_memory(&mut corpus, making).unwrap();
        (corpus, images)
    }

    fn diagnosis(severity: Severity, examples: Vec<Example>) -> Diagnosis {
        let what = "the same image, or nearly, in two splits".to_owned();
        Diagnosis { severity, what, count: 10, of: 2000, examples, remedy: "look at them" }
    }

    fn shown(diagnoses: &[Diagnosis]) -> String {
        let (corpus, images) = phantom();
        let pairing = Pairing::drawn(0.3, Unpaired::Shuffled);
        let pairs = pairs_at_ratios(&corpus, &pairing, Seed(0));
        let (diagnoses, pairs) = (diagnoses, &pairs[..]);
        let contents =
            Contents { experiment: "x.toml", corpus: &corpus, images: &images, diagnoses, pairs, are_labels: true };
        page(&contents).unwrap()
    }

    #[test]
    fn the_page_needs_nothing_but_itself_and_shows_the_images_of_examples() {
        let example = Example { text: "a<b> (train) and c (test)".to_owned(), studies: vec![0, 1] };
        let html = shown(&[
            diagnosis(Severity::Wrong, vec![example]),
            diagnosis(Severity::Doubtful, vec![Example::text("x.png")]),
        ]);
        for part in [
            "Data of x.toml",
            "1 thing is wrong",
            "1 more is doubtful",
            "(0.5 %)",
            "a&lt;b&gt; (train)",
            "What to do: look",
            "x.png",
        ] {
            assert!(html.contains(part), "{part} is missing");
        }
        assert_eq!((html.matches("src=\"data:image/png;base64,").count(), html.matches(" alt=\"").count()), (2, 2));
        for outside in ["http://", "https://", "<script", "@import", "url("] {
            assert!(!html.contains(outside), "{outside}");
        }
    }

    #[test]
    fn studies_pairs_and_findings_are_counted_and_what_no_source_tells_is_not() {
        let html = shown(&[]);
        for part in ["Nothing doubtful was found", "What the pairing gives", "12 <small>100 %", "Findings"] {
            assert!(html.contains(part), "{part} is missing");
        }
        assert!(!html.contains("What was found"));
        let (mut corpus, images) = phantom();
        corpus.studies.iter_mut().for_each(|study| (study.labels, study.person, study.projection) = Default::default());
        corpus.skipped = Skipped::default();
        let contents = Contents {
            experiment: "x",
            corpus: &corpus,
            images: &images,
            diagnoses: &[],
            pairs: &[],
            are_labels: true,
        };
        assert!(!page(&contents).unwrap().contains("What the data are made of"));
    }

    #[test]
    fn no_report_is_on_the_page() {
        let (corpus, _) = phantom();
        let html = shown(&[diagnosis(Severity::Wrong, vec![Example { text: "s".to_owned(), studies: vec![2] }])]);
        for study in &corpus.studies {
            for section in &study.report.as_ref().unwrap().sections {
                assert!(!html.contains(&section.text), "{}", study.id);
            }
        }
    }

    #[test]
    fn shares_are_never_rounded_to_none_or_all() {
        let table = [(0.0, "0"), (0.0004, "< 0.1"), (0.014, "1.4"), (0.5, "50"), (0.9996, "> 99.9"), (1.0, "100")];
        for (share, text) in table {
            assert_eq!(percent(share), text);
        }
    }
}
