//! The names of scores and training curves, each declared once.
//!
//! A run logs its scores by name: `test/retrieval/i2t_r_at_10`. Evaluation makes these names, and whoever reads a journal finds
//! the declaration again by [`Name::parse`]: what readers call the score, which way is better, how many decimals make sense,
//! and where it is shown. A name that nobody declared stays usable: it is its own label, and more of it is better.
//!
//! - [`Declaration`] is a score with parameters, such as the rank K of a recall; the files of [`task`] hold all of them.
//! - [`Instance`] is a declaration with its parameters chosen.
//! - [`Name`] is what a journal has: an instance with its [`EvalSet`], or the [`Bound`] of an interval.
//! - [`Group`] says what the other metrics of a journal are about; [`curve`] declares those that somebody reads by name.
//!
//! There is no arithmetic here. The crate depends on nothing, so that every crate can ask it.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod better;
mod bound;
pub mod curve;
mod declaration;
mod eval_set;
mod name;
mod number;
mod parameters;
mod split;
pub mod task;
mod template;

pub use better::Better;
pub use bound::Bound;
pub use curve::{Curve, Group};
pub use declaration::{Declaration, Instance};
pub use eval_set::EvalSet;
pub use name::Name;
pub use number::{readable, significant};
pub use parameters::{HeatMap, Parameters, Way};
pub use split::Split;
pub use task::Task;
pub use template::percent;
