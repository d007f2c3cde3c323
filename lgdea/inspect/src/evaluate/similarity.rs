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
use lgdea_eval::metric::scale::Scale;
use lgdea_eval::task::retrieval::Similarities;
use lgdea_model::ImageFeatures;
use lgdea_prepared::Prepared;
use lgdea_spec::Retrieval;
use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::with_image;
use crate::arrays::{matrix, stack, tensor};
use crate::local_fit::{LocalFit, LocalTexts};
use crate::{Trained, inference};

/// Images and reports whose words or phrases and regions are compared at a time: memory grows with the product.
const FITTED: usize = 32;

/// [`Similarities`].
pub(super) struct Nearness {
    of_images: Array2<f32>,
    of_reports: Option<Array2<f32>>,
}

impl Nearness {
    /// The same both ways.
    pub(super) fn of_both(of_images: Array2<f32>) -> Self {
        Self { of_images, of_reports: None }
    }

    pub(super) fn view(&self) -> Similarities<'_> {
        let of_reports = self.of_reports.as_ref().map(|similarity| similarity.view());
        Similarities { of_images: self.of_images.view(), of_reports }
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
    /// Their words, in groups of reports that are about as long: in a group all are padded to the longest.
    Words {
        groups: Vec<LocalTexts<'a>>,
        /// Where each report is among those of the groups.
        places: Vec<usize>,
    },
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

/// Something of each kind of similarity that is asked for.
struct Kinds<T> {
    global: T,
    local: Option<T>,
    evidence: Option<T>,
}

/// `[images, reports]`; not a number where a report says nothing.
type Compared = Kinds<Array2<f32>>;

impl<'a> Trained<'a> {
    /// How near the images and reports of studies are to each other, which have both; `training` has the bank. Says in `warnings`
    /// what is asked for and cannot be had.
    pub(super) fn nearness(&self, studies: &[usize], training: &Prepared, warnings: &mut Vec<String>) -> Nearness {
        let settings = &self.experiment.eval.retrieval;
        let trained = Trained { prepared: training, ..*self };
        let images_of_bank = trained.bank(&with_image(training, &training.pools.images), "images", warnings);
        let reports_of_bank = trained.bank(&training.pools.reports, "reports", warnings);
        let reports = self.reports(studies);
        let others = (!reports_of_bank.is_empty()).then(|| trained.reports(&reports_of_bank));
        let (found, beside) = self.compare(studies, &reports, others.as_ref());
        let scales = found.scales();
        let similarity = found.sum(&scales, settings);
        let hubs =
            |bank: ArrayView2<'_, f32>| Array1::from(hubness(bank, settings.bank.nearest)) * settings.bank.share as f32;
        let of_reports =
            beside.map(|beside| &similarity - &hubs(beside.sum(&scales, settings).t()).insert_axis(Axis(1)));
        if images_of_bank.is_empty() {
            return Nearness { of_images: similarity, of_reports };
        }
        let (bank, _) = trained.compare(&images_of_bank, &reports, None);
        let of_images = &similarity - &hubs(bank.sum(&scales, settings).view());
        Nearness { of_images, of_reports: of_reports.or(Some(similarity)) }
    }

    /// The studies of a pool that are in the bank.
    fn bank(&self, pool: &[usize], what: &str, warnings: &mut Vec<String>) -> Vec<usize> {
        let bank = &self.experiment.eval.retrieval.bank;
        if bank.is_off() {
            return Vec::new();
        }
        if pool.is_empty() {
            warnings.push(format!(
                "retrieval: there are no unpaired training {what} for the bank (`eval.retrieval.bank`): the way that needs them is \
                 not corrected"
            ));
        }
        spread(pool, bank.studies)
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
            Some(self.words(studies, fit))
        } else {
            phrases.filter(|_| by_phrases).map(|(embeddings, shares)| {
                let embeddings = tensor(&embeddings, self.device);
                let regions = fit.and_then(|fit| fit.of_phrases(embeddings.clone()));
                LocalReports::Phrases { embeddings, regions, shares }
            })
        };
        Reports { embeddings, local, evidence }
    }

