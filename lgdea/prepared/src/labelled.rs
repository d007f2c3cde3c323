//! What labels of unpaired images teach: evidence, as a report would.

use std::collections::HashMap;

use lgdea_data::Study;
use lgdea_evidence::Rules;

use crate::PreparedError;
use crate::evidence_table::EvidenceTable;

/// The evidence of images by their labels.
pub struct Labelled {
    /// By study: its phrases, as positions in [`crate::Prepared::phrases`]; at least one.
    of_study: HashMap<usize, Vec<usize>>,
}

impl Labelled {
    /// Of unpaired `images`, whose phrases are added to the table where no report has them.
    ///
    /// # Errors
    /// No image has a label that names something.
    pub(crate) fn new(
        rules: &Rules,
        no_finding: &str,
        studies: &[Study],
        images: &[usize],
        table: &mut EvidenceTable,
    ) -> Result<Self, PreparedError> {
        let mut known: HashMap<String, usize> =
            table.phrases.iter().enumerate().map(|(at, phrase)| (phrase.clone(), at)).collect();
        let mut of_study = HashMap::new();
        for &study in images {
            let Some(labels) = &studies[study].labels else { continue };
            let mut phrases: Vec<usize> = Vec::new();
            for read in rules.labels(labels, no_finding) {
                phrases.push(*known.entry(read.phrase).or_insert_with_key(|phrase| table.add(phrase.clone())));
            }
            phrases.sort_unstable();
            phrases.dedup();
            if !phrases.is_empty() {
                of_study.insert(study, phrases);
            }
        }
        if of_study.is_empty() {
            return Err(PreparedError::NothingLabelled { images: images.len() });
        }
        Ok(Self { of_study })
    }

    /// The phrases of a study; none where its labels say nothing.
    pub fn phrases(&self, study: usize) -> Option<&[usize]> {
        self.of_study.get(&study).map(Vec::as_slice)
    }

    /// Phrases of several studies, each as often as studies have it.
    pub fn phrases_of(&self, studies: &[usize]) -> Vec<usize> {
        studies.iter().filter_map(|&study| self.phrases(study)).flatten().copied().collect()
    }

    /// How many images are taught by their labels.
    pub fn images(&self) -> usize {
        self.of_study.len()
    }
}

#[cfg(test)]
mod tests {
    use lgdea_data::{Split, StudyLabels};
    use lgdea_evidence::Ontology;

    use super::*;

    #[test]
    fn labels_are_phrases_as_reports_have_them_and_what_says_nothing_is_left_out() {
        let rules = Rules::new(&Ontology::named_or_path("chest").unwrap());
        let study = |labels: Option<&[&str]>| Study {
            labels: labels.map(|labels| labels.iter().copied().collect::<StudyLabels>()),
            ..Study::new("s", "p", Split::Train)
        };
        let studies = [study(Some(&["effusion", "mass"])), study(None), study(Some(&[])), study(Some(&["no_finding"]))];
        let mut table = EvidenceTable::default();
        table.add("mild left pleural effusion".to_owned());
        table.add("nothing".to_owned());
        let found = Labelled::new(&rules, "nothing", &studies, &[0, 1, 2, 3], &mut table).unwrap();
        assert_eq!(table.phrases, ["mild left pleural effusion", "nothing", "pleural effusion", "lung mass"]);
        assert_eq!((found.phrases(0), found.phrases(3)), (Some(&[2, 3][..]), Some(&[1][..])));
        assert_eq!((found.phrases(1), found.phrases(2), found.images()), (None, None, 2));
        assert!(matches!(
            Labelled::new(&rules, "nothing", &studies, &[1, 2], &mut table),
            Err(PreparedError::NothingLabelled { images: 2 })
        ));
    }
}
