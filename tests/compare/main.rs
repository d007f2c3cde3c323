//! `lgdea compare`, `lgdea claims` and `lgdea power` through the binary, on a results folder that no training made.
#![allow(clippy::unwrap_used, missing_docs)]

use assert_cmd::assert::Assert;
use lgdea_harness::Said;
use lgdea_harness::synthetic::{AUROC, Results};
use lgdea_track::Status;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

fn lgdea(results: &Results, args: &[&str]) -> Assert {
    lgdea_harness::lgdea().current_dir(results.path()).args(args).arg("--results").arg(results.path()).assert()
}

fn table(claims: &[(&str, &str, f64)]) -> Results {
    let results = Results::new();
    results.table(claims);
    results
}

fn json(assert: Assert) -> Value {
    assert.success().json()
}

#[test]
fn every_format_is_printed_and_names_its_command() {
    let results = table(&[]);
    for format in ["table", "markdown", "latex"] {
        let command = format!("lgdea compare table --all --format {format} --metric 'retrieval/*'");
        let args = ["compare", "table", "--all", "--format", format, "--metric", "retrieval/*"];
        let printed = lgdea(&results, &args).success().printed().replace("-{}-", "--");
        assert!(printed.contains(&command), "{command} in\n{printed}");
        assert!(printed.contains("5 seeds cannot reach p"), "{printed}");
    }
    let found = json(lgdea(&results, &["compare", "table", "--format", "json"]));
    assert_eq!(found["base"], "lgdea");
    assert_eq!(found["runs"], serde_json::json!([43, 2]));
    lgdea(&results, &["compare", "table", "--format", "csv"])
        .success()
        .stdout(contains("pairing.ratio,arm,metric"))
        .stderr(contains("2 of 45 trials have no finished run"));
}

#[test]
fn what_matters_is_printed_first_and_the_rest_on_request() {
    let results = table(&[]);
    let brief = lgdea(&results, &["compare", "table"]).success().printed();
    assert!(brief.contains("43 finished runs") && !brief.contains("p (perm.)"), "{brief}");
    assert!(brief.lines().last().unwrap().starts_with("--all prints everything"), "{brief}");
    let all = lgdea(&results, &["compare", "table", "--all"]).success().printed();
    assert!(all.contains("p (perm.)") && all.contains("data efficiency"), "{all}");
}

#[test]
fn an_answer_goes_to_a_file_that_is_named_and_parquet_only_there() {
    let results = table(&[]);
    let csv = lgdea(&results, &["compare", "table", "--format", "csv"]).success().printed();
    lgdea(&results, &["compare", "table", "--format", "csv", "--out", "t.csv"]).success().stdout("");
    assert_eq!(std::fs::read_to_string(results.file("t.csv")).unwrap(), csv);
    let parquet = |rest: &[&str]| lgdea(&results, &[&["compare", "table", "--format", "parquet"], rest].concat());
    parquet(&[]).code(2).stdout("").stderr(contains("--out"));
    parquet(&["--out", "runs.csv"]).code(2).stderr(contains("--format csv"));
    parquet(&["--out", "runs.bin"]).code(2).stderr(contains(".parquet"));
    for format in ["table", "latex"] {
        let other = lgdea(&results, &["compare", "table", "--format", format, "--out", "x.csv"]).code(2);
        other.stderr(contains("--format csv"));
        assert!(!results.file("x.csv").exists());
    }
    lgdea(&results, &["compare", "table", "--format", "latex", "--out", "x.tex"]).success();
    lgdea(&results, &["compare", "table", "--out", "x.txt"]).success();
    parquet(&["--out", "runs.parquet"]).success().stdout("").stderr(contains("43 runs written"));
    assert!(std::fs::read(results.file("runs.parquet")).unwrap().starts_with(b"PAR1"));
}

#[test]
fn a_sweep_is_found_by_its_name_its_folder_and_its_list() {
    let results = table(&[]);
    let compared = |path: &str| {
        let mut found = json(lgdea(&results, &["compare", path, "--format", "json"]));
        found.as_object_mut().unwrap().remove("command");
        found
    };
    let by_name = compared("table");
    assert_eq!(compared("sweeps/table"), by_name);
    assert_eq!(compared("sweeps/table/trials.jsonl"), by_name);
    lgdea(&results, &["compare", "table", "--records", "table.jsonl"]).success().stderr(contains("43 runs written"));
    std::fs::remove_dir_all(results.file("runs")).unwrap();
    assert_eq!(compared("table.jsonl"), by_name);
}