    /// The words of the reports of studies.
    fn words(&self, studies: &[usize], fit: LocalFit<'a>) -> LocalReports<'a> {
        let read = studies.iter().filter_map(|&study| self.prepared.report(study));
        let mut tokens: Vec<(usize, &[i32])> = read.map(|report| report.tokens.as_slice()).enumerate().collect();
        tokens.sort_by_key(|(_, tokens)| tokens.len());
        let mut places = vec![0; tokens.len()];
        for (place, (report, _)) in tokens.iter().enumerate() {
            places[*report] = place;
        }
        let tokens: Vec<&[i32]> = tokens.into_iter().map(|(_, tokens)| tokens).collect();
        let groups = tokens.chunks(FITTED).map(|group| fit.texts(self.model, group, self.device)).collect();
        LocalReports::Words { groups, places }
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

    /// Similarities of the images of studies to reports, and to others.
    fn compare(
        &self,
        studies: &[usize],
        reports: &Reports<'_>,
        others: Option<&Reports<'_>>,
    ) -> (Compared, Option<Compared>) {
        let (mut found, mut beside) = (Vec::new(), Vec::new());
        inference::each_chunk(self.model, self.prepared, studies, self.device, |_, features| {
            let evidence =
                reports.evidence.is_some().then(|| matrix(self.model.image_evidence(features.patches.clone())));
            let images = Images { global: matrix(features.global.clone()), evidence, features };
            found.push(reports.compared(&images));
            beside.extend(others.map(|others| others.compared(&images)));
        });
        (Compared::stacked(found), others.is_some().then(|| Compared::stacked(beside)))
    }
}

/// A chunk of images.
struct Images {
    /// `g`, `[images, D]`.
    global: Array2<f32>,
    /// `Q̄`, `[images, K]`, where it is asked for.
    evidence: Option<Array2<f32>>,
    features: ImageFeatures,
}

impl Reports<'_> {
    fn compared(&self, images: &Images) -> Compared {
        let evidence = images.evidence.as_ref().zip(self.evidence.as_ref());
        Kinds {
            global: images.global.dot(&self.embeddings.t()),
            local: self.local.as_ref().map(|local| local.fit(&images.features)),
            evidence: evidence.map(|(images, reports)| images.mapv(f32::sqrt).dot(&reports.t())),
        }
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
                Self::Words { groups, places } => {
                    let fits = groups.iter().map(|texts| texts.fit(patches())).collect();
                    matrix(Tensor::cat(fits, 1)).select(Axis(1), places)
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

impl Compared {
    /// Chunks of images one below the other.
    fn stacked(chunks: Vec<Self>) -> Self {
        let (mut global, mut local, mut evidence) = (Vec::new(), Vec::new(), Vec::new());
        for chunk in chunks {
            global.push(chunk.global);
            local.extend(chunk.local);
            evidence.extend(chunk.evidence);
        }
        let of = |chunks: Vec<Array2<f32>>| (!chunks.is_empty()).then(|| stack(chunks));
        Self { global: stack(global), local: of(local), evidence: of(evidence) }
    }

    fn scales(&self) -> Kinds<Scale> {
        let of = |values: &Array2<f32>| Scale::of(values.iter().copied().filter(|value| !value.is_nan()));
        Kinds { global: of(&self.global), local: self.local.as_ref().map(of), evidence: self.evidence.as_ref().map(of) }
    }

    /// The standardised parts by their shares.
    fn sum(&self, scales: &Kinds<Scale>, settings: &Retrieval) -> Array2<f32> {
        let parts = [
            (settings.local_share, scales.local.zip(self.local.as_ref())),
            (settings.evidence_share, scales.evidence.zip(self.evidence.as_ref())),
        ];
        let parts = parts.into_iter().filter_map(|(share, part)| Some((share, part?)));
        let (mut left, mut sum) = (1.0, Array2::zeros(self.global.raw_dim()));
        for (share, (scale, values)) in parts {
            sum = sum + standardised(scale, values) * share as f32;
            left -= share;
        }
        sum + standardised(scales.global, &self.global) * left as f32
    }
}

/// 0, the mean, where a value is none.
fn standardised(scale: Scale, values: &Array2<f32>) -> Array2<f32> {
    values.mapv(|value| if value.is_nan() { 0.0 } else { scale.standardised(value) })
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
        let scale = Scale::of([1.0, 3.0].into_iter());
        assert_eq!(standardised(scale, &values), ndarray::array![[-0.999_999, 0.0, 0.999_999]]);
    }
}
