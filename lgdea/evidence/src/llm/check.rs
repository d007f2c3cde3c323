//! Checks a model's claims against the report's text and the ontology.

use std::collections::{HashMap, HashSet};
use std::ops::{AddAssign, Range};

use serde::{Deserialize, Serialize};

use super::answer::Claim;
use super::quote::Quotable;
use crate::evidence::{Evidence, Laterality};
use crate::located::Located;
use crate::ontology::Ontology;
use crate::sections::{Section, sections};

/// What a model said that did not hold, by why it was dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropped {
    /// Evidence whose quote is not in the report.
    pub quote_not_in_report: u64,
    /// Evidence whose quote is only in a section that holds no evidence, as the history.
    pub quote_in_ignored_section: u64,
    /// Evidence of a finding outside the ontology.
    pub finding_outside_ontology: u64,
    /// Locations outside the ontology, or where the finding cannot be; their evidence stays.
    pub location_outside_ontology: u64,
}

impl AddAssign for Dropped {
    fn add_assign(&mut self, other: Self) {
        self.quote_not_in_report += other.quote_not_in_report;
        self.quote_in_ignored_section += other.quote_in_ignored_section;
        self.finding_outside_ontology += other.finding_outside_ontology;
        self.location_outside_ontology += other.location_outside_ontology;
    }
}

/// The evidence among a model's claims: of findings of the ontology, with a quote of the report, each once, in the order
/// of the text.
pub(super) fn check(ontology: &Ontology, claims: Vec<Claim>, text: &str) -> (Vec<Evidence>, Dropped) {
    let sections = sections(text, &ontology.sections);
    let quotable = Quotable::new(text);
    let mut dropped = Dropped::default();
    let mut located = Vec::new();
    let (mut seen, mut quoted) = (HashSet::new(), HashMap::new());
    for claim in claims {
        if !seen.insert(claim.clone()) {
            continue;
        }
        let Some(finding) = find_finding(ontology, &claim.finding) else {
            dropped.finding_outside_ontology += 1;
            continue;
        };
        let quotes = quotable.find(&claim.quote);
        if quotes.is_empty() {
            dropped.quote_not_in_report += 1;
            continue;
        }
        let places = best_places(&quotable, &sections, quotes);
        // A finding quoted twice in the same words is meant to stand in two places.
        let nth = quoted.entry((finding, claim.quote.to_lowercase())).or_insert(0);
        let Some((range, section)) = places.get(*nth).or(places.last()).cloned() else {
            dropped.quote_in_ignored_section += 1;
            continue;
        };
        *nth += 1;
        let location = locations(ontology, finding, &claim.location, &mut dropped);
        let midline = ontology.findings[finding].midline;
        let laterality = if midline { Laterality::None } else { claim.laterality };
        let (start, end, polarity, severity) = (range.start, range.end, claim.polarity, claim.severity);
        located.push(Located { start, end, finding, polarity, laterality, location, severity, section });
    }
    located.sort();
    located.dedup();
    (located.iter().map(|one| one.evidence(ontology, text, &sections)).collect(), dropped)
}

/// Whether evidence that was kept is what checking it again would give.
pub(super) fn holds(ontology: &Ontology, evidence: &[Evidence], text: &str) -> bool {
    let sections = sections(text, &ontology.sections);
    evidence.iter().all(|one| {
        let located = locate(ontology, one, text, &sections);
        located.is_some_and(|located| located.evidence(ontology, text, &sections) == *one)
    })
}

fn locate(ontology: &Ontology, evidence: &Evidence, text: &str, sections: &[Section]) -> Option<Located> {
    let Range { start, end } = evidence.byte_range(text).filter(|range| !text[range.clone()].trim().is_empty())?;
    let finding = ontology.findings.iter().position(|finding| finding.name == evidence.finding)?;
    if ontology.findings[finding].midline && evidence.laterality != Laterality::None {
        return None;
    }
    let location = evidence.location.iter().map(|name| find_location(ontology, finding, name));
    Some(Located {
        start,
        end,
        finding,
        polarity: evidence.polarity,
        laterality: evidence.laterality,
        location: location.collect::<Option<_>>()?,
        severity: evidence.severity,
        section: section_of(sections, end)?,
    })
}

/// Those of a quote's places that are best, with their sections: outside ignored sections, of whole words if there are any.
fn best_places(quotable: &Quotable<'_>, sections: &[Section], quotes: Vec<Range<usize>>) -> Vec<(Range<usize>, usize)> {
    let place = |range: Range<usize>| section_of(sections, range.end).map(|section| (range, section));
    let mut places: Vec<_> = quotes.into_iter().filter_map(place).collect();
    if places.iter().any(|(range, _)| quotable.whole_words(range)) {
        places.retain(|(range, _)| quotable.whole_words(range));
    }
    places
}

/// The section where a quote ends: it may begin with the section's header.
fn section_of(sections: &[Section], end: usize) -> Option<usize> {
    sections.iter().position(|section| section.body.contains(&(end - 1)))
}

