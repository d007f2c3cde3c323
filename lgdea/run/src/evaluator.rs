//! Evaluation of a trained model on the splits and sets that an experiment asks for.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use lgdea_eval::{Evaluation, Scores, gallery};
use lgdea_inputs::check::{self, uncovered};
use lgdea_inspect::{Evaluated, Evaluating, evaluate};
use lgdea_metric::EvalSet;
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use lgdea_spec::{Data, Eval, Experiment, HeldOut, ZeroShot};

use crate::RunError;
use crate::recorder::Recorder;
use crate::scored::Scored;
use crate::shared::Shared;

/// Phrases beside each other on a picture of heat maps: of more, a screen of 1400 pixels shows the letters too small.
const PANELS: usize = 3;

/// Evaluates a model, and writes what it finds into the run's journal and folder.
#[derive(Clone, Copy)]
pub(crate) struct Evaluator<'a> {
    pub(crate) experiment: &'a Experiment,
    pub(crate) recorder: Recorder<'a>,
    pub(crate) shared: &'a Shared<'a>,
    pub(crate) device: &'a Device,
}

impl Evaluator<'_> {
    /// The held-out splits to score: those that the experiment asks for, as far as they have images. Tells what cannot be scored.
    pub(crate) fn splits(&self, prepared: &Prepared) -> Result<Vec<HeldOut>, RunError> {
        let Eval { splits: asked, zero_shot, sets, .. } = &self.experiment.eval;
        let asked = [HeldOut::Validation, HeldOut::Test].into_iter().filter(|split| asked.contains(split));
        let (splits, empty): (Vec<_>, Vec<_>) = asked.partition(|&split| prepared.has_images(split.into()));
        if splits.is_empty() && sets.is_empty() {
            let splits = empty.iter().map(|split| split.split().name()).collect::<Vec<_>>().join(" or the ");
            return Err(RunError::NothingToScore { splits });
        }
        self.tell_of_classes(
            check::PROMPTS,
            zero_shot,
            &check::scored_splits(&prepared.studies, &splits),
            &self.experiment.data,
        )?;
        let undivided = |&split: &HeldOut| check::undivided_split(&self.experiment.eval, &prepared.studies, split);
        splits.iter().flat_map(undivided).try_for_each(|note| self.recorder.warn(note))?;
        for split in empty {
            let split = split.split().name();
            self.recorder.warn(format!("no study of the {split} split has an image: it is not scored"))?;
        }
        Ok(splits)
    }

    /// Tells which classes of prompts cannot be scored on some studies. Prompts of one's own that score nothing are hardly meant:
    /// with them training does not begin.
    pub(crate) fn tell_of_classes(
        &self,
        key: &str,
        settings: &ZeroShot,
        scored: &[check::Scored<'_>],
        data: &Data,
    ) -> Result<(), RunError> {
        match uncovered(key, settings, scored, data)? {
            Some((problem, true)) => Err(RunError::NothingToClassify { problem }),
            Some((problem, false)) => self.recorder.warn(problem),
            None => Ok(()),
        }
    }

    /// Scores by `<split or set>/<task>/<metric>`.
    pub(crate) fn scores(&self, model: &Lgdea, scored: &Scored<'_>) -> Result<Scores, RunError> {
        let (on, name) = (scored.on, scored.on.name());
        let evaluation = self.evaluation(model, scored)?;
        self.recorder.scores(self.experiment.train.all_steps(), on, &evaluation)?;
        for (task, protocol) in &evaluation.protocols {
            self.recorder.audience.say(&format!("{name}: {task} by the protocol {protocol}"));
        }
        for warning in &evaluation.warnings {
            self.recorder.audience.say(&format!("{name}: {warning}"));
        }
        Ok(evaluation.scores.into_iter().map(|(score, value)| (on.of_score(&score), value)).collect())
    }

    /// Evaluates studies and draws their galleries, unless the same checkpoint was evaluated in the same way before.
    fn evaluation(&self, model: &Lgdea, scored: &Scored<'_>) -> Result<Evaluation, RunError> {
        let Recorder { run, audience, .. } = self.recorder;
        let &Scored { on, experiment, prepared, ref studies, validation, training, .. } = scored;
        let name = on.name();
        let called = match on {
            EvalSet::Split(split) => format!("the {split} split"),
            EvalSet::Named(name) => format!("the evaluation set {name}"),
        };
        let picture = |task: &str| Path::new("artifacts").join(format!("{task}_{name}.png"));
        let galleries = [picture("grounding"), picture("retrieval")];
        let shared = self.shared.evaluation(scored, &galleries)?;
        let evaluation = if let Some(evaluation) = shared.take() {
            audience.say(&format!("{called} is evaluated already"));
            evaluation
        } else {
            audience.say(&format!("evaluating {called}"));
            let evaluating = Evaluating { prepared, studies, validation, training };
            let evaluated = evaluate(model, experiment, evaluating, self.device)?;
            draw(&evaluated, prepared, galleries.each_ref().map(|gallery| run.path().join(gallery)))?;
            shared.keep(&evaluated.evaluation);
            evaluated.evaluation
        };
        for gallery in galleries.iter().filter(|gallery| run.path().join(gallery).exists()) {
            self.recorder.artifact(gallery)?;
        }
        Ok(evaluation)
    }
}

/// Draws the galleries that there is something for.
fn draw(evaluated: &Evaluated, prepared: &Prepared, [grounding, retrieval]: [PathBuf; 2]) -> Result<(), RunError> {
    let (panels, queries) = (evaluated.panels(prepared), evaluated.queries(prepared));
    if !panels.is_empty() {
        gallery::write(&grounding, &panels, PANELS)?;
    }
    if !queries.is_empty() {
        gallery::write_retrieval(&retrieval, &queries)?;
    }
    Ok(())
}
