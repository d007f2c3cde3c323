//! The binary under test, in an environment that says nothing of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;

/// The project's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Path of the binary. Cargo builds it before the tests of crate `lgdea`, and before those alone.
pub(crate) fn path() -> PathBuf {
    cargo_bin("lgdea")
}

/// The binary, to be started: it speaks without colours, knows no MLflow server and reads nothing.
pub fn std_command() -> std::process::Command {
    let mut command = std::process::Command::new(path());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MLFLOW_") {
            command.env_remove(name);
        }
    }
    command.env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE").stdin(Stdio::null());
    command
}

/// The binary, to be run to its end.
pub fn lgdea() -> Command {
    Command::from_std(std_command())
}
