//! Protocols as files: what is refused, and what the digest is of.

use std::collections::BTreeSet;
use std::fs;

use lgdea_eval::EvalError;
use lgdea_eval::protocol::{DEFAULT_GROUNDING, DEFAULT_RETRIEVAL, DEFAULT_ZERO_SHOT, Protocol};
use lgdea_fault::{AtFault, Fault, chain};

use crate::Written;

fn zero_shot() -> String {
    include_str!("../../../../templates/protocols/zero-shot/lgdea-v1.toml").to_owned()
}

fn retrieval() -> String {
    include_str!("../../../../templates/protocols/retrieval/lgdea-v1.toml").to_owned()
}

fn parse(text: &str) -> Result<Protocol, EvalError> {
    let written = Written::new(&[("p.toml", text)]);
    Protocol::named_or_path(written.path("p.toml").to_str().unwrap())
}

fn refusal(text: &str) -> String {
    let error = parse(text).unwrap_err();
    assert_eq!(error.fault(), Fault::Input);
    chain(&error)
}

#[test]
fn every_shipped_protocol_is_read_and_has_a_digest_of_its_own() {
    let digests: BTreeSet<String> =
        Protocol::shipped().map(|name| Protocol::named_or_path(name).unwrap().digest).collect();
    assert_eq!(digests.len(), Protocol::shipped().count());
    for name in [DEFAULT_ZERO_SHOT, DEFAULT_RETRIEVAL, DEFAULT_GROUNDING] {
        assert!(Protocol::shipped().any(|shipped| shipped == name));
    }
}

#[test]
fn every_file_of_the_folder_is_shipped() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../templates/protocols");
    let mut found = Vec::new();
    for folder in fs::read_dir(root).unwrap() {
        let folder = folder.unwrap().path();
        for file in fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path().with_extension("");
            found.push(file.strip_prefix(root).unwrap().display().to_string());
        }
    }
    found.sort();
    let mut shipped: Vec<&str> = Protocol::shipped().collect();
    shipped.sort_unstable();
    assert_eq!(found, shipped);
}

#[test]
fn the_digest_is_of_the_switches_and_not_of_the_layout() {
    let digest = |text: &str| parse(text).unwrap().digest;
    let as_it_is = digest(&zero_shot());
    let shipped = zero_shot();
    let bare: Vec<&str> = shipped.lines().map(|line| line.split('#').next().unwrap()).collect();
    assert_eq!(digest(&bare.join("\n")), as_it_is);
    for (from, to) in [
        ("uncertain = \"exclude\"", "uncertain = \"positive\""),
        ("blank = \"negative\"", "blank = \"exclude\""),
        ("ensemble = \"mean\"", "ensemble = \"max\""),
        ("standardise = \"none\"", "standardise = \"per-class\""),
        ("by = \"mcc\"", "by = \"f1\""),
        ("of = \"patient\"", "of = \"case\""),
        ("resamples = 1000", "resamples = 999"),
        ("seed = 0", "seed = 1"),
        ("mean-of = []", "mean-of = [\"edema\"]"),
        ("version = 1", "version = 2"),
    ] {
        let changed = zero_shot().replacen(from, to, 1);
        assert_ne!(changed, zero_shot(), "{from}");
        assert_ne!(digest(&changed), as_it_is, "{to}");
    }
}

#[test]
fn what_is_unknown_or_missing_is_refused_with_its_line() {
    for (text, parts) in [
        (zero_shot().replace("standardise =", "standardize ="), &["line 14", "standardize"][..]),
        (zero_shot().replace("uncertain = \"exclude\"", "uncertain = \"maybe\""), &["line 11", "maybe", "exclude"]),
        (zero_shot().replace("version = 1", ""), &["version"]),
        (zero_shot().replace("task = \"zero-shot\"", ""), &["task"]),
        (zero_shot().replace("\"zero-shot\"", "\"segmentation\""), &["line 7", "segmentation", "grounding"]),
        (zero_shot().replace("\"f1\", ", "\"f2\", "), &["f2"]),
        (zero_shot().replace("\"f1\", ", "\"auroc\", "), &["metrics", "twice"]),
        (zero_shot().replace("\"f1\", ", "\"top-f1\", "), &["top-f1", "multi-label"]),
        (zero_shot().replace("by = \"mcc\"", "by = \"none\""), &["f1", "threshold.by"]),
        (zero_shot().replace("\"validation\"", "\"test\""), &["test", "validation"]),
        (zero_shot().replace("method = \"percentile\"", "method = \"none\""), &["interval.resamples"]),
        (zero_shot().replace("resamples = 1000", "resamples = 0"), &["interval.resamples"]),
        (retrieval().replace("recall-at = [1, 5, 10]", "recall-at = []"), &["recall-at"]),
        (retrieval().replace("recall-at = [1, 5, 10]", "recall-at = [0]"), &["recall-at", "from 1"]),
        (retrieval().replace("labels-at = [5, 10]", "labels-at = [5, 5]"), &["labels-at", "twice"]),
        (retrieval().replace("labels-at = [5, 10]", "labels-at = []"), &["labels-at"]),
        (retrieval().replace("ways = [\"i2t\", \"t2i\"]", "ways = []"), &["ways"]),
        (retrieval().replace("ties = \"against\"", "ties = \"lucky\""), &["line 13", "lucky"]),
        (format!("{}\n[more]\na = 1\n", retrieval()), &["more"]),
        ("version = [".to_owned(), &["line 1"]),
    ] {
        let said = refusal(&text);
        assert!(parts.iter().all(|part| said.contains(part)), "{parts:?}: {said}");
    }
}

#[test]
fn a_name_that_is_not_there_comes_with_those_that_are() {
    let said = chain(&Protocol::named_or_path("zero-shot/lgdea-v2").unwrap_err());
    assert!(said.contains("did you mean `zero-shot/lgdea-v1`") && said.contains("retrieval-5x200/gloria-v1"), "{said}");
    let said = chain(&Protocol::named_or_path("nowhere/p.toml").unwrap_err());
    assert!(said.contains("nowhere/p.toml"), "{said}");
}
