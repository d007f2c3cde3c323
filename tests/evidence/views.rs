//! Inputs of every kind give the same evidence; `show` and `diff` show it.

use lgdea_harness::{Said, Workspace};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;

use super::{csv, extract, json, lgdea, output};

const REPORTS: [(&str, &str); 3] = [
    ("a", "FINDINGS: Small left pleural effusion, and \"dense\" consolidation.\nIMPRESSION: No pneumothorax."),
    ("b", "The heart is mildly enlarged. Possible right pneumonia."),
    ("c", "Lungs are clear. No effusion."),
];

fn evidence_of(input: &str, folder: &Workspace) -> String {
    extract(folder, input, "evidence.jsonl");
    folder.read("evidence.jsonl")
}

#[test]
fn folder_csv_and_jsonl_give_the_same_evidence() {
    let mut folder = Workspace::new();
    std::fs::create_dir(folder.at("texts")).unwrap();
    for (id, text) in REPORTS {
        folder = folder.with(&format!("texts/{id}.txt"), text);
    }
    let object = |(id, text): (&str, &str)| serde_json::json!({"age": 7, "report_id": id, "report": text}).to_string();
    folder = folder
        .with("reports.csv", csv("report", REPORTS.map(|(id, text)| (id, text.to_owned()))))
        .with("reports.jsonl", REPORTS.map(object).join("\n"));
    let lines = evidence_of("texts", &folder);
    assert_eq!(lines.lines().count(), 3);
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&first["report_id"], &first["evidence"][0]["finding"]), (&"a".into(), &"pleural_effusion".into()));
    assert_eq!(evidence_of("reports.csv", &folder), lines);
    assert_eq!(evidence_of("reports.jsonl", &folder), lines);
    assert_eq!(output(&["extract", "--input", &folder.at("texts"), "--out", "-"]), lines);
    // A file is replaced as a whole, and nothing else stays in its folder.
    assert_eq!(std::fs::read_dir(folder.folder()).unwrap().count(), 4);
}

#[test]
fn what_is_left_out_is_counted_and_named() {
    let rows = "report_id,report\na,Mass.\na,Mass.\nb,\n,Lost.\n";
    let folder = Workspace::new().with("reports.csv", rows);
    let input = folder.at("reports.csv");
    lgdea(&["extract", "--input", &input, "--out", &folder.at("out.jsonl")]).assert().success().stderr(
        contains("1 × empty report (b)")
            .and(contains("1 × report with an identifier seen before (a)"))
            .and(contains("reports.csv, line 5"))
            .and(contains("1 report\n"))
            .and(contains("1 piece of evidence")),
    );
}

#[test]
fn an_experiment_says_who_reads_and_flags_may_differ() {
    let folder = Workspace::new().with("r.txt", "Mass.").with("e.toml", "[evidence.openai]\nmodel = \"m\"\n");
    let (input, experiment, cache) = (folder.at("r.txt"), folder.at("e.toml"), folder.at("cache.sqlite"));
    let common = ["extract", "--input", &input, "--out", "-", "--experiment", &experiment, "--cache", &cache];
    let with = |more: &[&str]| lgdea(&[&common[..], more].concat()).assert();
    with(&["--provider", "rules"]).success().stdout(contains("\"provider\":\"rules\""));
    // Of this model nothing was kept, so there is nothing to replay; and no server is asked.
    with(&["--provider", "replay"]).code(2).stderr(contains("lacks the answers of m"));
    with(&["--provider", "replay", "--set", "evidence.openai.model=n"]).code(2).stderr(contains("the answers of n"));
    with(&["--set", "evidence.openai.base-url=https://192.0.2.1/v1"]).code(2).stderr(contains("allow-remote"));
    let alone = |more: &[&str]| lgdea(&[&common[..5], &["--cache", &cache], more].concat()).assert();
    // A server that is away is no wrong input.
    let away =
        ["--set", "evidence.openai.base-url=http://127.0.0.1:1/v1", "--set", "evidence.openai.patience-seconds=0"];
    with(&away).code(1).stderr(contains("http://127.0.0.1:1/v1"));
    alone(&["--provider", "openai"]).code(2).stderr(contains("evidence.openai").and(contains("model")));
    alone(&["--provider", "replay"]).code(2).stderr(contains("evidence.replay").and(contains("model")));
}

#[test]
fn show_marks_the_words_that_evidence_points_at() {
    let folder =
        Workspace::new().with("b.txt", REPORTS[1].1).with("reports.csv", csv("report", [("x", REPORTS[0].1.into())]));
    let expected = "\
The [heart is mildly enlarged:present]. Possible right [pneumonia:uncertain].

marked: [words:polarity]
┌──────────────────────────────────────────────────────────────────────────────────────┐
│ finding        polarity    side    severity   location   phrase              section │
╞══════════════════════════════════════════════════════════════════════════════════════╡
│ cardiomegaly   present             mild                  mild cardiomegaly   report  │
│ pneumonia      uncertain   right                         right pneumonia     report  │
└──────────────────────────────────────────────────────────────────────────────────────┘
read by rules (chest/2)
";
    assert_eq!(output(&["show", &folder.at("b.txt")]), expected);
    lgdea(&["show", "-"]).write_stdin(REPORTS[1].1).assert().success().stdout(expected);

    let evidence = extract(&folder, "reports.csv", "evidence.jsonl");
    let input = folder.at("reports.csv");
    let of_file = output(&["show", "x", "--input", &input, "--evidence", &evidence]);
    assert_eq!(of_file, output(&["show", "x", "--input", &input]));
    assert!(
        of_file.contains("left [pleural effusion:present]") && of_file.contains("No [pneumothorax:absent]"),
        "{of_file}"
    );
}

