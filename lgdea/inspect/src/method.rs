//! What a method trains, as far as looking at its model depends on it.

use lgdea_spec::{Experiment, Unpaired};

/// Whether the method teaches images evidence. A method that does not has no evidence scores and maps: its lesion queries
/// are as random as they began.
pub fn trains_image_evidence(experiment: &Experiment) -> bool {
    let loss = &experiment.loss;
    let unpaired = experiment.train.unpaired_images > 0 && experiment.pairing.unpaired != Unpaired::None;
    loss.evidence_paired.weight > 0.0 || loss.evidence_unpaired.weight > 0.0 && unpaired
}

/// Whether a term of the method reads the prototypes. Those of a method where none does are as they began.
pub fn uses_prototypes(experiment: &Experiment) -> bool {
    let loss = &experiment.loss;
    trains_image_evidence(experiment) || loss.reconstruction.weight > 0.0 || loss.evidence_alignment.weight > 0.0
}

/// Whether the method teaches unpaired images through a relation graph.
pub fn uses_graph(experiment: &Experiment) -> bool {
    let drawn = experiment.train.unpaired_images > 0;
    drawn && experiment.loss.teaches_unpaired() && experiment.graph.share > 0.0 && !experiment.graph.oracle
}

/// Whether the method matches unpaired images with reports.
pub fn matches_reports(experiment: &Experiment) -> bool {
    experiment.train.unpaired_images > 0 && experiment.loss.pseudo_pair.weight > 0.0
}

#[cfg(test)]
mod tests {
    use lgdea_spec::Resolved;

    use super::*;

    #[test]
    fn image_evidence_is_trained_by_what_can_act() {
        let trained = |settings: &[&str]| {
            let mut settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
            settings.sort();
            trains_image_evidence(&Resolved::from_overrides(&settings).unwrap().experiment)
        };
        let unpaired_only = "loss.evidence-paired.weight=0";
        assert!(trained(&[]) && trained(&[unpaired_only]));
        assert!(trained(&["train.unpaired-images=0"]));
        assert!(!trained(&[unpaired_only, "train.unpaired-images=0"]));
        assert!(!trained(&[unpaired_only, "pairing.unpaired=none"]));
        assert!(!trained(&[unpaired_only, "loss.evidence-unpaired.weight=0"]));
    }
}
