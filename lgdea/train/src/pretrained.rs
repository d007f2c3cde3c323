//! The weights of published encoders.

use std::path::Path;

use lgdea_data::pretrained::{locate, weights_file};
use lgdea_model::weights::{Loaded, WeightsFile};
use lgdea_model::{ImageEncoder, Lgdea};
use lgdea_spec::{Encoder, WordPieces};

use crate::TrainError;

/// Starts a model from the published weights that the experiment names. Returns what was taken of each file, in words.
///
/// # Errors
/// They are not on this machine, cannot be read or do not fit.
pub(crate) fn load(model: &mut Lgdea, encoder: &Encoder) -> Result<Vec<String>, TrainError> {
    let mut told: Vec<String> = load_images(&mut model.image, &encoder.image)?.into_iter().collect();
    if let WordPieces::Published { model: weights, pretrained: true } = encoder.text.word_pieces() {
        let path = weights_file(&locate(weights)?)?;
        let loaded = model.text.load(WeightsFile { path: &path, prefix: "" })?;
        told.push(tell("text encoder", &path, &loaded));
    }
    Ok(told)
}

/// Gives an image encoder the published weights that its settings name, where they do; as [`load`].
pub(crate) fn load_images(
    encoder: &mut ImageEncoder,
    settings: &lgdea_spec::ImageEncoder,
) -> Result<Option<String>, TrainError> {
    let Some((weights, prefix)) = settings.weights() else { return Ok(None) };
    let path = weights_file(&locate(weights)?)?;
    let loaded = encoder.load(WeightsFile { path: &path, prefix })?;
    Ok(Some(tell("image encoder", &path, &loaded)))
}

fn tell(what: &str, path: &Path, loaded: &Loaded) -> String {
    let Loaded { parameters, in_order, left_out, unused } = loaded;
    let mut parts = vec![format!("{what}: {parameters} parameters from {}", path.display())];
    if *in_order > 0 {
        parts.push(format!("{in_order} of them by the order of their blocks, for the file does not name the stages"));
    }
    if !left_out.is_empty() {
        parts.push(format!("left out, as an encoder does without: {}", left_out.join(", ")));
    }
    if !unused.is_empty() {
        parts.push(format!("not used, for the encoder has no such part: {}", unused.join(", ")));
    }
    parts.join("; ")
}
