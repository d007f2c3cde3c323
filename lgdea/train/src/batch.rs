//! Batches, made on the device where they are used: a copy to a GPU waits until the GPU is idle, so that the thread that makes a
//! batch should wait for it, and not the steps.

use burn::tensor::{Device, Int, Tensor, TensorData};
use lgdea_objective::{Labels, PhraseTargets, Targets};
use lgdea_prepared::{Labelled, Prepared, ReadReport, Tokens};

/// Reports with their evidence.
#[derive(Debug, Clone)]
pub(crate) struct ReportBatch {
    /// Token ids, `[reports, tokens]`.
    pub(crate) reports: Tensor<2, Int>,
    /// Token ids of the batch's distinct phrases, `[phrases, tokens]`.
    pub(crate) phrases: Tensor<2, Int>,
    /// Their positions in [`Prepared::phrases`], in ascending order.
    distinct: Vec<usize>,
    /// 1 where a report has a phrase, `[reports, phrases]`.
    pub(crate) membership: Tensor<2>,
    /// Shares over reports with the same evidence, `[reports, reports]`.
    pub(crate) same_evidence: Tensor<2>,
}

impl ReportBatch {
    /// Reads the reports of studies, which all have evidence.
    pub(crate) fn new(prepared: &Prepared, studies: &[usize], device: &Device) -> Self {
        Self::with_phrases(prepared, studies, &[], device)
    }

    /// The same, with phrases of labels among the batch's phrases: no report has them but those that do.
    pub(crate) fn with_phrases(prepared: &Prepared, studies: &[usize], labels: &[usize], device: &Device) -> Self {
        let reports: Vec<_> = studies.iter().filter_map(|&study| prepared.report(study)).collect();
        let of_reports = reports.iter().flat_map(|report| &report.phrases);
        let mut distinct: Vec<usize> = of_reports.chain(labels).copied().collect();
        distinct.sort_unstable();
        distinct.dedup();
        let mut membership = vec![0.0; reports.len() * distinct.len()];
        let mut same_evidence = vec![0.0; reports.len() * reports.len()];
        for (row, report) in reports.iter().enumerate() {
            for phrase in &report.phrases {
                if let Ok(column) = distinct.binary_search(phrase) {
                    membership[row * distinct.len() + column] = 1.0;
                }
            }
            let alike = |other: &ReadReport| other.evidence_set == report.evidence_set;
            let share = 1.0 / reports.iter().filter(|other| alike(other)).count() as f32;
            for (column, other) in reports.iter().enumerate() {
                if alike(other) {
                    same_evidence[row * reports.len() + column] = share;
                }
            }
        }
        let phrases = distinct.iter().map(|&phrase| prepared.phrases[phrase].as_slice());
        Self {
            membership: matrix(membership, [reports.len(), distinct.len()], device),
            same_evidence: matrix(same_evidence, [reports.len(); 2], device),
            reports: Tokens::pad(reports.iter().map(|report| report.tokens.as_slice())).to_tensor(device),
            phrases: Tokens::pad(phrases).to_tensor(device),
            distinct,
        }
    }

    pub(crate) fn sizes(&self) -> Sizes {
        Sizes { images: 0, reports: self.reports.dims()[0] }
    }

    /// The targets that follow from the reports alone.
    pub(crate) fn targets(&self) -> Targets {
        Targets {
            membership: self.membership.clone(),
            same_evidence: self.same_evidence.clone(),
            unpaired: None,
            matched: Vec::new(),
            labels: None,
        }
    }
}

