//! Batches, on the host and on the device.

use burn::tensor::{Device, Tensor, TensorData};
use lgdea_objective::{Labels, PhraseTargets, Targets};
use lgdea_prepared::{Images, Labelled, Prepared, ReadReport, Tokens};

/// Reports with their evidence.
#[derive(Debug, Clone)]
pub(crate) struct ReportBatch {
    pub(crate) reports: Tokens,
    /// The batch's distinct phrases.
    pub(crate) phrases: Tokens,
    /// Their positions in [`Prepared::phrases`], in ascending order.
    distinct: Vec<usize>,
    /// `[reports, phrases]`.
    membership: Vec<f32>,
    /// `[reports, reports]`.
    same_evidence: Vec<f32>,
}

impl ReportBatch {
    /// Reads the reports of studies, which all have evidence.
    pub(crate) fn new(prepared: &Prepared, studies: &[usize]) -> Self {
        Self::with_phrases(prepared, studies, &[])
    }

    /// The same, with phrases of labels among the batch's phrases: no report has them but those that do.
    pub(crate) fn with_phrases(prepared: &Prepared, studies: &[usize], labels: &[usize]) -> Self {
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
        Self {
            reports: Tokens::pad(reports.iter().map(|report| report.tokens.as_slice())),
            phrases: Tokens::pad(distinct.iter().map(|&phrase| prepared.phrases[phrase].as_slice())),
            distinct,
            membership,
            same_evidence,
        }
    }

    pub(crate) fn sizes(&self) -> Sizes {
        Sizes { images: 0, reports: self.reports.rows() }
    }

    /// 1 where a report has a phrase, `[reports, phrases]`, row by row.
    pub(crate) fn membership(&self) -> &[f32] {
        &self.membership
    }

    /// As [`Self::membership`], on a device.
    pub(crate) fn membership_tensor(&self, device: &Device) -> Tensor<2> {
        Tensor::from_data(TensorData::new(self.membership.clone(), [self.reports.rows(), self.phrases.rows()]), device)
    }

    /// Shares over reports with the same evidence, `[reports, reports]`, row by row.
    pub(crate) fn same_evidence(&self) -> &[f32] {
        &self.same_evidence
    }

    /// Shares of each of these reports' evidence over the phrases of other reports, `[reports, phrases of others]`. Rows
    /// sum to 1, or to 0 where no phrase is shared.
    pub(crate) fn shares_of(&self, others: &Self, device: &Device) -> Tensor<2> {
        let (own, columns) = (self.distinct.len(), others.distinct.len());
        let place: Vec<Option<usize>> =
            self.distinct.iter().map(|phrase| others.distinct.binary_search(phrase).ok()).collect();
        let mut shares = vec![0.0; self.reports.rows() * columns];
        for row in 0..self.reports.rows() {
            let has = |&(phrase, _): &(usize, &Option<usize>)| self.membership[row * own + phrase] > 0.0;
            let shared: Vec<usize> = place.iter().enumerate().filter(has).filter_map(|(_, place)| *place).collect();
            for &column in &shared {
                shares[row * columns + column] = 1.0 / shared.len() as f32;
            }
        }
        Tensor::from_data(TensorData::new(shares, [self.reports.rows(), columns]), device)
    }

    /// The targets that follow from the reports alone.
    pub(crate) fn targets(&self, device: &Device) -> Targets {
        let reports = self.reports.rows();
        Targets {
            membership: self.membership_tensor(device),
            same_evidence: Tensor::from_data(TensorData::new(self.same_evidence.clone(), [reports, reports]), device),
            unpaired: None,
            matched: Vec::new(),
            labels: None,
        }
    }
}

/// The data's labels of a batch's images, `[images, classes]`.
#[derive(Debug, Clone)]
pub(crate) struct LabelBatch {
    present: Vec<f32>,
    known: Vec<f32>,
    classes: usize,
}

