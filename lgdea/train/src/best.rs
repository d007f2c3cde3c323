//! The best model of a training that ends by patience, and when its patience ends.

use burn::module::Module;
use lgdea_metric::Name;
use lgdea_model::Lgdea;
use lgdea_spec::{Experiment, Patience};

use crate::TrainError;
use crate::observer::Values;

/// The best model so far of a round.
pub(crate) struct Best {
    /// The averaged model, in validation mode.
    pub(crate) model: Lgdea,
    /// Its score.
    pub(crate) score: f64,
    /// Joint steps of the round that it had seen.
    pub(crate) done: usize,
}

impl Best {
    /// The better of what was best and the model after `done` steps, which has these scores.
    ///
    /// # Errors
    /// The score that decides is not among them.
    pub(crate) fn of(
        best: Option<Best>,
        average: &Lgdea,
        scores: &Values,
        done: usize,
        patience: &Patience,
    ) -> Result<Option<Best>, TrainError> {
        let Some(&score) = scores.get(&patience.metric) else {
            let known = scores.keys().filter(|name| Name::is_of_score(name)).cloned().collect();
            return Err(TrainError::NoSuchScore { metric: patience.metric.clone(), known });
        };
        let better = Name::parse(&patience.metric).better();
        let is_best = best.as_ref().is_none_or(|best| better.prefers(score, best.score));
        // A clone would share the running statistics of its batch norms with the average, and change with it.
        Ok(if is_best { Some(Best { model: average.valid(), score, done }) } else { best })
    }

    /// Whether nothing got better for as long as the experiment waits, `done` steps of the round being done.
    pub(crate) fn is_final(&self, done: usize, experiment: &Experiment) -> bool {
        // Scores are the multiples of `eval.every`, and the last step.
        let every = experiment.eval.every.max(1);
        done / every - self.done / every >= experiment.train.patience.evaluations
    }

    /// What became of the training, in words.
    pub(crate) fn told(&self, done: usize, experiment: &Experiment) -> String {
        let (steps, metric) = (experiment.train.steps, &experiment.train.patience.metric);
        let (at, score) = (self.done, self.score);
        let ended =
            if done < steps { format!("training ended after {done} of {steps} steps, ") } else { String::new() };
        format!("{ended}the model after {at} steps is the result: its {metric} of {score:.4} was the best")
    }
}
