//! Which findings a study has: long-tailed, correlated, several at once.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::anatomy::Side;

/// What is found, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Cardiomegaly,
    Edema,
    Effusion(Side),
    Pneumothorax(Side),
    Consolidation(Side, Zone),
    Atelectasis(Side, Zone),
    Nodule(Side, Zone),
    Opacity(Side, Zone),
}

/// What is found, wherever it is: what a report words alike, and denies as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disease {
    Cardiomegaly,
    Edema,
    Effusion,
    Pneumothorax,
    Consolidation,
    Atelectasis,
    Nodule,
    Opacity,
}

/// How much of it there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    Mild,
    Moderate,
    Severe,
}

/// Third of a lung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Upper,
    Middle,
    Lower,
}

/// A finding of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    pub(super) severity: Severity,
}

impl Finding {
    /// Factor by which the finding widens the heart.
    pub(super) fn heart_enlargement(self) -> f32 {
        match self.kind {
            Kind::Cardiomegaly => self.severity.of([1.38, 1.55, 1.72]),
            _ => 1.0,
        }
    }
}

impl Kind {
    pub(super) fn disease(self) -> Disease {
        match self {
            Kind::Cardiomegaly => Disease::Cardiomegaly,
            Kind::Edema => Disease::Edema,
            Kind::Effusion(_) => Disease::Effusion,
            Kind::Pneumothorax(_) => Disease::Pneumothorax,
            Kind::Consolidation(..) => Disease::Consolidation,
            Kind::Atelectasis(..) => Disease::Atelectasis,
            Kind::Nodule(..) => Disease::Nodule,
            Kind::Opacity(..) => Disease::Opacity,
        }
    }

    pub(super) fn side(self) -> Option<Side> {
        match self {
            Kind::Cardiomegaly | Kind::Edema => None,
            Kind::Effusion(side)
            | Kind::Pneumothorax(side)
            | Kind::Consolidation(side, _)
            | Kind::Atelectasis(side, _)
            | Kind::Nodule(side, _)
            | Kind::Opacity(side, _) => Some(side),
        }
    }

    pub(super) fn zone(self) -> Option<Zone> {
        match self {
            Kind::Cardiomegaly | Kind::Edema | Kind::Effusion(_) | Kind::Pneumothorax(_) => None,
            Kind::Consolidation(_, zone)
            | Kind::Atelectasis(_, zone)
            | Kind::Nodule(_, zone)
            | Kind::Opacity(_, zone) => Some(zone),
        }
    }

    /// The finding's class, one of [`super::CLASSES`].
    pub(super) fn label(self) -> String {
        let name = match self.disease() {
            Disease::Cardiomegaly => "cardiomegaly",
            Disease::Edema => "pulmonary_edema",
            Disease::Effusion => "pleural_effusion",
            Disease::Pneumothorax => "pneumothorax",
            Disease::Consolidation => "consolidation",
            Disease::Atelectasis => "atelectasis",
            Disease::Nodule => "lung_nodule",
            Disease::Opacity => "lung_opacity",
        };
        match self.side() {
            Some(side) => format!("{}_{name}", side.name()),
            None => name.to_owned(),
        }
    }

