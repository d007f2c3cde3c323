//! What the journal of a run tells whoever looks after many runs.

use std::collections::BTreeMap;

use lgdea_cache::Leases;
use lgdea_sweep::State;
use lgdea_track::{Event, History, Reader, Record, RunDir};

use crate::args::runs::StateArg;

/// A run as a list shows it.
pub(crate) struct Listed {
    pub(crate) run: RunDir,
    pub(crate) history: History,
    /// When its first attempt began and when its last event was, in milliseconds since 1970.
    pub(crate) began: u64,
    pub(crate) last: u64,
    /// Its settings by dotted key.
    pub(crate) params: BTreeMap<String, String>,
    pub(crate) state: StateArg,
}

impl Listed {
    /// Reads a run's journal; `None` where there is nothing in it. A journal that cannot be read is a failed run.
    pub(crate) fn read(run: RunDir) -> Option<Listed> {
        let (mut history, mut params) = (History::default(), BTreeMap::new());
        let (mut began, mut last) = (None, 0);
        let mut broken = None;
        for record in Reader::open(&run.journal(), 0).ok()? {
            match record {
                Ok((_, record)) => {
                    began.get_or_insert(record.time);
                    last = record.time;
                    match record {
                        Record { event: Event::Params { values }, .. } => params.extend(values),
                        record => history.add(record),
                    }
                }
                Err(error) => {
                    broken = Some(error.to_string());
                    break;
                }
            }
        }
        let state = match (&broken, State::of(&history)) {
            (Some(_), _) | (None, State::Failed(_)) => StateArg::Failed,
            (None, State::Finished) => StateArg::Finished,
            (None, State::Pruned) => StateArg::Pruned,
            (None, State::Stopped) => StateArg::Stopped,
            (None, State::Begun | State::Waiting) if run.is_written() => StateArg::Running,
            (None, State::Begun | State::Waiting) => StateArg::Interrupted,
        };
        let broken_at_once = broken.is_some().then_some(0);
        history.error = broken.or(history.error);
        // A journal whose first line is broken tells no time.
        let began = began.or(broken_at_once)?;
        Some(Listed { run, history, began, last, params, state })
    }

    /// Looks whether a run that seems interrupted is at work on another machine, as its sweep's lease says.
    pub(crate) fn ask(&mut self, leases: &mut Leases) {
        if self.state == StateArg::Interrupted && leases.holder(&self.history.run_key).is_some() {
            self.state = StateArg::Running;
        }
    }
}
