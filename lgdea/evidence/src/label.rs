//! Labels of images as evidence: what an ontology reads in a label's name.

use lgdea_data::{NO_FINDING, StudyLabels, phrase_of};

use crate::Rules;
use crate::evidence::{Evidence, Polarity};

/// A label as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelEvidence {
    /// The finding's name in the ontology; the label's own where the ontology does not know it.
    pub finding: String,
    /// Its phrase, as training sees one.
    pub phrase: String,
}

impl Rules {
    /// Whether a label, in `snake_case`, names a finding of the ontology, or that there is none.
    pub fn knows(&self, label: &str) -> bool {
        label == NO_FINDING || self.present(label).is_some()
    }

    /// The finding of the ontology that a label names.
    fn present(&self, label: &str) -> Option<Evidence> {
        let read = self.extract("", &format!("{}.", phrase_of(label))).evidence;
        read.into_iter().find(|one| one.polarity == Polarity::Present)
    }

    /// What a label, in `snake_case`, says as evidence; `no_finding` is the phrase of a report without findings.
    pub fn label(&self, label: &str, no_finding: &str) -> LabelEvidence {
        if label == NO_FINDING {
            return LabelEvidence { finding: label.to_owned(), phrase: no_finding.to_owned() };
        }
        match self.present(label) {
            Some(one) => LabelEvidence { finding: one.finding, phrase: one.text },
            None => LabelEvidence { finding: label.to_owned(), phrase: phrase_of(label) },
        }
    }

    /// The evidence of an image's labels: what they call present. What is uncertain is left out, and labels that name nothing say
    /// nothing, unless they say that there is no finding.
    pub fn labels(&self, labels: &StudyLabels, no_finding: &str) -> Vec<LabelEvidence> {
        let is_finding = |label: &&String| *label != NO_FINDING || labels.present.len() == 1;
        labels.present.iter().filter(is_finding).map(|label| self.label(label, no_finding)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ontology;

    fn read(present: &[&str], uncertain: &[&str]) -> Vec<(String, String)> {
        let rules = Rules::new(&Ontology::named_or_path("chest").unwrap());
        let own = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let labels = StudyLabels { present: own(present), uncertain: own(uncertain) };
        rules.labels(&labels, "nothing").into_iter().map(|one| (one.finding, one.phrase)).collect()
    }

    #[test]
    fn labels_are_findings_of_the_ontology_however_data_sets_call_them() {
        let pair = |finding: &str, phrase: &str| (finding.to_owned(), phrase.to_owned());
        assert_eq!(
            read(&["effusion", "pneumonia"], &["edema"]),
            [pair("pleural_effusion", "pleural effusion"), pair("pneumonia", "pneumonia")]
        );
        assert_eq!(read(&["zebra_sign"], &[]), [pair("zebra_sign", "zebra sign")]);
    }

    #[test]
    fn what_labels_do_not_say_teaches_nothing() {
        assert!(read(&[], &[]).is_empty() && read(&[], &["edema"]).is_empty());
        assert_eq!(read(&["no_finding"], &["edema"])[0].1, "nothing");
        assert_eq!(read(&["no_finding", "mass"], &[]).len(), 1);
    }
}
