//! The figures that the README quotes, as lower bounds.

use lgdea_harness::Workspace;
use lgdea_spec::{Data, Phantom, Seed};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;

use super::{csv, extract, json, lgdea, openi, output};

fn value(scores: &Value, name: &str) -> f64 {
    scores["scores"][format!("evidence/{name}")]["value"].as_f64().unwrap()
}

#[test]
fn held_out_reports_of_openi_score_above_the_targets() {
    let Some(archive) = openi() else { return };
    let folder = Workspace::new();
    let out = folder.at("evidence.jsonl");
    lgdea(&["extract", "--input", &archive, "--provider", "rules", "--out", &out])
        .assert()
        .success()
        .stderr(contains("reports/s").and(contains("empty report")));
    let held_out = ["score", "--evidence", &out, "--gold", &archive, "--part", "held-out"];

    let scores = json(&[&held_out[..], &["--json"]].concat());
    assert!(scores["reports"].as_u64().unwrap() > 1000);
    assert_eq!(scores["classes"].as_array().unwrap().len(), 18);
    for (name, target) in [("f1_micro", 0.90), ("f1_macro", 0.85), ("laterality_accuracy", 0.90)] {
        let found = value(&scores, name);
        let interval = &scores["scores"][format!("evidence/{name}")]["interval"];
        assert!(found >= target, "{name}: {found}");
        assert!(interval[0].as_f64().unwrap() < found && found < interval[1].as_f64().unwrap(), "{name}: {interval}");
    }

    let table = output(&held_out);
    assert!(table.contains("micro F1") && table.contains("hiatal_hernia"), "{table}");
    assert_eq!(table, output(&held_out), "intervals repeat");
    let listed = output(&[&held_out[..], &["--errors", "nodule"]].concat());
    assert!(listed.contains("false positive") && listed.contains("CXR") && !listed.contains("IMPRESSION"), "{listed}");
    let listed = output(&[&held_out[..], &["--errors", "nodule", "--reports", &archive]].concat());
    assert!(listed.contains("    IMPRESSION: "), "{listed}");
}

#[test]
fn reports_of_the_phantom_are_read_almost_without_error() {
    let phantom = Phantom { studies: 3000, validation: 0, test: 0, seed: Seed(1) };
    let data = Data { phantom: Some(phantom), ..Data::default() };
    let studies = lgdea_data::load(&data, Seed(0), &|_, _| ()).unwrap().studies;
    let reports = studies.iter().map(|it| (it.id.as_str(), it.report.as_ref().unwrap().text()));
    let labels = studies.iter().map(|it| {
        let labels: Vec<&str> = it.labels.iter().flat_map(|labels| &labels.present).map(String::as_str).collect();
        (it.id.as_str(), labels.join("|"))
    });
    let folder = Workspace::new().with("reports.csv", csv("report", reports)).with("gold.csv", csv("labels", labels));
    let out = extract(&folder, "reports.csv", "evidence.jsonl");
    let scores = json(&["score", "--evidence", &out, "--gold", &folder.at("gold.csv"), "--json"]);
    assert_eq!(scores["reports"], 3000);
    assert_eq!(scores["classes"].as_array().unwrap().len(), lgdea_data::phantom::CLASSES.len());
    assert_eq!(scores["warnings"], serde_json::json!([]));
    for name in ["f1_micro", "f1_macro", "laterality_accuracy"] {
        let found = value(&scores, name);
        println!("phantom, {name}: {found:.4}");
        assert!(found >= 0.98, "{name}: {found}");
    }
}

#[test]
fn reports_without_evidence_count_as_read_without_findings_and_are_named() {
    let folder = Workspace::new()
        .with("reports.csv", "report_id,report\na,Mass.\nb,Mass.\nx,Mass.\n")
        .with("gold.csv", "report_id,labels\na,mass\nb,mass\nc,mass\nd,\n");
    let evidence = extract(&folder, "reports.csv", "evidence.jsonl");
    let lines = folder.read("evidence.jsonl");
    let (first, rest) = lines.split_once('\n').unwrap();
    let mut failed: Value = serde_json::from_str(first).unwrap();
    failed["evidence"] = serde_json::json!([]);
    failed["failure"] = "no valid answer".into();
    let folder = folder.with("evidence.jsonl", format!("{failed}\n{rest}"));
    let scores =
        json(&["score", "--evidence", &evidence, "--gold", &folder.at("gold.csv"), "--json", "--bootstrap", "0"]);
    let counts = ["reports", "reports_without_evidence", "reports_without_valid_answer", "evidence_without_gold"];
    assert_eq!(counts.map(|name| scores[name].as_u64().unwrap()), [4, 2, 1, 1]);
    assert!((value(&scores, "recall/mass") - 1.0 / 3.0).abs() < 1e-12, "{scores}");
    assert!(scores["scores"]["evidence/f1_micro"]["interval"].is_null());
    let table = lgdea(&["score", "--evidence", &evidence, "--gold", &folder.at("gold.csv")]).assert().success();
    table.stderr(contains("2 reports without evidence").and(contains("1 report without a valid answer")));
}