fn find_finding(ontology: &Ontology, said: &str) -> Option<usize> {
    let said = said.trim();
    let name = said.to_lowercase().replace([' ', '-'], "_");
    let mut findings = ontology.findings.iter();
    findings.position(|finding| finding.name == name || finding.label.eq_ignore_ascii_case(said))
}

fn locations(ontology: &Ontology, finding: usize, said: &[String], dropped: &mut Dropped) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    for word in said {
        match find_location(ontology, finding, word.trim()) {
            Some(location) if !found.contains(&location) => found.push(location),
            Some(_) => {}
            None => dropped.location_outside_ontology += 1,
        }
    }
    found
}

/// The first location of this name that the finding can have; its other terms are accepted, too.
fn find_location(ontology: &Ontology, finding: usize, said: &str) -> Option<usize> {
    let site = &ontology.findings[finding].site;
    let named = ontology.locations.iter().find(|location| {
        let mut words = location.terms.iter().chain([&location.name]);
        location.sites.contains(site) && words.any(|word| word.eq_ignore_ascii_case(said))
    })?;
    ontology.locations.iter().position(|location| location.name == named.name && location.sites.contains(site))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::answer::parse;

    const TEXT: &str = "HISTORY: Pneumonia? Fever.\nFINDINGS: Small left  effusion. Tiny right Effusion. The heart is \
        large. °C no massive edema.\nIMPRESSION: Effusion.";

    fn ontology() -> Ontology {
        Ontology::named_or_path("chest").unwrap()
    }

    fn claim(finding: &str, more: &str, quote: &str) -> String {
        format!(r#"{{"finding":"{finding}","polarity":"present",{more}"quote":"{quote}"}}"#)
    }

    fn checked(claims: &[String]) -> (Vec<(String, String, String)>, Dropped) {
        let claims = parse(&format!("[{}]", claims.join(","))).unwrap();
        let (evidence, dropped) = check(&ontology(), claims, TEXT);
        assert!(holds(&ontology(), &evidence, TEXT));
        let shown = |one: &Evidence| (one.text.clone(), one.quote(TEXT).unwrap().to_owned(), one.section.clone());
        (evidence.iter().map(shown).collect(), dropped)
    }

    fn expected(text: &str, quote: &str, section: &str) -> (String, String, String) {
        (text.into(), quote.into(), section.into())
    }

    #[test]
    fn evidence_stands_in_canonical_form_where_it_was_quoted() {
        let (evidence, dropped) = checked(&[
            claim("edema", "", "edema"),
            claim("Pleural Effusion", r#""laterality":"left","severity":"mild","#, "small LEFT effusion"),
            claim("cardiomegaly", r#""laterality":"left","location":["lower lung"],"#, "FINDINGS: Small"),
        ]);
        let found = [
            expected("cardiomegaly", "FINDINGS: Small", "findings"),
            expected("mild left pleural effusion", "Small left  effusion", "findings"),
            expected("pulmonary edema", "edema", "findings"),
        ];
        assert_eq!(evidence, found);
        assert_eq!(dropped, Dropped { location_outside_ontology: 1, ..Dropped::default() });
    }

    #[test]
    fn what_does_not_hold_is_dropped_and_counted() {
        let (evidence, dropped) = checked(&[
            claim("edema", "", "pulmonary edema"),
            claim("edema", "", " "),
            claim("pneumonia", "", "pneumonia"),
            claim("broken_heart", "", "heart"),
            claim("nodule", r#""location":["left foot", "lower lobe", "Lower Lung"],"#, "large"),
        ]);
        assert_eq!(evidence, [expected("lower lung nodule", "large", "findings")]);
        let expected = Dropped {
            quote_not_in_report: 2,
            quote_in_ignored_section: 1,
            finding_outside_ontology: 1,
            location_outside_ontology: 1,
        };
        assert_eq!(dropped, expected);
    }

    #[test]
    fn repeated_claims_are_one_and_repeated_quotes_are_two_places() {
        let left = claim("pleural_effusion", r#""laterality":"left","#, "effusion");
        let right = claim("pleural_effusion", r#""laterality":"right","#, "Effusion");
        let (evidence, _) = checked(&[left.clone(), left, right, claim("mass", "", "mass")]);
        let quotes: Vec<&str> = evidence.iter().map(|(_, quote, _)| quote.as_str()).collect();
        assert_eq!(quotes, ["effusion", "mass", "Effusion"], "{evidence:?}");
    }

    #[test]
    fn evidence_that_was_tampered_with_does_not_hold() {
        let claims = parse(&format!("[{}]", claim("pleural_effusion", "", "Effusion"))).unwrap();
        let (evidence, _) = check(&ontology(), claims, TEXT);
        let tamper: [fn(&mut Evidence); 7] = [
            |one| one.span = [0, 100_000],
            |one| one.span = [9, 3],
            |one| one.span = [usize::MAX, usize::MAX],
            |one| one.span = [0, 7],
            |one| one.finding = "broken_heart".into(),
            |one| one.text = "<script>".into(),
            |one| one.location = vec!["left foot".into()],
        ];
        for change in tamper {
            let mut evidence = evidence.clone();
            change(&mut evidence[0]);
            assert!(!holds(&ontology(), &evidence, TEXT), "{evidence:?}");
        }
    }
}
