//! What the user types.

pub(crate) mod compare;
pub(crate) mod data;
pub(crate) mod evidence;
mod examples;
pub(crate) mod inspect;
pub(crate) mod runs;
pub(crate) mod score;
pub(crate) mod setup;
pub(crate) mod sweep;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use lgdea_data::Split;
use lgdea_spec::Resolved;

use crate::failure::Failure;

/// Declarative experiments in medical vision-language pretraining under limited pairing.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    /// What the user typed, with `~` as the home folder in `--flag=~/…`, where shells leave it as it is.
    pub(crate) fn read() -> Self {
        let home = std::env::home_dir();
        let typed = std::env::args_os().map(|argument| at_home(argument, home.as_deref()));
        let matches = Self::command().get_matches_from(typed);
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// The command line as it is declared, with the same short help by `-h` and `--help`, which begins with an example.
    pub(crate) fn command() -> clap::Command {
        with_example(<Self as CommandFactory>::command(), "")
    }
}

/// A command and its own commands, each with its example.
fn with_example(command: clap::Command, path: &str) -> clap::Command {
    let example = examples::EXAMPLES.iter().find(|(of, _)| *of == path).map(|(_, example)| format!("$ {example}"));
    let help = Arg::new("help").short('h').long("help").action(ArgAction::HelpShort).help("Print help");
    let inner: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    let command = command.disable_help_flag(true).arg(help);
    let command = example.into_iter().fold(command, clap::Command::before_help);
    inner.into_iter().fold(command, |command, name| {
        let path = format!("{path} {name}");
        command.mut_subcommand(name, |inner| with_example(inner, path.trim()))
    })
}

/// An argument whose value, behind `=`, begins at the home folder where it is `~` or `~/…`.
fn at_home(argument: OsString, home: Option<&Path>) -> OsString {
    let value = argument.to_str().filter(|text| text.starts_with('-')).and_then(|text| text.split_once('='));
    let (Some((flag, value)), Some(home)) = (value, home) else { return argument };
    let path = match value.strip_prefix('~') {
        Some("") => home.to_owned(),
        Some(below) if below.starts_with('/') => home.join(below.trim_start_matches('/')),
        _ => return argument,
    };
    let mut expanded = OsString::from(format!("{flag}="));
    expanded.push(path);
    expanded
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a folder to begin with: an experiment, a sweep, prompts.
    Init(setup::InitArgs),
    /// Say what this machine has; exit code 1 where a run would fail.
    Doctor(setup::DoctorArgs),
    /// Train and evaluate an experiment.
    Run(RunArgs),
    /// Say what a run would be refused for, or where a value comes from.
    Check(CheckArgs),
    /// List the runs of a sweep: which are done, how long the others may take.
    Plan(PlanArgs),
    /// Run what is not done of a sweep; the same command goes on after any interruption.
    Sweep(sweep::SweepArgs),
    /// List runs: their state, age and scores.
    Runs(runs::RunsArgs),
    /// Show what happened in a run, also while it goes on.
    Logs(runs::LogsArgs),
    /// Remove runs.
    Rm(runs::RmArgs),
    /// Remove what nothing needs any more: unused caches, runs that were set aside.
    Gc(runs::GcArgs),
    /// Look into an experiment's data.
    #[command(subcommand)]
    Data(data::DataCommand),
    /// Read the evidence of reports, and measure how well.
    #[command(subcommand)]
    Evidence(evidence::EvidenceCommand),
    /// Score a run's model on further evaluation sets.
    Eval(inspect::EvalArgs),
    /// Write what a run's model makes of studies as arrays for Python.
    Embed(inspect::EmbedArgs),
    /// Score the outputs of any model by a named protocol.
    #[command(subcommand)]
    Score(Box<score::ScoreCommand>),
    /// Show where a run's model sees what a phrase says, as a heat map.
    Ground(inspect::GroundArgs),
    /// Show what the prototypes of a run stand for.
    Prototypes(inspect::PrototypesArgs),
    /// Show the relation graph of a run, and how good its relations are.
    Graph(inspect::GraphArgs),
    /// Write a run's model as PyTorch, timm and transformers read it.
    Export(inspect::ExportArgs),
    /// Compare runs over seeds: means, paired differences, tests, data efficiency.
    Compare(compare::CompareArgs),
    /// Write the comparison as a page to be sent around.
    Report(compare::ReportArgs),
    /// Check the claims of a sweep; exit code 1 where one fails or cannot be decided.
    Claims(compare::ClaimsArgs),
    /// Say how many seeds a difference needs, from the runs of a pilot.
    Power(compare::PowerArgs),
    /// Send to MLflow what it lacks of the runs on disk.
    Sync(SyncArgs),
    /// Start MLflow on the results, and open it in the browser.
    Ui(UiArgs),
    /// Train for a few steps and show where their time goes; no run is written.
    Profile(ProfileArgs),
    /// Try each device for two seconds.
    Devices(DevicesArgs),
    /// Write the JSON Schema of experiment or sweep files, for editors.
    Schema(SchemaArgs),
    /// Print a script that completes commands in a shell.
    Completions(setup::CompletionsArgs),
    /// Write manual pages.
    Man(setup::ManArgs),
    /// Write the pages of `docs/reference`, which the program's own declarations are made into.
    #[command(hide = true)]
    Reference(ReferenceArgs),
}

