//! What findings look like, and where they are.

use std::cell::OnceCell;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::anatomy::{Anatomy, Heart, LungPoint, Side};
use super::findings::{Finding, Kind, Zone};
use super::texture::{Field, bell, step};

/// A point of the image.
pub(super) struct Point<'a> {
    anatomy: &'a Anatomy,
    /// Image coordinates in [−1, 1].
    pub(super) image: [f32; 2],
    /// Body coordinates.
    pub(super) x: f32,
    pub(super) y: f32,
    /// The lung of the point's side of the body, once it is asked for: many points are outside of a box without it.
    own_lung: OnceCell<LungPoint>,
}

impl<'a> Point<'a> {
    pub(super) fn new(anatomy: &'a Anatomy, image: [f32; 2], [x, y]: [f32; 2]) -> Self {
        Point { anatomy, image, x, y, own_lung: OnceCell::new() }
    }

    /// 1 in a lung, 0 outside of both.
    pub(super) fn lungs(&self) -> f32 {
        self.own_lung().mask
    }

    fn lung(&self, side: Side) -> &LungPoint {
        // A lung does not reach across the spine.
        if self.side() == side { self.own_lung() } else { &LungPoint::OUTSIDE }
    }

    fn own_lung(&self) -> &LungPoint {
        self.own_lung.get_or_init(|| self.anatomy.lung(self.side(), self.x, self.y))
    }

    fn side(&self) -> Side {
        if self.x > 0.0 { Side::Left } else { Side::Right }
    }
}

/// A finding's shape in one study.
pub(super) enum Lesion {
    /// The heart itself is rendered with the anatomy; the lesion is its extent.
    Cardiomegaly(Heart),
    /// Haze that spreads from the hila.
    Edema { strength: f32, grain: Field },
    /// Fluid that rises along the chest wall.
    Effusion { side: Side, height: f32 },
    /// Air between chest wall and collapsed lung.
    Pneumothorax { side: Side, depth: f32 },
    /// A dense, ragged patch with dark bronchi.
    Consolidation(Patch),
    /// A linear density.
    Atelectasis(Band),
    /// A sharp disc.
    Nodule(Spot),
    /// A soft patch.
    Opacity { spot: Spot, strength: f32 },
}

impl Lesion {
    pub(super) fn sample(rng: &mut ChaCha8Rng, finding: Finding, anatomy: &Anatomy) -> Lesion {
        let severity = finding.severity;
        match finding.kind {
            Kind::Cardiomegaly => Lesion::Cardiomegaly(anatomy.heart(finding.heart_enlargement())),
            Kind::Edema => {
                Lesion::Edema { strength: severity.of([0.10, 0.16, 0.23]), grain: Field::sample(rng, 20, 0.05) }
            }
            Kind::Effusion(side) => {
                Lesion::Effusion { side, height: severity.of([0.13, 0.25, 0.45]) * rng.random_range(0.85..1.15) }
            }
            Kind::Pneumothorax(side) => {
                Lesion::Pneumothorax { side, depth: severity.of([0.24, 0.36, 0.50]) * rng.random_range(0.9..1.1) }
            }
            Kind::Consolidation(side, zone) => Lesion::Consolidation(Patch {
                spot: Spot::sample(rng, anatomy, side, zone, severity.of([0.13, 0.17, 0.22])),
                stretch: rng.random_range(0.8..1.25),
                strength: severity.of([0.30, 0.36, 0.42]),
                edge: Field::sample(rng, 9, 0.25),
            }),
            Kind::Atelectasis(side, zone) => Lesion::Atelectasis(Band {
                side,
                x: anatomy.lung_centre(side),
                y: zone.height() + rng.random_range(-0.06..0.06),
                slope: side.sign() * rng.random_range(0.0..0.35),
                length: severity.of([0.15, 0.20, 0.25]),
                thickness: severity.of([0.036, 0.046, 0.056]),
            }),
            Kind::Nodule(side, zone) => {
                let radius = severity.of([0.09, 0.115, 0.145]);
                Lesion::Nodule(Spot::sample(rng, anatomy, side, zone, radius))
            }
            Kind::Opacity(side, zone) => Lesion::Opacity {
                spot: Spot::sample(rng, anatomy, side, zone, severity.of([0.20, 0.24, 0.28])),
                strength: severity.of([0.20, 0.26, 0.32]),
            },
        }
    }

    /// The grey of a point, changed by the lesion.
    pub(super) fn paint(&self, grey: f32, point: &Point<'_>) -> f32 {
        match self {
            Lesion::Cardiomegaly(_) => grey,
            Lesion::Edema { strength, grain } => {
                let [x, y] = point.image;
                grey + edema(point) * (strength + grain.at(x, y))
            }
            Lesion::Effusion { side, height } => {
                let lung = point.lung(*side);
                let fluid = lung.mask * step((point.y - fluid_level(lung, *height)) * 25.0);
                grey + fluid * (0.70 - grey)
            }
            Lesion::Pneumothorax { side, depth } => {
                let lung = point.lung(*side).mask * step((0.25 - point.y) * 10.0);
                let edge = pleural_edge(point, *side, *depth) - 1.0;
                let air = lung * step(edge * 10.0);
                grey - air * (grey - 0.04) * 0.95 + 0.16 * bell(edge / 0.11) * lung
            }
            Lesion::Consolidation(patch) => {
                let bronchi = step(((24.0 * point.x + 40.0 * point.y).sin() - 0.4) * 6.0);
                let density = step((1.0 - patch.squared(point)) * 5.0) * in_lung(point, patch.spot.side);
                grey + density * patch.strength * (1.0 - 0.35 * bronchi)
            }
            Lesion::Atelectasis(band) => {
                let [along, away] = band.offset(point);
                let density = bell(away / band.thickness) * step((band.length - along.abs()) * 25.0);
                grey + 0.42 * density * in_lung(point, band.side)
            }
            Lesion::Nodule(spot) => grey + 0.42 * step((1.0 - spot.squared(point)) * 5.0),
            Lesion::Opacity { spot, strength } => {
                grey + strength * bell(spot.squared(point).sqrt()) * in_lung(point, spot.side)
            }
        }
    }

