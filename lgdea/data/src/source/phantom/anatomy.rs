//! A patient's thorax, in body coordinates: x from the patient's right (−1) to the left (+1), y from top (−1) down.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::texture::{bell, step};

/// Side of the patient, not of the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

impl Side {
    pub(super) const BOTH: [Side; 2] = [Side::Left, Side::Right];

    /// Sign of x on this side.
    pub(super) fn sign(self) -> f32 {
        match self {
            Side::Left => 1.0,
            Side::Right => -1.0,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Side::Left => "left",
            Side::Right => "right",
        }
    }
}

/// What stays the same over a patient's studies. Lengths are in half images.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Anatomy {
    pub(super) rotation: f32,
    pub(super) scale: f32,
    pub(super) shift: [f32; 2],
    lung_offset: f32,
    lung_width: f32,
    /// Height of the left and right diaphragm.
    diaphragm: [f32; 2],
    rib_offset: f32,
    heart_radius: f32,
    vessel_phase: f32,
    pub(super) gamma: f32,
    pub(super) noise: f32,
}

impl Anatomy {
    pub(super) fn sample(rng: &mut ChaCha8Rng) -> Anatomy {
        let normal = |rng: &mut ChaCha8Rng, deviation: f32| deviation * rng.sample::<f32, _>(StandardNormal);
        Anatomy {
            rotation: normal(rng, 0.05),
            scale: rng.random_range(0.9..1.08),
            shift: [normal(rng, 0.035), normal(rng, 0.035)],
            lung_offset: rng.random_range(0.40..0.46),
            lung_width: rng.random_range(0.27..0.33),
            diaphragm: [rng.random_range(0.55..0.68), rng.random_range(0.50..0.63)],
            rib_offset: rng.random_range(-0.09..0.09),
            heart_radius: rng.random_range(0.19..0.25),
            vessel_phase: rng.random_range(0.0..std::f32::consts::TAU),
            gamma: rng.random_range(0.8..1.25),
            noise: rng.random_range(0.01..0.03),
        }
    }

    /// Radius of the heart, which cardiomegaly stretches by `enlargement`.
    pub(super) fn heart(&self, enlargement: f32) -> Heart {
        let radius = self.heart_radius * enlargement;
        let growth = radius - 0.22;
        Heart {
            radius,
            height: 0.27 + 0.2 * growth,
            centre: [0.10 + 0.35 * growth, 0.33],
            floor: self.diaphragm[0].max(self.diaphragm[1]) + 0.08,
        }
    }

    /// The lung of a side as seen from a point.
    pub(super) fn lung(&self, side: Side, x: f32, y: f32) -> LungPoint {
        let (width, diaphragm) = match side {
            Side::Left => (0.95 * self.lung_width, self.diaphragm[0]),
            Side::Right => (self.lung_width, self.diaphragm[1]),
        };
        // Lungs narrow towards their apex.
        let taper = ((-0.1 - y) / 0.6).clamp(0.0, 1.0);
        let width = width * (1.0 - 0.22 * taper * taper);
        let centre = side.sign() * self.lung_offset * (1.0 - 0.12 * taper * taper);
        let lateral = (x - centre) / width * side.sign();
        let floor = diaphragm + 0.16 * lateral * lateral;
        let height = (-(y + 0.05)).max(0.0) / 0.66;
        let inside = 1.0 - lateral * lateral * lateral.abs().sqrt() - height * height;
        LungPoint { mask: step(inside * 8.0) * step((floor - y) * 30.0), lateral, floor }
    }

    /// Middle of a lung's base, from the spine.
    pub(super) fn lung_centre(&self, side: Side) -> f32 {
        side.sign() * self.lung_offset
    }

    /// Grey of the healthy thorax without the heart. `lungs` is the lungs' mask, `texture` what varies in them.
    pub(super) fn grey(&self, x: f32, y: f32, lungs: f32, texture: f32) -> f32 {
        let body = body(x, y);
        let mut grey = (0.08 + 0.60 * body) * (1.0 - lungs) + lungs * (0.22 + texture);
        if lungs > 0.01 {
            grey += lungs * self.hila_and_vessels(x, y);
        }
        grey += self.ribs(x, y) * body * (0.4 + 0.6 * lungs);
        let clavicle = bell((y + 0.66 - 0.18 * x.abs()) / 0.03);
        grey += 0.10 * clavicle * step((x.abs() - 0.08) * 30.0) * step((0.7 - x.abs()) * 20.0);
        grey += 0.12 * bell(x / 0.08);
        // Air in the trachea, the aortic knob, and air in the stomach under the left diaphragm.
        grey -= 0.09 * bell((x + 0.01) / 0.05) * step((-0.22 - y) * 20.0);
        grey += 0.10 * bell((x - 0.13) / 0.07) * bell((y + 0.24) / 0.09);
        grey -= 0.10 * bell((x - 0.36) / 0.13) * bell((y - self.diaphragm[0] - 0.16) / 0.07);
        grey
    }

    fn hila_and_vessels(&self, x: f32, y: f32) -> f32 {
        let across = x.abs() - 0.17;
        let hilum = 0.10 * bell((across / 0.12).hypot((y + 0.02) / 0.2));
        let distance = across.hypot(y + 0.02);
        let reach = bell(distance / 0.36);
        if reach < 0.01 {
            return hilum;
        }
        let angle = (y + 0.02).atan2(across);
        let ray = (4.5 * angle + self.vessel_phase * x.signum() + 5.0 * distance).cos().max(0.0);
        hilum + 0.07 * reach * ray.powi(6)
    }

    fn ribs(&self, x: f32, y: f32) -> f32 {
        const SPACING: f32 = 0.19;
        let along = (y - 0.22 * x * x + 0.62 - self.rib_offset) / SPACING;
        let nearest = along.round().clamp(0.0, 6.0);
        0.055 * bell((along - nearest) * SPACING / 0.028)
    }
}

/// 1 in the trunk, 0 outside.
fn body(x: f32, y: f32) -> f32 {
    let (across, up) = (x / 0.93, (-y - 0.1).max(0.0) / 1.05);
    step((1.0 - across * across - up.powi(4)) * 12.0)
}

/// A lung as seen from a point.
#[derive(Clone, Copy)]
pub(super) struct LungPoint {
    /// 1 in the lung, 0 outside.
    pub(super) mask: f32,
    /// Position across the lung: −1 at the mediastinum, 1 at the chest wall.
    pub(super) lateral: f32,
    /// Height of the diaphragm here.
    pub(super) floor: f32,
}

impl LungPoint {
    /// A lung as seen from the other side of the body.
    pub(super) const OUTSIDE: LungPoint = LungPoint { mask: 0.0, lateral: -2.0, floor: 1.0 };
}

/// The heart's shadow: an ellipse whose long axis points to the left and down.
pub(super) struct Heart {
    radius: f32,
    height: f32,
    centre: [f32; 2],
    floor: f32,
}

impl Heart {
    /// 1 in the heart's shadow, 0 outside.
    pub(super) fn mask(&self, x: f32, y: f32) -> f32 {
        const TILT: f32 = 0.35;
        let (right, down) = (x - self.centre[0], y - self.centre[1]);
        let across = (right - TILT * down) / self.radius;
        let along = (down + TILT * right) / self.height;
        let squared = (across * across + along * along) / (1.0 + TILT * TILT);
        step((1.0 - squared) * 6.0) * step((self.floor - y) * 20.0)
    }
}
