//! Zero-shot classification: a class is what its prompts say.

use lgdea_data::Split;
use lgdea_eval::Evaluation;
use lgdea_eval::prompts::{PromptClass, PromptSet};
use lgdea_eval::protocol::Ensemble;
use lgdea_eval::scoring::of_run::{Classified, OfRun};
use lgdea_eval::task::zero_shot;
use lgdea_prepared::Prepared;
use ndarray::{Array1, Array2, Axis, s};

use super::{Seen, with_image};
use crate::local_fit::{LocalFit, LocalTexts};
use crate::{InspectError, Trained, inference};

/// Keeps logarithms of probabilities finite.
const TINY: f32 = 1e-6;

/// The zero-shot classes. Of each one's prompts, and then of the negative texts of each that has some, the unit-length embeddings
/// `[texts, D]`, and the same as the method compares them with regions, where it does.
pub(crate) struct Prompts<'a> {
    pub(crate) classes: Vec<PromptClass>,
    embeddings: Vec<Array2<f32>>,
    pub(crate) local: Option<Vec<LocalTexts<'a>>>,
}

impl Prompts<'_> {
    /// Scores of classes `[studies, classes]`, of columns for all prompts and then for all negative texts: the difference.
    fn of_classes(&self, columns: &Array2<f32>) -> Array2<f32> {
        let mut scores = columns.slice(s![.., ..self.classes.len()]).to_owned();
        let with_negative = (0..self.classes.len()).filter(|&class| !self.classes[class].negative.is_empty());
        for (class, negative) in with_negative.zip(self.classes.len()..) {
            let mut score = scores.column_mut(class);
            score -= &columns.column(negative);
        }
        scores
    }
}

impl<'a> Trained<'a> {
    /// The prompts of the zero-shot classes.
    pub(crate) fn prompts(&self) -> Result<Prompts<'a>, InspectError> {
        let classes = PromptSet::named_or_path(&self.experiment.eval.zero_shot.prompts)?.classes;
        let fit = LocalFit::of_method(self.experiment);
        let (mut embeddings, mut local) = (Vec::new(), Vec::new());
        let negative = classes.iter().map(|class| &class.negative).filter(|texts| !texts.is_empty());
        for texts in classes.iter().map(|class| &class.prompts).chain(negative) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            embeddings.push(self.embed(&texts)?);
            if let Some(fit) = fit {
                local.push(self.local_texts(fit, &texts)?);
            }
        }
        Ok(Prompts { classes, embeddings, local: fit.is_some().then_some(local) })
    }

    /// Zero-shot classification of studies. A protocol's thresholds are chosen on the validation split of `validation`.
    pub(super) fn zero_shot(
        &self,
        prompts: &Prompts<'_>,
        studies: &[usize],
        seen: &Seen,
        validation: Option<&Prepared>,
    ) -> Result<Evaluation, InspectError> {
        let (settings, bootstrap) = (&self.experiment.eval.zero_shot, self.bootstrap("zero-shot"));
        if settings.protocol.is_empty() {
            let scores = self.class_scores(prompts, seen, None);
            let (cases, strata) = (self.cases(studies), self.strata(studies));
            return Ok(zero_shot::evaluate(settings, &prompts.classes, scores, &cases, strata.as_ref(), bootstrap)?);
        }
        let protocol = OfRun::new(&settings.protocol, "zero-shot", bootstrap)?;
        let scores = self.class_scores(prompts, seen, protocol.ensemble());
        let is_sum = scores.is_sum(settings);
        let scored = self.classified(studies, &scores)?;
        let chosen_on = validation.filter(|_| protocol.has_thresholds()).map(|prepared| {
            let trained = Trained { prepared, ..*self };
            let studies = with_image(prepared, &prepared.split(Split::Validation));
            let seen = trained.seen(&studies, Some(prompts));
            trained.classified(&studies, &trained.class_scores(prompts, &seen, protocol.ensemble()))
        });
        let mut evaluation = protocol.zero_shot(&prompts.classes, scored, chosen_on.transpose()?)?;
        self.tell_of_strata("zero-shot", &mut evaluation);
        if is_sum {
            let problem = "zero-shot: scores are sums of standardised ones (eval.zero-shot.evidence-share and local-share): each \
                           depends on the other studies, whatever the protocol says";
            evaluation.warnings.push(problem.to_owned());
        }
        Ok(evaluation)
    }

    /// The labelled ones of studies, with a score for each class.
    fn classified(&self, studies: &[usize], scores: &zero_shot::Scores) -> Result<Classified<'a>, InspectError> {
        let labelled = self.labelled(studies);
        let scores = scores.combined(&self.experiment.eval.zero_shot, &labelled)?.select(Axis(0), &labelled);
        let studies = self.studies(studies);
        Ok(Classified { studies: labelled.into_iter().map(|row| studies[row]).collect(), scores })
    }

    /// `g · t_c` (the logits of a classifier, where there is one), `log(Q̄_I · p_c)` and the local scores, where there are
    /// any, with `t_c` the normalised mean of a class's prompts and `p_c` the mean of their distributions over prototypes.
    /// With an ensemble `g · t_c` is the mean, or the greatest, of that of each prompt. Each is less the same of the negative texts, where
    /// the class has some.
    pub(crate) fn class_scores(
        &self,
        prompts: &Prompts<'_>,
        seen: &Seen,
        ensemble: Option<Ensemble>,
    ) -> zero_shot::Scores {
        let (columns, images) = (prompts.embeddings.len(), &seen.images);
        let mut embeddings = Array2::zeros((columns, self.experiment.encoder.dim));
        let mut distributions = Array2::zeros((columns, self.experiment.evidence_space.prototypes));
        for (column, texts) in prompts.embeddings.iter().enumerate() {
            embeddings.row_mut(column).assign(&mean_direction(texts));
            let evidence = inference::phrase_evidence(self.model, texts, self.device);
            if let Some(mean) = evidence.mean_axis(Axis(0)) {
                distributions.row_mut(column).assign(&mean);
            }
        }
        let of_prompts = || match ensemble {
            None => prompts.of_classes(&images.global.dot(&embeddings.t())),
            Some(ensemble) => prompts.of_classes(&of_each_prompt(&images.global, &prompts.embeddings, ensemble)),
        };
        // A classifier that learned the labels answers in the place of the prompts.
        let similarity = images.classes.clone().unwrap_or_else(of_prompts);
        let log = |p: f32| (p + TINY).ln();
        let evidence =
            self.has_image_evidence().then(|| prompts.of_classes(&images.evidence.dot(&distributions.t()).mapv(log)));
        zero_shot::Scores { similarity, evidence, local: seen.local.as_ref().map(|local| prompts.of_classes(local)) }
    }
}

