//! Batches made ahead of the steps that need them, on threads of their own.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use lgdea_data::Sampler;
use lgdea_prepared::{Images, Prepared};
use lgdea_spec::{Experiment, Seed, Tower, Train};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::TrainError;
use crate::batch::{HiddenReports, JointBatch, LabelTargets, ReportBatch, labels};

/// Batches of each thread that wait to be used.
const AHEAD: usize = 2;

/// Batches in the order of the steps, whatever thread makes them.
pub(crate) struct Batches<B> {
    /// Of each thread, which makes every so many-th batch.
    threads: Vec<Receiver<B>>,
    next: usize,
}

impl<B> Batches<B> {
    /// The next step's batch, and how long it was waited for.
    pub(crate) fn next(&mut self) -> Result<(B, Duration), TrainError> {
        let asked = Instant::now();
        let batch = self.threads[self.next].recv().map_err(|_| TrainError::LoaderStopped)?;
        self.next = (self.next + 1) % self.threads.len();
        Ok((batch, asked.elapsed()))
    }
}

/// Batches of the text warm-up from step `first` on: paired and unpaired reports alike.
pub(crate) fn text_batches<'scope>(
    scope: &'scope Scope<'scope, '_>,
    prepared: &'scope Prepared,
    settings: &'scope Train,
    seed: Seed,
    first: usize,
    device: &'scope Device,
) -> Batches<ReportBatch> {
    let mut sampler = Sampler::new(prepared.pools.reports().collect(), seed.stream("sampler/text-warmup"));
    let make = move |step| {
        let studies = sampler.next(settings.text_warmup_batch);
        (step >= first).then(|| ReportBatch::new(prepared, &studies, device))
    };
    Batches { threads: vec![ahead(scope, settings.text_warmup_steps, make)], next: 0 }
}

/// Batches of these joint steps, on a device that has gradients. What a step draws depends on the seed and the step alone, so a resumed
/// run sees what the interrupted one would have seen, and several threads make what one would make.
pub(crate) fn joint_batches<'scope>(
    scope: &'scope Scope<'scope, '_>,
    prepared: &'scope Prepared,
    experiment: &'scope Experiment,
    steps: Range<usize>,
    device: &'scope Device,
) -> Batches<JointBatch> {
    let threads = experiment.device.loader_threads;
    let Range { start, end } = steps;
    let of = |thread: usize| {
        let is_due = move |step: usize| step >= start && (step - start) % threads == thread;
        joint_batches_of(scope, prepared, experiment, end, is_due, device)
    };
    Batches { threads: (0..threads).map(of).collect(), next: 0 }
}

/// The batches of the steps before `end` that are due.
fn joint_batches_of<'scope>(
    scope: &'scope Scope<'scope, '_>,
    prepared: &'scope Prepared,
    experiment: &'scope Experiment,
    end: usize,
    is_due: impl Fn(usize) -> bool + Send + 'scope,
    device: &'scope Device,
) -> Receiver<JointBatch> {
    let (settings, seed) = (&experiment.train, experiment.seed);
    let pools = &prepared.pools;
    let sampler = |studies: Vec<usize>, name: &str| Sampler::new(studies, seed.stream(name));
    let mut paired = sampler(pools.paired.clone(), "sampler/paired");
    let mut images = sampler((0..pools.images.len()).collect(), "sampler/images");
    let mut reports = sampler(pools.reports.clone(), "sampler/reports");
    let augment = seed.stream("augment");
    // What the teacher reads has no gradients.
    let plain = device.clone().inner();
    ahead(scope, end, move |step| {
        let pairs = paired.next(settings.batch);
        let unpaired = images.next(settings.unpaired_images);
        let unpaired_reports = reports.next(settings.unpaired_reports);
        // The draws of other steps are repeated, their images are not.
        is_due(step).then(|| {
            let unpaired_studies: Vec<usize> = unpaired.iter().map(|&position| pools.images[position]).collect();
            let all_images = [pairs.as_slice(), &unpaired_studies].concat();
            let all_reports = [pairs.as_slice(), &unpaired_reports].concat();
            let mut rng = ChaCha8Rng::seed_from_u64(augment.0);
            rng.set_stream(step as u64);
            let images = if experiment.encoder.is_frozen(Tower::Image) {
                Images::clean(prepared, &all_images)
            } else {
                Images::augmented(prepared, &all_images, &settings.augment, &mut rng)
            };
            let labelled = prepared.labelled.as_ref().filter(|_| !unpaired.is_empty());
            let named: Vec<usize> = labelled.map_or_else(Vec::new, |labelled| labelled.phrases_of(&unpaired_studies));
            let reports = ReportBatch::with_phrases(prepared, &all_reports, &named, device);
            let teach = |labelled| LabelTargets::new(labelled, &unpaired_studies, &reports, &plain);
            JointBatch {
                pairs: pairs.len(),
                images: images.into_tensor(device),
                clean: Images::clean(prepared, &unpaired_studies).into_tensor(&plain),
                unpaired,
                labelled: labelled.map(teach),
                hidden: prepared.oracle.then(|| HiddenReports::new(prepared, &unpaired_studies, &reports, &plain)),
                labels: (!prepared.classes.is_empty()).then(|| labels(prepared, &all_images, device)),
                reports,
            }
        })
    })
}

/// Runs `make` for each step on a thread, and hands over what it returns.
fn ahead<'scope, B: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    steps: usize,
    mut make: impl FnMut(usize) -> Option<B> + Send + 'scope,
) -> Receiver<B> {
    let (sender, receiver): (SyncSender<B>, _) = sync_channel(AHEAD);
    scope.spawn(move || {
        for step in 0..steps {
            if let Some(batch) = make(step)
                && sender.send(batch).is_err()
            {
                // Training ended early: nobody waits for the rest.
                return;
            }
        }
    });
    receiver
}
