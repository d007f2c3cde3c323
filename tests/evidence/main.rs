//! Evidence as a user extracts, scores, shows and compares it, through the binary.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod bad_input;
mod language_model;
mod quality;
#[allow(dead_code, unreachable_pub, reason = "shared with the provider's own tests")]
#[path = "../../lgdea/evidence/tests/llm/server.rs"]
mod server;
mod views;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

fn lgdea(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("lgdea").unwrap();
    command.env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE").arg("evidence").args(arguments);
    command
}

/// Runs a command that must succeed; its standard output.
fn output(arguments: &[&str]) -> String {
    let assert = lgdea(arguments).assert().success();
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&output(arguments)).unwrap()
}

/// Runs a command that must be refused as wrong input, without a panic; what it said, in one line.
fn refused(arguments: &[&str]) -> String {
    let assert = lgdea(arguments).assert().code(2);
    let said = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(!said.contains("panicked"), "{said}");
    // A message is wrapped and indented for the terminal.
    said.split(|c: char| c.is_whitespace() || "│×".contains(c))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A folder with files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.0.path().join(name), content).unwrap();
        self
    }

    /// Path of a file in it.
    fn at(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(name)).unwrap()
    }

    /// Extracts the evidence of a file or folder into `out`.
    fn extract(&self, input: &str, out: &str) -> String {
        let (input, out) = (self.at(input), self.at(out));
        lgdea(&["extract", "--input", &input, "--out", &out]).assert().success();
        out
    }
}

/// The reports of Open-I, where they are.
fn openi() -> Option<String> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("LGDEA_DATA").map_or_else(default, PathBuf::from);
    let archive = data.join("openi/openi_reports.tgz");
    if archive.is_file() {
        return Some(archive.display().to_string());
    }
    println!("skipped: ../shared/data not found");
    None
}

/// A CSV file of two columns.
fn csv<'a>(header: &str, rows: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut text = format!("report_id,{header}\n");
    for (id, cell) in rows {
        let _ = writeln!(text, "{id},\"{}\"", cell.replace('"', "\"\""));
    }
    text
}
