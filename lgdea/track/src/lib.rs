//! The journal of a run, its lineage, and MLflow as a view of it.
//!
//! A run owns a folder ([`RunDir`]) and appends everything that happens to `journal.jsonl` ([`Journal`]), one JSON
//! object per line ([`Record`]), before anything is sent anywhere. What a tracker shows is rebuilt from that file:
//! [`mlflow::Mirror`] follows it from a thread of its own while the run goes on, [`mlflow::sync`] sends what is missing
//! afterwards. Neither can slow, stop or falsify a run, because neither is asked anything.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod error;
mod event;
mod gpu;
mod history;
mod journal;
mod line;
mod lineage;
pub mod mlflow;
mod params;
mod reader;
mod room;
mod run_dir;
mod system;

pub use error::Error;
pub use event::{Event, Record, Status};
pub use history::History;
pub use journal::Journal;
pub use lineage::{Git, Lineage};
pub use params::{leaves, params, typed};
pub use reader::{Reader, read};
pub use room::{free_disk, free_memory};
pub use run_dir::{RunDir, is_path};
pub use system::SystemMeter;

/// Result of this crate's functions on journals and run folders.
pub type Result<T, E = Error> = std::result::Result<T, E>;
