//! The report of a scene.

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::anatomy::Side;
use super::findings::{Disease, Finding, Zone};
use super::language::{
    BYSTANDERS, CLOSINGS, COMPARISONS, INDICATIONS, NORMAL, OPENINGS, PORTABLE, TECHNIQUES, denials, device, severely,
    severities, statements,
};
use super::pick;
use super::render::Scene;
use crate::{Report, Section};

/// Most findings that an impression names.
const MOST_CONCLUSIONS: usize = 3;

/// Words the report of a study.
pub(super) fn report(scene: &Scene) -> Option<Report> {
    let mut rng = ChaCha8Rng::seed_from_u64(scene.seed().stream("report").0);
    let rng = &mut rng;
    let indication = sometimes(rng, 0.8, &INDICATIONS);
    let comparison = sometimes(rng, 0.7, &COMPARISONS);
    let technique = if scene.portable() && rng.random_bool(0.8) { PORTABLE } else { pick(rng, &TECHNIQUES) };
    Report::from_sections([
        section("indication", indication),
        section("comparison", comparison),
        section("technique", [technique]),
        section("findings", findings(rng, scene)),
        section("impression", impression(rng, scene)),
    ])
}

/// A section of sentences.
fn section<T: AsRef<str>>(name: &str, sentences: impl IntoIterator<Item = T>) -> Section {
    let sentences: Vec<String> = sentences.into_iter().map(|text| sentence(text.as_ref())).collect();
    Section { name: name.to_owned(), text: sentences.join(" ") }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn sometimes(rng: &mut ChaCha8Rng, share: f64, sentences: &[&'static str]) -> Option<&'static str> {
    rng.random_bool(share).then(|| pick(rng, sentences))
}

/// Findings, denials, bystanders and devices in any order.
fn findings(rng: &mut ChaCha8Rng, scene: &Scene) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for &finding in scene.findings() {
        let severity = rng.random_bool(0.7);
        let statement = state(rng, finding, severity);
        let opening = pick(rng, &OPENINGS);
        // An opening needs a statement without a verb of its own.
        let verb = statement.split(' ').any(|word| matches!(word, "is" | "are"));
        sentences.push(if verb { statement } else { join([opening, &statement]) });
    }
    for disease in Disease::ALL {
        let present = scene.findings().iter().any(|finding| finding.kind.disease() == disease);
        if !present && rng.random_bool(0.55) {
            let side = pick(rng, &Side::BOTH).name();
            sentences.push(pick(rng, denials(disease)).replace("{side}", side));
        }
    }
    let bystanders = rng.random_range(1..4);
    sentences.extend(BYSTANDERS.sample(rng, bystanders).map(|&text| text.to_owned()));
    for seen in scene.devices() {
        sentences.extend(sometimes(rng, 0.85, device(seen)).map(str::to_owned));
    }
    sentences.shuffle(rng);
    sentences
}

/// A conclusion that names some findings again in other words, or calls the study normal; then a closing phrase.
fn impression(rng: &mut ChaCha8Rng, scene: &Scene) -> Vec<String> {
    let mut sentences = Vec::new();
    if scene.findings().is_empty() {
        sentences.extend(sometimes(rng, 0.8, &NORMAL).map(str::to_owned));
    } else if rng.random_bool(0.85) {
        let count = rng.random_range(1..=scene.findings().len().min(MOST_CONCLUSIONS));
        let named: Vec<Finding> = scene.findings().sample(rng, count).copied().collect();
        sentences.extend(named.into_iter().map(|finding| state(rng, finding, false)));
    }
    sentences.extend(sometimes(rng, 0.6, &CLOSINGS).map(str::to_owned));
    sentences
}

/// A finding in one of its paraphrases, with or without severity.
fn state(rng: &mut ChaCha8Rng, finding: Finding, severity: bool) -> String {
    let disease = finding.kind.disease();
    let adjective = pick(rng, severities(disease, finding.severity));
    let adverb = pick(rng, severely(finding.severity));
    let side = finding.kind.side().map_or("", Side::name);
    let zone = finding.kind.zone();
    let text = pick(rng, &statements(disease))
        .replace("{severity}", if severity { adjective } else { "" })
        .replace("{severely}", if severity { adverb } else { "" })
        .replace("{side}", side)
        .replace("{zone}", zone.map_or("", Zone::name))
        .replace("{lobe}", lobe(finding.kind.side(), zone));
    join(text.split(' '))
}

/// The lobe in a zone; the left lung has no middle lobe.
fn lobe(side: Option<Side>, zone: Option<Zone>) -> &'static str {
    match (side, zone) {
        (_, None) => "",
        (_, Some(Zone::Upper)) => "upper lobe",
        (_, Some(Zone::Lower)) => "lower lobe",
        (Some(Side::Left), Some(Zone::Middle)) => "mid lung",
        (_, Some(Zone::Middle)) => "middle lobe",
    }
}

/// Words with single spaces; empty ones drop out.
fn join<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
