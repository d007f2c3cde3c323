//! What a trained model makes of studies, for others to go on with: embeddings, features, scores of classes.

use lgdea_eval::prompts::PromptClass;
use ndarray::{Array2, Axis, concatenate};

use crate::arrays::{matrix, stack};
use crate::evaluate::with_image;
use crate::{InspectError, Trained, inference};

/// Texts that are embedded between two words on how it goes, a multiple of those that go through the model at a time.
const TOLD: usize = 1024;

/// What is wanted besides embeddings.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The image encoder's features before they are projected.
    pub features: bool,
    /// Scores of the experiment's zero-shot classes.
    pub scores: bool,
}

/// What a model makes of studies with an image, a row each.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// Positions of the studies.
    pub studies: Vec<usize>,
    /// `g` of unit length, `[studies, D]`.
    pub image: Array2<f32>,
    /// Rows of the studies that have a text, in ascending order.
    pub with_text: Vec<usize>,
    /// `r` of unit length, `[texts, D]`.
    pub text: Array2<f32>,
    /// Mean of the patch features, `[studies, d]`, where wanted.
    pub features: Option<Array2<f32>>,
    /// The zero-shot classes, and their scores `[studies, classes]` as the evaluation has them, where wanted.
    pub scores: Option<(Vec<PromptClass>, Array2<f64>)>,
}

impl Trained<'_> {
    /// What the model makes of the studies of a group that have an image. Scores of classes are standardised over the group, as
    /// where it is evaluated. `done` is called with the number of images, then of texts, that have been embedded since.
    ///
    /// # Errors
    /// The prompts cannot be read; a score is no number.
    pub fn embeddings(&self, group: &[usize], wanted: Wanted, done: &dyn Fn(usize)) -> Result<Embedded, InspectError> {
        let studies = with_image(self.prepared, group);
        let prompts = if wanted.scores { Some(self.prompts()?) } else { None };
        let mut features = Vec::new();
        let seen = self.seen_and(&studies, prompts.as_ref(), |chunk| {
            if wanted.features {
                features.push(matrix(chunk.patches.clone().mean_dim(1).squeeze_dim::<2>(1)));
            }
            done(chunk.global.dims()[0]);
        });
        let scores = prompts.map(|prompts| {
            let mut over = self.labelled(&studies);
            if over.is_empty() {
                over = (0..studies.len()).collect();
            }
            let scores = self.class_scores(&prompts, &seen, None).combined(&self.experiment.eval.zero_shot, &over)?;
            Ok::<_, InspectError>((prompts.classes, scores))
        });
        let scores = scores.transpose()?;
        let with_text: Vec<usize> =
            (0..studies.len()).filter(|&row| self.prepared.report(studies[row]).is_some()).collect();
        let texts: Vec<usize> = with_text.iter().map(|&row| studies[row]).collect();
        let text = self.texts(&texts, done);
        let features = wanted.features.then(|| stack(features));
        Ok(Embedded { studies, image: seen.images.global, with_text, text, features, scores })
    }

    /// Embeddings of the texts of studies that have one.
    pub(crate) fn texts(&self, studies: &[usize], done: &dyn Fn(usize)) -> Array2<f32> {
        let mut rows = Vec::new();
        for chunk in studies.chunks(TOLD) {
            let reports = chunk.iter().filter_map(|&study| self.prepared.report(study));
            let tokens: Vec<&[i32]> = reports.map(|report| report.tokens.as_slice()).collect();
            rows.push(inference::texts(self.model, &tokens, self.device));
            done(chunk.len());
        }
        stack(rows)
    }
}

impl Embedded {
    /// Two groups' rows one below the other.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        let rows = self.studies.len();
        self.studies.extend(other.studies);
        self.with_text.extend(other.with_text.into_iter().map(|row| rows + row));
        self.image = below(self.image, other.image);
        self.text = below(self.text, other.text);
        self.features = self.features.zip(other.features).map(|(upper, lower)| below(upper, lower));
        self.scores =
            self.scores.zip(other.scores).map(|((classes, upper), (_, lower))| (classes, below(upper, lower)));
        self
    }
}

/// Rows below others; no rows may be of any width.
fn below<T: Clone>(upper: Array2<T>, lower: Array2<T>) -> Array2<T> {
    match (upper.nrows(), lower.nrows()) {
        (_, 0) => upper,
        (0, _) => lower,
        // Both are of one model.
        _ => concatenate(Axis(0), &[upper.view(), lower.view()]).unwrap_or(upper),
    }
}
