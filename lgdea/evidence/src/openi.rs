//! Open-I: the Indiana University chest X-ray collection, with annotations by humans.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::EvidenceError;
use crate::evidence::Laterality;
use crate::findings::{Findings, add};

/// How Open-I's human annotations (`MeSH/major`: "Opacity/lung/base/left") map to findings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpeniGold {
    scored: Vec<String>,
    unannotated: Vec<String>,
    headings: BTreeMap<String, String>,
    qualified: BTreeMap<String, Qualified>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Qualified {
    qualifier: String,
    finding: String,
}

/// One report of Open-I with its human annotations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpeniReport {
    /// Its `uId`, as in `CXR1`.
    pub(crate) id: String,
    /// Findings and impression under their headers.
    pub(crate) text: String,
    /// The terms of `MeSH/major`.
    pub(crate) major: Vec<String>,
}

impl OpeniGold {
    /// The shipped mapping, `ontology/openi_gold.toml`.
    pub(crate) fn shipped() -> Result<Self, EvidenceError> {
        toml::from_str(include_str!("../ontology/openi_gold.toml"))
            .map_err(|source| EvidenceError::Parse { path: "openi_gold".into(), source: Box::new(source) })
    }

    /// Names of the findings to score.
    pub(crate) fn scored(&self) -> &[String] {
        &self.scored
    }

    /// What the annotations of a report say; none if nobody annotated it.
    pub(crate) fn findings(&self, report: &OpeniReport) -> Option<Findings> {
        if report.major.is_empty() || report.major.iter().any(|term| self.unannotated.contains(term)) {
            return None;
        }
        let mut findings = Findings::new();
        for term in &report.major {
            let mut parts = term.split('/').map(str::trim);
            let heading = parts.next().unwrap_or_default();
            let qualifiers: Vec<&str> = parts.collect();
            let qualified = self.qualified.get(heading).filter(|it| qualifiers.contains(&it.qualifier.as_str()));
            if let Some(finding) = self.headings.get(heading).or(qualified.map(|it| &it.finding)) {
                let side = qualifiers.iter().fold(Laterality::None, |side, word| side.join(laterality(word)));
                add(&mut findings, finding, side);
            }
        }
        Some(findings)
    }
}

fn laterality(qualifier: &str) -> Laterality {
    match qualifier {
        "left" => Laterality::Left,
        "right" => Laterality::Right,
        "bilateral" => Laterality::Bilateral,
        _ => Laterality::None,
    }
}

/// What a file lacks that cannot be read; the parser's own words could quote a report.
const NO_REPORT: &str = "it is no XML, is cut off, or lacks one of uId, MedlineCitation, Article, Abstract and the labels of its \
                         AbstractText; fetch it again";

#[derive(Deserialize)]
struct Citation {
    #[serde(rename = "uId")]
    id: Id,
    #[serde(rename = "MedlineCitation")]
    medline: Medline,
    #[serde(rename = "MeSH", default)]
    mesh: Mesh,
}

#[derive(Deserialize)]
struct Id {
    #[serde(rename = "@id")]
    id: String,
}

#[derive(Deserialize)]
struct Medline {
    #[serde(rename = "Article")]
    article: Article,
}

#[derive(Deserialize)]
struct Article {
    #[serde(rename = "Abstract")]
    sections: Abstract,
}

#[derive(Deserialize)]
struct Abstract {
    #[serde(rename = "AbstractText", default)]
    texts: Vec<AbstractText>,
}

#[derive(Deserialize)]
struct AbstractText {
    #[serde(rename = "@Label")]
    label: String,
    #[serde(rename = "$text", default)]
    text: String,
}

#[derive(Deserialize, Default)]
struct Mesh {
    #[serde(default)]
    major: Vec<String>,
}

impl OpeniReport {
    /// Reads one file of the collection; `path` is for error messages only.
    pub(crate) fn parse(path: &str, xml: &str) -> Result<Self, EvidenceError> {
        let citation: Citation = quick_xml::de::from_str(xml)
            .map_err(|_| EvidenceError::Openi { path: path.into(), problem: NO_REPORT.into() })?;
        let texts = citation.medline.article.sections.texts.iter();
        let evidence = texts.filter(|it| matches!(it.label.as_str(), "FINDINGS" | "IMPRESSION") && !it.text.is_empty());
        let lines: Vec<String> = evidence.map(|it| format!("{}: {}", it.label, it.text)).collect();
        let major = citation.mesh.major.into_iter().map(|term| term.trim().to_owned()).collect();
        Ok(Self { id: citation.id.id, text: lines.join("\n"), major })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const XML: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<eCitation><meta type="rr"/><uId id="CXR9"/><MedlineCitation><Article><Abstract>
  <AbstractText Label="COMPARISON"/>
  <AbstractText Label="INDICATION">Cough &amp; fever</AbstractText>
  <AbstractText Label="FINDINGS">Nodule &lt; 1 cm.</AbstractText>
  <AbstractText Label="IMPRESSION">Nodule.</AbstractText>
</Abstract></Article></MedlineCitation>
<MeSH><major>Nodule/lung/right</major><automatic>nodule</automatic><major>Nodule/lung/left</major><major>Cardiac Shadow/enlarged</major></MeSH>
<parentImage id="x"><caption>Chest</caption></parentImage></eCitation>"#;

    #[test]
    fn reads_findings_impression_and_annotations() {
        let report = OpeniReport::parse("9.xml", XML).unwrap();
        assert_eq!(
            (report.id.as_str(), report.text.as_str()),
            ("CXR9", "FINDINGS: Nodule < 1 cm.\nIMPRESSION: Nodule.")
        );
        let findings = OpeniGold::shipped().unwrap().findings(&report).unwrap();
        let expected = [("nodule", Laterality::Bilateral), ("cardiomegaly", Laterality::None)];
        assert_eq!(findings, expected.map(|(finding, side)| (finding.to_owned(), side)).into());
    }

    #[test]
    fn reports_that_nobody_annotated_have_no_gold() {
        let mut report = OpeniReport::parse("9.xml", XML).unwrap();
        let gold = OpeniGold::shipped().unwrap();
        report.major = vec!["No Indexing".into()];
        assert_eq!(gold.findings(&report), None);
        report.major = vec!["normal".into()];
        assert_eq!(gold.findings(&report), Some(Findings::new()));
    }

    #[test]
    fn what_is_no_report_is_refused_with_its_path() {
        for broken in ["", "<eCitation>", "<html/>", "not xml"] {
            let error = OpeniReport::parse("9.xml", broken).unwrap_err().to_string();
            assert!(error.starts_with("9.xml is not an Open-I report: "), "{error}");
        }
    }
}
