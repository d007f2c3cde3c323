//! Experiments for unit tests, each in a folder of its own.

use std::fs;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use crate::{Resolved, SpecError};

/// Resolves the first of some files, each given by name and text.
pub(crate) fn resolve(files: &[(&str, &str)], overrides: &[&str]) -> Result<Resolved, SpecError> {
    resolve_in(&tempfile::tempdir().unwrap(), files, overrides)
}

fn resolve_in(folder: &tempfile::TempDir, files: &[(&str, &str)], overrides: &[&str]) -> Result<Resolved, SpecError> {
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let overrides: Vec<String> = overrides.iter().map(|&flag| flag.to_owned()).collect();
    Resolved::from_file(&folder.path().join(files[0].0), &overrides)
}

/// Resolves one file that has to be right.
pub(crate) fn resolved_with(text: &str, overrides: &[&str]) -> Resolved {
    match resolve(&[("test.toml", text)], overrides) {
        Ok(resolved) => resolved,
        Err(error) => panic!("{}", render(&error)),
    }
}

/// The refusal of some files, as a user reads it; their folder is left out.
pub(crate) fn refusal(files: &[(&str, &str)], overrides: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let error = resolve_in(&folder, files, overrides).expect_err("the files should be refused");
    let folder = format!("{}/", folder.path().display());
    render(&error).replace(&folder, "")
}

/// An error as a user reads it, without colour.
pub(crate) fn render(error: &dyn Diagnostic) -> String {
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(160)
        .render_report(&mut text, error)
        .unwrap();
    // Blank ends of lines are invisible to a user and a nuisance in snapshots.
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n"))
}
