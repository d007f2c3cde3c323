//! Evaluation sets on their way from the studies that were read to what is scored.

use lgdea_evidence::Provider;
use lgdea_inputs::LoadedSet;
use lgdea_inputs::check::{prompts_of_set, scored_set};
use lgdea_metric::EvalSet;
use lgdea_prepared::Prepared;
use lgdea_spec::{Data, Eval, Experiment};

use crate::evaluator::Evaluator;
use crate::open_set::OpenSet;
use crate::preparation::report_texts;
use crate::scored::Scored;
use crate::{Preparation, RunError};

/// An evaluation set as a model reads it.
pub(crate) struct PreparedSet {
    name: String,
    digest: String,
    data: Data,
    /// The experiment with the set's tasks.
    experiment: Experiment,
    prepared: Prepared,
}

impl Preparation<'_> {
    /// Opens the images of evaluation sets.
    ///
    /// # Errors
    /// They cannot be read; a set has no image.
    pub(crate) fn open(&self, sets: Vec<LoadedSet>) -> Result<Vec<OpenSet>, RunError> {
        let open = |mut set: LoadedSet| {
            let images = self.images(&mut set.corpus)?;
            if set.corpus.studies.iter().all(|study| study.image.is_none()) {
                return Err(RunError::SetWithoutImages { name: set.name });
            }
            Ok(OpenSet { set, images })
        };
        sets.into_iter().map(open).collect()
    }

    /// Evaluation sets in the words of a training; sets that the experiment does not have are left out.
    ///
    /// # Errors
    /// Their reports cannot be read.
    pub(crate) fn sets(
        &self,
        sets: Vec<OpenSet>,
        trained: &Prepared,
        provider: &Provider,
    ) -> Result<Vec<PreparedSet>, RunError> {
        let mut all = Vec::new();
        for open in sets {
            let digest = open.digest();
            let OpenSet { set: LoadedSet { name, corpus, data, .. }, images } = open;
            let Some(settings) = self.experiment.eval.sets.get(&name) else { continue };
            let eval = self.experiment.eval.of_set(settings);
            let experiment = Experiment { eval, ..self.experiment.clone() };
            let evidence = if experiment.reads_held_out_evidence() {
                self.read(provider, &report_texts(&corpus.studies))?.reports
            } else {
                Vec::new()
            };
            let prepared = trained.of_evaluation_set(&experiment, corpus, images, &evidence)?;
            all.push(PreparedSet { name, digest, data, experiment, prepared });
        }
        Ok(all)
    }
}

impl PreparedSet {
    /// Its studies, as a model reads them.
    pub(crate) fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    /// What is scored of it; `trained` is the training's data.
    pub(crate) fn scored<'a>(&'a self, trained: &'a Prepared) -> Scored<'a> {
        let Self { name, digest, experiment, prepared, .. } = self;
        let studies = (0..prepared.studies.len()).collect();
        let on = EvalSet::Named(name);
        Scored { on, experiment, prepared, studies, validation: Some(trained), training: trained, data: digest }
    }

    /// Tells which classes of its prompts cannot be scored.
    ///
    /// # Errors
    /// None can, with prompts of the user's own.
    pub(crate) fn tell(&self, evaluator: &Evaluator<'_>) -> Result<(), RunError> {
        let Eval { zero_shot, .. } = &self.experiment.eval;
        let scored = [scored_set(&self.name, &self.prepared.studies)];
        evaluator.tell_of_classes(&prompts_of_set(&self.name), zero_shot, &scored, &self.data)
    }
}
