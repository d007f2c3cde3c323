//! How a run is told to stop: by signals, and as a trial by its sweep.

use std::io::BufRead;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lgdea_fault::chain;

use crate::RunError;

/// Whether a run is to stop at its next checkpoint, and why.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    flag: Arc<AtomicBool>,
    /// Why the trial is not worth going on, where that is the reason.
    pruned: Arc<Mutex<Option<String>>>,
}

impl Stop {
    /// Becomes true when the run is to stop.
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.flag
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    /// Why the trial was pruned, if it was.
    pub(crate) fn pruned(&self) -> Option<String> {
        self.pruned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops on the first Ctrl-C or SIGTERM; the second ends the process at once.
    pub(crate) fn on_signals(&self) {
        let flag = Arc::clone(&self.flag);
        let handler = move || {
            if flag.swap(true, Ordering::Relaxed) {
                // The second signal asks for exactly this.
                std::process::exit(130);
            }
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            tracing::warn!("Ctrl-C will end the run without a checkpoint: {}", chain(&error));
        }
    }

    /// Stops when standard input ends, as it does when the sweep that holds its other end asks for it or dies. A line there
    /// is the reason for which the sweep prunes the trial.
    pub(crate) fn on_end_of_input(&self) -> Result<(), RunError> {
        let stop = self.clone();
        let listen = move || {
            if let Some(Ok(reason)) = std::io::stdin().lock().lines().next() {
                *stop.pruned.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
            }
            stop.flag.store(true, Ordering::Relaxed);
        };
        let thread = std::thread::Builder::new().name("stop".to_owned()).spawn(listen);
        thread.map(drop).map_err(RunError::Thread)
    }
}
