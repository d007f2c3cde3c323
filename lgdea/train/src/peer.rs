//! What the same training needs in PyTorch, so that the two can be compared: the model as it starts, settings, and batches.

use std::path::Path;
use std::{fs, io};

use burn::module::Module;
use burn::tensor::Device;
use lgdea_inspect::Trained;
use lgdea_model::Lgdea;
use lgdea_prepared::{Prepared, Tokens};
use lgdea_spec::Experiment;
use safetensors::tensor::{Dtype, SafeTensorError, TensorView};
use serde_json::json;

use crate::TrainError;
use crate::batch::JointBatch;

/// A folder that a peer reads.
pub(crate) struct Peer<'f> {
    folder: &'f Path,
}

impl<'f> Peer<'f> {
    /// Writes the model, as `lgdea export` does, and `peer.json`: `[loss]` and `[train]` of the experiment.
    pub(crate) fn new(
        folder: &'f Path,
        model: &Lgdea,
        experiment: &Experiment,
        prepared: &Prepared,
        device: &Device,
    ) -> Result<Self, TrainError> {
        Trained { model: &model.valid(), experiment, prepared, device }.export(folder)?;
        let settings = json!({ "loss": experiment.loss, "train": experiment.train });
        write(&folder.join("peer.json"), settings.to_string().as_bytes())?;
        Ok(Self { folder })
    }

    /// Writes the batch of a step: `images`, ids of `reports` and `phrases`, their `membership`, and `same_evidence`.
    pub(crate) fn batch(&self, step: usize, batch: &JointBatch) -> Result<(), TrainError> {
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
        let path = self.folder.join(format!("batch-{step:04}.safetensors"));
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
        write(&path, &file)
    }
}

fn bytes<T: Copy>(values: &[T], encode: impl Fn(T) -> [u8; 4]) -> Vec<u8> {
    values.iter().copied().flat_map(encode).collect()
}

fn write(path: &Path, content: &[u8]) -> Result<(), TrainError> {
    fs::write(path, content).map_err(|source| TrainError::File { action: "write", path: path.to_owned(), source })
}
