//! The rules of the house: what every file of the project keeps to, whoever writes it.
#![allow(clippy::unwrap_used, missing_docs)]

mod imports;
mod source;

use imports::circles;
use source::{Source, root, sources};

/// Fails where there are breaches of a rule.
fn none(rule: &str, breaches: impl IntoIterator<Item = String>) {
    let breaches: Vec<String> = breaches.into_iter().collect();
    assert!(breaches.is_empty(), "{rule}: {breaches:#?}");
}

#[test]
fn every_file_begins_with_a_line_that_says_what_it_is() {
    let silent = sources().into_iter().filter(|source| !source.text.starts_with("//! "));
    none("the first line is no `//!`", silent.map(|source| source.path));
}

#[test]
fn files_are_short() {
    let mut lengths: Vec<usize> = sources().iter().map(Source::lines).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median < 150, "half of the files have more than {median} lines");
    let long = sources().into_iter().filter(|source| source.lines() > 500);
    none("more than 500 lines", long.map(|source| source.path));
}

#[test]
fn documents_are_short() {
    let long = [("README.md", 150), ("ARCHITECTURE.md", 120)]
        .into_iter()
        .filter(|(name, most)| std::fs::read_to_string(root().join(name)).unwrap().lines().count() > *most);
    none("longer than a reader has patience", long.map(|(name, _)| name.to_owned()));
}

/// Whether a term acts is asked of the term; only the list of terms looks at weights.
#[test]
fn nobody_but_the_list_of_terms_looks_at_weights() {
    let decides = |source: &Source| {
        let code = source.code();
        [".weight > 0.0", ".weight == 0.0", "weight > 0.0"].iter().any(|comparison| code.contains(comparison))
    };
    let outside =
        |source: &Source| source.path.starts_with("lgdea/") && !source.path.starts_with("lgdea/spec/src/loss");
    let found = sources().into_iter().filter(|source| outside(source) && decides(source));
    none("a weight is compared with 0", found.map(|source| source.path));
}

/// A file that must import in a circle says in its `//!` text that there is a circle, and why.
#[test]
fn files_of_a_crate_import_each_other_in_one_direction() {
    let sources = sources();
    none("files import each other in a circle", circles(&sources).into_iter().map(|files| files.join(" ")));
}
