//! What a run computes of its studies, scored by a protocol as anyone's outputs are.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use lgdea_data::{Report, Study, StudyLabels};
use lgdea_predictions::{HeatMaps, Label, Reference, Regions, Retrieval, Scores};
use ndarray::{Array2, Array3, Axis, stack};

use super::{Scored, grounding, retrieval, zero_shot};
use crate::metric::grounding::region;
use crate::prompts::PromptClass;
use crate::protocol::{
    Ensemble, Frame, Interval, Labelling, MeanOver, Method, NamedFrame, Protocol, Rules, ZeroShotProtocol,
};
use crate::task::grounding::Item;
use crate::task::retrieval::Similarities;
use crate::{Bootstrap, EvalError, Evaluation};

/// What messages call the studies.
const STUDIES: &str = "the evaluated studies";

/// A protocol that a run is scored by: its switches, and the run's resamples.
pub struct OfRun {
    protocol: Protocol,
    bootstrap: Bootstrap,
}

/// Studies, and what a model says of them and the classes.
pub struct Classified<'a> {
    /// The studies.
    pub studies: Vec<&'a Study>,
    /// `[studies, classes]`, finite.
    pub scores: Array2<f64>,
}

impl OfRun {
    /// The protocol of a name or path. An error where it is of another task than `task` (as `lgdea score` calls it).
    pub fn new(choice: &str, task: &str, bootstrap: Bootstrap) -> Result<Self, EvalError> {
        let protocol = Protocol::named_or_path(choice)?;
        let of = protocol.rules.task();
        if of != task {
            let problem = format!("it is of {of}, and the task is {task}; `lgdea score protocols` lists those of each");
            return Err(EvalError::InvalidProtocol { origin: protocol.name, problem });
        }
        Ok(Self { protocol, bootstrap })
    }

    /// What becomes of several scores a class, one for each prompt; none where the protocol is of another task.
    pub fn ensemble(&self) -> Option<Ensemble> {
        if let Rules::ZeroShot(rules) = &self.protocol.rules { Some(rules.ensemble) } else { None }
    }

    /// Whether thresholds are chosen on validation studies.
    pub fn has_thresholds(&self) -> bool {
        matches!(&self.protocol.rules, Rules::ZeroShot(rules) if rules.decides())
    }

