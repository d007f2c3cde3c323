//! From a study's scene to its pixels and boxes.

use lgdea_spec::Seed;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::anatomy::{Anatomy, Heart};
use super::device::Device;
use super::findings::{self, Finding};
use super::lesion::{Lesion, Point};
use super::texture::Field;
use crate::FindingBox;

/// Points a side at which boxes are measured.
const BOX_GRID: usize = 96;
/// Share of portable films.
const PORTABLE: f64 = 0.45;
/// The brightest grey that an 8-bit pixel can hold; the scale leaves room above bone and metal.
const WHITE: f32 = 1.2;

/// All that a study of the phantom is rendered from, at any size.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    anatomy: Anatomy,
    findings: Vec<Finding>,
    devices: Vec<Device>,
    portable: bool,
    seed: Seed,
}

impl Scene {
    /// Draws findings, devices and technique of a study.
    pub(super) fn sample(anatomy: Anatomy, seed: Seed) -> Scene {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.stream("scene").0);
        let findings = findings::sample(&mut rng);
        let portable = rng.random_bool(PORTABLE);
        let devices = Device::sample(&mut rng, portable);
        Scene { anatomy, findings, devices, portable, seed }
    }

    /// The seed that the study follows from.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    pub(super) fn devices(&self) -> &[Device] {
        &self.devices
    }

    pub(super) fn portable(&self) -> bool {
        self.portable
    }

    /// Renders the radiograph into `[size * size]` grey pixels, row by row. Only the film's grain depends on the size.
    ///
    /// # Panics
    ///
    /// If `pixels` does not have `size * size` pixels.
    pub fn render(&self, size: usize, pixels: &mut [u8]) {
        assert_eq!(pixels.len(), size * size, "image of {size} × {size} pixels");
        let exposure = Exposure::new(self);
        let film = Film::new(self);
        let mut grain = ChaCha8Rng::seed_from_u64(self.seed.stream(&format!("grain-{size}")).0);
        for (position, pixel) in pixels.iter_mut().enumerate() {
            let centre = |index: usize| (2 * index + 1) as f32 / size as f32 - 1.0;
            let point = film.point(centre(position % size), centre(position / size));
            let grey = exposure.expose(film.grey(&point), grain.sample(StandardNormal));
            *pixel = (grey / WHITE * 255.0).round().clamp(0.0, 255.0) as u8;
        }
    }

    /// The same study without its findings.
    #[cfg(test)]
    pub(super) fn without_findings(&self) -> Scene {
        Scene { findings: Vec::new(), ..self.clone() }
    }

    /// The boxes of the findings, measured on their masks.
    pub(super) fn boxes(&self) -> Vec<FindingBox> {
        if self.findings.is_empty() {
            return Vec::new();
        }
        let film = Film::new(self);
        // Per lesion: first and last column and row.
        let mut extents = vec![None; film.lesions.len()];
        for (row, column) in (0..BOX_GRID).flat_map(|row| (0..BOX_GRID).map(move |column| (row, column))) {
            let centre = |index: usize| (2 * index + 1) as f32 / BOX_GRID as f32 - 1.0;
            let point = film.point(centre(column), centre(row));
            for (lesion, extent) in film.lesions.iter().zip(&mut extents) {
                if lesion.covers(&point) {
                    let [left, upper, right, lower] = extent.unwrap_or([column, row, column, row]);
                    *extent = Some([left.min(column), upper.min(row), right.max(column), lower.max(row)]);
                }
            }
        }
        let share = |points: usize| points as f32 / BOX_GRID as f32;
        let found = self.findings.iter().zip(extents);
        found
            .filter_map(|(finding, extent)| {
                let [left, upper, right, lower] = extent?;
                Some(FindingBox {
                    finding: finding.kind.label(),
                    phrase: finding.kind.phrase(),
                    x: share(left),
                    y: share(upper),
                    width: share(right + 1 - left),
                    height: share(lower + 1 - upper),
                    mask: None,
                })
            })
            .collect()
    }
}

