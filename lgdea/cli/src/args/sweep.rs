//! What the user types to run a sweep.

use std::path::PathBuf;

use clap::ValueEnum;
use lgdea_spec::sweep::{Launcher, OnFailure};
use lgdea_sweep::Cluster;

#[derive(Debug, clap::Args)]
pub(crate) struct SweepArgs {
    /// Sweep file.
    pub(crate) file: PathBuf,
    /// Folder that results are written to. Several `lgdea sweep` on one folder share the work.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
    /// Trials that run at a time, instead of `execute.workers`. Where neither is given: one for each GPU of a CUDA device,
    /// else half as many as there are CPU cores; with Slurm as many as it gives room.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,
    /// What starts trials, instead of `execute.launcher`.
    #[arg(long)]
    pub(crate) launcher: Option<LauncherArg>,
    /// What a failed trial does to the others, instead of `execute.on-failure`.
    #[arg(long)]
    pub(crate) on_failure: Option<OnFailureArg>,
    /// Failed trials after which no further one is started, 0 for never; instead of `execute.max-failures`.
    #[arg(long, value_name = "N")]
    pub(crate) max_failures: Option<usize>,
    /// Where tensors live, instead of the experiment's `device.name`: `flex`, `libtorch`, `libtorch-cuda:0`.
    #[arg(long)]
    pub(crate) device: Option<String>,
    /// Trials that this call runs at most, those that fail not counted; 0 only lists the trials.
    #[arg(long, value_name = "N")]
    pub(crate) trials: Option<usize>,
    /// Run as an element of an array job: try again only what had failed when it was submitted, and do not wait for trials
    /// that others run.
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) submission: Option<PathBuf>,
    /// Print a job file for another kind of cluster, to be completed and submitted by yourself, and run nothing. Its nodes write to
    /// `--results` where that is an absolute path, else to `/results`.
    #[arg(long, value_name = "CLUSTER", conflicts_with = "status")]
    pub(crate) print: Option<ClusterArg>,
    /// Say how the sweep stands, as the disk has it, and run nothing.
    #[arg(long)]
    pub(crate) status: bool,
    /// Show it again and again, until all runs have ended or Ctrl-C.
    #[arg(long, requires = "status", conflicts_with = "json")]
    pub(crate) watch: bool,
    /// Print one JSON object with the numbers of runs as the last line of standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LauncherArg {
    /// Processes on this machine.
    Local,
    /// Array jobs of Slurm: what is left is submitted, and the command returns.
    Slurm,
}

impl From<LauncherArg> for Launcher {
    fn from(launcher: LauncherArg) -> Self {
        match launcher {
            LauncherArg::Local => Self::Local,
            LauncherArg::Slurm => Self::Slurm,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ClusterArg {
    /// An Indexed Job with a Kueue queue.
    Kubernetes,
    /// A Python script for `ray job submit`.
    Ray,
    /// A task for `sky jobs launch`.
    Sky,
}

impl From<ClusterArg> for Cluster {
    fn from(cluster: ClusterArg) -> Self {
        match cluster {
            ClusterArg::Kubernetes => Self::Kubernetes,
            ClusterArg::Ray => Self::Ray,
            ClusterArg::Sky => Self::Sky,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum OnFailureArg {
    /// They go on.
    Continue,
    /// No further one is started.
    Stop,
}

impl From<OnFailureArg> for OnFailure {
    fn from(on_failure: OnFailureArg) -> Self {
        match on_failure {
            OnFailureArg::Continue => Self::Continue,
            OnFailureArg::Stop => Self::Stop,
        }
    }
}
