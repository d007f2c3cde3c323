//! Comparison of runs: means over seeds, differences paired by seed with tests and intervals, claims, and how many seeds are
//! needed.
//!
//! [`Collection::read`] brings finished runs together, from sweeps, run folders and records files. [`Comparison::new`] makes of
//! them a value, of which [`view`] renders tables and [`page()`] a report to be sent around. [`claim::check`] checks what a sweep is to show, [`seeds::seeds_needed`]
//! plans the next one. All follow from journals and the question alone: the same input gives the same numbers.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod claim;
mod collection;
mod comparison;
pub mod difference;
mod efficiency;
mod error;
mod input;
pub mod metric;
mod notes;
mod page;
mod parquet;
mod provenance;
pub mod records;
mod rows;
mod run;
pub mod seeds;
pub mod statistic;
pub mod view;

pub use collection::Collection;
pub use comparison::{Cell, ComparedRow, Comparison, Request};
pub use difference::{Difference, Interval, Judgement, Test, Verdict};
pub use efficiency::{Efficiency, Reach};
pub use error::ComparisonError;
pub use metric::{Metric, Split};
pub use page::page;
pub use parquet::parquet;
pub use provenance::Provenance;
pub use rows::{ARM, Row, Rows, Setting};
pub use run::{Missing, Run, SweepPlace};
