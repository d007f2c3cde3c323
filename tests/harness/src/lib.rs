//! What the tests of lgdea share: a folder to work in, the binary, finished runs, servers.
//!
//! A test that drives the binary makes a [`Workspace`], writes files into it, calls [`Workspace::lgdea`] and asks what was
//! [`Said`]. A test that only looks at a run takes a [`Finished`] one. What a machine may lack is a [`Service`].
//!
//! Everything here panics where it fails, as a test should.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "only tests use it")]

mod binary;
mod finished;
pub mod http;
#[cfg(feature = "results")]
pub mod journals;
#[cfg(feature = "evidence")]
pub mod language_model;
pub mod mlflow;
mod process;
mod run;
mod said;
mod service;
mod sweep;
#[cfg(feature = "results")]
pub mod synthetic;
pub mod tiny;
mod workspace;

pub use binary::{lgdea, root, std_command};
pub use finished::Finished;
pub use process::{parent, processes, signal, wait_until};
pub use run::Run;
pub use said::Said;
pub use service::{Service, data};
pub use sweep::ended;
pub use workspace::{PNG, Workspace};
