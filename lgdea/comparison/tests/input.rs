//! Files that are no results, or are more than one: what is said of them, and what is read all the same.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::PathBuf;

use lgdea_comparison::{Collection, records};
use lgdea_harness::synthetic::Results;

fn table() -> (Results, Collection, String) {
    let results = Results::new();
    results.table(&[]);
    let collection = Collection::read(&[PathBuf::from("table")], results.path()).unwrap();
    let file = results.file("table.jsonl");
    records::write(&collection, &file).unwrap();
    (results, collection, std::fs::read_to_string(file).unwrap())
}

fn read(results: &Results, name: &str, bytes: &[u8]) -> Result<Collection, String> {
    let file = results.file(name);
    std::fs::write(&file, bytes).unwrap();
    Collection::read(&[file], results.path()).map_err(|error| error.to_string())
}

#[test]
fn two_records_files_in_one_are_said_to_be_two() {
    let (results, _, text) = table();
    let error = read(&results, "both.jsonl", format!("{text}{text}").as_bytes()).unwrap_err();
    for part in ["both.jsonl, line 45", "a second records file begins here", "--records"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(!error.contains("missing field"), "{error}");
}

#[test]
fn a_line_that_is_no_run_is_called_what_it_is() {
    let (results, collection, text) = table();
    let journal = std::fs::read_to_string(collection.runs[0].folder.clone().unwrap().join("journal.jsonl")).unwrap();
    let trials = std::fs::read_to_string(results.file("sweeps/table/trials.jsonl")).unwrap();
    let cut = &text[..text.len() - 30];
    for (content, said) in [
        (format!("{text}{journal}"), "line 45 is no record of a run: it is a line of a run's journal"),
        (format!("{text}{trials}"), "line 45 is no record of a run: it is of a sweep's list of trials"),
        (cut.to_owned(), "line 44 is no record of a run: it ends in its midst"),
        (text.replacen("\"seed\":3", "\"seed\":\"three\"", 1), "invalid type"),
        (text.lines().skip(1).collect::<Vec<_>>().join("\n"), "lacks the first line of a records file"),
        (journal, "is a run's journal under another name"),
        (trials, "is a sweep's list of trials under another name"),
        (text.replacen("\"provenance\":{", "\"later\":1,\"provenance\":{", 1), "another version wrote it"),
    ] {
        let error = read(&results, "wrong.jsonl", content.as_bytes()).unwrap_err();
        assert!(error.contains(said), "{said} in: {error}");
    }
}

#[test]
fn what_compare_prints_itself_is_known_for_what_it_is() {
    let (results, ..) = table();
    let csv = "pairing.ratio,arm,metric,seeds,mean\n0.02,lgdea,test/zero_shot/auroc_macro,5,0.8\n";
    for (name, content, said) in [
        ("table.csv", csv, "looks like a table (CSV)"),
        ("table.json", "{\n  \"command\": \"lgdea compare table\"\n}\n", "is JSON of another kind"),
        ("table.html", "<!DOCTYPE html>\n<html lang=\"en\">", "is a web page"),
        ("table.txt", "┌───┐\n│ arm │\n", "is text of another kind"),
        ("table.md", "| arm | seeds |\n|---|---|\n", "is text of another kind"),
        ("empty.jsonl", "", "is empty"),
        ("blank.jsonl", "\n \n\t\n", "is empty"),
    ] {
        let error = read(&results, name, content.as_bytes()).unwrap_err();
        assert!(error.contains(name) && error.contains(said), "{error}");
    }
}

#[test]
fn a_mark_and_line_ends_of_other_systems_do_not_matter() {
    let (results, collection, text) = table();
    let windows = text.replace('\n', "\r\n");
    for content in [format!("\u{feff}{text}"), windows.clone(), format!("\u{feff}{windows}"), format!("\n\n{text}\n\n")]
    {
        let again = read(&results, "again.jsonl", content.as_bytes()).unwrap();
        assert_eq!((again.runs.len(), &again.sweeps), (collection.runs.len(), &collection.sweeps));
    }
}
