//! What a run reads besides its experiment, and the key of a run, which follows from both.
//!
//! `lgdea run`, the plan of a sweep, its search and its trials all derive keys here and nowhere else: [`Loader::load`] reads
//! what [`lgdea_spec::Experiment::inputs`] names, [`Loader::survey`] as little of it as it can, and [`Digests::run_key`] makes the key. [`check`] says beforehand what is
//! wrong with any of it.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod check;
mod digests;
mod error;
mod key;
mod loader;
mod sets;

pub use digests::{Digests, code};
pub use error::InputsError;
pub use key::code_of;
pub use loader::{Loaded, Loader, Surveyed};
pub use sets::{Apart, LoadedSet};
