//! Input that is at fault for more than the trial that met it: trials that share it are not started.

use std::collections::{HashMap, HashSet};

use lgdea_spec::{Experiment, Inputs};

use super::{Ending, Executor, JobState, News};
use crate::ExecuteError;

/// What is said once.
const TOLD: &str = "trials that read the same are not started, as they would end the same: mend that, and call `lgdea sweep` \
                    again";

/// What failed trials found wrong with their input.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// All that was read of which something was said.
    exactly: HashSet<String>,
    /// By all that was read, whatever seed splits the data, what was said of it.
    whatever_split: HashMap<String, Vec<String>>,
    told: bool,
}

/// What trials share whose input is at fault for the same reason: all that is read, and the settings that say what is asked of
/// it before training. With the seed that splits the data, and without.
fn read_by(experiment: &Experiment) -> [String; 2] {
    let Experiment { pairing, encoder, tracker, eval, train, graph, .. } = experiment;
    let zero_shot = &eval.zero_shot;
    let asked = serde_json::json!([
        pairing,
        encoder,
        tracker,
        eval.splits,
        [zero_shot.enabled, zero_shot.prompts],
        train.learning_rate_factors,
        graph.oracle,
    ]);
    let inputs = experiment.inputs();
    let whatever_split = Inputs { split_seed: None, ..inputs.clone() };
    [inputs.key(), whatever_split.key()].map(|inputs| format!("{inputs}\n{asked}"))
}

/// A reason without its numbers, which splits of the same data differ in.
fn without_numbers(reason: &str) -> String {
    reason.chars().filter(|c| !c.is_ascii_digit()).collect()
}

impl Faults {
    /// Takes note of what a trial found wrong. Another split of the same data must have found the same before all are at fault.
    fn note(&mut self, [exactly, whatever_split]: [String; 2], reason: &str) {
        self.exactly.insert(exactly);
        self.whatever_split.entry(whatever_split).or_default().push(without_numbers(reason));
    }

    /// Whether a trial that reads this would find the same wrong.
    fn are_of(&self, [exactly, whatever_split]: &[String; 2]) -> bool {
        let same = |reasons: &Vec<String>| reasons.iter().enumerate().any(|(at, one)| reasons[..at].contains(one));
        self.exactly.contains(exactly) || self.whatever_split.get(whatever_split).is_some_and(same)
    }
}

impl Executor<'_> {
    /// Takes note of a trial whose input is at fault.
    pub(super) fn note_fault(&mut self, job: usize, reason: &str) -> Result<(), ExecuteError> {
        let read = read_by(&self.jobs.resolved(job)?.experiment);
        self.faults.note(read, reason);
        Ok(())
    }

    /// Whether a trial would find the same wrong with its input as one that has failed: it is left then.
    pub(super) fn shares_fault(&mut self, job: usize) -> Result<bool, ExecuteError> {
        if self.faults.exactly.is_empty() || !self.faults.are_of(&read_by(&self.jobs.resolved(job)?.experiment)) {
            return Ok(false);
        }
        self.jobs.all[job].place = JobState::Settled(Ending::Left);
        if !std::mem::replace(&mut self.faults.told, true) {
            self.audience.news(&News::Warning(TOLD));
        }
        // What a search would try next reads the same.
        if self.jobs.plan.sweep.search.is_some() {
            self.close("what its trials read is at fault");
        }
        Ok(true)
    }
}