#[test]
fn show_colours_where_it_is_asked_to() {
    let mut command = lgdea(&["show", "-"]);
    command.env_remove("NO_COLOR").env("CLICOLOR_FORCE", "1").env("TERM", "xterm");
    let shown = command.write_stdin("No mass.\u{1b}[2J").assert().success().printed();
    assert!(shown.contains("mmass\u{1b}[0m"), "{shown:?}");
    assert!(!shown.contains("\u{1b}[2J") && !shown.contains("[mass:"), "{shown:?}");
}

#[test]
fn a_reading_agrees_with_itself_and_less_with_another() {
    let folder = Workspace::new().with("reports.csv", csv("report", REPORTS.map(|(id, text)| (id, text.to_owned()))));
    let evidence = extract(&folder, "reports.csv", "a.jsonl");
    let same = json(&["diff", &evidence, &evidence, "--json"]);
    assert_eq!((&same["reports"], &same["polarity_kappa"]), (&3.into(), &1.0.into()));
    for finding in same["findings"].as_array().unwrap() {
        assert!(finding["kappa"] == 1.0 || finding["kappa"].is_null(), "{finding}");
        assert_eq!((&finding["only_a"], &finding["only_b"]), (&0.into(), &0.into()));
    }

    // The other one misses the effusion, sees the pneumonia as certain and on the left, and lacks a report.
    let lines = folder
        .read("a.jsonl")
        .replace("\"pleural_effusion\",\"polarity\":\"present\"", "\"pleural_effusion\",\"polarity\":\"absent\"");
    let lines: Vec<String> = lines.lines().take(2).map(|line| line.replace("uncertain", "present")).collect();
    let folder = folder.with("b.jsonl", lines.join("\n"));
    let found = json(&["diff", &evidence, &folder.at("b.jsonl"), "--json"]);
    assert_eq!((&found["reports"], &found["only_a"], &found["only_b"]), (&2.into(), &1.into(), &0.into()));
    let disputed: Vec<&str> =
        found["findings"].as_array().unwrap()[..2].iter().map(|it| it["finding"].as_str().unwrap()).collect();
    assert_eq!(disputed, ["pleural_effusion", "pneumonia"]);
    assert_eq!(found["findings"][0]["kappa"], 0.0);
    let table = output(&["diff", &evidence, &folder.at("b.jsonl")]);
    for part in ["2 reports in both, 1 only in A, 0 only in B", "pneumonia", "undefined", "not mentioned"] {
        assert!(table.contains(part), "{part}: {table}");
    }
}

#[test]
fn readings_of_different_reports_cannot_be_compared() {
    let folder = Workspace::new()
        .with("a.csv", csv("report", [("a", "Edema.".into())]))
        .with("b.csv", csv("report", [("b", "Edema.".into())]));
    let (a, b) = (extract(&folder, "a.csv", "a.jsonl"), extract(&folder, "b.csv", "b.jsonl"));
    for more in [&[][..], &["--json"]] {
        let told = lgdea(&[&["diff", &a, &b][..], more].concat()).assert().code(1).told_in_a_line();
        assert!(told.contains("no report in common (1 report and 1 report)") && told.contains("a.jsonl"), "{told}");
    }
    let unread =
        folder.read("a.jsonl").trim_end().trim_end_matches('}').to_owned() + ",\"failure\":\"no valid answer\"}\n";
    let folder = folder.with("c.jsonl", unread);
    let told = lgdea(&["diff", &a, &folder.at("c.jsonl")]).assert().code(1).told_in_a_line();
    assert!(told.contains("nothing can be compared") && told.contains("1 report"), "{told}");
}

#[test]
fn evidence_of_another_text_is_told() {
    let folder = Workspace::new()
        .with("a.csv", csv("report", [("a", "Small effusion. No edema.".into())]))
        .with("other.csv", csv("report", [("a", "The lungs are clear, with no change since.".into())]));
    let evidence = extract(&folder, "a.csv", "a.jsonl");
    let show = |input: &str, evidence: &str| {
        lgdea(&["show", "a", "--input", &folder.at(input), "--evidence", evidence]).assert().success().told()
    };
    assert!(!show("a.csv", &evidence).contains("does not fit"));
    assert!(show("other.csv", &evidence).contains("does not fit this text"));
    // Of a language model only the places of its quotes are known.
    let model = folder.read("a.jsonl").replace("\"rules\"", "\"openai\"");
    std::fs::write(folder.at("model.jsonl"), model).unwrap();
    assert!(!show("a.csv", &folder.at("model.jsonl")).contains("does not fit"));
    assert!(show("other.csv", &folder.at("model.jsonl")).contains("does not fit this text"));
}
