//! What a run's journal says about its result.

use std::collections::BTreeMap;
use std::path::Path;

use lgdea_metric::Split;
use lgdea_spec::Resolved;
use lgdea_track::mlflow::tags::LEFT_OUT;
use lgdea_track::{Event, History, Reader, RunDir, Status};
use rayon::prelude::*;

use crate::Provenance;

/// Journals that are in memory at a time: a run's is larger than what is kept of it.
const BLOCK: usize = 256;

/// A run as far as its journal tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) history: History,
    /// Settings by dotted key.
    pub(super) params: BTreeMap<String, String>,
    pub(super) provenance: Provenance,
    /// Digest of the data, without evaluation sets.
    pub(super) data: Option<String>,
    /// What of the data was left out or is doubtful, where anything was.
    pub(super) left_out: Option<String>,
}

impl Told {
    /// Reads the journals of runs, some at a time, and hands each on with its position, in their order; `None` where there is no
    /// folder, no journal, or nothing in it.
    pub(super) fn read_all(folders: &[Option<&Path>], mut each: impl FnMut(usize, lgdea_track::Result<Option<Told>>)) {
        for (block, folders) in folders.chunks(BLOCK).enumerate() {
            let read = |folder: Option<&Path>| folder.map_or(Ok(None), |folder| Told::read(&RunDir::at(folder)));
            let told: Vec<_> = folders.par_iter().copied().map(read).collect();
            told.into_iter().enumerate().for_each(|(position, told)| each(block * BLOCK + position, told));
        }
    }

    fn read(run: &RunDir) -> lgdea_track::Result<Option<Told>> {
        let path = run.journal();
        if !path.exists() {
            return Ok(None);
        }
        let mut told = Told::default();
        for record in Reader::open(&path, 0)? {
            let record = record?.1;
            told.provenance.add(&record);
            match &record.event {
                Event::Params { values } => told.params.extend(values.clone()),
                // Every split has the digest of all data; the evidence that training reads is of that split alone.
                Event::Dataset { digest, context, .. } if context == Split::Test.name() => {
                    told.data = Some(digest.clone());
                }
                Event::Tags { values } => told.left_out = values.get(LEFT_OUT).cloned().or(told.left_out),
                _ => {}
            }
            told.history.add(record);
        }
        Ok(told.provenance.from.is_some().then_some(told))
    }

    pub(super) fn is_finished(&self) -> bool {
        self.history.status == Some(Status::Finished)
    }

    /// Whether labels taught the unpaired images of this run: the settings ask for it, and a term takes it up.
    pub(super) fn labels_taught(&self, run: &RunDir) -> bool {
        let asked = self.params.get("graph.labels").is_some_and(|labels| labels == "true");
        asked && Resolved::from_file(&run.experiment(), &[]).map_or(true, |resolved| resolved.experiment.labels_teach())
    }

    /// What came of a run that has not finished.
    pub(super) fn state(&self) -> String {
        match self.history.status {
            Some(Status::Failed) => {
                format!("failed: {}", self.history.error.as_deref().unwrap_or("for an unknown reason"))
            }
            Some(Status::Killed) => "stopped".to_owned(),
            Some(Status::Pruned) => "stopped early by the sweep".to_owned(),
            Some(Status::Finished) => "finished".to_owned(),
            None => "running, or cut off".to_owned(),
        }
    }
}
