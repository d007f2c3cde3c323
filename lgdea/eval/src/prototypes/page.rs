//! The page of prototypes: one HTML file with its pictures, for any browser, for paper, and for a talk.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::{FindingShare, LesionToken, Prototype, Prototypes, Region, Summary};
use crate::EvalError;
use crate::gallery::{check_map, crop, overlay, png, radiograph};

const TEMPLATE: &str = include_str!("../../../../templates/prototypes.html");
/// Side of a region's picture, in pixels.
const CROP: u32 = 128;
/// What a region's picture shows around it: this many times the patch.
const CROP_MARGIN: f32 = 4.0;
/// Side of a lesion token's picture, in pixels.
const LESION: u32 = 192;
/// Findings with a column and a colour of their own; rarer ones share the last.
const FINDINGS: usize = 14;
const OTHER: &str = "other findings";

/// What the page says of the run.
#[derive(Debug, Clone, Serialize)]
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
    let columns = Columns::new(&prototypes.summary.findings);
    let greatest =
        |usage: fn(&Prototype) -> f64| prototypes.prototypes.iter().map(usage).fold(f64::MIN_POSITIVE, f64::max);
    let cards = prototypes
        .prototypes
        .iter()
        .map(|prototype| Card::new(prototype, &columns, radiographs))
        .collect::<Result<Vec<_>, _>>()?;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("fixed", |value: f64| format!("{value:.2}"));
    environment.add_filter("percent", |share: f64| format!("{:.1}", 100.0 * share));
    environment.add_filter("words", |name: &str| name.replace('_', " "));
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
    fn new(findings: &[String]) -> Self {
        let mut names: Vec<String> = findings.iter().take(FINDINGS).cloned().collect();
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

fn find(study: usize, radiographs: &BTreeMap<usize, Radiograph>) -> Result<&Radiograph, EvalError> {
    radiographs.get(&study).ok_or(EvalError::NoRadiograph { study })
}

impl Picture {
    fn new(png: &[u8], evidence: f32, radiograph: &Radiograph, query: Option<usize>) -> Self {
        Self {
            source: format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png)),
            evidence,
            study: radiograph.study.clone(),
            labels: radiograph.labels.clone(),
            query,
        }
    }
}
