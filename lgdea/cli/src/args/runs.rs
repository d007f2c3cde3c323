//! What the user types to look after the runs of a results folder.

use std::path::PathBuf;

use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(crate) struct RunsArgs {
    /// Runs whose names contain one of these; all where none is given.
    pub(crate) names: Vec<String>,
    /// Folder that results were written to.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
    /// Only runs in this state. May be given several times.
    #[arg(long)]
    pub(crate) state: Vec<StateArg>,
    /// Only runs with this value of a key: `--where pairing.ratio=0.05`. May be given several times.
    #[arg(long = "where", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// Metrics to show: scores, of the test split unless they name another, or what else a journal has (`train/best_step`). The
    /// headline scores where none is given.
    #[arg(long = "metric", value_name = "METRIC")]
    pub(crate) metrics: Vec<String>,
    /// What comes first: the newest (`age`), the longest (`took`), `name`, or the best by a metric.
    #[arg(long, value_name = "age|took|name|METRIC", default_value = "age")]
    pub(crate) sort: String,
    /// Runs to show at most.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Print a JSON list, with all scores and settings.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateArg {
    /// It has its scores.
    Finished,
    /// A process is at it.
    Running,
    /// It met an error.
    Failed,
    /// It was told to stop, and goes on from its checkpoint.
    Stopped,
    /// Its process ended without a word.
    Interrupted,
    /// Its sweep ended it early.
    Pruned,
}

#[derive(Debug, clap::Args)]
pub(crate) struct LogsArgs {
    /// Run: its folder, its name below `results/runs`, or the key at the end of its name.
    pub(crate) run: PathBuf,
    /// Folder that results were written to.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
    /// Go on as the run goes on, until it ends.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Lines to show of what has happened, the last ones; all where it is not given.
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) lines: Option<usize>,
    /// Show every measured value, and not only losses and headline scores.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RmArgs {
    /// Runs: their folders, their names below `results/runs`, or the keys at the ends of their names.
    #[arg(required = true)]
    pub(crate) runs: Vec<PathBuf>,
    /// Folder that results were written to.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
    /// Remove without asking.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GcArgs {
    /// Folder that results were written to.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
    /// Days after which what was not used counts as not needed.
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) days: u32,
    /// Also runs that have not finished, are of no sweep, and were not touched for so many days.
    #[arg(long)]
    pub(crate) unfinished: bool,
    /// Only show what would be removed.
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Remove without asking.
    #[arg(long)]
    pub(crate) yes: bool,
}