#[test]
fn a_sweep_file_leads_to_its_runs_once_there_are_any() {
    let results = table(&[]);
    std::fs::write(results.file("table.toml"), "experiment = []\n[seeds]\ncount = 2\n").unwrap();
    lgdea(&results, &["compare", "table.toml"]).success().stdout(contains("zero-shot AUROC"));
    std::fs::write(results.file("other.toml"), "experiment = []\n[seeds]\ncount = 2\n").unwrap();
    lgdea(&results, &["compare", "other.toml"]).code(2).stderr(contains("has not been run"));
    std::fs::write(results.file("wrong.toml"), "experiment = []\n[seedss]\ncount = 2\n").unwrap();
    lgdea(&results, &["compare", "wrong.toml"]).code(2).stderr(contains("wrong.toml:2"));
}

#[test]
fn claims_decide_the_exit_code() {
    let holds = table(&[("lgdea", "clip", 0.05)]);
    lgdea(&holds, &["claims", "table"]).success().stdout(contains("holds if differences are normal"));
    let undecided = ["claims", "table", "--test", "permutation"];
    lgdea(&holds, &undecided).code(1).stdout(contains("undecided")).stderr(contains("3 cannot be decided"));
    let fails = table(&[("clip", "lgdea", 0.0)]);
    lgdea(&fails, &["claims", "table"]).code(1).stdout(contains("fails")).stderr(contains("3 fail"));
    assert_eq!(lgdea(&fails, &["claims", "table", "--json"]).code(1).json()[0]["outcome"]["is"], "fails");
    lgdea(&table(&[]), &["claims", "table"]).code(2).stderr(contains("[[claim]]"));
}

#[test]
fn power_counts_seeds() {
    let results = table(&[]);
    let args = ["power", "table", "--metric", "zero_shot/auroc_macro", "--arm", "lgdea", "--than", "clip_txt"];
    lgdea(&results, &args).success().stdout(contains("seeds").and(contains("itself an estimate")));
    let more = |extra: &[&str]| json(lgdea(&results, &[&args[..], extra, &["--json"]].concat()));
    let seeds = |found: &Value| found[0]["seeds"].as_u64().unwrap();
    let (few, many) = (more(&["--delta", "-0.02"]), more(&["--delta", "0.002", "--comparisons", "10"]));
    assert!(seeds(&few) < seeds(&many), "{few} {many}");
    lgdea(&results, &[&args[..], &["--power", "1.5"]].concat()).code(2).stderr(contains("between 0 and 1"));
    lgdea(&results, &[&args[..], &["--delta", "0"]].concat()).code(2).stderr(contains("--delta"));
}

#[test]
fn what_is_not_there_is_refused_with_what_may_be_meant() {
    let results = table(&[]);
    let refused = |args: &[&str], said: &[&str]| {
        // Long messages are broken into lines wherever there is a blank or a slash.
        let joined = |text: &str| text.replace(|c: char| c.is_whitespace() || c == '│', "");
        let error = joined(&lgdea(&results, args).code(2).told());
        assert!(said.iter().all(|part| error.contains(&joined(part))), "{said:?} in\n{error}");
    };
    refused(&["compare", "tabel"], &["tabel", "did you mean `table`"]);
    refused(&["compare", "table", "--metric", "zero_shot/auroc_makro"], &[AUROC]);
    refused(&["compare", "table", "--metric", "[x"], &["no pattern"]);
    refused(&["compare", "table", "--split", "validation"], &["was evaluated on the validation split", "--split test"]);
    refused(&["compare", "table", "--base", "clipp"], &["did you mean `clip`"]);
    refused(&["compare", "table", "--equals", "clipp"], &["did you mean `clip`"]);
    refused(&["compare", "table", "--by", "pairing.rat"], &["did you mean `pairing.ratio`"]);
    refused(&["compare", "table", "--records", "table.txt"], &[".jsonl"]);
    refused(&["compare", "sweeps"], &["neither a sweep"]);
    std::fs::write(results.file("notes.jsonl"), "\0\u{fffd}nonsense\n").unwrap();
    refused(&["compare", "notes.jsonl"], &["text of another kind", "records file"]);
    refused(&["compare", "table", "--records", "notes.jsonl"], &["line 1 is no record"]);
    std::fs::write(results.file("empty.jsonl"), "").unwrap();
    refused(&["compare", "empty.jsonl"], &["is empty", "records file"]);
    std::fs::write(results.file("sweeps/table/trials.jsonl"), "{}\n").unwrap();
    refused(&["compare", "table"], &["trials.jsonl, line 1"]);
}