    /// The finding in plain words: "left lower lung consolidation".
    pub(super) fn phrase(self) -> String {
        let name = match self.disease() {
            Disease::Cardiomegaly => "cardiomegaly",
            Disease::Edema => "pulmonary edema",
            Disease::Effusion => "pleural effusion",
            Disease::Pneumothorax => "pneumothorax",
            Disease::Consolidation => "lung consolidation",
            Disease::Atelectasis => "lung atelectasis",
            Disease::Nodule => "lung nodule",
            Disease::Opacity => "lung opacity",
        };
        let words = [self.side().map(Side::name), self.zone().map(Zone::name), Some(name)];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

impl Disease {
    pub(super) const ALL: [Disease; 8] = [
        Disease::Cardiomegaly,
        Disease::Edema,
        Disease::Effusion,
        Disease::Pneumothorax,
        Disease::Consolidation,
        Disease::Atelectasis,
        Disease::Nodule,
        Disease::Opacity,
    ];
}

impl Severity {
    /// The entry of a table for this severity.
    pub(super) fn of<T>(self, [mild, moderate, severe]: [T; 3]) -> T {
        match self {
            Severity::Mild => mild,
            Severity::Moderate => moderate,
            Severity::Severe => severe,
        }
    }
}

impl Zone {
    /// Height of the zone's middle in body coordinates.
    pub(super) fn height(self) -> f32 {
        match self {
            Zone::Upper => -0.33,
            Zone::Middle => 0.0,
            Zone::Lower => 0.3,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Zone::Upper => "upper",
            Zone::Middle => "mid",
            Zone::Lower => "lower",
        }
    }
}

/// Share of normal studies.
const NORMAL: f64 = 0.30;
/// Share of abnormal studies in heart failure, in which heart, edema and effusions come together.
const FAILURE: f64 = 0.22;
/// Most findings of a study.
const MOST: usize = 5;
/// Probabilities of the upper, middle and lower zone.
const ANY_ZONE: [f64; 3] = [0.3, 0.3, 0.4];
const MOSTLY_LOWER: [f64; 3] = [0.0, 0.3, 0.7];
const MOSTLY_UPPER: [f64; 3] = [0.4, 0.35, 0.25];

/// Draws the findings of a study; none in a normal one.
pub(super) fn sample(rng: &mut ChaCha8Rng) -> Vec<Finding> {
    if rng.random_bool(NORMAL) {
        return Vec::new();
    }
    loop {
        let findings = sample_abnormal(rng);
        if (1..=MOST).contains(&findings.len()) {
            return findings;
        }
    }
}

fn sample_abnormal(rng: &mut ChaCha8Rng) -> Vec<Finding> {
    let failure = rng.random_bool(FAILURE);
    let mut kinds = Vec::new();
    let mut draw = |rng: &mut ChaCha8Rng, share: f64, kind: Kind| {
        let present = rng.random_bool(share);
        if present {
            kinds.push(kind);
        }
        present
    };
    draw(rng, if failure { 0.7 } else { 0.14 }, Kind::Cardiomegaly);
    draw(rng, if failure { 0.7 } else { 0.03 }, Kind::Edema);
    for side in Side::BOTH {
        let share = |left, right| if side == Side::Left { left } else { right };
        let effusion = draw(rng, if failure { 0.4 } else { share(0.13, 0.15) }, Kind::Effusion(side));
        draw(rng, share(0.05, 0.06), Kind::Pneumothorax(side));
        let zone = weighted(rng, ANY_ZONE);
        draw(rng, share(0.09, 0.11), Kind::Consolidation(side, zone));
        // Fluid compresses the lung above it.
        let zone = weighted(rng, MOSTLY_LOWER);
        draw(rng, if effusion { 0.35 } else { 0.09 }, Kind::Atelectasis(side, zone));
        let zone = weighted(rng, MOSTLY_UPPER);
        draw(rng, share(0.05, 0.06), Kind::Nodule(side, zone));
        let zone = weighted(rng, ANY_ZONE);
        draw(rng, share(0.08, 0.09), Kind::Opacity(side, zone));
    }
    let severity = |rng: &mut ChaCha8Rng| match rng.random::<f64>() {
        draw if draw < 0.4 => Severity::Mild,
        draw if draw < 0.75 => Severity::Moderate,
        _ => Severity::Severe,
    };
    kinds.into_iter().map(|kind| Finding { kind, severity: severity(rng) }).collect()
}

/// A zone by the probabilities of upper, middle and lower.
fn weighted(rng: &mut ChaCha8Rng, [upper, middle, _]: [f64; 3]) -> Zone {
    match rng.random::<f64>() {
        draw if draw < upper => Zone::Upper,
        draw if draw < upper + middle => Zone::Middle,
        _ => Zone::Lower,
    }
}
