//! Checks a model's claims against the report's text and the ontology.

use std::collections::{HashMap, HashSet};
use std::ops::{AddAssign, Range};

use serde::{Deserialize, Serialize};

use super::answer::Claim;
use super::invalid::Invalid;
use super::quote::Quotable;
use crate::evidence::{Evidence, Laterality, is_of_whole_words};
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

/// Fewest letters and digits of a quote that is no term of its finding: fewer are found in any report.
const SHORTEST: usize = 3;

/// The evidence among a model's claims: of findings of the ontology, with a quote of the report, each once, in the order
/// of the text.
///
/// Claims that do not hold are dropped. The whole answer is invalid where that says too little: if a quote is too short to
/// say anything, if the same words are given for and against a finding, or if all quotes are invented.
pub(super) fn check(ontology: &Ontology, claims: Vec<Claim>, text: &str) -> Result<(Vec<Evidence>, Dropped), Invalid> {
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
        if !is_telling(ontology, finding, &claim.quote) {
            return Err(too_short(&ontology.findings[finding].name));
        }
        let quotes = quotable.find(&claim.quote);
        if quotes.is_empty() {
            dropped.quote_not_in_report += 1;
            continue;
        }
        let places = best_places(text, &sections, quotes);
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
    if let Some(finding) = contradicted(&located) {
        return Err(contradiction(&ontology.findings[finding].name));
    }
    if located.is_empty() && dropped.quote_not_in_report > 0 {
        return Err(Invalid::new("with quotes of which none is in the report"));
    }
    Ok((located.iter().map(|one| one.evidence(ontology, text, &sections)).collect(), dropped))
}

/// Whether a quote can say something: by its length, or as a term of the finding ("fx").
fn is_telling(ontology: &Ontology, finding: usize, quote: &str) -> bool {
    // A letter of three bytes, as those of Chinese, is a word.
    let length = |letter: char| if letter.len_utf8() < 3 { 1 } else { SHORTEST };
    let letters: usize = quote.chars().filter(|letter| letter.is_alphanumeric()).map(length).sum();
    let is_term = |term: &String| term.eq_ignore_ascii_case(quote.trim());
    letters >= SHORTEST || ontology.findings[finding].synonyms.iter().any(is_term)
}

fn too_short(finding: &str) -> Invalid {
    Invalid {
        reason: format!("with a quote of fewer than {SHORTEST} letters"),
        problem: format!(
            "The quote of {finding} had fewer than {SHORTEST} letters: copy the words of the report that say so, or leave \
             the finding out."
        ),
    }
}

/// A finding for which the same words are given with two polarities, if there is one. Sides and places that are named, and
/// differ, tell two statements apart.
fn contradicted(located: &[Located]) -> Option<usize> {
    let nested =
        |a: &Located, b: &Located| (a.start <= b.start && b.end <= a.end) || (b.start <= a.start && a.end <= b.end);
    let apart = |a: &Located, b: &Located| {
        let sides = [a.laterality, b.laterality];
        let places = [&a.location, &b.location];
        (sides[0] != sides[1] && !sides.contains(&Laterality::None))
            || (places[0] != places[1] && places.iter().all(|place| !place.is_empty()))
    };
    let contradicts =
        |a: &Located, b: &Located| a.finding == b.finding && a.polarity != b.polarity && nested(a, b) && !apart(a, b);
    let mut pairs = located.iter().enumerate().flat_map(|(at, a)| {
        // In the order of the text: those after the end of one cannot share its words.
        located[at + 1..].iter().take_while(|b| b.start < a.end).map(move |b| (a, b))
    });
    pairs.find(|(a, b)| contradicts(a, b)).map(|(a, _)| a.finding)
}

fn contradiction(finding: &str) -> Invalid {
    Invalid {
        reason: "with the same words for and against a finding".into(),
        problem: format!(
            "The answer gave the same words of the report for {finding} with two polarities: keep the one that they say."
        ),
    }
}

/// Whether evidence that was kept is what checking it again would give.
pub(super) fn holds(ontology: &Ontology, evidence: &[Evidence], text: &str) -> bool {
    let sections = sections(text, &ontology.sections);
    let locate = |one: &Evidence| {
        locate(ontology, one, text, &sections).filter(|located| located.evidence(ontology, text, &sections) == *one)
    };
    let located: Option<Vec<Located>> = evidence.iter().map(locate).collect();
    located.is_some_and(|mut located| {
        located.sort();
        contradicted(&located).is_none()
    })
}

