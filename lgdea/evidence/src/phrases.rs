//! From the evidence of a report to the phrases that training sees.

use lgdea_data::NO_FINDING;

use crate::evidence::{Polarity, ReportEvidence};

/// The phrases of a report that enter training (method, "Evidence"): the texts of present and uncertain findings, each
/// once, in order, at most `max`; `no_finding` alone if there is none.
///
/// The finding `no_finding` of an ontology counts as none, so that every normal report has the same phrase.
pub fn phrases(evidence: &ReportEvidence, max: usize, no_finding: &str) -> Vec<String> {
    let mut phrases: Vec<String> = Vec::new();
    for one in &evidence.evidence {
        let enters = one.polarity != Polarity::Absent && one.finding != NO_FINDING;
        if enters && phrases.len() < max && !phrases.contains(&one.text) {
            phrases.push(one.text.clone());
        }
    }
    if phrases.is_empty() {
        phrases.push(no_finding.to_owned());
    }
    phrases
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ontology, Rules};

    fn read(text: &str, max: usize) -> Vec<String> {
        let rules = Rules::new(&Ontology::named_or_path("chest").unwrap());
        phrases(&rules.extract("r1", text), max, "nothing")
    }

    #[test]
    fn present_and_uncertain_findings_enter_once_and_in_order() {
        let text = "Small left effusion. Possible pneumonia. No edema. Pneumonia is possible.";
        assert_eq!(read(text, 9), ["mild left pleural effusion", "pneumonia"]);
        assert_eq!(read(text, 1), ["mild left pleural effusion"]);
    }

    #[test]
    fn a_report_without_findings_has_one_phrase() {
        assert_eq!(read("No effusion. Normal chest.", 9), ["nothing"]);
        assert_eq!(read("", 9), ["nothing"]);
    }
}
