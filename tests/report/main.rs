//! `lgdea report` through the binary, and its page in a real browser. `tests/services/browser.sh install` installs one.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use lgdea_harness::journals::{AUROC, results};
use lgdea_harness::{Service, lgdea};
use predicates::str::contains;

fn report(results: &Path, args: &[&str]) -> Assert {
    lgdea().current_dir(results).arg("report").args(args).arg("--results").arg(results).assert()
}

#[test]
fn a_page_is_written_and_its_name_told() {
    let results = results();
    report(results.path(), &["ablation", "--metric", AUROC]).success().stdout("report.html\n");
    let html = std::fs::read_to_string(results.path().join("report.html")).unwrap();
    assert!(html.contains("<!DOCTYPE html>") && html.contains("lgdea report ablation --metric "));
    report(results.path(), &["ablation", "--out", "small.html", "--no-pictures"]).success();
    let small = std::fs::read_to_string(results.path().join("small.html")).unwrap();
    assert!(html.contains("<img ") && !small.contains("<img "));
}

#[test]
fn wrong_input_is_refused_before_anything_is_read() {
    let results = results();
    report(results.path(), &["nothing", "--out", "report.pdf"]).code(2).stderr(contains("does not end in .html"));
    report(results.path(), &["ablatoin"]).code(2).stderr(contains("`ablation`?"));
    report(results.path(), &["ablation", "--base", "bas"]).code(2).stderr(contains("`base`?"));
}

#[test]
fn a_browser_shows_it_without_complaint() {
    let Some(browser) = Service::Browser.find() else { return };
    let results = results();
    for sweep in ["ablation", "search"] {
        let page = format!("{sweep}.html");
        report(results.path(), &[sweep, "--out", &page]).success();
        Command::new("node")
            .arg(Path::new(&browser).join("report.mjs"))
            .arg(results.path().join(page))
            .arg(results.path().join(format!("screenshots-{sweep}")))
            .assert()
            .success()
            .stdout(contains("fine in"));
    }
}
