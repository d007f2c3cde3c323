//! What the user types after `lgdea score`.

use std::path::PathBuf;

use clap::Subcommand;
use lgdea_eval::protocol::{DEFAULT_GROUNDING, DEFAULT_PROBE, DEFAULT_RETRIEVAL, DEFAULT_ZERO_SHOT};
use lgdea_predictions::{By, Column, Columns};

use super::SplitArg;

#[derive(Debug, Subcommand)]
pub(crate) enum ScoreCommand {
    /// Score a model's scores of classes, whatever model it is.
    ZeroShot(ZeroShotArgs),
    /// Score a model's embeddings of images and texts, or their similarities.
    Retrieval(RetrievalArgs),
    /// Score a model's heat maps of phrases.
    Grounding(GroundingArgs),
    /// Score a model's frozen features by a linear classifier.
    Probe(ProbeArgs),
    /// Compare models on the same cases: paired differences with intervals and p values.
    Compare(CompareArgs),
    /// Write the cases that a source has for a task, as a reference table.
    Cases(SourceCasesArgs),
    /// List the protocols that are shipped.
    Protocols(ProtocolsArgs),
}

/// Cases that thresholds are chosen on.
#[derive(Debug, clap::Args)]
pub(crate) struct ValidationArgs {
    /// Scores of validation cases, which thresholds are chosen on. Of several models one for each, in their order.
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "validation_reference")]
    pub(crate) validation_predictions: Vec<PathBuf>,
    /// What is true of them.
    #[arg(long, value_name = "FILE", requires = "validation_predictions")]
    pub(crate) validation_reference: Option<PathBuf>,
}

/// No validation cases.
pub(crate) static NO_VALIDATION: ValidationArgs =
    ValidationArgs { validation_predictions: Vec::new(), validation_reference: None };

/// Subgroups of the cases.
#[derive(Debug, clap::Args)]
pub(crate) struct SubgroupArgs {
    /// Columns that are no classes but subgroups (`sex`), bands of numbers (`age:40,60,80`) or several crossed (`view+source`), each
    /// scored for itself and beside all others.
    #[arg(long, value_name = "COLUMN", num_args = 1..)]
    pub(crate) by: Vec<By>,
}

/// Which columns of any reference are read for what.
#[derive(Debug, clap::Args)]
pub(crate) struct CaseColumnArgs {
    /// The column of identifiers, without this `id`. With a pattern after a colon, what that finds in the cells.
    #[arg(long, value_name = "COLUMN")]
    id: Option<Column>,
    /// The column of patients, without this `patient`; as above, `Path:patient\d+` finds the patient in a path.
    #[arg(long, value_name = "COLUMN")]
    patient: Option<Column>,
    /// The column with the name of each case's class, or of several with `|` between them. Other columns are then no classes.
    #[arg(long, value_name = "COLUMN")]
    label: Option<Column>,
}

/// Which columns of the reference, and of that of validation cases, are read for what.
#[derive(Debug, clap::Args)]
pub(crate) struct ColumnArgs {
    #[command(flatten)]
    cases: CaseColumnArgs,
    /// The column that tells texts apart, without this `text`.
    #[arg(long, value_name = "COLUMN")]
    text: Option<Column>,
    /// The only classes: columns, or with --label names in that column.
    #[arg(long, value_name = "CLASS", num_args = 1..)]
    classes: Vec<String>,
}

impl CaseColumnArgs {
    pub(crate) fn columns(&self) -> Columns {
        let Self { id, patient, label } = self;
        Columns { id: id.clone(), patient: patient.clone(), label: label.clone(), ..Columns::default() }
    }
}

impl ColumnArgs {
    /// The columns, with those of subgroups.
    pub(crate) fn columns(&self, by: &[By]) -> Columns {
        let Self { cases, text, classes } = self;
        Columns { text: text.clone(), classes: classes.clone(), by: by.to_vec(), ..cases.columns() }
    }
}

/// Which cases of a reference are scored.
#[derive(Debug, clap::Args)]
pub(crate) struct CasesArgs {
    /// The split whose cases are scored, where the reference has several.
    #[arg(long)]
    split: Option<SplitArg>,
}

impl CasesArgs {
    /// The columns, of the cases that are scored.
    pub(crate) fn of(&self, columns: Columns) -> Columns {
        Columns { split: self.split.map(Into::into), ..columns }
    }
}

/// What tables call models.
#[derive(Debug, clap::Args)]
pub(crate) struct NameArgs {
    /// What tables call a model: one for each, in their order. Without it, that is the name of its file.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) name: Vec<String>,
}