/// Row by row.
fn matrix(values: Vec<f32>, shape: [usize; 2], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The reports that the pairing hides from unpaired images, for the oracle.
#[derive(Debug, Clone)]
pub(crate) struct HiddenReports {
    /// Token ids of their distinct phrases, `[phrases, tokens]`.
    pub(crate) phrases: Tensor<2, Int>,
    /// 1 where a report has a phrase, `[reports, phrases]`.
    pub(crate) membership: Tensor<2>,
    /// Shares of each report's evidence over the phrases of the batch's reports, `[reports, phrases of the batch]`. Rows sum to 1, or to
    /// 0 where no phrase is shared.
    pub(crate) shares: Tensor<2>,
}

impl HiddenReports {
    /// Of unpaired images' studies.
    pub(crate) fn new(prepared: &Prepared, studies: &[usize], batch: &ReportBatch, device: &Device) -> Self {
        let ReportBatch { phrases, membership, .. } = ReportBatch::new(prepared, studies, device);
        let mut shares = Vec::with_capacity(studies.len() * batch.distinct.len());
        for report in studies.iter().filter_map(|&study| prepared.report(study)) {
            let shared = |phrase: &&usize| report.phrases.contains(*phrase);
            let share = 1.0 / batch.distinct.iter().filter(shared).count().max(1) as f32;
            shares.extend(batch.distinct.iter().map(|phrase| if shared(&phrase) { share } else { 0.0 }));
        }
        let rows = membership.dims()[0];
        Self { phrases, membership, shares: matrix(shares, [rows, batch.distinct.len()], device) }
    }
}

/// The data's labels of studies' images; a class of which nothing is known counts for nothing.
pub(crate) fn labels(prepared: &Prepared, studies: &[usize], device: &Device) -> Labels {
    let classes = &prepared.classes;
    let truths = studies.iter().flat_map(|&study| {
        let labels = prepared.studies[study].labels.as_ref();
        classes.iter().map(move |class| labels.and_then(|labels| class.truth(labels)))
    });
    let (present, known) =
        truths.map(|truth| (f32::from(u8::from(truth == Some(true))), f32::from(u8::from(truth.is_some())))).unzip();
    let [present, known] = [present, known].map(|values| matrix(values, [studies.len(), classes.len()], device));
    Labels { present, known }
}

/// What labels of a batch's unpaired images teach.
#[derive(Debug, Clone)]
pub(crate) struct LabelTargets {
    /// 1 where the labels name a phrase, `[images, phrases]`; all 1 of an image whose labels say nothing, which counts for nothing.
    pub(crate) membership: Tensor<2>,
    /// Shares over the phrases that an image's labels name, and which phrases the labels of some image name: of the others, which
    /// reports alone have, no labels tell whether they apply.
    pub(crate) phrases: PhraseTargets,
    /// 1 where an image's labels say something, `[images]`.
    pub(crate) says: Tensor<1>,
}

impl LabelTargets {
    /// Of unpaired images' studies. The batch's phrases are those of its reports and of these labels, which are
    /// [`Labelled::phrases`].
    pub(crate) fn new(labelled: &Labelled, studies: &[usize], batch: &ReportBatch, device: &Device) -> Self {
        let (mut membership, mut shares, mut says) = (Vec::new(), Vec::new(), Vec::new());
        for &study in studies {
            let own = labelled.phrases(study);
            let share = own.map_or(0.0, |own| 1.0 / own.len() as f32);
            let has = |phrase: &usize| own.is_some_and(|own| own.contains(phrase));
            membership.extend(batch.distinct.iter().map(|phrase| if has(phrase) || own.is_none() { 1.0 } else { 0.0 }));
            shares.extend(batch.distinct.iter().map(|phrase| if has(phrase) { share } else { 0.0 }));
            says.push(if own.is_some() { 1.0 } else { 0.0 });
        }
        let by_labels = labelled.phrases_of(studies);
        let is_named = |phrase: &usize| if by_labels.contains(phrase) { 1.0 } else { 0.0 };
        let named: Vec<f32> = batch.distinct.iter().map(is_named).collect();
        let shape = [studies.len(), batch.distinct.len()];
        let known = Tensor::<1>::from_floats(named.as_slice(), device).unsqueeze::<2>().expand(shape);
        Self {
            membership: matrix(membership, shape, device),
            phrases: PhraseTargets { shares: matrix(shares, shape, device), known },
            says: Tensor::from_floats(says.as_slice(), device),
        }
    }
}

/// One joint step's data: pairs first, then unpaired studies.
#[derive(Debug, Clone)]
pub(crate) struct JointBatch {
    pub(crate) pairs: usize,
    /// Augmented images of the pairs, then of the unpaired images, `[images, size, size]`.
    pub(crate) images: Tensor<3>,
    /// The unpaired images as they are, for the teacher; on the device without gradients, as all that the teacher reads.
    pub(crate) clean: Tensor<3>,
    /// Positions of the unpaired images in their pool.
    pub(crate) unpaired: Vec<usize>,
    pub(crate) reports: ReportBatch,
    /// The reports that the pairing hides from the unpaired images, for the oracle alone.
    pub(crate) hidden: Option<HiddenReports>,
    /// What labels of the unpaired images teach, where they do.
    pub(crate) labelled: Option<LabelTargets>,
    /// Labels of the images, where they are learned.
    pub(crate) labels: Option<Labels>,
}

impl JointBatch {
    /// Token ids of the unpaired reports, `[reports, tokens]`; none where there are none.
    pub(crate) fn unpaired_reports(&self) -> Option<Tensor<2, Int>> {
        let reports = self.reports.reports.clone();
        let count = reports.dims()[0].checked_sub(self.pairs).filter(|&count| count > 0)?;
        Some(reports.narrow(0, self.pairs, count))
    }

    pub(crate) fn sizes(&self) -> Sizes {
        Sizes { images: self.images.dims()[0], ..self.reports.sizes() }
    }
}

/// Numbers of images and of reports of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) images: usize,
    pub(crate) reports: usize,
}
