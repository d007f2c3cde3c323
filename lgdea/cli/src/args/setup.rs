//! What the user types to begin, and to set this machine up.

use std::path::PathBuf;

use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// Folder to write to; it is made where there is none.
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
    /// What the experiment is on.
    #[arg(long, default_value = "phantom")]
    pub(crate) template: TemplateArg,
    /// Your data: the table of `csv`, whose columns are then guessed, or the folder of `mimic`.
    #[arg(long, value_name = "PATH")]
    pub(crate) data: Option<PathBuf>,
}

/// What an experiment is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TemplateArg {
    /// Rendered radiographs, which need no download.
    Phantom,
    /// A table of your own.
    Csv,
    /// MIMIC-CXR-JPG.
    Mimic,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// Folder that results are to be written to.
    #[arg(long, default_value = "results")]
    pub(crate) results: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// Your shell.
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// Folder to write the pages to.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}
