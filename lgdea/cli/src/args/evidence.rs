//! What the user types after `lgdea evidence`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use lgdea_evidence::ReportColumns;

#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Read the evidence of reports.
    Extract(ExtractArgs),
    /// Measure evidence against human labels.
    Score(ScoreArgs),
    /// Show a report with its evidence marked.
    Show(ShowArgs),
    /// Measure how far two readings of the same reports agree.
    Diff(DiffArgs),
}

/// Who reads.
#[derive(Debug, clap::Args)]
pub(crate) struct ProviderArgs {
    /// Who reads, instead of the experiment's choice.
    #[arg(long)]
    pub(crate) provider: Option<ProviderName>,
    /// Experiment file whose `[evidence]` says who reads, and how; the defaults where none is given.
    #[arg(long, value_name = "FILE")]
    pub(crate) experiment: Option<PathBuf>,
    /// Override a value: `--set evidence.openai.model=llama3`. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
    /// File that keeps a language model's answers.
    #[arg(long, value_name = "FILE", default_value = "results/cache/evidence.sqlite")]
    pub(crate) cache: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProviderName {
    /// Rules over an ontology.
    Rules,
    /// A language model behind an OpenAI-compatible server.
    Openai,
    /// A language model's answers from the cache alone.
    Replay,
}

/// Where a table of reports has what.
#[derive(Debug, clap::Args)]
pub(crate) struct ColumnArgs {
    /// Column of a table, or key of JSON lines, that has the report's identifier.
    #[arg(long, value_name = "NAME", default_value = "report_id")]
    pub(crate) id_column: String,
    /// Column or key that has the report's text.
    #[arg(long, value_name = "NAME", default_value = "report")]
    pub(crate) report_column: String,
}

impl ColumnArgs {
    pub(crate) fn names(&self) -> ReportColumns<'_> {
        ReportColumns { id: &self.id_column, report: &self.report_column }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExtractArgs {
    /// Reports: a folder, .tgz or .zip of Open-I XML or .txt files, or a table (.csv, .tsv) or .jsonl file with a row a report,
    /// also as .gz or .zip.
    #[arg(long, value_name = "PATH")]
    pub(crate) input: PathBuf,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    /// File to write, one JSON line a report; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) provider: ProviderArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ScoreArgs {
    /// Evidence, as `lgdea evidence extract` writes it.
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: PathBuf,
    /// Human labels: a folder, .tgz or .zip of Open-I XML, or a .csv file with `report_id,labels` (separated by `|` or `;`).
    #[arg(long, value_name = "PATH")]
    pub(crate) gold: PathBuf,
    /// Reports to score. The shipped rules were tuned on one half of Open-I, chosen by a hash of the identifier.
    #[arg(long, default_value = "all")]
    pub(crate) part: Part,
    /// Ontology that relates findings to labels: a shipped name or a TOML file.
    #[arg(long, default_value = "chest")]
    pub(crate) ontology: String,
    /// Bootstrap resamples of the 95 % intervals; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub(crate) bootstrap: u32,
    /// Seed of the resamples.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
    /// Also list the reports where evidence and gold differ on this class.
    #[arg(long, value_name = "CLASS", conflicts_with = "json")]
    pub(crate) errors: Option<String>,
    /// Print the text of those reports, too, from this path (see `extract --input`).
    #[arg(long, value_name = "PATH", requires = "errors")]
    pub(crate) reports: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// All.
    All,
    /// Those that the rules were not tuned on.
    HeldOut,
    /// Those that the rules were tuned on.
    Tuning,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// A .txt or .xml file, `-` for text from standard input, or with `--input` a report's identifier.
    pub(crate) report: String,
    /// Where to look for the identifier (see `extract --input`).
    #[arg(long, value_name = "PATH")]
    pub(crate) input: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    /// Evidence to show, as `lgdea evidence extract` writes it, instead of reading the report now.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["provider", "experiment", "overrides"])]
    pub(crate) evidence: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) provider: ProviderArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// Evidence A.
    pub(crate) a: PathBuf,
    /// Evidence B, of the same reports.
    pub(crate) b: PathBuf,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}
