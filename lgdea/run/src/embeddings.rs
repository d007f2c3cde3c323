//! What a run's model makes of studies, as arrays and a reference that others read.

use std::collections::BTreeSet;
use std::path::Path;

use lgdea_data::{Report, Study, StudyLabels};
use lgdea_eval::prompts::PromptClass;
use lgdea_inspect::Embedded;
use lgdea_predictions::{Arrays, Described, Label, PredictionError, Reference, described};
use lgdea_prepared::Prepared;
use lgdea_spec::Experiment;
use ndarray::Array2;
use serde_json::{Map, Value, json};

/// Digits of the hash that stands for a text.
const DIGITS: usize = 32;

/// What a run's model makes of studies with an image, a row each.
#[derive(Debug, Clone)]
pub struct Embeddings {
    /// The model's outputs.
    pub embedded: Embedded,
    /// What is true of the studies.
    pub reference: Reference,
    /// Their examinations.
    examinations: Vec<String>,
    /// Their splits; sex, age, view and source where some study tells them.
    described: Vec<Described>,
    /// What it was made from and how.
    meta: Map<String, Value>,
}

impl Embeddings {
    pub(crate) fn new(embedded: Embedded, experiment: &Experiment, prepared: &Prepared) -> Self {
        let studies: Vec<&Study> = embedded.studies.iter().map(|&study| &prepared.studies[study]).collect();
        let of = |what: fn(&Study) -> String| studies.iter().map(|study| what(study)).collect();
        let classes = embedded.scores.as_ref().map_or(&[][..], |(classes, _)| classes);
        let (names, labels) = labels(&studies, classes);
        // What the model does not read is no text of its.
        let mut texts = vec![String::new(); studies.len()];
        for &row in &embedded.with_text {
            texts[row] = studies[row].report.as_ref().map(mark).unwrap_or_default();
        }
        let reference = Reference {
            path: Path::new("the studies").to_owned(),
            ids: of(|study| study.id.clone()),
            patients: Some(of(|study| study.patient.clone())),
            texts: (!embedded.with_text.is_empty()).then_some(texts),
            classes: names,
            labels,
            groups: Vec::new(),
            notes: Vec::new(),
        };
        let examinations = of(|study| study.examination.clone());
        let is_known = |(_, cells): &Described| cells.iter().any(|cell| !cell.is_empty());
        let described = described(&studies).into_iter().filter(is_known).collect();
        let meta = protocol(&embedded, experiment);
        Self { embedded, reference, examinations, described, meta }
    }

    /// Adds to what is told of how it was made.
    pub(crate) fn tell(&mut self, name: &str, value: Value) {
        self.meta.insert(name.to_owned(), value);
    }

    /// Writes the arrays, and the reference beside them, as `lgdea score` reads them; `replace`: also where there are files
    /// already.
    ///
    /// # Errors
    /// A file cannot be written; a label is called as a column of the reference.
    pub fn write(&self, arrays: &Path, reference: &Path, replace: bool) -> Result<(), PredictionError> {
        self.reference.write(reference, &self.described, replace)?;
        self.arrays().write(arrays, replace)
    }

    /// The arrays: `image`, `text` (with `text_ids` where not all have one), `features`, `scores` with `classes`, and of each row
    /// `ids`, `patient`, `study`, `split`; `meta` is JSON.
    fn arrays(&self) -> Arrays<'_> {
        let Embedded { image, text, with_text, features, scores, .. } = &self.embedded;
        let mut arrays = Arrays::default();
        arrays.single("image", image.view());
        if !with_text.is_empty() {
            arrays.single("text", text.view());
            if with_text.len() < image.nrows() {
                let ids = with_text.iter().map(|&row| self.reference.ids[row].clone());
                arrays.texts("text_ids", ids.collect::<Vec<String>>());
            }
        }
        if let Some(features) = features {
            arrays.single("features", features.view());
        }
        if let Some((classes, scores)) = scores {
            arrays.double("scores", scores.view());
            arrays.texts("classes", classes.iter().map(|class| class.name.clone()).collect::<Vec<String>>());
        }
        arrays.texts("ids", &self.reference.ids[..]);
        arrays.texts("patient", self.reference.patients.as_deref().unwrap_or_default());
        arrays.texts("study", &self.examinations[..]);
        for (name, cells) in &self.described {
            arrays.texts(name, &cells[..]);
        }
        arrays.text("meta", Value::Object(self.meta.clone()).to_string());
        arrays
    }
}