/// A split of an experiment's studies.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SplitArg {
    /// The images that training sees.
    Train,
    /// Held out for choices.
    Validation,
    /// Held out for the final evaluation.
    Test,
}

impl From<SplitArg> for Split {
    fn from(split: SplitArg) -> Self {
        match split {
            SplitArg::Train => Self::Train,
            SplitArg::Validation => Self::Validation,
            SplitArg::Test => Self::Test,
        }
    }
}

/// What to train, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct TrainingArgs {
    /// Experiment file.
    pub(crate) file: PathBuf,
    /// Override a value: `--set train.steps=100`. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
    /// Folder that results are written to.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
    /// Where tensors live, instead of `device.name`: `flex`, `libtorch`, `libtorch-cuda:0`, `cuda:0`. Runs on different kinds of
    /// devices have different keys.
    #[arg(long)]
    pub(crate) device: Option<String>,
}

impl TrainingArgs {
    /// The experiment, with what the command line changes of it.
    pub(crate) fn resolve(&self) -> Result<Resolved, Failure> {
        let device = self.device.iter().map(|name| format!("device.name={name:?}"));
        let overrides: Vec<String> = self.overrides.iter().cloned().chain(device).collect();
        Ok(Resolved::from_file(&self.file, &overrides)?)
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
    /// Run again although a finished run with the same key exists.
    #[arg(long)]
    pub(crate) force: bool,
    /// Run as the trial of a sweep: only if its key is this one, once nobody else writes its journal, and until standard
    /// input ends. A line there says why the trial is not worth going on.
    #[arg(long, value_name = "KEY", hide = true, conflicts_with = "force")]
    pub(crate) trial: Option<String>,
    /// Print one JSON object as the last line of standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProfileArgs {
    // Of the results only the cache of images and evidence is used.
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
    /// Steps to measure, after three that are not.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) steps: u16,
    /// Folder to write the model as it starts and the batches to, for the same training in PyTorch.
    #[arg(long, value_name = "DIR")]
    pub(crate) peer: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Experiment and sweep files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Check the files alone: neither the data, weights and other files that they name, nor the device.
    #[arg(long)]
    pub(crate) file_only: bool,
    /// Say what a key means and which file or flag gave its value.
    #[arg(long, value_name = "KEY")]
    pub(crate) explain: Option<String>,
    /// Override a value: `--set train.steps=100`. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    /// Sweep file.
    pub(crate) file: PathBuf,
    /// Folder of earlier runs.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
    /// Where tensors live, instead of the experiment's `device.name`: `flex`, `libtorch`, `libtorch-cuda:0`, `cuda:0`. Runs on
    /// different kinds of devices have different keys.
    #[arg(long)]
    pub(crate) device: Option<String>,
    /// Print one JSON object a trial and a line, and nothing else on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Lines to print: settings of the table (40 where it is not given), trials of `--json` (all).
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SyncArgs {
    /// Runs, by folder or name; all of the results folder, and its sweeps, where none is given.
    pub(crate) runs: Vec<PathBuf>,
    /// Folder that results were written to.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
    /// Address of the server, instead of the experiments' `tracker.uri` and of `MLFLOW_TRACKING_URI`.
    #[arg(long)]
    pub(crate) uri: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UiArgs {
    /// Folder that results were written to; the server's store is `mlflow/` in it.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
    /// Port of the server, instead of a free one.
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Only print the address.
    #[arg(long)]
    pub(crate) no_open: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DevicesArgs {
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SchemaArgs {
    /// The schema of sweep files.
    #[arg(long)]
    pub(crate) sweep: bool,
    /// File to write; standard output where none is given.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReferenceArgs {
    /// Folder to write to.
    #[arg(long)]
    pub(crate) out: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_behind_an_equals_sign_is_found() {
        let table = [
            ("--results=~/x", "--results=/home/me/x"),
            ("--results=~", "--results=/home/me"),
            ("--results=~/", "--results=/home/me/"),
            ("--out=~//a b.html", "--out=/home/me/a b.html"),
            ("-o=~/x", "-o=/home/me/x"),
            ("--set=data.manifest.root=~/x", "--set=data.manifest.root=~/x"),
            ("--results=~you/x", "--results=~you/x"),
            ("--results=./~/x", "--results=./~/x"),
            ("--phrase=~5 mm", "--phrase=~5 mm"),
            ("--results", "--results"),
            ("~/x", "~/x"),
            ("a=~/x", "a=~/x"),
        ];
        for (typed, meant) in table {
            assert_eq!(at_home(typed.into(), Some(Path::new("/home/me"))), OsString::from(meant), "{typed}");
            assert_eq!(at_home(typed.into(), None), OsString::from(typed), "{typed}");
        }
    }
}