    /// Says why studies with these labels cannot be scored, where that is so.
    pub fn refusal<'l>(
        &self,
        classes: &[PromptClass],
        labels: impl Iterator<Item = &'l StudyLabels> + Clone,
    ) -> Option<String> {
        let Rules::ZeroShot(ZeroShotProtocol { labels: Labelling::MultiClass, .. }) = &self.protocol.rules else {
            return None;
        };
        let number =
            |labels: &&StudyLabels| classes.iter().filter(|class| labels.present.contains(&class.name)).count();
        let (all, others) = (labels.clone().count(), labels.filter(|labels| number(labels) != 1).count());
        (others > 0).then(|| {
            format!(
                "by the protocol {} each study has exactly one of the classes of the prompts, but {others} of {all} labelled \
                 studies have none or several; take other studies (such as CheXpert's 5x200), or another protocol",
                self.protocol.name
            )
        })
    }

    /// Zero-shot classification. Thresholds are chosen on `validation`, as far as its patients are not scored; without any,
    /// decisions are left out with a warning.
    pub fn zero_shot(
        &self,
        classes: &[PromptClass],
        scored: Classified<'_>,
        validation: Option<Classified<'_>>,
    ) -> Result<Evaluation, EvalError> {
        let Rules::ZeroShot(rules) = &self.protocol.rules else { return Ok(Evaluation::default()) };
        let mut rules = rules.clone();
        let patients: HashSet<&str> = scored.studies.iter().map(|study| study.patient.as_str()).collect();
        let validation = validation.map(|found| found.only(|study| !patients.contains(study.patient.as_str())));
        let validation = validation.map(|found| found.beside_truth(classes)).filter(|(_, truth)| !truth.ids.is_empty());
        let (scores, truth) = scored.beside_truth(classes);
        if truth.ids.is_empty() {
            return Ok(self.nothing("no study has labels"));
        }
        let mut warnings = Vec::new();
        if validation.is_none() && rules.decides() {
            let problem = "there are no labelled validation studies beside those that are scored: what needs thresholds is left \
                           out";
            warnings.push(problem.to_owned());
            rules.leave_out_decisions();
        }
        let validation = validation.as_ref().map(|(scores, truth)| (scores, truth));
        let mut scored = zero_shot(&rules, &scores, &truth, validation)?;
        scored.warnings.append(&mut warnings);
        Ok(self.evaluation(scored))
    }

    /// Retrieval: `similarity` is `[images, reports]` of the studies, finite.
    pub fn retrieval<'a>(
        &self,
        studies: &[&Study],
        similarity: impl Into<Similarities<'a>>,
    ) -> Result<Evaluation, EvalError> {
        let Rules::Retrieval(rules) = &self.protocol.rules else { return Ok(Evaluation::default()) };
        let labels = studies.iter().filter_map(|study| study.labels.as_ref());
        let found: BTreeSet<&String> = labels.flat_map(|labels| labels.present.union(&labels.uncertain)).collect();
        let classes: Vec<&String> = found.into_iter().collect();
        let label = |(study, class): (usize, usize)| Label::of(studies[study].labels.as_ref(), classes[class]);
        let text = |study: &&Study| study.report.as_ref().map(Report::text).unwrap_or_default();
        let reference = Reference {
            texts: Some(studies.iter().map(text).collect()),
            labels: Array2::from_shape_fn((studies.len(), classes.len()), label),
            classes: classes.into_iter().cloned().collect(),
            ..cases(studies)
        };
        let Similarities { of_images, of_reports } = similarity.into();
        let of_texts = of_reports.map(|similarity| similarity.to_owned());
        let outputs = Retrieval::of_cases(Path::new(STUDIES), of_images.to_owned(), of_texts);
        Ok(self.evaluation(retrieval(rules, &outputs, &reference)?))
    }

    /// Phrase grounding: of each item a map, all of one shape. `study` gives the study of an item, `size` is the side of the
    /// prepared images, which stands for that of the image.
    pub fn grounding<'s>(
        &self,
        items: &[(&Item<'_>, Array2<f32>)],
        study: impl Fn(usize) -> &'s Study,
        size: usize,
    ) -> Result<Evaluation, EvalError> {
        let Rules::Grounding(rules) = &self.protocol.rules else { return Ok(Evaluation::default()) };
        let mut warnings = Vec::new();
        let phrases = joined(items, size, &mut warnings);
        if phrases.is_empty() {
            return Ok(self.nothing("no box has an area in the frame"));
        }
        if rules.frame == Frame::Named(NamedFrame::Image) {
            warnings.push(format!(
                "maps and boxes are compared at {size} × {size} pixels, which runs take for the image's size"
            ));
        }
        let maps: Vec<_> = phrases.iter().map(|phrase| phrase.map.view()).collect();
        let maps: Array3<f32> = stack(Axis(0), &maps).map_err(|error| EvalError::Outputs {
            what: STUDIES.to_owned(),
            problem: format!("their maps are not of one shape: {error}"),
        })?;
        let studies: Vec<&Study> = phrases.iter().map(|phrase| study(phrase.item.study)).collect();
        let ids = (0..phrases.len()).map(|phrase| phrase.to_string()).collect();
        let classes = (rules.mean_over == MeanOver::Classes)
            .then(|| phrases.iter().map(|phrase| phrase.item.finding.to_owned()).collect());
        let regions = Regions {
            phrases: Reference { ids, ..cases(&studies) },
            classes,
            boxes: phrases.into_iter().map(|phrase| phrase.boxes).collect(),
            sizes: Some(vec![[size, size]; studies.len()]),
        };
        let mut scored = grounding(rules, &HeatMaps::of_phrases(Path::new(STUDIES), maps), &regions)?;
        scored.warnings.append(&mut warnings);
        Ok(self.evaluation(scored))
    }

    /// The scores, with as many resamples as the run has.
    fn evaluation(&self, scored: Scored) -> Evaluation {
        let Bootstrap { resamples, seed } = self.bootstrap;
        let of_protocol = self.protocol.interval();
        let method = if resamples == 0 { Method::None } else { of_protocol.method };
        let resamples = if method == Method::None { 0 } else { resamples };
        let evaluation = scored.evaluation(Interval { method, resamples, seed: seed.0, ..of_protocol });
        self.told(evaluation)
    }

    fn nothing(&self, problem: &str) -> Evaluation {
        self.told(Evaluation { warnings: vec![problem.to_owned()], ..Evaluation::default() })
    }

    /// With the task before its warnings, and the protocol.
    fn told(&self, evaluation: Evaluation) -> Evaluation {
        let task = self.protocol.rules.task();
        let warnings = evaluation.warnings.iter().map(|warning| format!("{task}: {warning}")).collect();
        let protocols = [(task.to_owned(), self.protocol.named())].into();
        Evaluation { warnings, protocols, ..evaluation }
    }
}

