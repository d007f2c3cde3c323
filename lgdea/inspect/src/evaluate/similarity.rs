//! How near images and reports are to each other.
//!
//! `s_ij = (1 − λ − ε) ẑ(g_i · r_j) + λ ẑ(F_ij) + ε ẑ(√Q̄_i · √Q̄_j)`, each `ẑ` standardised over the studies that are scored:
//!
//! - `F`, how well the evidence phrases of report `j` fit image `i`: the mean of `S_in` over them ([`region_fit`]), of `g_i · z_n` for
//!   methods that learn no regions, or how well its words fit, for methods that learn these;
//! - `Q̄`, the distributions of evidence over prototypes.
//!
//! With a bank of unpaired training studies a candidate that is near to all of them is put back: where images look for reports
//! `s_ij − α h_j`, with `h_j` the mean of the `k` greatest `s_uj` over images `u` of the bank ([`hubness`]), and where reports look
//! for images `s_ij − α h_i` over its reports.
//!
//! [`region_fit`]: lgdea_objective::term::evidence_local::region_fit

use std::collections::HashMap;

use burn::tensor::Tensor;
use lgdea_eval::metric::retrieval::hubness;
use lgdea_eval::task::retrieval::Similarities;
use lgdea_model::ImageFeatures;
use lgdea_prepared::Prepared;
use lgdea_spec::{Bank, Retrieval};
use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::with_image;
use crate::arrays::{matrix, stack, tensor};
use crate::local_fit::{LocalFit, LocalTexts};
use crate::{Trained, inference};

/// Images and reports whose words or phrases and regions are compared at a time: memory grows with the product.
const FITTED: usize = 32;
/// Keeps a division finite.
const TINY: f64 = 1e-9;

/// How near images and reports are to each other, `[images, reports]`.
pub(super) struct Nearness {
    /// As images look for reports.
    of_images: Array2<f32>,
    /// As reports look for images.
    of_reports: Array2<f32>,
}

impl Nearness {
    /// The same both ways.
    pub(super) fn of_both(similarity: Array2<f32>) -> Self {
        Self { of_reports: similarity.clone(), of_images: similarity }
    }

    pub(super) fn view(&self) -> Similarities<'_> {
        Similarities { of_images: self.of_images.view(), of_reports: self.of_reports.view() }
    }
}

/// What images are compared with.
struct Reports<'a> {
    /// `r`, `[reports, D]`.
    embeddings: Array2<f32>,
    local: Option<LocalReports<'a>>,
    /// `√Q̄`, `[reports, K]`; not a number where a report has no evidence.
    evidence: Option<Array2<f32>>,
}

/// Reports as the local score sees them.
#[expect(clippy::large_enum_variant, reason = "there is one of it for a group of reports, and it holds handles")]
enum LocalReports<'a> {
    /// Their words, in groups of reports.
    Words(Vec<LocalTexts<'a>>),
    /// Their evidence phrases.
    Phrases {
        /// `z`, `[phrases, D]`.
        embeddings: Tensor<2>,
        /// As they are compared with regions, where the method learns that.
        regions: Option<LocalTexts<'a>>,
        /// Shares of the phrases, `[reports, phrases]`; not a number where a report has no evidence.
        shares: Array2<f32>,
    },
}

/// Similarities `[images, reports]`, one of each kind that is asked for; not a number where a report says nothing.
struct Kinds {
    global: Array2<f32>,
    local: Option<Array2<f32>>,
    evidence: Option<Array2<f32>>,
}

