//! Wrong input ends with exit code 2 and a message that says what to do.

use lgdea_harness::{Said, Workspace};

use super::{extract, lgdea, refused};

fn says(arguments: &[&str], parts: &[&str]) {
    let said = refused(arguments);
    for part in parts {
        assert!(said.contains(part), "{part:?} is missing in: {said}");
    }
}

#[test]
fn reports_that_cannot_be_used() {
    let folder = Workspace::new()
        .with("columns.csv", "id,text\n1,x\n")
        .with("broken.jsonl", "{\"report_id\":\"a\",\"report\":\"x\"}\n{\"report_id\":")
        .with("twice.csv", "report_id,report\na,x\na,y\n")
        .with("latin.txt", b"caf\xe9")
        .with("cut.tgz", b"\x1f\x8b\x08\x00cut")
        .with("empty.csv", "")
        .with("r.docx", "Mass.");
    std::fs::create_dir(folder.at("nothing")).unwrap();
    let out = folder.at("out.jsonl");
    for (input, parts) in [
        ("nowhere", &["nowhere", "cannot read", "exists"][..]),
        ("columns.csv", &["columns.csv; ", "`report_id`", "`id`, `text`", "--id-column"]),
        ("broken.jsonl", &["broken.jsonl, line 2", "JSON"]),
        ("twice.csv", &["twice.csv, line 3", "another text"]),
        ("latin.txt", &["latin.txt", "UTF-8"]),
        ("cut.tgz", &["cut.tgz", "cannot read"]),
        ("empty.csv", &["empty.csv", "no header"]),
        ("nothing", &["nothing", "no .xml or .txt file"]),
        ("r.docx", &["r.docx", "none of .xml"]),
    ] {
        says(&["extract", "--input", &folder.at(input), "--out", &out], parts);
    }
    assert!(!std::path::Path::new(&out).exists());
}

#[test]
fn places_to_write_that_are_not_there() {
    let folder = Workspace::new().with("r.txt", "Mass.");
    let input = folder.at("r.txt");
    says(&["extract", "--input", &input, "--out", &folder.at("no/out.jsonl")], &["/no", "does not exist", "create it"]);
    says(&["extract", "--input", &input, "--out", &folder.at("")], &["is a folder", "evidence.jsonl"]);
}

#[test]
fn settings_that_nobody_knows() {
    let folder = Workspace::new().with("r.txt", "Mass.").with("e.toml", "[evidence.rulez]\n");
    let (input, experiment) = (folder.at("r.txt"), folder.at("e.toml"));
    let extract = ["extract", "--input", &input, "--out", "-"];
    says(&[&extract[..], &["--provider", "rule"]].concat(), &["'rules'", "similar"]);
    says(&[&extract[..], &["--experiment", &experiment]].concat(), &["e.toml:1", "rulez", "`rules`"]);
    says(&[&extract[..], &["--set", "evidence.rules.ontology=brain"]].concat(), &["brain", "chest"]);
    says(&["extrat"], &["'extract'"]);
}

#[test]
fn evidence_and_gold_that_do_not_fit() {
    let folder = Workspace::new()
        .with("reports.csv", "report_id,report\na,Mass.\n")
        .with("other.csv", "report_id,labels\nb,mass\n")
        .with("gold.csv", "report_id,labels\na,mass\n")
        .with("unknown.csv", "report_id,labels\na,martian\n");
    let evidence = extract(&folder, "reports.csv", "evidence.jsonl");
    let line = folder.read("evidence.jsonl");
    let folder = folder.with("broken.jsonl", format!("{line}{}", &line[..40])).with("empty.jsonl", "");
    let score = |evidence: &str, gold: &str, more: &[&str]| {
        refused(&[&["score", "--evidence", evidence, "--gold", &folder.at(gold)][..], more].concat())
    };
    let said = score(&evidence, "other.csv", &[]);
    assert!(said.contains("no report in common") && said.contains("\"b\"") && said.contains("\"a\""), "{said}");
    assert!(score(&folder.at("broken.jsonl"), "gold.csv", &[]).contains("broken.jsonl, line 2"));
    assert!(score(&folder.at("empty.jsonl"), "gold.csv", &[]).contains("no evidence"));
    assert!(score(&folder.at("gone.jsonl"), "gold.csv", &[]).contains("gone.jsonl"));
    assert!(score(&evidence, "gone.csv", &[]).contains("gone.csv"));
    assert!(score(&evidence, "unknown.csv", &[]).contains("martian"));
    assert!(score(&evidence, "broken.jsonl", &[]).contains("no key `labels`"));
    assert!(score(&evidence, "reports.csv", &[]).contains("`labels`"));
    assert!(score(&evidence, "gold.csv", &["--errors", "edema"]).contains("classes: mass"));
    assert!(score(&evidence, "gold.csv", &["--part", "held"]).contains("held-out"));
    assert!(score(&evidence, "gold.csv", &["--ontology", "brain"]).contains("chest"));
    says(&["diff", &evidence, &folder.at("broken.jsonl")], &["broken.jsonl, line 2"]);
}

#[test]
fn reports_that_cannot_be_shown() {
    let folder = Workspace::new()
        .with("reports.csv", "report_id,report\na,Small mass.\nb,x\n")
        .with("short.csv", "report_id,report\na,x\n");
    let evidence = extract(&folder, "reports.csv", "evidence.jsonl");
    let (input, short) = (folder.at("reports.csv"), folder.at("short.csv"));
    says(&["show", "c", "--input", &input], &["no report \"c\"", "\"a\""]);
    says(&["show", &input], &["holds 2 reports", "--input"]);
    says(&["show", "a", "--input", &short, "--evidence", &evidence], &["beyond its text"]);
    says(&["show", &folder.at("gone.txt")], &["gone.txt"]);
    let told = lgdea(&["show", "-"]).write_stdin(&b"\xff"[..]).assert().code(2).told();
    assert!(told.contains("UTF-8"));
}
