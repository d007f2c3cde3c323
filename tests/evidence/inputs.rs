//! What `lgdea evidence` reads, and where it does not write.

use std::fs;

use lgdea_harness::{Said, Workspace};

use super::{extract, lgdea, refused};

const JSONL: &str =
    "{\"report_id\":\"r1\",\"report\":\"No pneumothorax.\"}\n{\"report_id\":\"r2\",\"report\":\"Edema.\"}\n";

#[test]
fn an_output_that_is_an_input_is_refused_by_any_name() {
    let place = Workspace::new().with("r.jsonl", JSONL).with("folder/a.txt", "Edema.").with("folder/notes.md", "x");
    let input = place.at("r.jsonl");
    fs::hard_link(&input, place.at("hard.jsonl")).unwrap();
    std::os::unix::fs::symlink(&input, place.at("soft.jsonl")).unwrap();
    std::os::unix::fs::symlink(place.at("folder"), place.at("other-name")).unwrap();
    place.write("kept.sqlite", "x");
    let cache = place.at("kept.sqlite");
    for (input, out) in [
        ("r.jsonl", "r.jsonl"),
        ("r.jsonl", "./folder/../r.jsonl"),
        ("r.jsonl", "hard.jsonl"),
        ("r.jsonl", "soft.jsonl"),
        ("hard.jsonl", "soft.jsonl"),
        ("folder/a.txt", "folder/a.txt"),
        ("folder", "folder/a.txt"),
        ("folder", "folder/new.txt"),
        ("other-name", "folder/a.txt"),
        ("folder", "other-name/a.TXT"),
    ] {
        let said = refused(&["extract", "--input", &place.at(input), "--out", &place.at(out)]);
        assert!(said.contains("name another one") || said.contains("end its name in .jsonl"), "{input} {out}: {said}");
    }
    let said = refused(&["extract", "--input", &input, "--out", &cache, "--cache", &cache]);
    assert!(said.contains("would be lost"), "{said}");
    let said = refused(&["extract", "--input", &input, "--out", "-", "--cache", &input]);
    assert!(said.contains("would be lost"), "{said}");
    assert_eq!(fs::read_to_string(&input).unwrap(), JSONL);
    assert_eq!(fs::read_to_string(place.at("folder/a.txt")).unwrap(), "Edema.");
    extract(&place, "folder", "folder/evidence.jsonl");
    extract(&place, "r.jsonl", "folder/evidence.jsonl");
}

#[test]
fn tables_are_read_with_columns_by_flags() {
    let place = Workspace::new()
        .with("semicolon.csv", "study;text\nr1;No pneumothorax, edema.\nr2;nan\n")
        .with("tabs.tsv", "study\ttext\nr1\tNo pneumothorax, edema.\nr2\tNone\n")
        .with(
            "bom.jsonl",
            "\u{feff}{\"study\":\"r1\",\"text\":\"No pneumothorax, edema.\"}\n{\"study\":\"r2\",\"text\":null}\n",
        );
    for input in ["semicolon.csv", "tabs.tsv", "bom.jsonl"] {
        let columns = ["--id-column", "study", "--report-column", "text"];
        let input = place.at(input);
        let ran = lgdea(&[&["extract", "--input", &input, "--out", "-"][..], &columns].concat()).assert().success();
        assert!(ran.told().contains("1 × empty report (r2)"), "{input}: {}", ran.told());
        assert_eq!(ran.printed().lines().count(), 1, "{input}");
        let shown = lgdea(&[&["show", "r1", "--input", &input][..], &columns].concat()).assert().success().printed();
        assert!(shown.contains("edema"), "{shown}");
    }
}

#[test]
fn a_file_without_header_is_told_without_its_reports() {
    let place = Workspace::new()
        .with("one.csv", "\"Patient Canary has a small left effusion.\"\n\"Clear lungs.\"\n")
        .with("short.csv", "Clear canary.\n\"Small effusion.\"\n")
        .with("two.csv", "r1,\"Canary, with effusion.\"\nr2,Clear.\n");
    for input in ["one.csv", "short.csv", "two.csv"] {
        let said = refused(&["extract", "--input", &place.at(input), "--out", "-"]);
        assert!(said.contains("looks like no header"), "{said}");
        assert!(!said.to_lowercase().contains("canary") && !said.contains("effusion"), "{said}");
    }
}