impl LabelBatch {
    /// Labels of studies; a class of which nothing is known counts for nothing.
    pub(crate) fn new(prepared: &Prepared, studies: &[usize]) -> Self {
        let classes = &prepared.classes;
        let truths = studies.iter().flat_map(|&study| {
            let labels = prepared.studies[study].labels.as_ref();
            classes.iter().map(move |class| labels.and_then(|labels| class.truth(labels)))
        });
        let (present, known) = truths
            .map(|truth| (f32::from(u8::from(truth == Some(true))), f32::from(u8::from(truth.is_some()))))
            .unzip();
        Self { present, known, classes: classes.len() }
    }

    pub(crate) fn to_labels(&self, device: &Device) -> Labels {
        let shape = [self.present.len() / self.classes, self.classes];
        let tensor = |values: &[f32]| Tensor::from_data(TensorData::new(values.to_vec(), shape), device);
        Labels { present: tensor(&self.present), known: tensor(&self.known) }
    }
}

/// What labels of a batch's unpaired images teach.
#[derive(Debug, Clone)]
pub(crate) struct LabelledBatch {
    /// 1 where the labels name a phrase, `[images, phrases]`; all 1 of an image whose labels say nothing, which counts for nothing.
    membership: Vec<f32>,
    /// Shares over the phrases that an image's labels name, `[images, phrases]`.
    shares: Vec<f32>,
    /// 1 where labels of some image name a phrase, `[phrases]`: of the others, which reports alone have, no labels tell whether
    /// they apply.
    named: Vec<f32>,
    /// 1 where an image's labels say something, `[images]`.
    says: Vec<f32>,
}

/// [`LabelledBatch`] on a device.
pub(crate) struct LabelTargets {
    /// `[images, phrases]`.
    pub(crate) membership: Tensor<2>,
    pub(crate) phrases: PhraseTargets,
    /// `[images]`.
    pub(crate) says: Tensor<1>,
}

impl LabelledBatch {
    /// Of unpaired images' studies. The batch's phrases are those of its reports and of these labels, which are
    /// [`Labelled::phrases`].
    pub(crate) fn new(labelled: &Labelled, studies: &[usize], batch: &ReportBatch) -> Self {
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
        let named = batch.distinct.iter().map(|phrase| if by_labels.contains(phrase) { 1.0 } else { 0.0 }).collect();
        Self { membership, shares, named, says }
    }

    pub(crate) fn to_targets(&self, device: &Device) -> LabelTargets {
        let (images, phrases) = (self.says.len(), self.named.len());
        let tensor = |values: &[f32]| Tensor::<1>::from_floats(values, device);
        let matrix = |values: &[f32]| tensor(values).reshape([images, phrases]);
        let known = tensor(&self.named).unsqueeze::<2>().expand([images, phrases]);
        LabelTargets {
            membership: matrix(&self.membership),
            phrases: PhraseTargets { shares: matrix(&self.shares), known },
            says: tensor(&self.says),
        }
    }
}

/// One joint step's data: pairs first, then unpaired studies.
#[derive(Debug, Clone)]
pub(crate) struct JointBatch {
    pub(crate) pairs: usize,
    /// Augmented images of the pairs, then of the unpaired images.
    pub(crate) images: Images,
    /// The unpaired images as they are, for the teacher.
    pub(crate) clean: Images,
    /// Positions of the unpaired images in their pool.
    pub(crate) unpaired: Vec<usize>,
    pub(crate) reports: ReportBatch,
    /// The reports that the pairing hides from the unpaired images, for the oracle alone.
    pub(crate) hidden: Option<ReportBatch>,
    /// What labels of the unpaired images teach, where they do.
    pub(crate) labelled: Option<LabelledBatch>,
    /// Labels of the images, where they are learned.
    pub(crate) labels: Option<LabelBatch>,
}

impl JointBatch {
    pub(crate) fn sizes(&self) -> Sizes {
        Sizes { images: self.images.shape()[0], ..self.reports.sizes() }
    }
}

/// Numbers of images and of reports of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) images: usize,
    pub(crate) reports: usize,
}
