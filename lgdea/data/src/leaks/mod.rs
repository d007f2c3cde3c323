//! What two lists of studies have in common, such as those that training reads and those that are scored: images that are the
//! same or nearly, and reports of equal words.
//!
//! The lists may be of one corpus or of two. Studies are told by their positions in their corpus.

mod films;
mod likeness;
mod reports;
#[cfg(test)]
mod test_films;

pub use films::{Films, copies};
pub use reports::{SameWords, equal_reports};

pub(crate) use likeness::means;
pub(crate) use reports::{count, words};
