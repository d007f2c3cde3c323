//! What terms need of a step, of the model and of the data.

use crate::{Experiment, Loss, Unpaired};

/// What a term needs beside the batch's global embeddings, patches and evidence phrases, which are always there. The model,
/// the batch, the step and the evaluation have what the terms that act need, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The reports' tokens.
    ReportTokens,
    /// The reports' evidence phrases.
    Phrases,
    /// Cross-attention between the words of a report and the regions of its image; a part of the model.
    TokenAttention,
    /// So many clusters of studies; a part of the model.
    Clusters(usize),
    /// The data's labels of the images, and a classifier that learns them; a part of the model.
    Labels,
    /// The prototypes: the term learns what they stand for, or reads it.
    Prototypes,
    /// The images' evidence: the term teaches the lesion queries.
    ImageEvidence,
    /// Unpaired images: the term acts on them alone.
    UnpairedImages,
    /// Targets of the unpaired images, from the relation graph and the averaged teacher, or from the oracle.
    UnpairedTargets,
    /// The phrases that apply to the unpaired images, beside their targets.
    UnpairedPhrases,
    /// How near the averaged teacher finds unpaired images and unpaired reports to each other, beside the images' targets.
    TeacherSimilarity,
    /// Reports that are matched to unpaired images as training goes on.
    MatchedReports,
    /// A warm-up of the text encoder by `L_txt`, before any image is seen.
    TextWarmup,
    /// The evaluation compares phrases with regions as [`EvidenceLocal`](super::EvidenceLocal) does, which teaches both.
    PhraseRegions,
    /// The evaluation compares words with regions as [`Local`](super::Local) does, which teaches both.
    WordRegions,
}

/// What several terms need together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs(Vec<Need>);

impl Needs {
    /// Whether something is needed.
    pub fn has(&self, need: Need) -> bool {
        self.0.contains(&need)
    }

    /// Whether the reports' phrases are: by a term, or by the targets of unpaired images, which are aligned with the reports' evidence.
    pub fn has_phrases(&self) -> bool {
        self.has(Need::Phrases) || self.has(Need::UnpairedTargets)
    }

    /// How many clusters of studies; `None` where no term has any.
    pub fn clusters(&self) -> Option<usize> {
        let counts =
            self.0.iter().filter_map(|need| if let Need::Clusters(count) = need { Some(*count) } else { None });
        counts.max()
    }
}

impl Loss {
    /// What the terms with a weight need together. Terms that act on unpaired images alone count where such images are
    /// `drawn`.
    pub(crate) fn needs(&self, drawn: bool) -> Needs {
        let of_terms = self.acting().map(|(_, term)| term.needs());
        Needs(of_terms.filter(|needs| drawn || !needs.contains(&Need::UnpairedImages)).flatten().collect())
    }
}

impl Experiment {
    /// What the terms need that can act: those with a weight, and without unpaired images only those that act on pairs.
    pub fn needs(&self) -> Needs {
        self.loss.needs(self.train.unpaired_images > 0 && self.pairing.unpaired != Unpaired::None)
    }

    /// Whether steps are to teach unpaired images, where the pairing leaves any.
    pub(crate) fn teaches_unpaired(&self) -> bool {
        let asked = self.train.unpaired_images > 0;
        asked && self.loss.needs(asked).has(Need::UnpairedTargets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resolved;

    fn needs(settings: &[&str]) -> Needs {
        let mut settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        settings.sort();
        Resolved::from_overrides(&settings).unwrap().experiment.needs()
    }

    #[test]
    fn image_evidence_is_needed_by_what_can_act() {
        let trained = |settings: &[&str]| needs(settings).has(Need::ImageEvidence);
        let [none, unpaired] = ["loss.evidence-paired.weight=0", "loss.evidence-unpaired.weight=1"];
        assert!(trained(&[]) && trained(&[none, unpaired]));
        assert!(trained(&["train.unpaired-images=0"]));
        assert!(!trained(&[none, unpaired, "train.unpaired-images=0"]));
        assert!(!trained(&[none, unpaired, "pairing.unpaired=none"]));
        assert!(!trained(&[none]));
    }

    #[test]
    fn clusters_are_needed_by_what_has_them() {
        assert_eq!(needs(&[]).clusters(), None);
        let aligned = ["loss.cluster-alignment.clusters=5", "loss.cluster-alignment.weight=1"];
        assert_eq!(needs(&aligned).clusters(), Some(5));
    }
}
