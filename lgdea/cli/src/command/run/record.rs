//! What a run writes into its journal besides training metrics.

use std::collections::BTreeMap;
use std::path::Path;

use lgdea_data::{Split, summary};
use lgdea_eval::{Evaluation, Scores};
use lgdea_evidence::Extraction;
use lgdea_metric::Bound;
use lgdea_spec::{Experiment, Resolved};
use lgdea_track::{Event, History, Journal, Lineage, RunDir, params};

use super::outcome::reported;
use super::prepare::Inputs;
use crate::failure::Failure;
use crate::progress::say;

/// Writes a run's journal.
pub(crate) struct Recorder<'a> {
    pub(crate) run: &'a RunDir,
    pub(crate) journal: &'a Journal,
    pub(crate) run_key: &'a str,
}

impl Recorder<'_> {
    /// The first events of an attempt: what runs, where, and on which data.
    pub(crate) fn start(&self, resolved: &Resolved, inputs: &Inputs, file: &Path) -> Result<(), Failure> {
        let experiment = &resolved.experiment;
        let history = History::read(self.run).map_err(|error| Failure::failed(&error))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        self.write(Event::Started {
            run_key: self.run_key.to_owned(),
            name: experiment.name.clone(),
            attempt: history.map_or(0, |history| history.attempts) + 1,
            lineage: Box::new(Lineage::collect(&experiment.device.name, folder)),
        })?;
        std::fs::write(self.run.experiment(), resolved.to_toml()).map_err(|error| Failure::failed(&error))?;
        self.artifact(Path::new("experiment.toml"))?;
        self.write(Event::Params { values: params(experiment).map_err(|error| Failure::failed(&error))? })?;
        if !experiment.tags.is_empty() {
            self.write(Event::Tags { values: experiment.tags.clone() })?;
        }
        let counts = summary(&inputs.corpus);
        for split in Split::ALL {
            let profile = serde_json::to_string(&counts.splits.get(&split)).map_err(|error| Failure::failed(&error))?;
            self.write(Event::Dataset {
                name: experiment.data.name(),
                digest: inputs.corpus.digest.clone(),
                context: split.to_string(),
                profile,
            })?;
        }
        for (reason, items) in &counts.skipped.0 {
            self.write(Event::Warning { message: format!("{} × {}", items.count, reason.describe()) })?;
        }
        experiment.remarks().into_iter().try_for_each(|remark| self.warn(remark))
    }

    /// Tells the user of something doubtful, now and in the journal.
    pub(crate) fn warn(&self, message: String) -> Result<(), Failure> {
        say(&message);
        self.write(Event::Warning { message })
    }

    /// The evidence that training reads, as a data set of its own, and what is doubtful about it.
    pub(crate) fn evidence(&self, extraction: &Extraction) -> Result<(), Failure> {
        let tally = &extraction.tally;
        self.write(Event::Dataset {
            name: "evidence".to_owned(),
            digest: lgdea_evidence::digest(&extraction.reports),
            context: Split::Train.to_string(),
            profile: serde_json::to_string(tally).map_err(|error| Failure::failed(&error))?,
        })?;
        tally.warnings().into_iter().try_for_each(|message| self.warn(message))
    }

    /// Scores of a split; an interval's ends go beside its value as `…/low` and `…/high`.
    pub(crate) fn scores(&self, step: usize, split: &str, evaluation: &Evaluation) -> Result<(), Failure> {
        let mut values = BTreeMap::new();
        for (name, score) in &evaluation.scores {
            let name = format!("{split}/{name}");
            if let Some([low, high]) = score.interval {
                values.insert(Bound::Low.of_score(&name), low);
                values.insert(Bound::High.of_score(&name), high);
            }
            values.insert(name, score.value);
        }
        self.write(Event::Metrics { step: step as u64, values })?;
        for warning in &evaluation.warnings {
            self.write(Event::Warning { message: format!("{split}: {warning}") })?;
        }
        Ok(())
    }

    /// A file of the run's folder that may be shown elsewhere.
    pub(crate) fn artifact(&self, path: &Path) -> Result<(), Failure> {
        let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
        self.write(Event::Artifact { path: parts.join("/") })
    }

    /// The readable summary.
    pub(crate) fn summary(&self, experiment: &Experiment, scores: &Scores) -> Result<(), Failure> {
        let (split, table) = reported(scores);
        let text = format!("{}\n\nScores of the {split} split:\n\n```text\n{table}\n```\n", experiment.description);
        self.write(Event::Note { text })
    }

    fn write(&self, event: Event) -> Result<(), Failure> {
        self.journal.write(event).map_err(|error| Failure::failed(&error))
    }
}
