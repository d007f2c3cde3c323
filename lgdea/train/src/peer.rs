//! What the same training needs in PyTorch, so that the two can be compared: the model as it starts, settings, and batches.

use std::ops::Range;
use std::path::Path;
use std::{fs, io, thread};

use burn::module::Module;
use burn::tensor::Device;
use lgdea_inspect::Trained;
use lgdea_model::Lgdea;
use lgdea_prepared::{Prepared, Tokens};
use lgdea_spec::Experiment;
use safetensors::tensor::{Dtype, SafeTensorError, TensorView};
use serde_json::json;

use crate::batch::JointBatch;
use crate::{TrainError, loader};

/// Writes into a folder what a peer reads: the model, as `lgdea export` does; `peer.json`, which is `[loss]` and `[train]` of the
/// experiment; and the batches of these joint steps.
///
/// # Errors
/// What the file system says.
pub(crate) fn write(
    folder: &Path,
    model: &Lgdea,
    experiment: &Experiment,
    prepared: &Prepared,
    steps: Range<usize>,
    device: &Device,
) -> Result<(), TrainError> {
    Trained { model: &model.valid(), experiment, prepared, device }.export(folder)?;
    let settings = json!({ "loss": experiment.loss, "train": experiment.train });
    write_file(&folder.join("peer.json"), settings.to_string().as_bytes())?;
    thread::scope(|scope| {
        // What a step draws follows from the seed and the step: these are the batches that training sees.
        let mut batches = loader::joint_batches(scope, prepared, experiment, steps.clone());
        steps.into_iter().try_for_each(|step| write_batch(folder, step, &batches.next()?.0))
    })
}

/// Writes the batch of a step: `images`, ids of `reports` and `phrases`, their `membership`, and `same_evidence`.
fn write_batch(folder: &Path, step: usize, batch: &JointBatch) -> Result<(), TrainError> {
    let texts = |tokens: &Tokens| (tokens.shape().to_vec(), bytes(tokens.ids(), i32::to_le_bytes));
    let (reports, phrases) = (texts(&batch.reports.reports), texts(&batch.reports.phrases));
    let images = (batch.images.shape().to_vec(), bytes(batch.images.pixels(), f32::to_le_bytes));
    let membership = (vec![reports.0[0], phrases.0[0]], bytes(batch.reports.membership(), f32::to_le_bytes));
    let same_evidence = (vec![reports.0[0], reports.0[0]], bytes(batch.reports.same_evidence(), f32::to_le_bytes));
    let tensors = [
        ("images", Dtype::F32, &images),
        ("reports", Dtype::I32, &reports),
        ("phrases", Dtype::I32, &phrases),
        ("membership", Dtype::F32, &membership),
        ("same_evidence", Dtype::F32, &same_evidence),
    ];
    let path = folder.join(format!("batch-{step:04}.safetensors"));
    let unwritable = |error: SafeTensorError| TrainError::File {
        action: "write",
        path: path.clone(),
        source: io::Error::other(error),
    };
    let views = tensors.into_iter().map(|(name, dtype, (shape, bytes))| {
        let view = TensorView::new(dtype, shape.clone(), bytes);
        view.map(|view| (name, view)).map_err(unwritable)
    });
    let views: Vec<_> = views.collect::<Result<_, _>>()?;
    let file = safetensors::serialize(views, None).map_err(unwritable)?;
    write_file(&path, &file)
}

fn bytes<T: Copy>(values: &[T], encode: impl Fn(T) -> [u8; 4]) -> Vec<u8> {
    values.iter().copied().flat_map(encode).collect()
}

fn write_file(path: &Path, content: &[u8]) -> Result<(), TrainError> {
    fs::write(path, content).map_err(|source| TrainError::File { action: "write", path: path.to_owned(), source })
}
