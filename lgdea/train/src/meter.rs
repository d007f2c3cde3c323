//! What a step reports: its values at logged steps, and the throughput since the last one.

use lgdea_metric::curve::{DATA_WAIT, IMAGES_PER_SECOND, LEARNING_RATE, LOSS, WARMUP_LOSS};
use std::time::{Duration, Instant};

use burn::tensor::Tensor;

use crate::TrainError;
use crate::batch::Sizes;
use crate::observer::{Logged, StepReport, Throughput, Values};
use crate::stage::Stage;
use crate::state::Measured;

/// Counts between the logged steps of a stage.
pub(crate) struct Meter {
    stage: Stage,
    steps: usize,
    log_every: usize,
    since: Instant,
    images: usize,
    waited: Duration,
}

impl Meter {
    /// Of a stage of `steps` steps, from now on.
    pub(crate) fn new(stage: Stage, steps: usize, log_every: usize) -> Self {
        Self { stage, steps, log_every, since: Instant::now(), images: 0, waited: Duration::ZERO }
    }

    /// The report of a step (counted from 0) whose batch was waited for so long.
    ///
    /// # Errors
    /// The loss of a logged step is no number.
    pub(crate) fn report(
        &mut self,
        step: usize,
        batch: Sizes,
        waited: Duration,
        measured: Measured,
    ) -> Result<StepReport, TrainError> {
        let (stage, steps, done, Sizes { images, reports }) = (self.stage, self.steps, step + 1, batch);
        self.images += images;
        self.waited += waited;
        let logged = if self.is_due(done) { Some(self.log(step, measured)?) } else { None };
        Ok(StepReport { stage, done, steps, images, reports, logged })
    }

    fn is_due(&self, done: usize) -> bool {
        done == 1 || done == self.steps || done.is_multiple_of(self.log_every.max(1))
    }

    fn log(&mut self, step: usize, measured: Measured) -> Result<Logged, TrainError> {
        let loss = measured.loss.into_scalar::<f32>();
        if !loss.is_finite() {
            return Err(TrainError::NotFinite { stage: self.stage, step, loss });
        }
        let number = |(name, value): (String, Tensor<1>)| (name, f64::from(value.into_scalar::<f32>()));
        let mut values: Values = measured.values.into_iter().map(number).collect();
        values.insert(loss_of(self.stage).to_owned(), f64::from(loss));
        values.extend(measured.rate.map(|rate| (LEARNING_RATE.name.to_owned(), rate)));
        let throughput = (self.stage == Stage::Joint).then(|| self.throughput());
        if let Some(Throughput { images_per_second, waiting }) = throughput {
            values.insert(IMAGES_PER_SECOND.name.to_owned(), images_per_second);
            values.insert(DATA_WAIT.name.to_owned(), waiting);
        }
        Ok(Logged { loss: f64::from(loss), throughput, values })
    }

    /// Since the last call.
    fn throughput(&mut self) -> Throughput {
        let seconds = self.since.elapsed().as_secs_f64().max(1e-9);
        let (images_per_second, waiting) = (self.images as f64 / seconds, self.waited.as_secs_f64() / seconds);
        (self.since, self.images, self.waited) = (Instant::now(), 0, Duration::ZERO);
        Throughput { images_per_second, waiting }
    }
}

/// What the loss of a stage is tracked as.
fn loss_of(stage: Stage) -> &'static str {
    match stage {
        Stage::TextWarmup => WARMUP_LOSS.name,
        Stage::Joint => LOSS.name,
    }
}
