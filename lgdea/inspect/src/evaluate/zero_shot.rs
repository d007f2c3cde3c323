//! Zero-shot classification: a class is what its prompts say.

use lgdea_eval::Evaluation;
use lgdea_eval::prompts::{PromptClass, PromptSet};
use lgdea_eval::task::zero_shot;
use ndarray::{Array1, Array2, Axis};

use crate::inference::ImageArrays;
use crate::local_fit::{LocalFit, LocalTexts};
use crate::{InspectError, Trained, inference};

/// Keeps logarithms of probabilities finite.
const TINY: f32 = 1e-6;

/// The zero-shot classes, each one's prompts as unit-length embeddings `[prompts, D]`, and as the method compares them
/// with regions, where it does.
pub(crate) struct Prompts<'a> {
    pub(crate) classes: Vec<PromptClass>,
    embeddings: Vec<Array2<f32>>,
    pub(crate) local: Option<Vec<LocalTexts<'a>>>,
}

impl<'a> Trained<'a> {
    /// The prompts of the zero-shot classes.
    pub(crate) fn prompts(&self) -> Result<Prompts<'a>, InspectError> {
        let classes = PromptSet::named_or_path(&self.experiment.eval.zero_shot.prompts)?.classes;
        let fit = LocalFit::of_method(self.experiment);
        let (mut embeddings, mut local) = (Vec::new(), Vec::new());
        for class in &classes {
            let texts: Vec<&str> = class.prompts.iter().map(String::as_str).collect();
            embeddings.push(self.embed(&texts)?);
            if let Some(fit) = fit {
                local.push(self.local_texts(fit, &texts)?);
            }
        }
        Ok(Prompts { classes, embeddings, local: fit.is_some().then_some(local) })
    }

    /// The scores of the classes, and what they are worth.
    pub(super) fn zero_shot(
        &self,
        prompts: &Prompts<'_>,
        studies: &[usize],
        images: &ImageArrays,
        local: Option<Array2<f32>>,
    ) -> Result<Evaluation, InspectError> {
        Ok(zero_shot::evaluate(
            &self.experiment.eval.zero_shot,
            &prompts.classes,
            self.class_scores(prompts, images, local),
            &self.labels(studies),
            self.bootstrap("zero-shot"),
        )?)
    }

    /// `g · t_c` (the logits of a classifier, where there is one), `log(Q̄_I · p_c)` and the local scores, where there are
    /// any, with `t_c` the normalised mean of a class's prompts and `p_c` the mean of their distributions over prototypes.
    pub(crate) fn class_scores(
        &self,
        prompts: &Prompts<'_>,
        images: &ImageArrays,
        local: Option<Array2<f32>>,
    ) -> zero_shot::Scores {
        let classes = &prompts.classes;
        let mut embeddings = Array2::zeros((classes.len(), self.experiment.encoder.dim));
        let mut distributions = Array2::zeros((classes.len(), self.experiment.evidence_space.prototypes));
        for (class, prompts) in prompts.embeddings.iter().enumerate() {
            embeddings.row_mut(class).assign(&mean_direction(prompts));
            let evidence = inference::phrase_evidence(self.model, prompts, self.device);
            if let Some(mean) = evidence.mean_axis(Axis(0)) {
                distributions.row_mut(class).assign(&mean);
            }
        }
        // A classifier that learned the labels answers in the place of the prompts.
        let similarity = images.classes.clone().unwrap_or_else(|| images.global.dot(&embeddings.t()));
        let evidence =
            self.has_image_evidence().then(|| images.evidence.dot(&distributions.t()).mapv(|p| (p + TINY).ln()));
        zero_shot::Scores { similarity, evidence, local }
    }
}

/// The normalised mean of unit vectors in rows.
fn mean_direction(rows: &Array2<f32>) -> Array1<f32> {
    let sum = rows.sum_axis(Axis(0));
    let norm = sum.dot(&sum).sqrt().max(TINY);
    sum / norm
}
