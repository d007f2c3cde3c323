//! What a run has learned, for others to open: its newest checkpoint, and the averaged model of one.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use lgdea_spec::Experiment;
use lgdea_track::RunDir;

use crate::{TrainError, checkpoint};

/// Joint steps done and folder of a run's newest checkpoint; `None` where it has none.
pub fn newest_checkpoint(run: &RunDir) -> Result<Option<(usize, PathBuf)>, TrainError> {
    checkpoint::newest(&run.checkpoints())
}

/// Gives a run that has none the last checkpoint of `other`, if that has done all `steps`; training then has nothing left to do.
/// Returns the checkpoint's folder.
///
/// # Errors
/// What the file system says.
pub fn adopt_training(run: &RunDir, other: &RunDir, steps: usize) -> Result<Option<PathBuf>, TrainError> {
    match newest_checkpoint(other)? {
        Some((done, checkpoint)) if done == steps => checkpoint::adopt(&checkpoint, &run.checkpoints()).map(Some),
        _ => Ok(None),
    }
}

/// Hash of what is evaluated of a checkpoint, in hexadecimal.
///
/// # Errors
/// What the file system says.
pub fn checkpoint_digest(checkpoint: &Path) -> Result<String, TrainError> {
    checkpoint::digest(checkpoint)
}

/// The averaged model of a checkpoint, in validation mode. The device may be another than the one that it was trained on.
pub fn load_model(
    experiment: &Experiment,
    prepared: &Prepared,
    checkpoint: &Path,
    device: &Device,
) -> Result<Lgdea, TrainError> {
    let fresh = Lgdea::new(experiment, &prepared.model_shape(), experiment.seed, device);
    checkpoint::load_average(checkpoint, fresh)
}
