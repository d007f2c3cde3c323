//! What the user types to look into a run.

use std::path::PathBuf;

use clap::ValueEnum;
use lgdea_spec::HeatMap;

use super::SplitArg;

/// Which run, and how to open it.
#[derive(Debug, clap::Args)]
pub(crate) struct RunRef {
    /// Run to look into: its folder, its name below `results/runs`, or the key at the end of its name.
    pub(crate) run: PathBuf,
    /// Folder that the run's results were written to.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
    /// Where tensors live, instead of the experiment's `device.name`: `flex`, `libtorch`, `libtorch-cuda:0`.
    #[arg(long)]
    pub(crate) device: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GroundArgs {
    #[command(flatten)]
    pub(crate) run: RunRef,
    /// Image file (PNG, JPEG, BMP, TIFF, WebP or DICOM), or a study of the run's data.
    #[arg(long, value_name = "FILE|STUDY")]
    pub(crate) image: String,
    /// Phrase to find in the image. May be given several times: one panel each.
    #[arg(long = "phrase", value_name = "TEXT", required = true)]
    pub(crate) phrases: Vec<String>,
    /// Picture to write, a .png.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Heat map, instead of the experiment's `eval.grounding.heat-map`.
    #[arg(long)]
    pub(crate) map: Option<MapArg>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct EvalArgs {
    #[command(flatten)]
    pub(crate) run: RunRef,
    /// TOML file with evaluation sets, tables `[eval.set.<name>]` as in an experiment. May be given several times.
    #[arg(long = "set", value_name = "FILE", required = true)]
    pub(crate) sets: Vec<PathBuf>,
    /// Print one JSON object as the last line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct EmbedArgs {
    #[command(flatten)]
    pub(crate) run: RunRef,
    /// Studies to embed, instead of the run's own: a table of them (.csv, .parquet), or a .toml file with `[data]` or one `[eval.set.<name>]`.
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,
    /// Split that is wanted, instead of all.
    #[arg(long)]
    pub(crate) split: Option<SplitArg>,
    /// File to write, an .npz or .safetensors. The reference, which `lgdea score` reads, is written beside it as .csv.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Write the image encoder's features before the projection, too.
    #[arg(long)]
    pub(crate) features: bool,
    /// Write scores of the zero-shot classes by their prompts, too.
    #[arg(long)]
    pub(crate) prompts: bool,
    /// Replace files that are there.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) run: RunRef,
    /// Folder to write into; it is made where there is none.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum MapArg {
    /// Sum of the standardised maps that the method has.
    Fused,
    /// Patch against phrase embedding.
    Similarity,
    /// Patch evidence against the phrase's evidence.
    Evidence,
    /// Attention of the lesion queries whose evidence matches the phrase's.
    LesionAttention,
    /// Mean attention of the phrase's words.
    WordAttention,
}

impl From<MapArg> for HeatMap {
    fn from(map: MapArg) -> Self {
        match map {
            MapArg::Fused => Self::Fused,
            MapArg::Similarity => Self::Similarity,
            MapArg::Evidence => Self::Evidence,
            MapArg::LesionAttention => Self::LesionAttention,
            MapArg::WordAttention => Self::WordAttention,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct GraphArgs {
    #[command(flatten)]
    pub(crate) run: RunRef,
    /// Folder to write edges.csv and relations.csv to: all edges, and the strongest relations of every image at each hop.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Hops to look at, instead of the experiment's `graph.iterations`.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(crate) hops: Option<u8>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PrototypesArgs {
    #[command(flatten)]
    pub(crate) run: RunRef,
    /// Page to write, an .html file with everything in it: pictures of the studies, and phrases of their reports.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["json", "keep"])]
    pub(crate) out: Option<PathBuf>,
    /// Keep numbers, evidence phrases and image regions in the run's folder, where `lgdea report` finds them.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Split whose images are looked at.
    #[arg(long, default_value = "validation")]
    pub(crate) split: SplitArg,
    /// Print the numbers and phrases as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}
