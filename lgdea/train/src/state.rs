//! Everything that training changes, and what a step measures on the way.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use lgdea_model::Lgdea;
use lgdea_objective::RunningMeans;
use lgdea_prepared::Prepared;
use lgdea_spec::{Experiment, Train};
use ndarray::Array2;

use crate::best::Best;
use crate::clip::clip_global_norm;
use crate::optimizer::{adamw, freeze, has_adapters};
use crate::towers::autodiff;
use crate::{TrainError, pretrained};

/// Everything that a step changes.
pub(crate) struct State {
    /// The trained model.
    pub(crate) model: Lgdea,
    /// Its moving average, in validation mode.
    pub(crate) average: Lgdea,
    /// What the round before ended with, from the second round on; in validation mode.
    pub(crate) teacher: Option<Lgdea>,
    /// The best of this round so far, where patience asks for it.
    pub(crate) best: Option<Best>,
    pub(crate) optimizer: ModuleOptimizer,
    /// Steps of the text warm-up that were done.
    pub(crate) warmed_up: usize,
    /// Running means of the unpaired targets' alignment.
    pub(crate) means: Option<RunningMeans>,
    /// The graph's targets, a row per unpaired image.
    pub(crate) graph: Option<Array2<f32>>,
    /// Per unpaired image, the study of the report that was matched to it.
    pub(crate) matches: Option<Vec<Option<usize>>>,
}

impl State {
    /// Random weights, and nothing learned.
    ///
    /// # Errors
    /// Learning rates of parameters that there are not.
    pub(crate) fn random(experiment: &Experiment, prepared: &Prepared, device: &Device) -> Result<Self, TrainError> {
        let device = autodiff(device, &experiment.train);
        let model = Lgdea::new(experiment, &prepared.model_shape(), experiment.seed, &device);
        let model = model.remembering(&prepared.memories);
        has_adapters(&model, &experiment.encoder)?;
        let (average, optimizer) = (model.valid(), adamw(&model, &experiment.train)?);
        Ok(Self {
            model,
            average,
            teacher: None,
            best: None,
            optimizer,
            warmed_up: 0,
            means: None,
            graph: None,
            matches: None,
        })
    }

    /// Where training starts: random weights, those of published encoders that the experiment names, and what is frozen. Also
    /// what was taken of each file, in words.
    ///
    /// # Errors
    /// Published weights that are not there or do not fit, and patterns that name no parameter.
    pub(crate) fn fresh(
        experiment: &Experiment,
        prepared: &Prepared,
        device: &Device,
    ) -> Result<(Self, Vec<String>), TrainError> {
        let mut state = Self::random(experiment, prepared, device)?;
        let told = pretrained::load(&mut state.model, &experiment.encoder)?;
        state.model = freeze(state.model, experiment)?;
        Ok((state, told))
    }

    /// The model that teaches the unpaired images.
    pub(crate) fn teacher(&self) -> &Lgdea {
        self.teacher.as_ref().unwrap_or(&self.average)
    }

    /// Moves the model along its gradients, clipped. Returns their norm before, `[1]`; `None` where there are none.
    pub(crate) fn update(
        mut self,
        gradients: GradientsParams,
        rate: f64,
        settings: &Train,
    ) -> (Self, Option<Tensor<1>>) {
        let (gradients, norm) = clip_global_norm(&self.model, gradients, settings.clip_norm);
        self.model = self.optimizer.step(rate, self.model, gradients).with_bounded_scale();
        (self, norm)
    }
}

/// Values of a step that are worth a look, each `[1]` and still on the device.
pub(crate) struct Measured {
    pub(crate) loss: Tensor<1>,
    /// By the names that they are tracked under.
    pub(crate) values: Vec<(String, Tensor<1>)>,
    /// The learning rate, where its schedule is worth following.
    pub(crate) rate: Option<f64>,
}
