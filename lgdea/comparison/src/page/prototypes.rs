//! The prototype browser: what the prototypes of a run stand for, one run at a time, as `lgdea prototypes RUN --keep` left it.
//!
//! Evidence phrases are an ontology's words and no report's own, so that they may be shown; studies have no names here.

use std::path::Path;

use image::RgbImage;
use lgdea_eval::prototypes::{Kept, Prototype, words};
use lgdea_track::RunDir;
use serde::Serialize;

use crate::{ComparedRow, Comparison};

use super::logged::Logs;
use super::picture::{self, Embedded};
use super::summary::describe;

/// Runs of a page.
const MOST: usize = 8;
/// Phrases of a prototype.
const PHRASES: usize = 5;
/// Findings of a prototype, and the least share of one that is named.
const FINDINGS: usize = 3;
const LEAST_SHARE: f64 = 0.03;
/// Share of its most frequent finding from which on a prototype is called by it.
const PURE: f64 = 0.5;

/// The browser.
#[derive(Serialize)]
pub(super) struct Browser {
    runs: Vec<Described>,
    /// Runs that are not shown.
    more: usize,
    problems: Vec<String>,
    /// Whether pictures were asked for.
    pictures: bool,
}

/// A run with its prototypes.
#[derive(Serialize)]
struct Described {
    /// What the reader chooses by.
    name: String,
    run: String,
    step: usize,
    steps: usize,
    split: String,
    reports: usize,
    phrases: usize,
    images: Option<usize>,
    /// What is told of all prototypes together, by name.
    facts: Vec<(&'static str, String)>,
    cards: Vec<Card>,
    /// Numbers of those that next to nothing uses.
    dead: Vec<usize>,
}

/// A prototype.
#[derive(Serialize)]
struct Card {
    index: usize,
    /// The finding that it stands for.
    title: String,
    /// Who uses it, how much in percent, and as a share of the most used one's.
    usage: Vec<(&'static str, String, f64)>,
    purity: Option<String>,
    findings: Vec<String>,
    /// Text, `p(k | z)`, and how many reports have it.
    phrases: Vec<(String, String, usize)>,
    regions: Option<Regions>,
}

/// Image regions that load on a prototype, side by side.
#[derive(Serialize)]
struct Regions {
    #[serde(flatten)]
    embedded: Embedded,
    evidence: Vec<String>,
}

impl Browser {
    /// The runs whose folders keep their prototypes, in the order of the rows and seeds.
    pub(super) fn new(comparison: &Comparison, logs: &Logs<'_>, pictures: bool) -> Browser {
        let mut browser = Browser { runs: Vec::new(), more: 0, problems: Vec::new(), pictures };
        for row in &comparison.rows {
            for (seed, key) in row.seeds.iter().zip(&row.run_keys) {
                let Some((logged, folder)) = logs.of(key).zip(logs.folder(key)) else { continue };
                let artifacts = RunDir::at(folder).artifacts();
                match Kept::read(&artifacts) {
                    Ok(None) => {}
                    Ok(Some(kept)) if kept.heading.split == "test" && comparison.is_of_validation() => {
                        let why =
                            "are kept with images of the test split, which a report of validation scores does not show";
                        browser.problems.push(format!("the prototypes of {} {why}", logged.name));
                    }
                    Ok(Some(_)) if browser.runs.len() == MOST => browser.more += 1,
                    Ok(Some(kept)) => browser.add(&kept, name(comparison, row, *seed), &logged.name, &artifacts),
                    Err(error) => browser.problems.push(format!("no prototypes of {}: {error}", logged.name)),
                }
            }
        }
        browser
    }

    pub(super) fn is_shown(&self) -> bool {
        !self.runs.is_empty() || !self.problems.is_empty()
    }

