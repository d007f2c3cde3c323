//! Images of several studies, on the host and on the device.

use burn::tensor::{Device, Tensor, TensorData};
use lgdea_data::{ImageStore, augment, standardise};
use lgdea_spec::Augment;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::Prepared;

/// Images of one batch, `[count, size, size]`.
#[derive(Debug, Clone)]
pub struct Images {
    pixels: Vec<f32>,
    size: usize,
}

impl Images {
    /// One image `[size * size]`, standardised.
    ///
    /// # Panics
    ///
    /// If it has another size.
    pub fn single(image: &[u8], size: usize) -> Self {
        assert_eq!(image.len(), size * size, "an image of {size} × {size} pixels");
        Self { pixels: standardise(image), size }
    }

    /// Standardised images of studies that have one.
    pub fn clean(prepared: &Prepared, studies: &[usize]) -> Self {
        Self::of(&prepared.images, studies)
    }

    /// Standardised images of a store, on all cores.
    pub fn of(store: &ImageStore, studies: &[usize]) -> Self {
        let size = store.size();
        let images: Vec<Vec<f32>> =
            studies.par_iter().filter_map(|&study| Some(standardise(store.pixels(study)?))).collect();
        Self { pixels: images.concat(), size }
    }

    /// Standardised, augmented images of studies that have one.
    pub fn augmented(prepared: &Prepared, studies: &[usize], settings: &Augment, rng: &mut ChaCha8Rng) -> Self {
        let (store, size) = (&prepared.images, prepared.images.size());
        let mut pixels = Vec::with_capacity(studies.len() * size * size);
        for image in studies.iter().filter_map(|&study| store.pixels(study)) {
            pixels.extend(augment(&standardise(image), size, settings, rng));
        }
        Self { pixels, size }
    }

    /// Image by image, row by row.
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// Their number, and twice the side.
    pub fn shape(&self) -> [usize; 3] {
        [self.pixels.len() / (self.size * self.size), self.size, self.size]
    }

    /// `[count, size, size]`.
    pub fn into_tensor(self, device: &Device) -> Tensor<3> {
        let shape = self.shape();
        Tensor::from_data(TensorData::new(self.pixels, shape), device)
    }
}