impl<'a> Trained<'a> {
    /// How near the images and reports of studies are to each other, which have both; `training` has the bank. Says in `warnings`
    /// what is asked for and cannot be had.
    pub(super) fn nearness(&self, studies: &[usize], training: &Prepared, warnings: &mut Vec<String>) -> Nearness {
        let settings = &self.experiment.eval.retrieval;
        let reports = self.reports(studies);
        let found = self.compare(studies, &reports);
        let scales = found.scales();
        let mut nearness = Nearness::of_both(found.sum(&scales, settings));
        if settings.bank.is_off() {
            return nearness;
        }
        let Bank { share, nearest, studies: most } = settings.bank;
        let mut tell = |what: &str| {
            warnings.push(format!(
                "retrieval: there are no unpaired training {what} for the bank (`eval.retrieval.bank`): the way that needs them is \
                 not corrected"
            ));
        };
        let hubs = |bank: ArrayView2<'_, f32>| Array1::from(hubness(bank, nearest)) * share as f32;
        let trained = Trained { prepared: training, ..*self };
        let of_bank = spread(&with_image(training, &training.pools.images), most);
        if of_bank.is_empty() {
            tell("images");
        } else {
            let bank = trained.compare(&of_bank, &reports).sum(&scales, settings);
            nearness.of_images -= &hubs(bank.view());
        }
        let of_bank = spread(&training.pools.reports, most);
        if of_bank.is_empty() {
            tell("reports");
        } else {
            let bank = self.compare(studies, &trained.reports(&of_bank)).sum(&scales, settings);
            nearness.of_reports -= &hubs(bank.t()).insert_axis(Axis(1));
        }
        nearness
    }

    /// The reports of studies, which all have one.
    fn reports(&self, studies: &[usize]) -> Reports<'a> {
        let settings = &self.experiment.eval.retrieval;
        let embeddings = self.texts(studies, &|_| ());
        let fit = LocalFit::of_method(self.experiment).filter(|_| settings.local_share > 0.0);
        let words = fit.filter(|fit| matches!(fit, LocalFit::Words(_)));
        let by_phrases = settings.local_share > 0.0 && words.is_none();
        let by_evidence = settings.evidence_share > 0.0 && self.has_image_evidence();
        let phrases = if by_phrases || by_evidence { self.evidence_phrases(studies) } else { None };
        let evidence = phrases.as_ref().filter(|_| by_evidence).map(|(embeddings, shares)| {
            shares.dot(&inference::phrase_evidence(self.model, embeddings, self.device)).mapv(f32::sqrt)
        });
        let local = if let Some(fit) = words {
            let read = studies.iter().filter_map(|&study| self.prepared.report(study));
            let tokens: Vec<&[i32]> = read.map(|report| report.tokens.as_slice()).collect();
            let group = |group| fit.texts(self.model, group, self.device);
            Some(LocalReports::Words(tokens.chunks(FITTED).map(group).collect()))
        } else {
            phrases.filter(|_| by_phrases).map(|(embeddings, shares)| {
                let embeddings = tensor(&embeddings, self.device);
                let regions = fit.and_then(|fit| fit.of_phrases(embeddings.clone()));
                LocalReports::Phrases { embeddings, regions, shares }
            })
        };
        Reports { embeddings, local, evidence }
    }

    /// Embeddings of the distinct evidence phrases of reports, `[phrases, D]`, and the shares that they have of each report's,
    /// `[reports, phrases]`; none where no report has evidence.
    fn evidence_phrases(&self, studies: &[usize]) -> Option<(Array2<f32>, Array2<f32>)> {
        let of_studies: Vec<Vec<&[i32]>> = studies.iter().map(|&study| self.prepared.evidence(study)).collect();
        let (mut distinct, mut place) = (Vec::new(), HashMap::new());
        for &phrase in of_studies.iter().flatten() {
            place.entry(phrase).or_insert_with(|| {
                distinct.push(phrase);
                distinct.len() - 1
            });
        }
        let mut shares = Array2::zeros((studies.len(), distinct.len()));
        for (mut row, phrases) in shares.rows_mut().into_iter().zip(&of_studies) {
            if phrases.is_empty() {
                row.fill(f32::NAN);
            }
            for phrase in phrases {
                row[place[phrase]] = 1.0 / phrases.len() as f32;
            }
        }
        (!distinct.is_empty()).then(|| (inference::texts(self.model, &distinct, self.device), shares))
    }

    /// Similarities of the images of studies to reports.
    fn compare(&self, studies: &[usize], reports: &Reports<'_>) -> Kinds {
        let (mut global, mut local, mut evidence) = (Vec::new(), Vec::new(), Vec::new());
        inference::each_chunk(self.model, self.prepared, studies, self.device, |_, features| {
            global.push(matrix(features.global.clone()).dot(&reports.embeddings.t()));
            local.extend(reports.local.as_ref().map(|local| local.fit(&features)));
            evidence.extend(reports.evidence.as_ref().map(|of_reports| {
                matrix(self.model.image_evidence(features.patches)).mapv(f32::sqrt).dot(&of_reports.t())
            }));
        });
        let (local, evidence) =
            (reports.local.is_some().then(|| stack(local)), reports.evidence.is_some().then(|| stack(evidence)));
        Kinds { global: stack(global), local, evidence }
    }
}