/// `[images, classes]`, of the similarities to each prompt of a class.
fn of_each_prompt(images: &Array2<f32>, classes: &[Array2<f32>], ensemble: Ensemble) -> Array2<f32> {
    let mut scores = Array2::zeros((images.nrows(), classes.len()));
    for (mut column, prompts) in scores.columns_mut().into_iter().zip(classes) {
        let similarity = images.dot(&prompts.t());
        column.assign(&match ensemble {
            Ensemble::Mean => similarity.sum_axis(Axis(1)) / prompts.nrows() as f32,
            Ensemble::Max => similarity.fold_axis(Axis(1), f32::NEG_INFINITY, |greatest, &score| greatest.max(score)),
        });
    }
    scores
}

/// The normalised mean of unit vectors in rows.
fn mean_direction(rows: &Array2<f32>) -> Array1<f32> {
    let sum = rows.sum_axis(Axis(0));
    let norm = sum.dot(&sum).sqrt().max(TINY);
    sum / norm
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_class_with_negative_texts_scores_the_difference() {
        let class = |name: &str, negative: &[&str]| PromptClass {
            name: name.to_owned(),
            prompts: vec![name.to_owned()],
            against: Vec::new(),
            negative: negative.iter().map(|&text| text.to_owned()).collect(),
        };
        let classes = vec![class("edema", &[]), class("mass", &["no mass"]), class("nodule", &["clear", "normal"])];
        let prompts = Prompts { classes, embeddings: Vec::new(), local: None };
        let columns = array![[1.0, 2.0, 3.0, 0.5, 7.0], [4.0, 5.0, 6.0, -1.0, 0.0]];
        assert_eq!(prompts.of_classes(&columns), array![[1.0, 1.5, -4.0], [4.0, 6.0, 6.0]]);
    }
}
