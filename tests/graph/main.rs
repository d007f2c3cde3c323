//! `lgdea graph` through the binary, on the runs of a small phantom.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::HashMap;

use assert_cmd::Command;
use lgdea_harness::tiny::GRAPH;
use lgdea_harness::{Finished, Said, Workspace};
use serde_json::Value;

/// A finished run, and the folder that it stands in.
struct Place {
    folder: Workspace,
    run: Finished,
}

impl Place {
    /// With a finished run of that experiment.
    fn with_run(experiment: &str) -> Self {
        let folder = Workspace::new();
        let run = folder.finished(experiment, &[]);
        Self { folder, run }
    }

    fn graph(&self, more: &[&str]) -> Command {
        self.folder.lgdea(&[&["graph", self.run.name()], more].concat())
    }

    fn json(&self, more: &[&str]) -> Value {
        self.graph(&[&["--json"], more].concat()).assert().success().json()
    }

    fn rows(&self, file: &str) -> Vec<Vec<String>> {
        let text = self.folder.read(file);
        text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn edges_and_relations_are_written_and_measured() {
    let place = Place::with_run(GRAPH);
    let found = place.json(&["--out", "a"]);
    let pairs = found["pairs"].as_u64().unwrap() as usize;

    let edges = place.rows("a/edges.csv");
    let of_kind = |kind: &str| edges.iter().filter(|row| row[0] == kind).count() as u64;
    assert!(edges.iter().filter(|row| row[0] == "seed").all(|row| row[1] == row[2]), "a pair is one study");
    assert_eq!(of_kind("seed") as usize, pairs);
    assert_eq!(of_kind("image-image"), found["image_edges"]);
    assert_eq!(of_kind("report-report"), found["report_edges"]);
    let mut sums: HashMap<(&str, &str), f64> = HashMap::new();
    for row in &edges {
        *sums.entry((&row[0], &row[1])).or_default() += row[3].parse::<f64>().unwrap();
    }
    assert!(sums.values().all(|sum| (sum - 1.0).abs() < 1e-5), "a node's edges of a kind weigh 1 together");

    let relations = place.rows("a/relations.csv");
    let seeds: Vec<_> = relations.iter().filter(|row| row[2] == "0").collect();
    assert_eq!(seeds.len(), pairs);
    assert!(seeds.iter().all(|row| row[0] == row[1] && row[3] == "1"));
    assert!(relations.iter().any(|row| row[2] == "3"));

    let hidden = &found["hidden"];
    let unpaired = found["images"].as_u64().unwrap() - pairs as u64;
    assert_eq!(hidden["all"]["images"], unpaired);
    assert_eq!(hidden["hops"].as_array().unwrap().len(), 4);
    assert_eq!(hidden["hops"][0]["relations"], 0, "an unpaired image has no seed edge");
    assert_eq!(hidden["agreement"]["images"], unpaired);
    assert_eq!(hidden["all"]["relevance"][0], Value::Null, "the pools are disjoint: no own report can be reached");
    assert_eq!(found["validation"]["images"], 10, "all validation studies have both");
    assert!(found["validation"]["graph"].as_f64().unwrap() > 0.2, "{found}");
    let held_out = &found["held_out_pairs"];
    assert_eq!(held_out["hops"][0]["relations"], 0, "the seed edges of held-out pairs are taken out");
    assert_eq!(held_out["agreement"]["images"].as_u64().unwrap() as usize, pairs);
    assert_eq!(held_out["all"]["relevance"][0]["best"], 1.0, "the own report of a pair is a node");
    for check in [hidden, held_out] {
        for relevance in check["all"]["relevance"].as_array().unwrap().iter().filter(|one| !one.is_null()) {
            let [chance, first, best] = ["chance", "first", "best"].map(|name| number(&relevance[name]));
            assert!(chance > 0.0 && chance < best && first <= best, "{relevance}");
        }
        for kind in ["graph", "model", "mix", "prior"] {
            let agreement = number(&check["agreement"][kind]);
            assert!(agreement > 0.1 && agreement < 1.0, "{kind}: {agreement}");
        }
    }

    assert_eq!(place.json(&["--out", "b"]), found);
    assert_eq!(place.rows("b/relations.csv"), relations);
    assert_eq!(place.json(&["--hops", "1"])["hidden"]["hops"].as_array().unwrap().len(), 2);
    let text = place.graph(&[]).assert().success().printed();
    assert!(text.contains("unpaired images, against the reports that the pairing hides"), "{text}");
    assert!(text.contains("their own reports are in no pool"), "{text}");
}

#[test]
fn phrases_of_hidden_reports_are_sought_alone_and_along_neighbours() {
    let place = Place::with_run(GRAPH);
    let found = place.json(&[]);
    let phrases = &found["phrases"];
    assert_eq!(phrases["images"], found["hidden"]["agreement"]["images"]);
    let along = ["embeddings", "evidence", "phrases"].map(|view| number(&phrases["carried"][view]));
    assert!([number(&phrases["alone"])].iter().chain(&along).all(|auroc| *auroc > 0.2 && *auroc < 1.0), "{phrases}");
    let text = place.graph(&[]).assert().success().printed();
    assert!(text.contains("and carried along neighbours by evidence"), "{text}");
}

#[test]
fn evidence_that_images_are_not_taught_is_compared_with_nothing() {
    let untaught = GRAPH.replace("evidence-unpaired = { weight = 1.0", "evidence-unpaired = { weight = 0.0");
    let place = Place::with_run(&format!("loss.evidence-paired.weight = 0.0\n{untaught}"));
    let agreement = &place.json(&[])["hidden"]["agreement"];
    assert!(number(&agreement["graph"]) > 0.1, "{agreement}");
    assert_eq!([&agreement["model"], &agreement["mix"]], [&Value::Null; 2]);
}

#[test]
fn shuffled_pools_hold_the_own_reports() {
    let place = Place::with_run(&format!("pairing.unpaired = \"shuffled\"\n{GRAPH}"));
    assert_eq!(place.json(&[])["hidden"]["all"]["relevance"][0]["best"], 1.0);
}

#[test]
fn runs_without_hidden_reports_and_without_a_graph() {
    let place = Place::with_run(&format!("pairing.unpaired = \"none\"\n{GRAPH}"));
    assert_eq!(place.json(&[])["hidden"], Value::Null);
    let text = place.graph(&[]).assert().success().printed();
    assert!(text.contains("no hidden report is known"), "{text}");

    let untaught = GRAPH.replace("{ weight = 1.0", "{ weight = 0.0");
    let place = Place::with_run(&format!("extends = \"clip\"\n{untaught}"));
    let said = place.graph(&["--out", "edges"]).assert().code(2).told();
    assert!(said.contains("has no relation graph"), "{said}");
    assert!(!place.folder.path("edges").exists());
}
