//! What the prototypes of an evidence space stand for: their phrases, findings, usage and image regions, as numbers and as a
//! page to look at; what is kept of them in a run's folder is what a report shows.

mod kept;
mod observed;
mod page;

use std::collections::{BTreeMap, BTreeSet};

use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use crate::metric::cluster::{cluster_purity, mutual_information, normalised_entropy, purity};

pub use kept::Kept;
pub use observed::{LesionToken, Observed, ObservedImages, Phrase, Region};
pub use page::{Heading, Radiograph, page};

/// A finding's name, as people read it.
pub fn words(finding: &str) -> String {
    finding.replace('_', " ")
}

/// Phrases listed of a prototype at most, and the least share of it that a listed one bears.
const PHRASES: usize = 8;
const LEAST_SHARE: f64 = 0.01;
/// A prototype is dead where neither the mean phrase nor the mean report gives it this share of an even one, `1 / K`.
/// Both are asked: a phrase that half of the reports have is one of hundreds, and a rare finding is in few reports.
pub const DEAD_SHARE: f64 = 0.05;

/// The prototypes of a model.
#[derive(Debug, Clone, Serialize)]
pub struct Prototypes {
    /// All of them together.
    pub summary: Summary,
    /// The most used first; dead ones last.
    pub prototypes: Vec<Prototype>,
}

/// An evidence space in a few numbers. Entropies are shares of the greatest possible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Reports whose phrases were read.
    pub reports: usize,
    /// Distinct phrases.
    pub phrases: usize,
    /// Images, where the method teaches them evidence.
    pub images: Option<usize>,
    /// Entropy of the mean of `Q̄_R`: near 0 where few prototypes are used.
    pub usage_entropy: f64,
    /// Mean entropy of `p(k | z)`: near 1 where phrases use all prototypes alike.
    pub phrase_entropy: f64,
    /// Entropy of the mean of `Q̄_I`.
    pub image_usage_entropy: Option<f64>,
    /// Mean entropy of `Q̄_I`.
    pub image_entropy: Option<f64>,
    /// Prototypes that next to nothing uses, see [`DEAD_SHARE`].
    pub dead: usize,
    /// Share of the phrases (as often as reports have them) whose finding is the most frequent one of their prototype.
    pub purity: Option<f64>,
    /// Normalised mutual information of prototypes and findings.
    pub mutual_information: Option<f64>,
    /// The findings, the most frequent first.
    pub findings: Vec<String>,
}

/// What one prototype stands for. A phrase is assigned to the prototype that has most of it, `argmax_k p(k | z)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prototype {
    /// Its number, from 0.
    pub index: usize,
    /// Whether next to nothing uses it, see [`DEAD_SHARE`].
    pub dead: bool,
    /// Its share of the mean report's evidence `Q̄_R`.
    pub usage_by_reports: f64,
    /// Its share of the mean distinct phrase's `p(k | z)`.
    pub usage_by_phrases: f64,
    /// Its share of the mean image's evidence `Q̄_I`.
    pub usage_by_images: Option<f64>,
    /// Phrases assigned to it, as often as reports have them.
    pub assigned: usize,
    /// Share of its most frequent finding among the phrases assigned to it.
    pub purity: Option<f64>,
    /// Entropy of the findings assigned to it, as a share of the greatest possible.
    pub finding_entropy: f64,
    /// Findings of the phrases assigned to it with their shares, the most frequent first.
    pub findings: Vec<FindingShare>,
    /// The phrases that bear most of it.
    pub nearest: Vec<NearPhrase>,
    /// Image regions that load on it.
    #[serde(skip)]
    pub regions: Vec<Region>,
    /// Lesion tokens that load on it.
    #[serde(skip)]
    pub lesions: Vec<LesionToken>,
}

/// A finding's share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingShare {
    /// Name in the ontology.
    pub finding: String,
    /// In (0, 1].
    pub share: f64,
}

/// A phrase near a prototype.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearPhrase {
    /// Its text.
    pub text: String,
    /// `p(k | z)`.
    pub probability: f64,
    /// How many reports have it.
    pub count: usize,
}

