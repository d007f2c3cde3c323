//! Distractors: what is in the image and the report, and no finding.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::anatomy::Side;
use super::texture::{bell, step};

/// Something that is not the patient's own.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Device {
    CentralLine(Side),
    Pacemaker,
    EndotrachealTube,
    /// Electrodes, at body coordinates.
    Leads([[f32; 2]; 4]),
    SternalWires,
}

impl Device {
    /// Draws the devices of a study; portable films, of patients in bed, show more of them.
    pub(super) fn sample(rng: &mut ChaCha8Rng, portable: bool) -> Vec<Device> {
        let electrode = |rng: &mut ChaCha8Rng| [rng.random_range(-0.7..0.7), rng.random_range(-0.6..0.5)];
        let leads = [electrode(rng), electrode(rng), electrode(rng), electrode(rng)];
        let shares = [
            (Device::CentralLine(Side::Left), 0.08),
            (Device::CentralLine(Side::Right), 0.12),
            (Device::Pacemaker, 0.09),
            (Device::EndotrachealTube, if portable { 0.18 } else { 0.02 }),
            (Device::Leads(leads), if portable { 0.35 } else { 0.05 }),
            (Device::SternalWires, 0.10),
        ];
        let drawn = shares.into_iter().filter(|&(_, share)| rng.random_bool(share));
        drawn.map(|(device, _)| device).collect()
    }

    /// How much brighter the device makes a point.
    pub(super) fn brightness(&self, x: f32, y: f32) -> f32 {
        match self {
            Device::CentralLine(side) => {
                let course = (0.62 - 1.3 * (y + 0.75).clamp(0.0, 0.43)).max(0.05);
                let line = bell((x - side.sign() * course) / 0.022);
                0.22 * line * step((0.05 - y) * 30.0) * step((y + 0.75) * 30.0)
            }
            Device::Pacemaker => {
                let generator = step((0.10 - (x - 0.52).abs()) * 80.0) * step((0.08 - (y + 0.45).abs()) * 80.0);
                let course = 0.5 - 0.45 * ((y + 0.45) / 0.8).clamp(0.0, 1.0);
                let lead = bell((x - course) / 0.02) * step((y + 0.45) * 30.0) * step((0.35 - y) * 30.0);
                0.45 * generator + 0.18 * lead
            }
            Device::EndotrachealTube => 0.22 * bell((x - 0.01) / 0.025) * step((-0.25 - y) * 30.0),
            Device::Leads(electrodes) => {
                let distance = |&[at_x, at_y]: &[f32; 2]| (x - at_x).hypot(y - at_y);
                let nearest = electrodes.iter().map(distance).fold(f32::INFINITY, f32::min);
                0.4 * step((0.03 - nearest) * 150.0)
            }
            Device::SternalWires => {
                let wire = ((y + 0.4) / 0.2).round().clamp(0.0, 3.0);
                let away = (y + 0.4 - 0.2 * wire).abs();
                0.3 * step((0.03 - x.abs()) * 150.0) * step((0.018 - away) * 150.0)
            }
        }
    }
}
