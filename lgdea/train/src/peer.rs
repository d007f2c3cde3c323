//! What the same training needs in PyTorch, so that the two can be compared: the model as it starts, settings, and batches.

use std::ops::Range;
use std::path::Path;
use std::{fs, io, thread};

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use lgdea_inspect::Trained;
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use lgdea_spec::Experiment;
use safetensors::tensor::{Dtype, SafeTensorError, TensorView};
use serde_json::json;

use crate::batch::JointBatch;
use crate::towers::autodiff;
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
    let autodiff = autodiff(device, &experiment.train);
    thread::scope(|scope| {
        // What a step draws follows from the seed and the step: these are the batches that training sees.
        let mut batches = loader::joint_batches(scope, prepared, experiment, steps.clone(), &autodiff);
        steps.into_iter().try_for_each(|step| write_batch(folder, step, &batches.next()?.0))
    })
}

/// Writes the batch of a step: `images`, ids of `reports` and `phrases`, their `membership`, and `same_evidence`.
fn write_batch(folder: &Path, step: usize, batch: &JointBatch) -> Result<(), TrainError> {
    let texts = |ids: &Tensor<2, Int>| ids.to_data().convert::<i32>();
    let reports = &batch.reports;
    let tensors = [
        ("images", Dtype::F32, batch.images.to_data()),
        ("reports", Dtype::I32, texts(&reports.reports)),
        ("phrases", Dtype::I32, texts(&reports.phrases)),
        ("membership", Dtype::F32, reports.membership.to_data()),
        ("same_evidence", Dtype::F32, reports.same_evidence.to_data()),
    ];
    let path = folder.join(format!("batch-{step:04}.safetensors"));
    let unwritable = |error: SafeTensorError| TrainError::File {
        action: "write",
        path: path.clone(),
        source: io::Error::other(error),
    };
    let views = tensors.iter().map(|(name, dtype, data)| {
        let view = TensorView::new(*dtype, data.shape().to_vec(), data.as_bytes());
        view.map(|view| (*name, view)).map_err(unwritable)
    });
    let views: Vec<_> = views.collect::<Result<_, _>>()?;
    let file = safetensors::serialize(views, None).map_err(unwritable)?;
    write_file(&path, &file)
}

fn write_file(path: &Path, content: &[u8]) -> Result<(), TrainError> {
    fs::write(path, content).map_err(|source| TrainError::File { action: "write", path: path.to_owned(), source })
}