impl Prototypes {
    /// Describes the prototypes by what a model says of phrases, reports and images.
    pub fn new(observed: Observed) -> Self {
        let evidence = observed.phrase_evidence.mapv(f64::from);
        let findings = findings_by_frequency(&observed.phrases);
        let table = finding_table(&observed.phrases, &evidence, &findings);
        let by_phrases = mean_row(evidence.view());
        let by_reports = mean_row(report_evidence(&observed.reports, &evidence).view());
        let (images, regions, lesions) = match observed.images {
            Some(images) => (Some(images.evidence.mapv(f64::from)), images.regions, images.lesions),
            None => (None, Vec::new(), Vec::new()),
        };
        let by_images = images.as_ref().map(|images| mean_row(images.view()));
        let prototypes = evidence.ncols();
        let threshold = DEAD_SHARE / prototypes as f64;
        let (mut regions, mut lesions) = (regions.into_iter(), lesions.into_iter());
        let mut described: Vec<Prototype> = (0..prototypes)
            .map(|index| Prototype {
                index,
                dead: by_phrases[index].max(by_reports[index]) < threshold,
                usage_by_reports: by_reports[index],
                usage_by_phrases: by_phrases[index],
                usage_by_images: by_images.as_ref().map(|usage| usage[index]),
                assigned: table.row(index).sum() as usize,
                purity: cluster_purity(table.row(index)),
                finding_entropy: normalised_entropy(table.row(index)),
                findings: shares(table.row(index).to_owned(), &findings),
                nearest: nearest(&observed.phrases, evidence.column(index).to_owned()),
                regions: regions.next().unwrap_or_default(),
                lesions: lesions.next().unwrap_or_default(),
            })
            .collect();
        described.sort_by(|a, b| a.dead.cmp(&b.dead).then(b.usage_by_reports.total_cmp(&a.usage_by_reports)));
        let summary = Summary {
            reports: observed.reports.len(),
            phrases: observed.phrases.len(),
            images: images.as_ref().map(Array2::nrows),
            usage_entropy: normalised_entropy(by_reports.view()),
            phrase_entropy: mean_entropy(evidence.view()),
            image_usage_entropy: by_images.map(|usage| normalised_entropy(usage.view())),
            image_entropy: images.map(|images| mean_entropy(images.view())),
            dead: described.iter().filter(|prototype| prototype.dead).count(),
            purity: purity(table.view()),
            mutual_information: mutual_information(table.view()),
            findings,
        };
        Self { summary, prototypes: described }
    }

    /// The studies of which the page shows something, in order.
    pub fn studies(&self) -> BTreeSet<usize> {
        let regions = self.prototypes.iter().flat_map(|prototype| &prototype.regions).map(|region| region.study);
        let lesions = self.prototypes.iter().flat_map(|prototype| &prototype.lesions).map(|lesion| lesion.study);
        regions.chain(lesions).collect()
    }
}

fn findings_by_frequency(phrases: &[Phrase]) -> Vec<String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for (finding, count) in phrases.iter().flat_map(|phrase| &phrase.findings) {
        *counts.entry(finding).or_default() += count;
    }
    let mut findings: Vec<(&String, usize)> = counts.into_iter().collect();
    findings.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    findings.into_iter().map(|(finding, _)| finding.clone()).collect()
}

/// How often the phrases assigned to each prototype name each finding, `[K, findings]`.
fn finding_table(phrases: &[Phrase], evidence: &Array2<f64>, findings: &[String]) -> Array2<f64> {
    let column: BTreeMap<&String, usize> = findings.iter().enumerate().map(|(at, finding)| (finding, at)).collect();
    let mut table = Array2::zeros((evidence.ncols(), findings.len()));
    for (phrase, row) in phrases.iter().zip(evidence.rows()) {
        let first_best = |best: (usize, f64), (at, &p): (usize, &f64)| if p > best.1 { (at, p) } else { best };
        let (prototype, _) = row.iter().enumerate().fold((0, f64::NEG_INFINITY), first_best);
        for (finding, &count) in &phrase.findings {
            table[[prototype, column[finding]]] += count as f64;
        }
    }
    table
}

/// `Q̄_R` (equation 8), `[reports, K]`.
fn report_evidence(reports: &[Vec<usize>], evidence: &Array2<f64>) -> Array2<f64> {
    let mut rows = Array2::zeros((reports.len(), evidence.ncols()));
    for (mut row, phrases) in rows.rows_mut().into_iter().zip(reports) {
        for &phrase in phrases {
            row += &evidence.row(phrase);
        }
        row /= phrases.len().max(1) as f64;
    }
    rows
}

fn mean_row(rows: ArrayView2<'_, f64>) -> Array1<f64> {
    rows.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(rows.ncols()))
}

/// Mean of the rows' normalised entropies.
fn mean_entropy(rows: ArrayView2<'_, f64>) -> f64 {
    rows.rows().into_iter().map(normalised_entropy).sum::<f64>() / rows.nrows().max(1) as f64
}

fn shares(counts: Array1<f64>, findings: &[String]) -> Vec<FindingShare> {
    let total = counts.sum();
    let mut shares: Vec<FindingShare> = findings
        .iter()
        .zip(counts)
        .filter(|&(_, count)| count > 0.0)
        .map(|(finding, count)| FindingShare { finding: finding.clone(), share: count / total })
        .collect();
    shares.sort_by(|a, b| b.share.total_cmp(&a.share));
    shares
}

