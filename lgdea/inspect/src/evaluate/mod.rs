//! The evaluation tasks on some studies.

mod grounding;
mod retrieval;
mod similarity;
pub(crate) mod zero_shot;

use burn::tensor::Device;
use lgdea_data::Study;
use lgdea_eval::gallery::{Panel, Query};
use lgdea_eval::metric::ranking::groups;
use lgdea_eval::task::{Case, Strata};
use lgdea_eval::{Bootstrap, Evaluation};
use lgdea_model::{ImageFeatures, Lgdea};
use lgdea_prepared::Prepared;
use lgdea_spec::Experiment;
use ndarray::Array2;

use crate::inference::ImageArrays;
use crate::local_fit::best_fits;
use crate::{InspectError, Trained, arrays, inference};
use zero_shot::Prompts;

/// What an evaluation found.
pub struct Evaluated {
    /// Scores of all tasks that ran, and what was left out.
    pub evaluation: Evaluation,
    /// Grounded phrases, for the gallery.
    panels: Vec<grounding::Grounded>,
    /// Images and the reports that they find, for the gallery.
    searches: Vec<retrieval::Search>,
}

impl Evaluated {
    /// The first grounded phrases of the split, to be drawn.
    pub fn panels<'a>(&'a self, prepared: &'a Prepared) -> Vec<Panel<'a>> {
        self.panels.iter().filter_map(|grounded| grounded.panel(prepared)).collect()
    }

    /// The first images of the split and the reports that they find, to be drawn.
    pub fn queries<'a>(&self, prepared: &'a Prepared) -> Vec<Query<'a>> {
        self.searches.iter().filter_map(|search| search.query(prepared)).collect()
    }
}

/// Studies that are evaluated, by their positions.
#[derive(Clone, Copy)]
pub struct Evaluating<'a> {
    /// Where they are.
    pub prepared: &'a Prepared,
    /// Their positions.
    pub studies: &'a [usize],
    /// The data whose validation split protocols choose thresholds on, where it is not the one that is scored.
    pub validation: Option<&'a Prepared>,
    /// The data that the model learned from.
    pub training: &'a Prepared,
}

/// Runs the enabled tasks on some studies, those that have an image, with `model` in validation mode.
///
/// # Errors
/// None of them has an image; a task cannot be done.
pub fn evaluate(
    model: &Lgdea,
    experiment: &Experiment,
    evaluating: Evaluating<'_>,
    device: &Device,
) -> Result<Evaluated, InspectError> {
    let Evaluating { prepared, studies, validation, training } = evaluating;
    let studies = with_image(prepared, studies);
    if studies.is_empty() {
        return Err(InspectError::NoImages);
    }
    let trained = Trained { model, experiment, prepared, device };
    let settings = &experiment.eval;
    let prompts = if settings.zero_shot.enabled { Some(trained.prompts()?) } else { None };
    let seen = trained.seen(&studies, prompts.as_ref());
    let mut evaluation = Evaluation::default();
    let (mut panels, mut searches) = (Vec::new(), Vec::new());
    let mut add = |part: Evaluation| {
        evaluation.scores.extend(part.scores);
        evaluation.warnings.extend(part.warnings);
        evaluation.protocols.extend(part.protocols);
    };
    if let Some(prompts) = &prompts {
        add(trained.zero_shot(prompts, &studies, &seen, validation)?);
    }
    if settings.retrieval.enabled {
        let (part, drawn) = trained.retrieval(&studies, &seen.images, training)?;
        add(part);
        searches = drawn;
    }
    if settings.grounding.enabled {
        let (part, drawn) = trained.grounding(&studies)?;
        add(part);
        panels = drawn;
    }
    Ok(Evaluated { evaluation, panels, searches })
}

/// Those of some studies that have an image.
pub(crate) fn with_image(prepared: &Prepared, studies: &[usize]) -> Vec<usize> {
    studies.iter().copied().filter(|&study| prepared.images.pixels(study).is_some()).collect()
}

/// What the model says of the images of studies.
pub(crate) struct Seen {
    pub(crate) images: ImageArrays,
    /// The local scores of the classes, `[images, classes]`, where there are any.
    pub(crate) local: Option<Array2<f32>>,
}

impl<'a> Trained<'a> {
    fn seen(&self, studies: &[usize], prompts: Option<&Prompts<'_>>) -> Seen {
        self.seen_and(studies, prompts, |_| ())
    }

    /// As [`Trained::seen`], and calls `use_chunk` with the features of each chunk.
    pub(crate) fn seen_and(
        &self,
        studies: &[usize],
        prompts: Option<&Prompts<'_>>,
        mut use_chunk: impl FnMut(&ImageFeatures),
    ) -> Seen {
        let texts = prompts.and_then(|prompts| prompts.local.as_ref());
        let mut local = Vec::new();
        let images = inference::images_and(self.model, self.prepared, studies, self.device, |features| {
            use_chunk(features);
            local.extend(texts.map(|texts| best_fits(texts, &features.projected)));
        });
        Seen { images, local: texts.is_some().then(|| arrays::stack(local)) }
    }

    fn bootstrap(&self, task: &str) -> Bootstrap {
        let seed = self.experiment.seed.stream("bootstrap").stream(task);
        Bootstrap { resamples: self.experiment.eval.bootstrap, seed }
    }

    /// Which of studies have labels.
    pub(crate) fn labelled(&self, studies: &[usize]) -> Vec<usize> {
        (0..studies.len()).filter(|&row| self.prepared.studies[studies[row]].labels.is_some()).collect()
    }

    fn studies(&self, studies: &[usize]) -> Vec<&'a Study> {
        studies.iter().map(|&study| &self.prepared.studies[study]).collect()
    }

    /// What is known of studies.
    fn cases(&self, studies: &[usize]) -> Vec<Case<'a>> {
        let patients = self.patients(studies);
        let labels = studies.iter().map(|&study| self.prepared.studies[study].labels.as_ref());
        patients.into_iter().zip(labels).map(|(patient, labels)| Case { patient, labels }).collect()
    }

    /// What studies are divided into, where the experiment divides them.
    fn strata(&self, studies: &[usize]) -> Option<Strata> {
        Strata::new(&self.experiment.eval.within, &self.studies(studies))
    }

    /// Tells that a protocol, which decides what is measured, leaves out what the experiment asks for besides.
    fn tell_of_strata(&self, task: &str, evaluation: &mut Evaluation) {
        if !self.experiment.eval.within.is_empty() {
            let problem = "nothing is scored within strata (`eval.within`): the protocol decides what is measured";
            evaluation.warnings.push(format!("{task}: {problem}"));
        }
    }

    /// The patients of studies as numbers.
    fn patients(&self, studies: &[usize]) -> Vec<usize> {
        groups(studies.iter().map(|&study| &self.prepared.studies[study].patient))
    }
}
