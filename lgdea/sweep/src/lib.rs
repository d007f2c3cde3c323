//! What a sweep runs, and in what order.
//!
//! `lgdea-spec` says what a sweep *is* ([`lgdea_spec::sweep`]); this crate says what is to be done about it: which runs there
//! are already ([`Plan`]), what a search tries next ([`suggest`]), which trials are not worth going on ([`should_stop`]). All
//! are functions of what is on disk or handed to them, so that a sweep that was cut off goes on where it was.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod earlier;
mod error;
mod plan;
mod prune;
mod search;
mod tpe;

pub use earlier::Earlier;
pub use error::PlanError;
pub use plan::{Plan, Planned};
pub use prune::{Curve, should_stop};
pub use search::{Observation, suggest};
