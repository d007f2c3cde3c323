//! Evidence as a user extracts, scores, shows and compares it, through the binary.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod bad_input;
mod inputs;
mod language_model;
mod quality;
mod views;

use std::fmt::Write;

use assert_cmd::Command;
use lgdea_harness::{Said, Workspace, data};
use serde_json::Value;

fn lgdea(arguments: &[&str]) -> Command {
    let mut command = lgdea_harness::lgdea();
    command.arg("evidence").args(arguments);
    command
}

/// Runs a command that must succeed; its standard output.
fn output(arguments: &[&str]) -> String {
    lgdea(arguments).assert().success().printed()
}

fn json(arguments: &[&str]) -> Value {
    lgdea(arguments).assert().success().json()
}

/// Runs a command that must be refused as wrong input, without a panic; what it said, in one line.
fn refused(arguments: &[&str]) -> String {
    lgdea(arguments).assert().code(2).told_in_a_line()
}

/// Extracts the evidence of a file or folder of a workspace into its file `out`; the path of that.
fn extract(place: &Workspace, input: &str, out: &str) -> String {
    lgdea(&["extract", "--input", &place.at(input), "--out", &place.at(out)]).assert().success();
    place.at(out)
}

/// The reports of Open-I, where they are.
fn openi() -> Option<String> {
    data("openi/openi_reports.tgz").map(|archive| archive.display().to_string())
}

/// A CSV file of two columns.
fn csv<'a>(header: &str, rows: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut text = format!("report_id,{header}\n");
    for (id, cell) in rows {
        let _ = writeln!(text, "{id},\"{}\"", cell.replace('"', "\"\""));
    }
    text
}