/// How the answer is given.
#[derive(Debug, clap::Args)]
pub(crate) struct AnswerArgs {
    #[command(flatten)]
    pub(crate) names: NameArgs,
    /// Write one page with the tables, the protocol and the digests of all files to this file, a .html.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ZeroShotArgs {
    /// Scores, `[cases, classes]`: .npz, .npy, .safetensors, .parquet or .csv. Of several models a file each: the others are compared with
    /// the first.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub(crate) predictions: Vec<PathBuf>,
    /// What is true: a table (.csv, .parquet) with the columns `id`, `patient`, and one a class (1, 0, -1, nothing); or a
    /// .toml file with `[data]` or one `[eval.set.<name>]`, whose labelled images are the cases.
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: PathBuf,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    #[command(flatten)]
    pub(crate) cases: CasesArgs,
    /// Name of a protocol, or the path of a .toml file.
    #[arg(long, default_value = DEFAULT_ZERO_SHOT, value_name = "NAME")]
    pub(crate) protocol: String,
    #[command(flatten)]
    pub(crate) validation: ValidationArgs,
    #[command(flatten)]
    pub(crate) subgroups: SubgroupArgs,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RetrievalArgs {
    /// Embeddings `image` and `text`, or `similarity`: .npz, .npy, .safetensors, .parquet or .csv. Of several models a file each: the others
    /// are compared with the first.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub(crate) predictions: Vec<PathBuf>,
    /// The texts' embeddings, where they lie in files of their own: one for each model, in their order.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) texts: Vec<PathBuf>,
    /// What is true: a table (.csv, .parquet) with the columns `id`, `patient`, `text` (equal where texts are), and
    /// one a class; or a .toml file with `[data]` or one `[eval.set.<name>]`, whose images with a report are the cases.
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: PathBuf,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    #[command(flatten)]
    pub(crate) cases: CasesArgs,
    /// Name of a protocol, or the path of a .toml file.
    #[arg(long, default_value = DEFAULT_RETRIEVAL, value_name = "NAME")]
    pub(crate) protocol: String,
    #[command(flatten)]
    pub(crate) subgroups: SubgroupArgs,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProbeArgs {
    /// Features, `[cases, width]`: .npz, .npy, .safetensors, .parquet or .csv. Of several models a file each: the others are compared with
    /// the first.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub(crate) predictions: Vec<PathBuf>,
    /// What is true: a table (.csv, .parquet) with the columns `id`, `patient`, `split` (train, validation, test),
    /// and one a class; or a .toml file with `[data]`, whose labelled images are the cases.
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: PathBuf,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    /// Name of a protocol, or the path of a .toml file.
    #[arg(long, default_value = DEFAULT_PROBE, value_name = "NAME")]
    pub(crate) protocol: String,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GroundingArgs {
    /// Heat maps `maps`, `[phrases, rows, columns]`, and `ids`: .npz, .safetensors or .npy. Of several models a file each: the
    /// others are compared with the first.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub(crate) predictions: Vec<PathBuf>,
    /// What is true: a table (.csv, .parquet) with the columns `id`, `x`, `y`, `width`, `height`, `image_width`, `image_height`, and where
    /// they are known `patient` and `class`; a row each box. Or a .toml file with `[data]` or one `[eval.set.<name>]`: a phrase is
    /// then called by its study and its words in lower case, `STUDY/right pleural effusion`.
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: PathBuf,
    #[command(flatten)]
    pub(crate) columns: CaseColumnArgs,
    #[command(flatten)]
    pub(crate) cases: CasesArgs,
    /// Name of a protocol, or the path of a .toml file.
    #[arg(long, default_value = DEFAULT_GROUNDING, value_name = "NAME")]
    pub(crate) protocol: String,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompareArgs {
    /// Predictions of two or more models; the others are compared with the first.
    #[arg(required = true, num_args = 2.., value_name = "FILE")]
    pub(crate) predictions: Vec<PathBuf>,
    /// The texts' embeddings of each model, where they lie in files of their own.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) texts: Vec<PathBuf>,
    /// What is true of the cases: a table, or a .toml file that names a source.
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: PathBuf,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    #[command(flatten)]
    pub(crate) cases: CasesArgs,
    /// Name of a protocol, or the path of a .toml file.
    #[arg(long, value_name = "NAME")]
    pub(crate) protocol: String,
    #[command(flatten)]
    pub(crate) validation: ValidationArgs,
    #[command(flatten)]
    pub(crate) names: NameArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Tasks that cases are of.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum CasesOf {
    /// Labelled images.
    ZeroShot,
    /// Images with a report, whose texts are in the table.
    Retrieval,
    /// Boxes of phrases.
    Grounding,
    /// Labelled images.
    Probe,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SourceCasesArgs {
    /// A .toml file with `[data]` or one `[eval.set.<name>]`.
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: PathBuf,
    /// The task.
    #[arg(long)]
    pub(crate) task: CasesOf,
    /// The split whose cases are written; without it all.
    #[arg(long)]
    pub(crate) split: Option<SplitArg>,
    /// The table, a .csv.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replace a file that is there.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProtocolsArgs {
    /// Print JSON, with every switch.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the file of one, with its comments: to be copied and changed.
    #[arg(long, value_name = "NAME", conflicts_with = "json")]
    pub(crate) show: Option<String>,
}