impl LocalReports<'_> {
    /// `F` of a chunk of images, `[images, reports]`.
    fn fit(&self, features: &ImageFeatures) -> Array2<f32> {
        let [images, ..] = features.projected.dims();
        let mut rows = Vec::new();
        for start in (0..images).step_by(FITTED) {
            let length = FITTED.min(images - start);
            let patches = || features.projected.clone().narrow(0, start, length);
            rows.push(match self {
                Self::Words(groups) => {
                    matrix(Tensor::cat(groups.iter().map(|texts| texts.fit(patches())).collect(), 1))
                }
                Self::Phrases { embeddings, regions, shares } => {
                    let images = || features.global.clone().narrow(0, start, length);
                    let whole = || images().matmul(embeddings.clone().transpose());
                    matrix(regions.as_ref().map_or_else(whole, |texts| texts.fit(patches()))).dot(&shares.t())
                }
            });
        }
        stack(rows)
    }
}

/// Mean and standard deviation of the numbers among some.
#[derive(Clone, Copy)]
struct Scale {
    mean: f64,
    deviation: f64,
}

impl Scale {
    fn of(values: &Array2<f32>) -> Self {
        let known = || values.iter().copied().filter(|value| !value.is_nan()).map(f64::from);
        let count = known().count().max(1) as f64;
        let mean = known().sum::<f64>() / count;
        let variance = known().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        Self { mean, deviation: variance.sqrt().max(TINY) }
    }

    /// 0, the mean, where a value is none.
    fn standardised(self, values: &Array2<f32>) -> Array2<f32> {
        let standardised = |value: f32| ((f64::from(value) - self.mean) / self.deviation) as f32;
        values.mapv(|value| if value.is_nan() { 0.0 } else { standardised(value) })
    }
}

/// The scale of each kind.
struct Scales {
    global: Scale,
    local: Option<Scale>,
    evidence: Option<Scale>,
}

impl Kinds {
    fn scales(&self) -> Scales {
        let of = |values: &Option<Array2<f32>>| values.as_ref().map(Scale::of);
        Scales { global: Scale::of(&self.global), local: of(&self.local), evidence: of(&self.evidence) }
    }

    /// The sum by their shares.
    fn sum(&self, scales: &Scales, settings: &Retrieval) -> Array2<f32> {
        let parts = [
            (settings.local_share, scales.local.zip(self.local.as_ref())),
            (settings.evidence_share, scales.evidence.zip(self.evidence.as_ref())),
        ];
        let parts = parts.into_iter().filter_map(|(share, part)| Some((share, part?)));
        let (mut left, mut sum) = (1.0, Array2::zeros(self.global.raw_dim()));
        for (share, (scale, values)) in parts {
            sum = sum + scale.standardised(values) * share as f32;
            left -= share;
        }
        sum + scales.global.standardised(&self.global) * left as f32
    }
}

/// So many of some, evenly spread; all where there are no more.
fn spread(all: &[usize], most: usize) -> Vec<usize> {
    let count = all.len().min(most);
    (0..count).map(|place| all[place * all.len() / count]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bank_is_spread_over_all_studies() {
        assert_eq!(spread(&[5, 6, 7, 8, 9, 10], 3), [5, 7, 9]);
        assert_eq!(spread(&[5, 6], 3), [5, 6]);
        assert_eq!(spread(&[], 3), [0_usize; 0]);
    }

    #[test]
    fn what_says_nothing_counts_as_the_mean() {
        let values = ndarray::array![[1.0, f32::NAN, 3.0]];
        assert_eq!(Scale::of(&values).standardised(&values), ndarray::array![[-1.0, 0.0, 1.0]]);
    }
}