#[test]
fn without_finished_runs_there_is_nothing_to_compare() {
    let results = Results::new();
    lgdea(&results, &["compare", "table"]).code(2).stderr(contains("nor any other"));
    results.run("a", "k1", &[("seed", "0")], &[], Status::Failed);
    lgdea(&results, &["compare", "runs"]).code(2).stderr(contains("no finished run").and(contains("1 failed")));
}

#[test]
fn arms_that_share_no_seed_are_not_tested() {
    let results = Results::new();
    for (arm, seed, score) in [("a", "0", 0.8), ("a", "1", 0.81), ("b", "5", 0.6), ("b", "6", 0.61)] {
        results.run(arm, &format!("{arm}{seed}"), &[("seed", seed)], &[(AUROC, score)], Status::Finished);
    }
    let said = "b and a share no seed (5, 6 against 0, 1)";
    lgdea(&results, &["compare", "runs"]).success().stdout(contains(said));
    let found = json(lgdea(&results, &["compare", "runs", "--format", "json"]));
    let verdict = &found["rows"][1]["cells"][0]["difference"]["verdict"];
    assert_eq!(verdict["because"], "fewer than 3 seeds that both have");
}

#[test]
fn two_seeds_are_told_once_and_decide_nothing() {
    let results = Results::new();
    for (arm, seed, score) in [("a", "0", 0.8), ("a", "1", 0.81), ("b", "0", 0.6), ("b", "1", 0.62)] {
        results.run(arm, &format!("{arm}{seed}"), &[("seed", seed)], &[(AUROC, score)], Status::Finished);
    }
    let printed = lgdea(&results, &["compare", "runs", "--all"]).success().printed();
    assert_eq!(printed.matches("fewer than 3 seeds").count(), 1, "{printed}");
    assert!(!printed.contains("pairs") && !printed.contains("p (t)"), "{printed}");
    let power = ["power", "runs", "--metric", AUROC, "--arm", "a", "--than", "b"];
    lgdea(&results, &power).code(2).stderr(contains("fewer than 3 seeds"));
}

#[test]
fn what_was_evaluated_on_validation_alone_is_compared_with_its_split() {
    let results = Results::new();
    let score = "validation/zero_shot/auroc_macro";
    for seed in ["0", "1", "2"] {
        results.run("a", &format!("a{seed}"), &[("seed", seed)], &[(score, 0.8)], Status::Finished);
    }
    for command in [&["compare", "runs"][..], &["report", "runs", "--out", "r.html"]] {
        lgdea(&results, command).code(2).stderr(contains("--split validation"));
    }
    lgdea(&results, &["compare", "runs", "--split", "validation"]).success().stdout(contains("0.800"));
}

#[test]
fn a_report_is_not_written_onto_what_it_reads() {
    let results = table(&[]);
    lgdea(&results, &["compare", "table", "--records", "table.jsonl"]).success();
    std::fs::copy(results.file("table.jsonl"), results.file("table.html")).unwrap();
    lgdea(&results, &["report", "table.html", "--out", "table.html"]).code(2).stderr(contains("which is read"));
    #[cfg(unix)]
    for (number, read) in ["table.jsonl", "sweeps/table/trials.jsonl"].into_iter().enumerate() {
        let link = format!("link{number}.html");
        std::os::unix::fs::symlink(results.file(read), results.file(&link)).unwrap();
        let named = if number == 0 { "table.jsonl" } else { "table" };
        lgdea(&results, &["report", named, "--out", &link]).code(2).stderr(contains("which is read"));
    }
    lgdea(&results, &["compare", "table.jsonl"]).success();
}

#[test]
fn a_broken_journal_costs_its_own_run_only() {
    let results = table(&[]);
    let run = std::fs::read_dir(results.file("runs")).unwrap().map(|entry| entry.unwrap().path()).min().unwrap();
    std::fs::write(run.join("journal.jsonl"), "nonsense\n").unwrap();
    lgdea(&results, &["compare", "table"]).success().stdout(contains("1 unreadable").and(contains("line 1")));
}
