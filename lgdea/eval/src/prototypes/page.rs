//! The page of prototypes: one HTML file with its pictures, for any browser, for paper, and for a talk.

use std::collections::BTreeMap;

use minijinja::value::Serde;
use serde::{Deserialize, Serialize};

use super::{FindingShare, LesionToken, Prototype, Prototypes, Region, Summary, words};
use crate::EvalError;
use crate::gallery::{check_map, crop, data_uri, overlay, png, radiograph};
use crate::html;

const TEMPLATE: &str = include_str!("../../../../templates/prototypes.html");
/// Side of a region's picture, in pixels.
const CROP: u32 = 128;
/// What a region's picture shows around it: this many times the patch.
const CROP_MARGIN: f32 = 4.0;
/// Side of a lesion token's picture, in pixels.
const LESION: u32 = 160;
/// Findings with a column and a colour of their own; rarer ones share the last.
const FINDINGS: usize = 14;
const OTHER: &str = "other findings";

/// Which model is described, and by which images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heading {
    /// Name of the run's folder.
    pub run: String,
    /// Joint steps that the model has seen.
    pub step: usize,
    /// Joint steps of the run.
    pub steps: usize,
    /// Split that the images are of.
    pub split: String,
}

/// A study's radiograph.
#[derive(Debug, Clone)]
pub struct Radiograph {
    /// `[size * size]` grey pixels, row by row: the larger, the sharper.
    pub pixels: Vec<u8>,
    /// Its side in pixels.
    pub size: usize,
    /// The study's identifier.
    pub study: String,
    /// The study's known findings; empty where none are known.
    pub labels: String,
}

/// The page, complete with its pictures; `radiographs` are those of [`Prototypes::studies`].
pub fn page(
    prototypes: &Prototypes,
    heading: &Heading,
    radiographs: &BTreeMap<usize, Radiograph>,
) -> Result<String, EvalError> {
    let columns = Columns::new(prototypes);
    let greatest =
        |usage: fn(&Prototype) -> f64| prototypes.prototypes.iter().map(usage).fold(f64::MIN_POSITIVE, f64::max);
    let cards = prototypes
        .prototypes
        .iter()
        .map(|prototype| Card::new(prototype, &columns, radiographs))
        .collect::<Result<Vec<_>, _>>()?;
    let mut environment = html::environment();
    environment.add_filter("fixed", |value: f64| format!("{value:.2}"));
    environment.add_filter("percent", |share: f64| format!("{:.1}", 100.0 * share));
    environment.add_filter("words", words);
    environment.add_template("page", TEMPLATE)?;
    let filled = Filled {
        heading,
        summary: &prototypes.summary,
        columns: &columns.names,
        most_by_reports: greatest(|prototype| prototype.usage_by_reports),
        most_by_images: greatest(|prototype| prototype.usage_by_images.unwrap_or(0.0)),
        cards,
    };
    Ok(environment.get_template("page")?.render(Serde(&filled))?)
}

/// What the template is filled in with.
#[derive(Serialize)]
struct Filled<'a> {
    heading: &'a Heading,
    summary: &'a Summary,
    columns: &'a [String],
    /// The greatest usages, to which bars are scaled.
    most_by_reports: f64,
    most_by_images: f64,
    cards: Vec<Card<'a>>,
}

/// The findings that are told apart.
struct Columns {
    names: Vec<String>,
}

impl Columns {
    /// The most frequent findings, in the order in which the prototypes have them, so that the table is near a diagonal.
    fn new(prototypes: &Prototypes) -> Self {
        let findings = &prototypes.summary.findings;
        let frequent = &findings[..findings.len().min(FINDINGS)];
        let mut names: Vec<String> = Vec::new();
        for FindingShare { finding, .. } in prototypes.prototypes.iter().flat_map(|prototype| &prototype.findings) {
            if frequent.contains(finding) && !names.contains(finding) {
                names.push(finding.clone());
            }
        }
        if findings.len() > FINDINGS {
            names.push(OTHER.to_owned());
        }
        Self { names }
    }

    /// Share of each column.
    fn shares(&self, findings: &[FindingShare]) -> Vec<f64> {
        let mut shares = vec![0.0; self.names.len()];
        for FindingShare { finding, share } in findings {
            let column = self.names.iter().position(|name| name == finding).unwrap_or(self.names.len() - 1);
            shares[column] += share;
        }
        shares
    }
}

/// A prototype with its pictures.
#[derive(Serialize)]
struct Card<'a> {
    #[serde(flatten)]
    prototype: &'a Prototype,
    /// Per column of the table, its share.
    shares: Vec<f64>,
    regions: Vec<Picture>,
    lesions: Vec<Picture>,
}

#[derive(Serialize)]
struct Picture {
    /// The PNG file as a data URI.
    source: String,
    evidence: f32,
    study: String,
    labels: String,
    /// The lesion query, of a lesion token.
    query: Option<usize>,
}

impl<'a> Card<'a> {
    fn new(
        prototype: &'a Prototype,
        columns: &Columns,
        radiographs: &BTreeMap<usize, Radiograph>,
    ) -> Result<Self, EvalError> {
        Ok(Self {
            prototype,
            shares: columns.shares(&prototype.findings),
            regions: prototype.regions.iter().map(|one| region(one, radiographs)).collect::<Result<_, _>>()?,
            lesions: prototype.lesions.iter().map(|one| lesion(one, radiographs)).collect::<Result<_, _>>()?,
        })
    }
}

