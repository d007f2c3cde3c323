//! The evaluation tasks on some studies.

mod grounding;
mod retrieval;
pub(crate) mod zero_shot;

use burn::tensor::Device;
use lgdea_eval::gallery::{Panel, Query};
use lgdea_eval::task::Labels;
use lgdea_eval::{Bootstrap, Evaluation};
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use lgdea_spec::Experiment;

use crate::local_fit::best_fits;
use crate::{InspectError, Trained, arrays, inference};

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

/// Runs the enabled tasks on some studies, those that have an image, with `model` in validation mode.
///
/// # Errors
/// None of them has an image; a task cannot be done.
pub fn evaluate(
    model: &Lgdea,
    experiment: &Experiment,
    prepared: &Prepared,
    studies: &[usize],
    device: &Device,
) -> Result<Evaluated, InspectError> {
    let has_image = |study: &usize| prepared.images.pixels(*study).is_some();
    let studies: Vec<usize> = studies.iter().copied().filter(has_image).collect();
    if studies.is_empty() {
        return Err(InspectError::NoImages);
    }
    let trained = Trained { model, experiment, prepared, device };
    let settings = &experiment.eval;
    let prompts = if settings.zero_shot.enabled { Some(trained.prompts()?) } else { None };
    let mut local = Vec::new();
    let images = inference::images_and(model, prepared, &studies, device, |features| {
        let texts = prompts.as_ref().and_then(|prompts| prompts.local.as_ref());
        local.extend(texts.map(|texts| best_fits(texts, &features.projected)));
    });
    let mut evaluation = Evaluation::default();
    let (mut panels, mut searches) = (Vec::new(), Vec::new());
    let mut add = |part: Evaluation| {
        evaluation.scores.extend(part.scores);
        evaluation.warnings.extend(part.warnings);
    };
    if let Some(prompts) = &prompts {
        let local = prompts.local.is_some().then(|| arrays::stack(local));
        add(trained.zero_shot(prompts, &studies, &images, local)?);
    }
    if settings.retrieval.enabled {
        let (part, drawn) = trained.retrieval(&studies, &images)?;
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

impl<'a> Trained<'a> {
    fn bootstrap(&self, task: &str) -> Bootstrap {
        let seed = self.experiment.seed.stream("bootstrap").stream(task);
        Bootstrap { resamples: self.experiment.eval.bootstrap, seed }
    }

    pub(crate) fn labels(&self, studies: &[usize]) -> Vec<Labels<'a>> {
        studies.iter().map(|&study| self.prepared.studies[study].labels.as_ref()).collect()
    }
}
