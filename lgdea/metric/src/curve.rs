//! Metrics that a run logs while it goes on, besides scores: what they are about, and those that are read by name.

use crate::Better;

/// What a metric that is no score is about; its name begins with the group's: `train/loss`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The joint steps.
    Train,
    /// The steps of the text warm-up.
    TextWarmup,
    /// How alive the evidence space is.
    Evidence,
    /// The relation graph.
    Graph,
    /// Reports that are matched to unpaired images.
    PseudoPair,
    /// What the run takes of its machine; MLflow shows this group by itself.
    System,
}

impl Group {
    /// All of them.
    pub const ALL: [Group; 6] =
        [Group::Train, Group::TextWarmup, Group::Evidence, Group::Graph, Group::PseudoPair, Group::System];

    /// Name, as those of metrics begin with it.
    pub fn prefix(self) -> &'static str {
        match self {
            Group::Train => "train",
            Group::TextWarmup => "text_warmup",
            Group::Evidence => "evidence",
            Group::Graph => "graph",
            Group::PseudoPair => "pseudo_pair",
            Group::System => "system",
        }
    }

    /// The name of a metric of this group.
    pub fn name(self, metric: &str) -> String {
        format!("{}/{metric}", self.prefix())
    }

    /// The group of a metric; none of a score on a held-out split, or of what nobody declared.
    pub fn of(name: &str) -> Option<Group> {
        let (prefix, _) = name.split_once('/')?;
        Group::ALL.into_iter().find(|group| group.prefix() == prefix)
    }

    /// Whether reports show its metrics as learning curves.
    pub fn is_learning(self) -> bool {
        matches!(self, Group::Train | Group::TextWarmup | Group::Evidence | Group::Graph)
    }
}

/// A metric of a group that is read by name.
#[derive(Debug, PartialEq)]
pub struct Curve {
    /// Its whole name.
    pub name: &'static str,
    /// Which way it is better, where one way is.
    pub better: Option<Better>,
}

/// Loss of the joint steps, the sum of its terms.
pub static LOSS: Curve = Curve { name: "train/loss", better: Some(Better::Lower) };
/// Loss of the text warm-up.
pub static WARMUP_LOSS: Curve = Curve { name: "text_warmup/loss", better: Some(Better::Lower) };
/// Learning rate of the joint steps.
pub static LEARNING_RATE: Curve = Curve { name: "train/learning_rate", better: None };
/// Training images a second.
pub static IMAGES_PER_SECOND: Curve = Curve { name: "train/images_per_second", better: Some(Better::Higher) };
/// The joint step whose model is the result, where training ends by patience.
pub static BEST_STEP: Curve = Curve { name: "train/best_step", better: None };
/// Share of the time that passes in waiting for batches.
pub static DATA_WAIT: Curve = Curve { name: "train/data_wait", better: Some(Better::Lower) };

/// Mean squared distance of phrases from the prototypes that k-means starts with.
pub static K_MEANS_INERTIA: Curve = Curve { name: "evidence/k_means_inertia", better: None };
/// Share of prototypes that no phrase and no report uses.
pub static DEAD_PROTOTYPES: Curve = Curve { name: "evidence/dead_prototypes", better: None };
/// Normalised entropy of the mean report's evidence.
pub static USAGE_ENTROPY: Curve = Curve { name: "evidence/usage_entropy", better: None };
/// Mean normalised entropy of a phrase's evidence.
pub static PHRASE_ENTROPY: Curve = Curve { name: "evidence/phrase_entropy", better: None };
/// Normalised entropy of the mean image's evidence.
pub static IMAGE_USAGE_ENTROPY: Curve = Curve { name: "evidence/image_usage_entropy", better: None };
/// Mean normalised entropy of an image's evidence.
pub static IMAGE_ENTROPY: Curve = Curve { name: "evidence/image_entropy", better: None };

/// Share of unpaired images that the relation graph reaches.
pub static REACHED: Curve = Curve { name: "graph/reached", better: None };
/// Share of unpaired images that a report is matched to.
pub static MATCHED: Curve = Curve { name: "pseudo_pair/matched", better: None };

/// Hours of the GPU that an attempt took.
pub static GPU_HOURS: Curve = Curve { name: "system/gpu_hours", better: Some(Better::Lower) };
/// Kilowatt-hours of that GPU.
pub static GPU_ENERGY: Curve = Curve { name: "system/gpu_energy_kwh", better: Some(Better::Lower) };

/// All that are read by name.
pub static CURVES: &[&Curve] = &[
    &LOSS,
    &WARMUP_LOSS,
    &LEARNING_RATE,
    &IMAGES_PER_SECOND,
    &BEST_STEP,
    &DATA_WAIT,
    &K_MEANS_INERTIA,
    &DEAD_PROTOTYPES,
    &USAGE_ENTROPY,
    &PHRASE_ENTROPY,
    &IMAGE_USAGE_ENTROPY,
    &IMAGE_ENTROPY,
    &REACHED,
    &MATCHED,
    &GPU_HOURS,
    &GPU_ENERGY,
];

/// The name of a loss term's own curve in the joint steps.
pub fn loss_of(term: &str) -> String {
    format!("{}/{term}", LOSS.name)
}

/// Whether a name is that of a loss term's own curve.
pub fn is_loss_of_a_term(name: &str) -> bool {
    name.strip_prefix(LOSS.name).is_some_and(|term| term.starts_with('/'))
}

impl Curve {
    /// Which way a metric that is no score is better, as far as that is declared.
    pub fn better_of(name: &str) -> Option<Better> {
        if is_loss_of_a_term(name) {
            return LOSS.better;
        }
        CURVES.iter().find(|curve| curve.name == name).and_then(|curve| curve.better)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_is_of_a_group_and_none_is_a_score() {
        for curve in CURVES {
            assert!(Group::of(curve.name).is_some(), "{}", curve.name);
            assert!(crate::Instance::find(curve.name).is_none(), "{}", curve.name);
        }
        assert_eq!(Group::of("test/zero_shot/auroc_macro"), None);
        assert_eq!(Group::of(&Group::TextWarmup.name("gradient_norm")), Some(Group::TextWarmup));
    }

    #[test]
    fn losses_are_better_when_lower() {
        for name in ["train/loss", "text_warmup/loss", &loss_of("global")] {
            assert_eq!(Curve::better_of(name), Some(Better::Lower), "{name}");
        }
        assert_eq!(Curve::better_of("train/scale"), None);
    }
}
