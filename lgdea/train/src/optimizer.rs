//! AdamW with no decay on vectors, and a learning rate of its own for some parameters.

use std::collections::BTreeMap;

use burn::module::{Module, ParamGroup, ParamId};
use burn::optim::{AdamW, AdamWState, AdaptiveMomentumState, ModuleOptimizer, Optimizer};
use burn::tensor::{Device, Tensor};
use lgdea_kernel::Pace;
use lgdea_model::lora::is_adapter;
use lgdea_model::{Parameter, parameters};
use lgdea_spec::{Encoder, Experiment, Tower, Train};
use regex::Regex;

use crate::TrainError;

/// Names that an error shows.
const SHOWN: usize = 5;

/// AdamW (Loshchilov and Hutter 2019) with β = (0.9, 0.999), ε = 1e-8. Biases, norms and scales do not decay; the learning rate
/// of each parameter has its factor of `train.learning-rate-factors`.
///
/// # Errors
/// A pattern that no parameter's name matches.
pub(crate) fn adamw<M: Module>(module: &M, settings: &Train) -> Result<ModuleOptimizer, TrainError> {
    let patterns = patterns(settings)?;
    let parameters = parameters(module);
    for (pattern, _) in &patterns {
        if !parameters.iter().any(|parameter| pattern.is_match(&parameter.name)) {
            let some = parameters.iter().step_by(parameters.len().div_ceil(SHOWN).max(1));
            return Err(TrainError::NoSuchParameter {
                pattern: pattern.to_string(),
                some: some.map(|parameter| format!("`{}`", parameter.name)).collect::<Vec<_>>().join(", "),
            });
        }
    }
    // Groups are few: by factor, and by whether they decay.
    let mut groups: BTreeMap<(u64, bool), Vec<ParamId>> = BTreeMap::new();
    for Parameter { name, id, dimensions } in parameters {
        let factor: f64 =
            patterns.iter().filter(|(pattern, _)| pattern.is_match(&name)).map(|(_, factor)| factor).product();
        groups.entry((factor.to_bits(), dimensions < 2)).or_default().push(id);
    }
    let optimizer = |factor: f64, is_vector: bool| {
        let decay = if is_vector { 0.0 } else { settings.weight_decay };
        Group { decay, factor }
    };
    let all = ModuleOptimizer::from(optimizer(1.0, false));
    Ok(groups.into_iter().fold(all, |all, ((factor, is_vector), ids)| {
        all.with_group(ParamGroup::from_ids(ids), optimizer(f64::from_bits(factor), is_vector), None)
    }))
}

/// Whether the networks that are to have adapters of low rank have some.
///
/// # Errors
/// One has none.
pub(crate) fn has_adapters<M: Module>(module: &M, encoder: &Encoder) -> Result<(), TrainError> {
    let parameters = parameters(module);
    for tower in Tower::ALL.into_iter().filter(|tower| encoder.lora.of(*tower).is_some()) {
        if !parameters.iter().any(|Parameter { name, .. }| name.starts_with(tower.network()) && is_adapter(name)) {
            return Err(TrainError::NoAdapters { tower: tower.name() });
        }
    }
    Ok(())
}

/// Freezes the networks that `encoder.frozen` names and what `train.learning-rate-factors` gives 0: no gradients, and batch norms as
/// in validation.
///
/// # Errors
/// A pattern that is no regular expression.
pub(crate) fn freeze<M: Module>(module: M, experiment: &Experiment) -> Result<M, TrainError> {
    let mut frozen: Vec<String> = patterns(&experiment.train)?
        .into_iter()
        .filter(|(_, factor)| *factor == 0.0)
        .map(|(pattern, _)| pattern.as_str().to_owned())
        .collect();
    frozen.extend(experiment.encoder.frozen.iter().map(|tower| format!("^{}", regex::escape(tower.network()))));
    if frozen.is_empty() {
        return Ok(module);
    }
    let group =
        ParamGroup::from_any_regexes(frozen).map_err(|error| TrainError::Pattern { message: format!("{error:?}") })?;
    Ok(module.freeze_group(group))
}

fn patterns(settings: &Train) -> Result<Vec<(Regex, f64)>, TrainError> {
    let compiled = settings.learning_rate_factors.iter().map(|(pattern, factor)| {
        let pattern = Regex::new(pattern).map_err(|error| TrainError::Pattern { message: error.to_string() })?;
        Ok((pattern, *factor))
    });
    compiled.collect()
}

/// AdamW of parameters that share a decay, and a factor of the learning rate; its state is burn's.
#[derive(Clone)]
struct Group {
    decay: f64,
    factor: f64,
}

impl Optimizer for Group {
    type State<const D: usize> = AdamWState<D>;

    fn step<const D: usize>(
        &self,
        rate: f64,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Self::State<D>>,
    ) -> (Tensor<D>, Option<Self::State<D>>) {
        let (before, moments) = match state {
            Some(AdamWState { momentum }) => (momentum.time, [momentum.moment_1, momentum.moment_2]),
            None => (0, [tensor.zeros_like(), tensor.zeros_like()]),
        };
        let time = before + 1;
        let pace = Pace::new(rate * self.factor, self.decay, time);
        let (tensor, [m, v]) = lgdea_kernel::adamw(tensor, gradient, moments, pace);
        (tensor, Some(AdamWState::new(AdaptiveMomentumState::new(time, m, v))))
    }

    fn to_device<const D: usize>(state: Self::State<D>, device: &Device) -> Self::State<D> {
        AdamW::to_device(state, device)
    }
}