fn region(region: &Region, radiographs: &BTreeMap<usize, Radiograph>) -> Result<Picture, EvalError> {
    let found = find(region.study, radiographs)?;
    let whole = radiograph(&found.pixels, found.size, found.size as u32)?;
    let picture = png(&crop(&whole, region.place, CROP_MARGIN, CROP))?;
    Ok(Picture::new(&picture, region.evidence, found, None))
}

fn lesion(lesion: &LesionToken, radiographs: &BTreeMap<usize, Radiograph>) -> Result<Picture, EvalError> {
    let found = find(lesion.study, radiographs)?;
    check_map(&lesion.attention)?;
    let mut tile = radiograph(&found.pixels, found.size, LESION)?;
    overlay(&mut tile, &lesion.attention);
    Ok(Picture::new(&png(&tile)?, lesion.evidence, found, Some(lesion.query)))
}

/// The radiograph of a study that is shown.
pub(super) fn find(study: usize, radiographs: &BTreeMap<usize, Radiograph>) -> Result<&Radiograph, EvalError> {
    radiographs.get(&study).ok_or(EvalError::NoRadiograph { study })
}

impl Picture {
    fn new(png: &[u8], evidence: f32, radiograph: &Radiograph, query: Option<usize>) -> Self {
        Self {
            source: data_uri(png),
            evidence,
            study: radiograph.study.clone(),
            labels: radiograph.labels.clone(),
            query,
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use ndarray::array;

    use super::*;
    use crate::prototypes::{Observed, ObservedImages, Phrase};

    fn heading() -> Heading {
        Heading { run: "low_pair-0123".to_owned(), step: 300, steps: 300, split: "validation".to_owned() }
    }

    /// Two prototypes, one of them dead; a region and a lesion token of study 7.
    fn prototypes(text: &str, images: bool) -> Prototypes {
        let region = Region { study: 7, place: [0.5, 0.0, 0.5, 0.5], evidence: 0.875 };
        let lesion = LesionToken { study: 7, query: 3, evidence: 0.75, attention: array![[0.1, 0.9], [0.0, 0.0]] };
        let observed = ObservedImages {
            evidence: array![[1.0, 0.0]],
            regions: vec![vec![region], Vec::new()],
            lesions: vec![vec![lesion], Vec::new()],
        };
        Prototypes::new(Observed {
            phrases: vec![Phrase { text: text.to_owned(), findings: [("pleural_effusion".to_owned(), 3)].into() }],
            phrase_evidence: array![[1.0, 0.0]],
            reports: vec![vec![0]; 3],
            images: images.then_some(observed),
        })
    }

    fn radiographs() -> BTreeMap<usize, Radiograph> {
        let radiograph =
            Radiograph { pixels: vec![90; 64], size: 8, study: "s<7>".to_owned(), labels: "edema".to_owned() };
        BTreeMap::from([(7, radiograph)])
    }

    #[test]
    fn the_page_needs_nothing_but_itself() {
        let html = page(&prototypes("left effusion", true), &heading(), &radiographs()).unwrap();
        for part in
            ["Prototypes of low_pair-0123", "left effusion", "pleural effusion 100 %", "0.88", "1 of 2", "query 3"]
        {
            assert!(html.contains(part), "{part} is missing");
        }
        assert_eq!(html.matches("src=\"data:image/png;base64,").count(), 2);
        assert_eq!(html.matches(" alt=\"").count(), 2);
        for outside in ["http://", "https://", "<link", "@import", "url("] {
            assert!(!html.contains(outside), "{outside}");
        }
        let encoded = html.split("base64,").nth(1).unwrap().split('"').next().unwrap();
        let picture = image::load_from_memory(&BASE64_STANDARD.decode(encoded).unwrap()).unwrap();
        assert_eq!((picture.width(), picture.height()), (CROP, CROP));
    }

    #[test]
    fn what_reports_and_identifiers_hold_is_text_and_no_markup() {
        let html = page(&prototypes("<script>alert(1)</script> & \"so\"", true), &heading(), &radiographs()).unwrap();
        assert!(!html.contains("<script>alert") && html.contains("&lt;script&gt;alert(1)&lt;"));
        assert!(!html.contains("s<7>") && html.contains("s&lt;7&gt;"));
    }

    #[test]
    fn a_method_without_image_evidence_has_a_page_without_images() {
        let html = page(&prototypes("left effusion", false), &heading(), &BTreeMap::new()).unwrap();
        assert!(html.contains("teaches images no evidence") && !html.contains("<img"));
    }

    #[test]
    fn a_missing_radiograph_is_named() {
        let error = page(&prototypes("left effusion", true), &heading(), &BTreeMap::new()).unwrap_err();
        assert!(error.to_string().contains("study 7"), "{error}");
    }

    #[test]
    fn rare_findings_share_a_column() {
        let findings: BTreeMap<String, usize> = (0..20).map(|at| (format!("f{at:02}"), 30 - at)).collect();
        let phrase = Phrase { text: "all".to_owned(), findings };
        let described = Prototypes::new(Observed {
            phrases: vec![phrase],
            phrase_evidence: array![[1.0, 0.0]],
            reports: vec![vec![0]],
            images: None,
        });
        let columns = Columns::new(&described);
        assert_eq!((columns.names.len(), columns.names[14].as_str()), (15, OTHER));
        let shares = columns.shares(&described.prototypes[0].findings);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9 && shares[14] > 0.1, "{shares:?}");
    }
}
