//! What processes share on disk: [`Cache`], work that is done once per content, and [`Leases`], who is at which work.
//!
//! Both need hard links and renames that are atomic, and nothing else of a file system.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cache;
mod entry;
mod error;
mod holder;
mod lease;
mod mapped;

pub use cache::{Cache, Stage};
pub use entry::Entry;
pub use error::CacheError;
pub use lease::{Claim, Leases};
pub use mapped::mapped;
