//! What the user types to compare runs.

use std::path::PathBuf;

use clap::ValueEnum;
use lgdea_comparison::{Interval, Judgement, Request, Split, Test};

/// Which runs.
#[derive(Debug, clap::Args)]
pub(crate) struct Inputs {
    /// Sweeps (their name, folder or .toml file), runs, results folders (all their runs) or records files (.jsonl). A run that
    /// is in several counts once.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Folder that results were written to.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
}

/// How differences are judged.
#[derive(Debug, clap::Args)]
pub(crate) struct Judging {
    /// The two-sided test whose p is corrected and decides.
    #[arg(long, default_value = "paired-t")]
    pub(crate) test: TestArg,
    /// What a corrected p must be below.
    #[arg(long, default_value_t = 0.05, value_parser = probability)]
    pub(crate) alpha: f64,
}

impl Judging {
    pub(crate) fn judgement(&self, interval: Interval) -> Judgement {
        Judgement { test: self.test.into(), interval, alpha: self.alpha }
    }
}

/// What is compared, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Comparing {
    /// What is compared: `arm`, or an axis such as `pairing.ratio`.
    #[arg(long, default_value = "arm", value_name = "KEY")]
    pub(crate) by: String,
    /// What the others are compared with, instead of the sweep's first arm.
    #[arg(long, value_name = "ARM")]
    pub(crate) base: Option<String>,
    /// Metric, or pattern of metrics (`retrieval/*`), of the split unless it names one; may be given several times. The
    /// headline score of each task where none is.
    #[arg(long = "metric", value_name = "METRIC")]
    pub(crate) metrics: Vec<String>,
    /// Split of the metrics. Tuning is for validation.
    #[arg(long, default_value = "test")]
    pub(crate) split: ScoredSplit,
    /// Arm that the data efficiency is measured against, instead of the base; of sweeps over `pairing.ratio`.
    #[arg(long, value_name = "ARM")]
    pub(crate) equals: Option<String>,
    #[command(flatten)]
    pub(crate) judging: Judging,
    /// Interval of a mean difference.
    #[arg(long, default_value = "bca")]
    pub(crate) interval: IntervalArg,
}

impl Comparing {
    /// The request that `command` makes.
    pub(crate) fn request(&self, command: String) -> Request {
        Request {
            metrics: self.metrics.clone(),
            split: self.split.into(),
            by: self.by.clone(),
            base: self.base.clone(),
            equals: self.equals.clone(),
            judgement: self.judging.judgement(self.interval.into()),
            command,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    #[command(flatten)]
    pub(crate) comparing: Comparing,
    /// What is printed.
    #[arg(long, default_value = "table")]
    pub(crate) format: Format,
    /// Print every row and every test in the table for the terminal, which is otherwise what matters of it: means, and the
    /// significant differences first.
    #[arg(long)]
    pub(crate) all: bool,
    /// File to write instead of printing; Parquet needs one (.parquet).
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Also write the runs to a records file (.jsonl), from which all this can be computed again.
    #[arg(long, value_name = "FILE")]
    pub(crate) records: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    #[command(flatten)]
    pub(crate) comparing: Comparing,
    /// File to write (.html).
    #[arg(long, default_value = "report.html", value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Leave out the galleries, which are pictures of the data set.
    #[arg(long)]
    pub(crate) no_pictures: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ClaimsArgs {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    #[command(flatten)]
    pub(crate) judging: Judging,
    /// Print one JSON list.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PowerArgs {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// The metric; of the test split unless it names one.
    #[arg(long)]
    pub(crate) metric: String,
    /// One arm.
    #[arg(long)]
    pub(crate) arm: String,
    /// The arm that it is compared with.
    #[arg(long, value_name = "ARM")]
    pub(crate) than: String,
    /// Difference to be found, in the metric's unit, instead of the observed one.
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) delta: Option<f64>,
    /// Probability of finding it.
    #[arg(long, default_value_t = 0.8, value_parser = probability)]
    pub(crate) power: f64,
    /// Probability of finding one that is not there.
    #[arg(long, default_value_t = 0.05, value_parser = probability)]
    pub(crate) alpha: f64,
    /// Comparisons of the metric that p values will be corrected for.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) comparisons: usize,
    /// Print one JSON list.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For the terminal.
    Table,
    /// Everything that is known, for programs.
    Json,
    /// A line for each row and metric.
    Csv,
    /// Tables for booktabs.
    Latex,
    /// Tables for documents.
    Markdown,
    /// A line for each run, with all its scores or those of `--metric`, for pandas and Polars.
    Parquet,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum TestArg {
    /// Student's t-test of the differences: tells with few seeds, and assumes that differences are normal.
    PairedT,
    /// Sign flips: assumes no shape, and needs 6 seeds at the least for p < 0.05.
    Permutation,
    /// Wilcoxon's signed ranks: the same, without regard to outliers.
    Wilcoxon,
}

impl From<TestArg> for Test {
    fn from(test: TestArg) -> Self {
        match test {
            TestArg::PairedT => Self::PairedT,
            TestArg::Permutation => Self::Permutation,
            TestArg::Wilcoxon => Self::Wilcoxon,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum IntervalArg {
    /// Bootstrap, bias-corrected and accelerated.
    Bca,
    /// Bootstrap, percentiles.
    Percentile,
    /// Student's t: as wide as it must be of few seeds, where differences are normal.
    T,
}

impl From<IntervalArg> for Interval {
    fn from(interval: IntervalArg) -> Self {
        match interval {
            IntervalArg::Bca => Self::Bca,
            IntervalArg::Percentile => Self::Percentile,
            IntervalArg::T => Self::T,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ScoredSplit {
    /// Held out for choices.
    Validation,
    /// Held out for the final evaluation.
    Test,
}

impl From<ScoredSplit> for Split {
    fn from(split: ScoredSplit) -> Self {
        match split {
            ScoredSplit::Validation => Self::Validation,
            ScoredSplit::Test => Self::Test,
        }
    }
}

/// A number strictly between 0 and 1.
fn probability(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if value > 0.0 && value < 1.0 => Ok(value),
        _ => Err("a number between 0 and 1 is needed".to_owned()),
    }
}
