//! A run: from an experiment to a trained and evaluated model, with a journal of all that happened.
//!
//! [`run()`] tells it from top to bottom. [`Preparation`] makes what training reads; commands that only train for a moment, or
//! only look, take its stages from there, too. [`Found`] and [`Opened`] are a run that is looked into afterwards.
//!
//! Nothing is printed here: what there is to say goes to the caller's [`Audience`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod audience;
mod card;
mod embed;
mod embeddings;
mod error;
mod evaluator;
mod folder;
mod frozen;
mod further;
mod leave_out;
mod open_set;
mod opened;
mod order;
mod outcome;
mod preparation;
mod recorder;
mod run;
mod scored;
mod sets;
mod shared;
mod stop;

pub use audience::{Audience, Counter};
pub use embed::Asked;
pub use embeddings::Embeddings;
pub use error::RunError;
pub use open_set::OpenSet;
pub use opened::{Found, Opened, no_such_run};
pub use order::Order;
pub use outcome::{Ended, Outcome, reported};
pub use preparation::Preparation;
pub use run::run;