/// What tells a report from others and not what it says: a hash.
fn mark(report: &Report) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("lgdea texts of a reference, version 1");
    hasher.update(report.text().as_bytes());
    hasher.finalize().to_hex()[..DIGITS].to_owned()
}

/// How pixels and texts became what the model read.
fn protocol(embedded: &Embedded, experiment: &Experiment) -> Map<String, Value> {
    let (encoder, zero_shot) = (&experiment.encoder, &experiment.eval.zero_shot);
    let scores = embedded.scores.as_ref().map(|_| {
        json!({
            "prompts": zero_shot.prompts,
            "evidence_share": zero_shot.evidence_share,
            "local_share": zero_shot.local_share,
        })
    });
    let told = json!({
        "lgdea": env!("CARGO_PKG_VERSION"),
        "image": {
            "size": encoder.image.size(),
            "pixels": "grey, whole image in the middle of a black square, then mean 0 and standard deviation 1 of each image",
            "output": "unit length",
        },
        "text": { "reads": encoder.report_text, "most_pieces": encoder.text.max_tokens(), "output": "unit length" },
        "features": embedded.features.as_ref().map(|_| "mean of the image encoder's patch features, before the projection"),
        "scores": scores,
    });
    match told {
        Value::Object(told) => told,
        _ => Map::new(),
    }
}

/// Findings that a study has a label of, in snake case, and the labels. A class of the zero-shot scores is labelled as its prompts
/// say whom it is told from.
fn labels(studies: &[&Study], classes: &[PromptClass]) -> (Vec<String>, Array2<Label>) {
    let mut names: BTreeSet<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    for StudyLabels { present, uncertain } in studies.iter().filter_map(|study| study.labels.as_ref()) {
        names.extend(present.iter().chain(uncertain).map(String::as_str));
    }
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let of_name: Vec<Option<&PromptClass>> =
        names.iter().map(|name| classes.iter().find(|class| class.name == *name)).collect();
    let label = |(row, column): (usize, usize)| {
        let labels = studies[row].labels.as_ref();
        let (Some(class), Some(of_study)) = (of_name[column], labels) else { return Label::of(labels, &names[column]) };
        match class.truth(of_study) {
            Some(true) => Label::Positive,
            Some(false) => Label::Negative,
            None => Label::Uncertain,
        }
    };
    let labels = Array2::from_shape_fn((studies.len(), names.len()), label);
    (names, labels)
}

#[cfg(test)]
mod tests {
    use lgdea_data::Split;
    use lgdea_predictions::Label::{Blank, Negative, Positive, Uncertain};

    use super::*;

    fn study(id: &str, present: &[&str], uncertain: &[&str]) -> Study {
        let own = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let labels = StudyLabels { present: own(present), uncertain: own(uncertain) };
        Study { labels: Some(labels), ..Study::new(id, id, Split::Test) }
    }

    #[test]
    fn labels_are_columns_and_those_of_prompts_say_whom_they_are_told_from() {
        let all = [
            study("a", &["edema"], &["mass"]),
            study("b", &["no_finding"], &[]),
            study("c", &[], &["edema"]),
            Study::new("d", "d", Split::Test),
        ];
        let all: Vec<&Study> = all.iter().collect();
        let (names, found) = labels(&all, &[]);
        assert_eq!(names, ["edema", "mass", "no_finding"]);
        let expected = ndarray::array![
            [Positive, Uncertain, Negative],
            [Negative, Negative, Positive],
            [Uncertain, Negative, Negative],
            [Blank, Blank, Blank]
        ];
        assert_eq!(found, expected);
        let class = |name: &str, against: &[&str]| PromptClass {
            name: name.to_owned(),
            prompts: vec![name.to_owned()],
            against: against.iter().map(|&label| label.to_owned()).collect(),
            negative: Vec::new(),
        };
        let (names, found) = labels(&all, &[class("edema", &["no_finding"]), class("zebra", &[])]);
        assert_eq!(names, ["edema", "mass", "no_finding", "zebra"]);
        assert_eq!(
            found.column(0).to_vec(),
            [Positive, Negative, Uncertain, Blank],
            "only normal studies are negatives"
        );
        assert_eq!(found.column(3).to_vec(), [Negative, Negative, Negative, Blank]);
    }
}