fn locate(ontology: &Ontology, evidence: &Evidence, text: &str, sections: &[Section]) -> Option<Located> {
    let Range { start, end } = evidence.byte_range(text).filter(|range| !text[range.clone()].trim().is_empty())?;
    let finding = ontology.findings.iter().position(|finding| finding.name == evidence.finding)?;
    if !is_telling(ontology, finding, &text[start..end]) {
        return None;
    }
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
fn best_places(text: &str, sections: &[Section], quotes: Vec<Range<usize>>) -> Vec<(Range<usize>, usize)> {
    let place = |range: Range<usize>| section_of(sections, range.end).map(|section| (range, section));
    let mut places: Vec<_> = quotes.into_iter().filter_map(place).collect();
    if places.iter().any(|(range, _)| is_of_whole_words(text, range)) {
        places.retain(|(range, _)| is_of_whole_words(text, range));
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
        let (evidence, dropped) = check(&ontology(), claims, TEXT).unwrap();
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
            claim("edema", "", "wet lungs"),
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

    fn refusal(claims: &[String], text: &str) -> Option<String> {
        let claims = parse(&format!("[{}]", claims.join(","))).unwrap();
        check(&ontology(), claims, text).err().map(|invalid| invalid.reason)
    }

    #[test]
    fn quotes_that_say_too_little_make_no_answer() {
        for quote in ["", " ", "e", "ed", "a.", "is", "°C", "-", "e e", "No"] {
            let claims = [claim("mass", "", "Effusion"), claim("edema", "", quote)];
            let said = refusal(&claims, TEXT);
            assert_eq!(said.as_deref(), Some("with a quote of fewer than 3 letters"), "{quote:?}");
        }
        assert_eq!(refusal(&[claim("fracture", "", "Fx")], "Old rib fx."), None, "a term of the finding");
        assert_eq!(refusal(&[claim("pneumothorax", "", "气胸")], "无气胸。"), None);
        let invented = [claim("edema", "", "wet lungs"), claim("mass", "", "a mass of tissue")];
        assert_eq!(refusal(&invented, TEXT).as_deref(), Some("with quotes of which none is in the report"));
    }

    #[test]
    fn the_same_words_for_and_against_a_finding_make_no_answer() {
        let effusion = |polarity: &str, more: &str, quote: &str| {
            claim("pleural_effusion", more, quote).replace("present", polarity)
        };
        let (one, two) = ("Left effusion, none on the right.", "Small effusion. No new effusion.");
        let left = r#""laterality":"left","#;
        let right = r#""laterality":"right","#;
        let (lower, upper) = (r#""location":["lower lung"],"#, r#""location":["upper lung"],"#);
        for (claims, text) in [
            ([effusion("present", "", "effusion"), effusion("absent", "", "effusion")], one),
            ([effusion("absent", "", "effusion"), effusion("present", "", "Effusion")], one),
            ([effusion("uncertain", "", "effusion"), effusion("present", "", "effusion")], one),
            ([effusion("present", "", "effusion"), effusion("absent", "", "Left effusion")], one),
            ([effusion("present", left, "effusion"), effusion("absent", "", "effusion")], one),
            ([effusion("present", left, "effusion"), effusion("absent", left, "effusion")], one),
            ([effusion("present", lower, "effusion"), effusion("absent", "", "effusion")], one),
            ([effusion("present", lower, "effusion"), effusion("absent", lower, "effusion")], one),
            ([effusion("present", "", "Small effusion"), effusion("absent", "", "small  effusion")], two),
        ] {
            let said = refusal(&claims, text);
            assert_eq!(said.as_deref(), Some("with the same words for and against a finding"), "{claims:?}");
        }
        for (claims, text) in [
            ([effusion("present", left, one), effusion("absent", right, one)], one),
            ([effusion("present", lower, one), effusion("absent", upper, one)], one),
            ([effusion("present", "", "effusion"), effusion("absent", "", "effusion")], two),
            ([effusion("present", "", "Small effusion"), effusion("absent", "", "No new effusion")], two),
            ([effusion("present", "", "effusion"), claim("mass", "", "effusion").replace("present", "absent")], one),
            ([effusion("present", left, "effusion"), effusion("present", "", "effusion")], one),
        ] {
            assert_eq!(refusal(&claims, text), None, "{claims:?}");
        }
    }

    #[test]
    fn evidence_that_was_tampered_with_does_not_hold() {
        let claims = parse(&format!("[{}]", claim("pleural_effusion", "", "Effusion"))).unwrap();
        let (evidence, _) = check(&ontology(), claims, TEXT).unwrap();
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