/// A scene with everything drawn that does not depend on the image's size.
struct Film<'a> {
    scene: &'a Scene,
    heart: Heart,
    lesions: Vec<Lesion>,
    /// Cosine and sine of the rotation.
    rotation: [f32; 2],
    scale: f32,
    soft_tissue: Field,
    lung_coarse: Field,
    lung_fine: Field,
}

impl<'a> Film<'a> {
    fn new(scene: &'a Scene) -> Film<'a> {
        let mut rng = ChaCha8Rng::seed_from_u64(scene.seed.stream("film").0);
        let anatomy = &scene.anatomy;
        let angle = anatomy.rotation + 0.02 * rng.sample::<f32, _>(StandardNormal);
        Film {
            scene,
            heart: anatomy.heart(scene.findings.iter().map(|finding| finding.heart_enlargement()).fold(1.0, f32::max)),
            rotation: [angle.cos(), angle.sin()],
            scale: anatomy.scale * if scene.portable { 1.06 } else { 1.0 },
            soft_tissue: Field::sample(&mut rng, 5, 0.02),
            lung_coarse: Field::sample(&mut rng, 12, 0.025),
            lung_fine: Field::sample(&mut rng, 24, 0.018),
            // Last, so that the rest does not depend on the findings.
            lesions: scene.findings.iter().map(|&finding| Lesion::sample(&mut rng, finding, anatomy)).collect(),
        }
    }

    /// The point at image coordinates in [−1, 1].
    fn point(&self, x: f32, y: f32) -> Point<'a> {
        let [shift_x, shift_y] = self.scene.anatomy.shift;
        let (right, down) = (x - shift_x, y - shift_y);
        let [cos, sin] = self.rotation;
        let body = [(cos * right + sin * down) / self.scale, (cos * down - sin * right) / self.scale];
        Point::new(&self.scene.anatomy, [x, y], body)
    }

    /// Grey of a point before exposure: 0 is air, about 0.7 soft tissue.
    fn grey(&self, point: &Point<'_>) -> f32 {
        let ([image_x, image_y], x, y) = (point.image, point.x, point.y);
        let texture = self.lung_coarse.at(image_x, image_y) + self.lung_fine.at(image_x, image_y);
        let lungs = point.lungs();
        let tissue = (1.0 - lungs) * self.soft_tissue.at(image_x, image_y);
        let mut grey = tissue + self.scene.anatomy.grey(x, y, lungs, texture);
        let heart = self.heart.mask(x, y);
        grey += heart * (grey.max(0.70) - grey);
        grey = self.lesions.iter().fold(grey, |grey, lesion| lesion.paint(grey, point));
        grey + self.scene.devices.iter().map(|device| device.brightness(x, y)).sum::<f32>()
    }
}

/// How the film was exposed and developed.
struct Exposure {
    gamma: f32,
    portable: bool,
    gain: f32,
    offset: f32,
    grain: f32,
}

impl Exposure {
    fn new(scene: &Scene) -> Exposure {
        let mut rng = ChaCha8Rng::seed_from_u64(scene.seed.stream("exposure").0);
        let mut normal = |deviation: f32| deviation * rng.sample::<f32, _>(StandardNormal);
        let portable = |factor: f32| if scene.portable { factor } else { 1.0 };
        Exposure {
            gamma: scene.anatomy.gamma * portable(1.12) * normal(0.08).exp(),
            portable: scene.portable,
            gain: normal(0.06).exp(),
            offset: normal(0.03),
            grain: scene.anatomy.noise * portable(1.35),
        }
    }

    /// The developed grey; `grain` is a standard normal draw.
    fn expose(&self, grey: f32, grain: f32) -> f32 {
        let mut grey = grey.clamp(0.0, 1.2).powf(self.gamma);
        if self.portable {
            // Scatter veils a film taken in bed.
            grey = 0.12 + 0.8 * grey;
        }
        grey * self.gain + self.offset + self.grain * grain
    }
}
