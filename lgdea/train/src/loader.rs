//! Batches made ahead of the step that needs them, on a thread of their own.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

use lgdea_data::Sampler;
use lgdea_spec::{Seed, Train};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::Prepared;
use crate::batch::{Images, JointBatch, LabelBatch, ReportBatch};

/// Batches that wait to be used.
const AHEAD: usize = 2;

/// Batches of the text warm-up: paired and unpaired reports alike.
pub(crate) fn text_batches<'scope>(
    scope: &'scope Scope<'scope, '_>,
    prepared: &'scope Prepared,
    settings: &'scope Train,
    seed: Seed,
) -> Receiver<ReportBatch> {
    let mut sampler = Sampler::new(prepared.pools.reports().collect(), seed.stream("sampler/text-warmup"));
    ahead(scope, settings.text_warmup_steps, move |_| {
        ReportBatch::new(prepared, &sampler.next(settings.text_warmup_batch))
    })
}

/// Batches of the joint steps from `first` on. What a step draws depends on the seed and the step alone, so a resumed
/// run sees what the interrupted one would have seen.
pub(crate) fn joint_batches<'scope>(
    scope: &'scope Scope<'scope, '_>,
    prepared: &'scope Prepared,
    settings: &'scope Train,
    seed: Seed,
    first: usize,
) -> Receiver<JointBatch> {
    let pools = &prepared.pools;
    let sampler = |studies: Vec<usize>, name: &str| Sampler::new(studies, seed.stream(name));
    let mut paired = sampler(pools.paired.clone(), "sampler/paired");
    let mut images = sampler((0..pools.images.len()).collect(), "sampler/images");
    let mut reports = sampler(pools.reports.clone(), "sampler/reports");
    let augment = seed.stream("augment");
    ahead(scope, settings.steps, move |step| {
        let pairs = paired.next(settings.batch);
        let unpaired = images.next(settings.unpaired_images);
        let unpaired_reports = reports.next(settings.unpaired_reports);
        // The draws of the steps before a resumed one are repeated, their images are not.
        (step >= first).then(|| {
            let unpaired_studies: Vec<usize> = unpaired.iter().map(|&position| pools.images[position]).collect();
            let all_images = [pairs.as_slice(), &unpaired_studies].concat();
            let all_reports = [pairs.as_slice(), &unpaired_reports].concat();
            let mut rng = ChaCha8Rng::seed_from_u64(augment.0);
            rng.set_stream(step as u64);
            JointBatch {
                pairs: pairs.len(),
                images: Images::augmented(prepared, &all_images, &settings.augment, &mut rng),
                clean: Images::clean(prepared, &unpaired_studies),
                unpaired,
                reports: ReportBatch::new(prepared, &all_reports),
                hidden: prepared.oracle.then(|| ReportBatch::new(prepared, &unpaired_studies)),
                labels: (!prepared.classes.is_empty()).then(|| LabelBatch::new(prepared, &all_images)),
            }
        })
    })
}

/// Runs `make` for each step on a thread, and hands over what it returns.
fn ahead<'scope, B, T>(
    scope: &'scope Scope<'scope, '_>,
    steps: usize,
    mut make: impl FnMut(usize) -> T + Send + 'scope,
) -> Receiver<B>
where
    B: Send + 'scope,
    T: Into<Option<B>>,
{
    let (sender, receiver): (SyncSender<B>, _) = sync_channel(AHEAD);
    scope.spawn(move || {
        for step in 0..steps {
            if let Some(batch) = make(step).into()
                && sender.send(batch).is_err()
            {
                // Training ended early: nobody waits for the rest.
                return;
            }
        }
    });
    receiver
}