/// The phrases that bear most of a prototype: by `p(k | z)` times how many reports have them.
fn nearest(phrases: &[Phrase], probabilities: Array1<f64>) -> Vec<NearPhrase> {
    let mut near: Vec<NearPhrase> = phrases
        .iter()
        .zip(probabilities)
        .map(|(phrase, probability)| NearPhrase { text: phrase.text.clone(), probability, count: phrase.count() })
        .collect();
    let mass = |phrase: &NearPhrase| phrase.probability * phrase.count as f64;
    let least = LEAST_SHARE * near.iter().map(mass).sum::<f64>();
    near.retain(|phrase| mass(phrase) >= least);
    near.sort_by(|a, b| mass(b).total_cmp(&mass(a)));
    near.truncate(PHRASES);
    near
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn phrase(text: &str, findings: &[(&str, usize)]) -> Phrase {
        let findings = findings.iter().map(|&(finding, count)| (finding.to_owned(), count)).collect();
        Phrase { text: text.to_owned(), findings }
    }

    /// Three phrases on three prototypes, the last of which nothing uses.
    fn observed() -> Observed {
        Observed {
            phrases: vec![
                phrase("clear", &[("no_finding", 6)]),
                phrase("left effusion", &[("effusion", 3)]),
                phrase("opacity", &[("opacity", 1), ("pneumonia", 1)]),
            ],
            phrase_evidence: array![[0.9, 0.095, 0.005], [0.1, 0.895, 0.005], [0.2, 0.79, 0.01]],
            reports: [vec![vec![0]; 6], vec![vec![1]; 2], vec![vec![1, 2], vec![2]]].concat(),
            images: None,
        }
    }

    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
    }

    #[test]
    fn usage_purity_and_phrases_of_hand_computed_prototypes() {
        let Prototypes { summary, prototypes } = Prototypes::new(observed());
        assert_eq!(prototypes.iter().map(|one| one.index).collect::<Vec<_>>(), [0, 1, 2]);
        let [clear, effusion, dead] = &prototypes[..] else { panic!("three prototypes") };
        close(clear.usage_by_reports, (6.0 * 0.9 + 2.0 * 0.1 + 0.15 + 0.2) / 10.0);
        close(effusion.usage_by_phrases, (0.095 + 0.895 + 0.79) / 3.0);
        assert_eq!((clear.assigned, effusion.assigned, dead.assigned), (6, 5, 0));
        assert_eq!((clear.purity, effusion.purity, dead.purity), (Some(1.0), Some(0.6), None));
        assert_eq!(effusion.findings[0], FindingShare { finding: "effusion".to_owned(), share: 0.6 });
        // 0.895 · 3 phrases come before 0.79 · 2, and 0.095 · 6 last.
        let texts: Vec<&str> = effusion.nearest.iter().map(|near| near.text.as_str()).collect();
        assert_eq!(texts, ["left effusion", "opacity", "clear"]);
        assert_eq!(effusion.nearest[1].count, 2);
        close(summary.purity.unwrap(), 9.0 / 11.0);
        assert_eq!(summary.findings, ["no_finding", "effusion", "opacity", "pneumonia"]);
        assert_eq!((summary.reports, summary.phrases, summary.images), (10, 3, None));
        assert!(summary.mutual_information.unwrap() > 0.6);
    }

    #[test]
    fn dead_prototypes_are_those_that_neither_phrases_nor_reports_use() {
        let described = Prototypes::new(observed());
        assert_eq!(described.summary.dead, 1);
        assert!(described.prototypes[2].dead, "and they come last");
        // A phrase that is one of many, but the word of most reports, keeps its prototype alive.
        let mut rare = observed();
        rare.phrase_evidence = array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]];
        assert_eq!(Prototypes::new(rare.clone()).prototypes[0].index, 2);
        rare.reports = vec![vec![1, 2]; 4];
        let described = Prototypes::new(rare);
        assert_eq!(described.prototypes.iter().filter(|one| one.dead).map(|one| one.index).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn images_are_described_where_there_are_any() {
        let region = Region { study: 7, place: [0.0, 0.0, 0.5, 0.5], evidence: 0.8 };
        let lesion = LesionToken { study: 3, query: 1, evidence: 0.7, attention: array![[1.0]] };
        let images = ObservedImages {
            evidence: array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
            regions: vec![vec![region], Vec::new(), Vec::new()],
            lesions: vec![Vec::new(), vec![lesion], Vec::new()],
        };
        let described = Prototypes::new(Observed { images: Some(images), ..observed() });
        assert_eq!(described.summary.images, Some(2));
        close(described.summary.image_entropy.unwrap(), 0.0);
        close(described.summary.image_usage_entropy.unwrap(), 2.0_f64.ln() / 3.0_f64.ln());
        assert_eq!(described.studies().into_iter().collect::<Vec<_>>(), [3, 7]);
        let json = serde_json::to_value(&described).unwrap();
        assert!(json["prototypes"][0].get("regions").is_none(), "numbers only: {json}");
        assert_eq!(json["prototypes"][0]["usage_by_images"], 0.5);
    }
}
