//! A sweep whose files a job is sent, and whose results all nodes see.

use std::path::Path;
use std::time::Duration;

use lgdea_harness::{Run, Workspace, processes};

pub(crate) struct Study {
    files: Workspace,
    shared: Workspace,
}

impl Study {
    /// Two trials for two workers, and the script that `--print ray` prints, as `on_ray.py`.
    pub(crate) fn new(steps: usize) -> Study {
        let (files, shared) = (Workspace::of_sweeps(), Workspace::new());
        files.sweep(&format!(
            "grid.train.steps = [{steps}]\ngrid.train.checkpoint-every = [20]\nseeds.count = 2\n[execute]\nworkers = 2\n"
        ));
        let results = shared.at("results");
        let script = files.output(&["sweep", "sweep.toml", "--print", "ray", "--results", &results]);
        files.write("on_ray.py", script);
        Study { files, shared }
    }

    /// What a job is sent.
    pub(crate) fn files(&self) -> &Path {
        self.files.folder()
    }

    /// Both trials, once they run and have written checkpoints.
    pub(crate) fn begun(&self) -> [Run; 2] {
        let runs = || self.shared.runs("results");
        wait_until("both trials have checkpoints", || runs().len() == 2 && runs().iter().all(has_checkpoint));
        runs().try_into().unwrap()
    }

    /// The process of a trial.
    pub(crate) fn process(&self, run: &Run) -> u32 {
        let results = self.shared.at("results");
        let is_its = |words: &[String]| {
            let key = words.iter().skip_while(|word| *word != "--trial").nth(1);
            words.contains(&results) && key.is_some_and(|key| run.name().ends_with(key))
        };
        let found = processes().into_iter().find(|(_, words)| is_its(words));
        found.unwrap_or_else(|| panic!("{} has no process", run.name())).0
    }
}

/// Whether the last attempt at a run has written a checkpoint.
pub(crate) fn has_checkpoint(run: &Run) -> bool {
    run.journal().rsplit("\"started\"").next().unwrap().contains("\"checkpoint\"")
}

pub(crate) fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    lgdea_harness::wait_until(what, Duration::from_millis(20), condition);
}
