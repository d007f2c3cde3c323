//! Loss terms, and the targets of unpaired images.
//!
//! Each loss term is a pure function of one forward pass, its targets and its settings, in a file of its own under
//! [`term`]. The settings, and what a term needs, stand in `lgdea_spec::loss`.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod batch;
mod divergence;
mod kmeans;
mod monitor;
pub mod term;
mod total;
mod transport;
mod unpaired;

pub use batch::{
    CrossAttended, Forward, Labels, PhraseForward, PhraseTargets, Targets, TextForward, Tokens, UnpairedTargets,
};
pub use kmeans::{KMeans, kmeans};
pub use monitor::{dead_prototypes, entropy_of_mean, mean_entropy};
pub use term::{Pass, Term};
pub use total::{TermValue, total};
pub use unpaired::{RunningMeans, phrase_targets, unpaired_targets};
