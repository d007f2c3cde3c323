//! Warnings of a collapsing evidence space, by what the monitors of [`lgdea_objective`] say at logged steps.
//!
//! The entropy of the mean alone is blind: prototypes that all phrases use alike look perfectly used. On the phantom the
//! method's phrases have a normalised entropy of 0.2 to 0.3 from the start, and its images at most 0.9, falling; random
//! prototypes without reconstruction stay at 0.8 and 0.95 while their usage entropy is 0.98.

use lgdea_inspect::method::{trains_image_evidence, uses_prototypes};
use lgdea_spec::Experiment;

use crate::observer::Values;

/// Logged steps in a row after which a sign is told.
const PATIENCE: usize = 5;
/// Normalised entropy of the mean report's evidence below which few prototypes are used: `K^0.3` of `K`.
const FEW: f64 = 0.3;
/// Share of dead prototypes above which a low usage entropy is a collapse, and not a data set of mostly normal reports.
const MANY_DEAD: f64 = 0.5;
/// Share of the reports' usage entropy below which images use far fewer prototypes than reports.
const FEWER: f64 = 0.5;
/// Normalised entropy above which a phrase says nothing: it spreads over `K^0.7` of `K` prototypes.
const PHRASES_ALIKE: f64 = 0.7;
/// The same of an image, whose lesion queries may well find several things.
const IMAGES_ALIKE: f64 = 0.95;

/// A kind of collapse.
struct Sign {
    /// Whether a step shows it; `None` where the step has no such values.
    shows: fn(&Values) -> Option<bool>,
    message: &'static str,
    /// Logged steps in a row that showed it.
    seen: usize,
    told: bool,
}

/// Watches the joint steps of a method that uses the evidence space.
pub(crate) struct CollapseWatch {
    signs: Vec<Sign>,
}

impl CollapseWatch {
    pub(crate) fn new(experiment: &Experiment) -> Self {
        let mut signs = Vec::new();
        if uses_prototypes(experiment) {
            signs.extend([few_prototypes(), phrases_alike()]);
        }
        if trains_image_evidence(experiment) {
            signs.extend([fewer_for_images(), images_alike()]);
        }
        Self { signs }
    }

    /// What the values of a logged step, with those before, give reason to say. Each kind is told once.
    pub(crate) fn check(&mut self, values: &Values) -> Vec<&'static str> {
        let mut messages = Vec::new();
        for sign in &mut self.signs {
            match (sign.shows)(values) {
                Some(true) => sign.seen += 1,
                Some(false) => sign.seen = 0,
                None => {}
            }
            if sign.seen >= PATIENCE && !sign.told {
                sign.told = true;
                messages.push(sign.message);
            }
        }
        messages
    }
}

fn value(values: &Values, name: &str) -> Option<f64> {
    values.get(name).copied()
}

fn sign(shows: fn(&Values) -> Option<bool>, message: &'static str) -> Sign {
    Sign { shows, message, seen: 0, told: false }
}

fn few_prototypes() -> Sign {
    sign(
        |values| {
            let few = value(values, "evidence/usage_entropy")? < FEW;
            Some(few && value(values, "evidence/dead_prototypes")? > MANY_DEAD)
        },
        "the prototypes collapse to few (evidence/usage_entropy, evidence/dead_prototypes): start them by k-means, or lower \
         evidence-space.prototypes",
    )
}

fn phrases_alike() -> Sign {
    sign(
        |values| Some(value(values, "evidence/phrase_entropy")? > PHRASES_ALIKE),
        "phrases use all prototypes alike (evidence/phrase_entropy): the prototypes say nothing; start them by k-means, keep \
         loss.reconstruction, or lower evidence-space.text-temperature",
    )
}

fn fewer_for_images() -> Sign {
    sign(
        |values| {
            let reports = value(values, "evidence/usage_entropy")?;
            Some(value(values, "evidence/image_usage_entropy")? < FEWER * reports)
        },
        "images collapse to few prototypes (evidence/image_usage_entropy) although reports use more: raise \
         loss.evidence-paired.weight, or lower loss.evidence-unpaired.weight",
    )
}

fn images_alike() -> Sign {
    sign(
        |values| Some(value(values, "evidence/image_entropy")? > IMAGES_ALIKE),
        "images use all prototypes alike (evidence/image_entropy): their evidence says nothing; raise \
         loss.evidence-paired.weight, or see whether the prototypes themselves collapsed",
    )
}

#[cfg(test)]
mod tests {
    use lgdea_spec::Resolved;

    use super::*;

    fn watch(overrides: &[&str]) -> CollapseWatch {
        let overrides: Vec<String> = overrides.iter().map(|&flag| flag.to_owned()).collect();
        CollapseWatch::new(&Resolved::from_overrides(&overrides).unwrap().experiment)
    }

    /// Usage entropy, dead share and phrase entropy of reports; usage entropy and entropy of images.
    fn values(of: [f64; 5]) -> Values {
        let names = [
            "evidence/usage_entropy",
            "evidence/dead_prototypes",
            "evidence/phrase_entropy",
            "evidence/image_usage_entropy",
            "evidence/image_entropy",
        ];
        names.into_iter().map(str::to_owned).zip(of).collect()
    }

    /// As the method's own runs on the phantom have it.
    const SOUND: [f64; 5] = [0.91, 0.0, 0.22, 0.9, 0.64];

    fn told(watch: &mut CollapseWatch, of: [f64; 5], steps: usize) -> Vec<&'static str> {
        (0..steps).flat_map(|_| watch.check(&values(of))).collect()
    }

    #[test]
    fn a_sound_space_is_no_reason_to_speak() {
        assert!(told(&mut watch(&[]), SOUND, 100).is_empty());
        // Nine reports of ten are normal: few prototypes bear most of the usage, and none is dead.
        assert!(told(&mut watch(&[]), [0.2, 0.0, 0.22, 0.15, 0.2], 100).is_empty());
    }

    #[test]
    fn each_collapse_is_told_once_after_several_steps() {
        let [_, dead, phrases, images, image] = SOUND;
        for (of, part) in [
            ([0.1, 0.9, phrases, 0.1, 0.1], "the prototypes collapse to few"),
            ([0.98, dead, 0.8, images, image], "phrases use all prototypes alike"),
            ([0.91, dead, phrases, 0.3, image], "images collapse to few"),
            ([0.91, dead, phrases, 0.98, 0.97], "images use all prototypes alike"),
        ] {
            let mut watch = watch(&[]);
            assert!(told(&mut watch, of, PATIENCE - 1).is_empty(), "{part}");
            assert!(told(&mut watch, SOUND, 1).is_empty(), "{part}");
            assert!(told(&mut watch, of, PATIENCE - 1).is_empty(), "{part}: not in a row");
            let messages = told(&mut watch, of, 50);
            assert!(messages.len() == 1 && messages[0].starts_with(part), "{messages:?}");
        }
    }

    #[test]
    fn methods_without_an_evidence_space_are_not_watched() {
        let off: Vec<String> = ["reconstruction", "evidence-paired", "evidence-unpaired", "evidence-alignment"]
            .map(|term| format!("loss.{term}.weight=0"))
            .into();
        let off: Vec<&str> = off.iter().map(String::as_str).collect();
        assert!(told(&mut watch(&off), [0.0, 1.0, 1.0, 0.0, 1.0], 20).is_empty());
        // Without evidence of images theirs means nothing.
        assert!(told(&mut watch(&off[1..]), [0.91, 0.0, 0.22, 0.0, 1.0], 20).is_empty());
    }
}
