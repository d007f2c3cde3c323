//! What the user types to look into an experiment's data.

use std::path::PathBuf;

use clap::Subcommand;
use lgdea_spec::Resolved;

use super::SplitArg;
use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Count an experiment's studies, images, reports, findings, views and people, split by split.
    Stats(StatsArgs),
    /// Look for what is doubtful or wrong with data; exit code 1 where training would silently be wrong.
    Doctor(DoctorArgs),
    /// Draw a contact sheet of images with their boxes and masks.
    Show(ShowArgs),
    /// Draw which training studies are pairs, and write it down for others and other experiments.
    Pair(PairArgs),
}

/// Whose data.
#[derive(Debug, clap::Args)]
pub(crate) struct DataOf {
    /// Experiment file.
    pub(crate) file: PathBuf,
    /// Override a value: `--set data.phantom.studies=100`. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
}

impl DataOf {
    /// The experiment, with what the command line changes of it.
    pub(crate) fn resolve(&self) -> Result<Resolved, Failure> {
        Ok(Resolved::from_file(&self.file, &self.overrides)?)
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    pub(crate) data: DataOf,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PairArgs {
    #[command(flatten)]
    pub(crate) data: DataOf,
    /// File to write, a .json; `pairing.manifest` names it then. It holds identifiers of studies alone.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replace a file that is there: runs that used its pairs are made again with the new ones.
    #[arg(long)]
    pub(crate) force: bool,
    /// Folder of results, whose cache keeps the images: those that cannot be read are no pairs.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) data: DataOf,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Write one page with all of it, with the images of examples and what the data are made of, to this file, a .html.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Also ask the published image encoder that the experiment starts from how well view, source, sex and age are read from its
    /// features. Each image goes through it once; what comes out is kept.
    #[arg(long)]
    pub(crate) shortcuts: bool,
    /// Folder of results, whose cache keeps the images that are looked at.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) data: DataOf,
    /// Picture to write, a .png. It shows images of the data, whose licence says who may see them.
    #[arg(long, value_name = "FILE", default_value = "data.png")]
    pub(crate) out: PathBuf,
    /// Only studies of this split.
    #[arg(long)]
    pub(crate) split: Option<SplitArg>,
    /// Only studies that have this finding, among their labels or their boxes; however it is written.
    #[arg(long, value_name = "NAME")]
    pub(crate) finding: Option<String>,
    /// Only studies with boxes or masks.
    #[arg(long)]
    pub(crate) boxed: bool,
    /// Most studies to show.
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=480))]
    pub(crate) count: u16,
    /// What decides which of more studies are shown.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Write the reports below the images, and the phrases of boxes upon them. The picture then has clinical text in it.
    #[arg(long)]
    pub(crate) reports: bool,
}
