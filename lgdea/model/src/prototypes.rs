//! Prototypes `µ` of the evidence space and the distributions over them.

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Tensor};
use lgdea_kernel::{l2_normalise, softmax};

/// Learned prototypes, not normalised.
#[derive(Module, Debug)]
pub struct Prototypes {
    /// `µ`, `[K, D]`.
    pub mu: Param<Tensor<2>>,
    text_temperature: f64,
    image_temperature: f64,
}

impl Prototypes {
    /// Random directions of unit length.
    pub fn new(settings: &lgdea_spec::EvidenceSpace, dim: usize, device: &Device) -> Self {
        let normal = Tensor::random([settings.prototypes, dim], Distribution::Normal(0.0, 1.0), device);
        Self {
            mu: Param::from_tensor(l2_normalise(normal)),
            text_temperature: settings.text_temperature,
            image_temperature: settings.image_temperature,
        }
    }

    /// `p(k | z_n) = softmax_k(z_n · µ_k / τ_t)` (equation 4), for phrases `[phrases, D]`.
    pub fn of_phrases(&self, phrases: Tensor<2>) -> Tensor<2> {
        softmax(phrases.matmul(self.mu.val().transpose()) / self.text_temperature)
    }

    /// `Q_I(l, k) = softmax_k(φ(v_l) · µ_k / τ_p)` (equation 6), for tokens `[images, L, D]`.
    pub fn of_tokens(&self, tokens: Tensor<3>) -> Tensor<3> {
        let mu = self.mu.val().transpose().unsqueeze::<3>();
        softmax(tokens.matmul(mu) / self.image_temperature)
    }
}
