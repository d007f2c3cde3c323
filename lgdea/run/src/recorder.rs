//! What a run writes into its folder and its journal besides training metrics.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use lgdea_data::{Corpus, PairingManifest, Split, summary};
use lgdea_eval::{Evaluation, Scores};
use lgdea_evidence::Extraction;
use lgdea_fault::chain;
use lgdea_inputs::LoadedSet;
use lgdea_metric::EvalSet;
use lgdea_prepared::Prepared;
use lgdea_spec::{Experiment, Resolved, counted};
use lgdea_track::mlflow::tags::LEFT_OUT;
use lgdea_track::{Event, History, Journal, Lineage, RunDir, Status, SystemMeter, params};

use crate::open_set::OpenSet;
use crate::outcome::reported;
use crate::stop::Stop;
use crate::{Audience, RunError};

/// Writes a run's journal.
#[derive(Clone, Copy)]
pub(crate) struct Recorder<'a> {
    pub(crate) run: &'a RunDir,
    pub(crate) journal: &'a Journal,
    pub(crate) run_key: &'a str,
    pub(crate) audience: &'a dyn Audience,
}

impl Recorder<'_> {
    /// The first events of an attempt: what runs, where, and on which data.
    pub(crate) fn start(&self, resolved: &Resolved, corpus: &Corpus, file: &Path) -> Result<(), RunError> {
        let experiment = &resolved.experiment;
        let history = History::read(self.run)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        self.write(Event::Started {
            run_key: self.run_key.to_owned(),
            name: experiment.name.clone(),
            attempt: history.map_or(0, |history| history.attempts) + 1,
            lineage: Box::new(Lineage::collect(&experiment.device.name, folder)),
        })?;
        write_file(&self.run.experiment(), &resolved.to_toml())?;
        self.artifact(Path::new("experiment.toml"))?;
        self.write(Event::Params { values: params(experiment)? })?;
        if !experiment.tags.is_empty() {
            self.write(Event::Tags { values: experiment.tags.clone() })?;
        }
        self.data(experiment, corpus)?;
        resolved.remarks().into_iter().try_for_each(|remark| self.warn(remark))
    }

    /// The data, split by split.
    fn data(&self, experiment: &Experiment, corpus: &Corpus) -> Result<(), RunError> {
        let counts = summary(corpus);
        for split in Split::ALL {
            self.write(Event::Dataset {
                name: experiment.data.name(),
                digest: corpus.digest.clone(),
                context: split.to_string(),
                profile: serde_json::to_string(&counts.splits.get(&split))?,
            })?;
        }
        Ok(())
    }

    /// Does the work of an attempt while what it takes of the machine is written down, and ends the journal whatever comes.
    /// What the work gives; `None` where it was stopped.
    pub(crate) fn attempt<T>(
        &self,
        device: &str,
        stop: &Stop,
        work: impl FnOnce() -> Result<Option<T>, RunError>,
    ) -> Result<Option<T>, RunError> {
        let began = Instant::now();
        let result = self.measured(device, work);
        let seconds = began.elapsed().as_secs_f64();
        let (status, error) = match (&result, stop.pruned()) {
            (Ok(Some(_)), _) => (Status::Finished, None),
            (Ok(None), Some(reason)) => (Status::Pruned, Some(reason)),
            (Ok(None), None) => (Status::Killed, Some("stopped by the user".to_owned())),
            (Err(error), _) => (Status::Failed, Some(chain(error))),
        };
        self.write(Event::Ended { status, error, seconds })?;
        let done = result?;
        if done.is_none() {
            self.audience.say("stopped; the same command goes on from the checkpoint");
        }
        Ok(done)
    }

    fn measured<T>(&self, device: &str, work: impl FnOnce() -> T) -> T {
        let (journal, (stop, stopped)) = (self.journal, mpsc::channel::<()>());
        thread::scope(|scope| {
            scope.spawn(move || {
                let followed = SystemMeter::new(device).map(|mut meter| meter.follow(journal, &stopped));
                if let Some(Err(error)) = followed {
                    // A journal that cannot be written ends the run by itself.
                    tracing::warn!("system metrics end here: {error}");
                }
            });
            let result = work();
            drop(stop);
            result
        })
    }

    /// Tells the user of something doubtful, now and in the journal.
    pub(crate) fn warn(&self, message: String) -> Result<(), RunError> {
        self.audience.say(&message);
        self.write(Event::Warning { message })
    }

    /// The pairs, beside what could not be read of the data.
    pub(crate) fn pairs(&self, corpus: &Corpus, pairing: &PairingManifest) -> Result<(), RunError> {
        self.left_out(corpus)?;
        self.audience.say(&format!(
            "{}; training on {}, {} without report, {} without image",
            counted(corpus.studies.len(), "study"),
            counted(pairing.paired.len(), "pair"),
            counted(pairing.images.len(), "image"),
            counted(pairing.reports.len(), "report"),
        ));
        write_file(&self.run.pairing(), &serde_json::to_string_pretty(pairing)?)
    }

    /// How many unpaired images their labels teach, where they do.
    pub(crate) fn labelled(&self, prepared: &Prepared) {
        if let Some(labelled) = &prepared.labelled {
            let (taught, images) = (labelled.images(), prepared.pools.images.len());
            self.audience.say(&format!("labels teach {taught} of {} without report", counted(images, "image")));
        }
    }

    /// What of the data cannot be used, its images among it: on the terminal with examples, in the journal by its counts.
    fn left_out(&self, corpus: &Corpus) -> Result<(), RunError> {
        let skipped = &corpus.skipped;
        if skipped.is_empty() {
            return Ok(());
        }
        self.audience.say(&format!("left out or doubtful: {skipped}"));
        for (reason, items) in &skipped.0 {
            self.write(Event::Warning { message: format!("{} × {}", items.count, reason.describe()) })?;
        }
        self.write(Event::Tags { values: [(LEFT_OUT.to_owned(), skipped.counts())].into() })
    }

    /// An evaluation set, as a data set of its own, and what of it cannot be used.
    pub(crate) fn set(&self, experiment: &Experiment, open: &OpenSet) -> Result<(), RunError> {
        let OpenSet { set: LoadedSet { name, corpus, .. }, images } = open;
        let data = experiment.eval.sets.get(name).and_then(|set| set.data.as_ref());
        self.write(Event::Dataset {
            name: data.unwrap_or(&experiment.data).name(),
            digest: open.digest(),
            context: name.clone(),
            profile: serde_json::to_string(&summary(corpus).splits)?,
        })?;
        let studies = corpus.studies.len();
        let images = (0..studies).filter(|&study| images.pixels(study).is_some()).count();
        self.audience.say(&format!("evaluation set {name}: {}, {images} with an image", counted(studies, "study")));
        let lines = corpus.skipped.lines().map(|(_, line)| line);
        lines.for_each(|line| self.audience.say(&format!("evaluation set {name}: {line}")));
        for (reason, items) in &corpus.skipped.0 {
            let message = format!("evaluation set {name}: {} × {}", items.count, reason.describe());
            self.write(Event::Warning { message })?;
        }
        Ok(())
    }

    /// The evidence that training reads, as a data set of its own, and what is doubtful about it.
    pub(crate) fn evidence(&self, extraction: &Extraction) -> Result<(), RunError> {
        let tally = &extraction.tally;
        self.write(Event::Dataset {
            name: "evidence".to_owned(),
            digest: lgdea_evidence::digest(&extraction.reports),
            context: Split::Train.to_string(),
            profile: serde_json::to_string(tally)?,
        })?;
        tally.warnings().into_iter().try_for_each(|message| self.warn(message))
    }

    /// The word pieces.
    pub(crate) fn tokenizer(&self, prepared: &Prepared) -> Result<(), RunError> {
        write_file(&self.run.tokenizer(), &prepared.tokenizer.to_json()?)
    }

    /// Scores of what is scored together; an interval's ends go beside its value.
    pub(crate) fn scores(&self, step: usize, on: EvalSet<'_>, evaluation: &Evaluation) -> Result<(), RunError> {
        self.write(Event::Metrics { step: step as u64, values: evaluation.logged(on) })?;
        let of_task =
            |(task, protocol): (&String, &String)| (format!("protocol.{}.{task}", on.name()), protocol.clone());
        let values: BTreeMap<String, String> = evaluation.protocols.iter().map(of_task).collect();
        if !values.is_empty() {
            self.write(Event::Tags { values })?;
        }
        let warnings = evaluation.warnings.iter();
        warnings
            .map(|warning| format!("{}: {warning}", on.name()))
            .try_for_each(|message| self.write(Event::Warning { message }))
    }

    /// A file of the run's folder that may be shown elsewhere.
    pub(crate) fn artifact(&self, path: &Path) -> Result<(), RunError> {
        let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
        self.write(Event::Artifact { path: parts.join("/") })
    }

    /// The readable summary.
    pub(crate) fn summary(&self, experiment: &Experiment, scores: &Scores) -> Result<(), RunError> {
        let table = |(on, table): (String, String)| format!("\n\nScores of the {on}:\n\n```text\n{table}\n```\n");
        let tables: String = reported(scores).into_iter().map(table).collect();
        self.write(Event::Note { text: format!("{}{tables}", experiment.description) })
    }

    /// An event.
    pub(crate) fn write(&self, event: Event) -> Result<(), RunError> {
        Ok(self.journal.write(event)?)
    }
}

fn write_file(path: &Path, text: &str) -> Result<(), RunError> {
    std::fs::write(path, text).map_err(RunError::file("write", path))
}