    /// Whether the lesion's box has to hold the point.
    pub(super) fn covers(&self, point: &Point<'_>) -> bool {
        match self {
            Lesion::Cardiomegaly(heart) => heart.mask(point.x, point.y) > 0.5,
            Lesion::Edema { .. } => haze(point) > 0.35 && edema(point) > 0.35,
            Lesion::Effusion { side, height } => {
                let lung = point.lung(*side);
                lung.mask > 0.3 && point.y > fluid_level(lung, *height) && point.y < lung.floor
            }
            Lesion::Pneumothorax { side, depth } => {
                point.y < 0.25 && point.lung(*side).mask > 0.4 && pleural_edge(point, *side, *depth) > 1.0
            }
            Lesion::Consolidation(patch) => point.lung(patch.spot.side).mask > 0.3 && patch.squared(point) < 1.1,
            Lesion::Atelectasis(band) => {
                let [along, away] = band.offset(point);
                away.abs() < 0.065 && along.abs() < band.length && point.lung(band.side).mask > 0.3
            }
            Lesion::Nodule(spot) => spot.squared(point) < 1.15 * 1.15,
            Lesion::Opacity { spot, .. } => spot.squared(point) < 1.0 && point.lung(spot.side).mask > 0.3,
        }
    }
}

/// A round focal lesion, in body coordinates.
pub(super) struct Spot {
    side: Side,
    x: f32,
    y: f32,
    radius: f32,
}

impl Spot {
    fn sample(rng: &mut ChaCha8Rng, anatomy: &Anatomy, side: Side, zone: Zone, radius: f32) -> Spot {
        Spot {
            side,
            x: anatomy.lung_centre(side) + rng.random_range(-0.10..0.10),
            y: zone.height() + rng.random_range(-0.08..0.08),
            radius,
        }
    }

    /// Position from the centre, in radii.
    fn offset(&self, point: &Point<'_>) -> [f32; 2] {
        [(point.x - self.x) / self.radius, (point.y - self.y) / self.radius]
    }

    fn squared(&self, point: &Point<'_>) -> f32 {
        let [x, y] = self.offset(point);
        x * x + y * y
    }
}

/// A consolidation.
pub(super) struct Patch {
    spot: Spot,
    stretch: f32,
    strength: f32,
    edge: Field,
}

impl Patch {
    /// Squared distance from the centre, 1 at the ragged edge.
    fn squared(&self, point: &Point<'_>) -> f32 {
        let [across, down] = self.spot.offset(point);
        let [x, y] = point.image;
        (across / self.stretch).powi(2) + (down * self.stretch).powi(2) + self.edge.at(x, y)
    }
}

/// An atelectasis.
pub(super) struct Band {
    side: Side,
    x: f32,
    y: f32,
    slope: f32,
    length: f32,
    thickness: f32,
}

impl Band {
    /// Position along the band, and distance from its middle line.
    fn offset(&self, point: &Point<'_>) -> [f32; 2] {
        let along = point.x - self.x;
        [along, point.y - self.y + self.slope * along]
    }
}

fn in_lung(point: &Point<'_>, side: Side) -> f32 {
    (1.5 * point.lung(side).mask).min(1.0)
}

fn edema(point: &Point<'_>) -> f32 {
    haze(point) * point.lungs()
}

/// Edema as it would be without the lungs' limits.
fn haze(point: &Point<'_>) -> f32 {
    let (across, down) = ((point.x.abs() - 0.25) / 0.22, (point.y - 0.02) / 0.38);
    bell(across.hypot(down))
}

/// Height of the surface of an effusion: a meniscus, higher at the chest wall.
fn fluid_level(lung: &LungPoint, height: f32) -> f32 {
    let meniscus = (lung.lateral + 0.3).clamp(-0.6, 1.0);
    lung.floor - height * (0.45 + 0.55 * meniscus * meniscus)
}

/// Distance from the middle of a collapsed lung, 1 at its pleura: the lung has left the chest wall and the apex, and stays
/// attached to the mediastinum.
fn pleural_edge(point: &Point<'_>, side: Side, depth: f32) -> f32 {
    let lateral = (point.lung(side).lateral + 0.5 * depth) / (1.0 - depth);
    let up = (-(point.y + 0.5 * depth)).max(0.0) / (0.66 - 0.5 * depth - 0.25 * depth);
    lateral.max(0.0).powi(2) + up * up
}