    fn add(&mut self, kept: &Kept, name: String, run: &str, artifacts: &Path) {
        let has_regions = kept.regions.iter().any(|regions| !regions.is_empty());
        let sheet = if self.pictures && has_regions {
            match picture::read(artifacts, Path::new(Kept::SHEET)) {
                Ok(sheet) => Some(sheet.to_rgb8()),
                Err(error) => {
                    self.problems.push(format!("no image regions of {run}: {error}"));
                    None
                }
            }
        } else {
            None
        };
        let mut described = Described::new(kept, name, run);
        for (card, (place, _)) in described.cards.iter_mut().zip(alive(kept)) {
            match sheet.as_ref().map(|sheet| Regions::new(kept, place, sheet)) {
                None | Some(Ok(None)) => {}
                Some(Ok(Some(regions))) => card.regions = Some(regions),
                Some(Err(error)) => {
                    self.problems.push(format!("no image regions of prototype {} of {run}: {error}", card.index));
                }
            }
        }
        self.runs.push(described);
    }
}

fn name(comparison: &Comparison, row: &ComparedRow, seed: u64) -> String {
    let setting = describe(comparison, row);
    let setting = if setting.is_empty() { setting } else { format!(", {setting}") };
    format!("{}, seed {seed}{setting}", row.group)
}

/// The prototypes that are used, with their places.
fn alive(kept: &Kept) -> impl Iterator<Item = (usize, &Prototype)> {
    kept.prototypes.iter().enumerate().filter(|(_, prototype)| !prototype.dead)
}

impl Described {
    fn new(kept: &Kept, name: String, run: &str) -> Described {
        let summary = &kept.summary;
        let greatest =
            |usage: fn(&Prototype) -> f64| kept.prototypes.iter().map(usage).fold(f64::MIN_POSITIVE, f64::max);
        let most = [
            greatest(|prototype| prototype.usage_by_reports),
            greatest(|prototype| prototype.usage_by_images.unwrap_or_default()),
        ];
        let facts = [
            ("Usage by reports, entropy", Some(summary.usage_entropy)),
            ("Usage by images, entropy", summary.image_usage_entropy),
            ("Entropy of a phrase", Some(summary.phrase_entropy)),
            ("Entropy of an image", summary.image_entropy),
            ("Purity by finding", summary.purity),
            ("Mutual information with findings", summary.mutual_information),
        ];
        Described {
            name,
            run: run.to_owned(),
            step: kept.heading.step,
            steps: kept.heading.steps,
            split: kept.heading.split.clone(),
            reports: summary.reports,
            phrases: summary.phrases,
            images: summary.images,
            facts: facts.into_iter().filter_map(|(name, value)| Some((name, format!("{:.2}", value?)))).collect(),
            cards: alive(kept).map(|(_, prototype)| Card::new(prototype, most)).collect(),
            dead: kept.prototypes.iter().filter(|one| one.dead).map(|one| one.index).collect(),
        }
    }
}

impl Card {
    /// `most` are the greatest usages by reports and by images.
    fn new(prototype: &Prototype, most: [f64; 2]) -> Card {
        let named = prototype.findings.iter().filter(|finding| finding.share >= LEAST_SHARE).take(FINDINGS);
        let usage = [("reports", Some(prototype.usage_by_reports)), ("images", prototype.usage_by_images)];
        let usage = usage.into_iter().zip(most).filter_map(|((name, share), most)| {
            let share = share?;
            Some((name, format!("{:.1}", 100.0 * share), (share / most).clamp(0.0, 1.0)))
        });
        Card {
            index: prototype.index,
            title: match prototype.findings.first() {
                None => "no phrase assigned".to_owned(),
                Some(first) if first.share >= PURE => words(&first.finding),
                Some(first) => format!("mixed, most {}", words(&first.finding)),
            },
            usage: usage.collect(),
            purity: prototype.purity.map(|purity| format!("{purity:.2}")),
            findings: named.map(|one| format!("{} {:.0}\u{a0}%", words(&one.finding), 100.0 * one.share)).collect(),
            phrases: prototype
                .nearest
                .iter()
                .take(PHRASES)
                .map(|near| (near.text.clone(), format!("{:.2}", near.probability), near.count))
                .collect(),
            regions: None,
        }
    }
}

impl Regions {
    /// None of a prototype without any.
    fn new(kept: &Kept, place: usize, sheet: &RgbImage) -> Result<Option<Regions>, String> {
        let evidence: Vec<String> = kept.regions[place].iter().map(|evidence| format!("{evidence:.2}")).collect();
        if evidence.is_empty() {
            return Ok(None);
        }
        let strip = kept.strip(sheet, place).ok_or("the sheet has no row of it")?;
        Ok(Some(Regions { embedded: Embedded::new(&strip)?, evidence }))
    }
}