impl Classified<'_> {
    fn only(self, is_wanted: impl Fn(&Study) -> bool) -> Self {
        let rows: Vec<usize> = (0..self.studies.len()).filter(|&row| is_wanted(self.studies[row])).collect();
        let studies = rows.iter().map(|&row| self.studies[row]).collect();
        Self { studies, scores: self.scores.select(Axis(0), &rows) }
    }

    /// Scores and truth of the labelled studies.
    fn beside_truth(self, classes: &[PromptClass]) -> (Scores, Reference) {
        let Self { studies, scores } = self.only(|study| study.labels.is_some());
        let names: Vec<String> = classes.iter().map(|class| class.name.clone()).collect();
        let label = |(study, class): (usize, usize)| -> Label {
            let (Some(labels), class) = (&studies[study].labels, &classes[class]) else { return Label::Excluded };
            match class.truth(labels) {
                Some(true) => Label::Positive,
                Some(false) => Label::Negative,
                None if labels.uncertain.contains(&class.name) => Label::Uncertain,
                None => Label::Excluded,
            }
        };
        let labels = Array2::from_shape_fn((studies.len(), classes.len()), label);
        let truth = Reference { classes: names.clone(), labels, ..cases(&studies) };
        (Scores::of_cases(Path::new(STUDIES), names, scores), truth)
    }
}

/// Studies as cases of which nothing else is known.
fn cases(studies: &[&Study]) -> Reference {
    Reference {
        path: STUDIES.into(),
        ids: studies.iter().map(|study| study.id.clone()).collect(),
        patients: Some(studies.iter().map(|study| study.patient.clone()).collect()),
        texts: None,
        classes: Vec::new(),
        labels: Array2::from_elem((studies.len(), 0), Label::Blank),
        groups: Vec::new(),
        notes: Vec::new(),
    }
}

/// A phrase of a study with all of its boxes.
struct Phrase<'i> {
    item: &'i Item<'i>,
    boxes: Vec<[f32; 4]>,
    map: &'i Array2<f32>,
}

/// Phrases with all of their boxes: items of one study with equal phrases (but for case) are one.
fn joined<'i>(items: &'i [(&Item<'i>, Array2<f32>)], size: usize, warnings: &mut Vec<String>) -> Vec<Phrase<'i>> {
    let mut phrases: Vec<Phrase<'i>> = Vec::new();
    let mut places = HashMap::new();
    let (mut outside, mut outlines) = (0, 0);
    for (item, map) in items {
        if region(&[item.target], size).is_none() {
            outside += 1;
            continue;
        }
        outlines += usize::from(item.outline.is_some());
        let place = *places.entry(item.region_key()).or_insert(phrases.len());
        if place == phrases.len() {
            phrases.push(Phrase { item, boxes: Vec::new(), map });
        }
        phrases[place].boxes.push(item.target);
    }
    if outside > 0 {
        warnings.push(format!("{outside} of {} boxes have no area in the frame and are left out", items.len()));
    }
    if outlines > 0 {
        warnings.push(format!("protocols are of boxes: {outlines} outlines count as the boxes around them"));
    }
    phrases
}
