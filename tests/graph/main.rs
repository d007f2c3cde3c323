//! `lgdea graph` through the binary, on the runs of a small phantom.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

/// A run with a graph that trains in a second.
const TINY: &str = "
data.phantom = { studies = 60, validation = 10, test = 10 }
pairing.ratio = 0.3
encoder.image.patch-cnn = { size = 32, width = 16 }
encoder.text.token-cnn = { width = 16, layers = 1 }
graph = { start = 2, refresh = 2, neighbours = 4, iterations = 3 }
loss.evidence-unpaired.start = 2
loss.evidence-alignment.unpaired-start = 2
eval = { bootstrap = 10, grounding.enabled = false }

[train]
steps = 6
batch = 8
unpaired-images = 4
unpaired-reports = 4
text-warmup-steps = 3
text-warmup-batch = 8
";

struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    /// With a finished run of that experiment.
    fn with_run(experiment: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::write(place.path("tiny.toml"), experiment).unwrap();
        let output = place.lgdea(&["run", "tiny.toml"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn lgdea(&self, args: &[&str]) -> Output {
        let mut command = Command::cargo_bin("lgdea").unwrap();
        command.env_remove("MLFLOW_TRACKING_URI").current_dir(self.folder.path()).args(args).output().unwrap()
    }

    fn graph(&self, more: &[&str]) -> Output {
        let run = std::fs::read_dir(self.path("results/runs")).unwrap().next().unwrap().unwrap().file_name();
        self.lgdea(&[&["graph", run.to_str().unwrap()], more].concat())
    }

    fn json(&self, more: &[&str]) -> Value {
        let output = self.graph(&[&["--json"], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn rows(&self, file: &str) -> Vec<Vec<String>> {
        let text = std::fs::read_to_string(self.path(file)).unwrap();
        text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn edges_and_relations_are_written_and_measured() {
    let place = Workspace::with_run(TINY);
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
    let text = String::from_utf8(place.graph(&[]).stdout).unwrap();
    assert!(text.contains("unpaired images, against the reports that the pairing hides"), "{text}");
    assert!(text.contains("their own reports are in no pool"), "{text}");
}

#[test]
fn evidence_that_images_are_not_taught_is_compared_with_nothing() {
    let untaught = "loss.evidence-paired.weight = 0.0\nloss.evidence-unpaired.weight = 0.0\n";
    let place = Workspace::with_run(&format!("{untaught}loss.evidence-local-unpaired.weight = 1.0\n{TINY}"));
    let agreement = &place.json(&[])["hidden"]["agreement"];
    assert!(number(&agreement["graph"]) > 0.1, "{agreement}");
    assert_eq!([&agreement["model"], &agreement["mix"]], [&Value::Null; 2]);
}

#[test]
fn shuffled_pools_hold_the_own_reports() {
    let place = Workspace::with_run(&format!("pairing.unpaired = \"shuffled\"\n{TINY}"));
    assert_eq!(place.json(&[])["hidden"]["all"]["relevance"][0]["best"], 1.0);
}

#[test]
fn runs_without_hidden_reports_and_without_a_graph() {
    let place = Workspace::with_run(&format!("pairing.unpaired = \"none\"\n{TINY}"));
    assert_eq!(place.json(&[])["hidden"], Value::Null);
    let text = String::from_utf8(place.graph(&[]).stdout).unwrap();
    assert!(text.contains("no hidden report is known"), "{text}");

    let place = Workspace::with_run(&format!("extends = \"clip\"\n{TINY}"));
    let output = place.graph(&["--out", "edges"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("has no relation graph"), "{said}");
    assert!(!place.path("edges").exists());
}
