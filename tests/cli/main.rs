//! What a user sees of `check`, `schema` and of wrong input, through the binary.
#![allow(clippy::unwrap_used, missing_docs)]

mod before;
mod data;
mod looking_after;
mod messages;
mod newcomer;
mod score;

use std::path::{Path, PathBuf};

use lgdea_harness::{Said, Workspace, data, lgdea, root, std_command};
use predicates::prelude::*;
use predicates::str::contains;

/// Runs an experiment that must be refused as wrong input, without a panic, and returns what was said.
fn refused(text: &str) -> String {
    let place = Workspace::new().with("experiment.toml", text);
    place.lgdea(&["run", "experiment.toml"]).assert().code(2).told()
}

#[test]
fn every_shipped_experiment_is_fine() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("experiments"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 5);
    // The data of some are not here.
    lgdea().args(["check", "--file-only"]).args(&files).assert().success().stdout(contains("low_pair.toml: fine"));
}

#[test]
fn an_unknown_key_is_pointed_at_with_the_right_one() {
    let said = refused("[train]\nlearning-rat = 0.1\n");
    for part in ["experiment.toml:2", "learning-rat", "learning-rate"] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
}

#[test]
fn wrong_types_and_values_are_refused() {
    assert!(refused("[train]\nsteps = \"many\"\n").contains("experiment.toml:2"));
    assert!(refused("[pairing]\nratio = 0\n").contains("ratio"));
    assert!(refused("[pairing]\nratio = 1.5\n").contains("ratio"));
    assert!(refused("[pairing\n").contains("experiment.toml:1"));
}

#[test]
fn missing_files_and_folders_are_named() {
    lgdea().args(["run", "nowhere.toml"]).assert().code(2).stderr(contains("nowhere.toml"));
    let manifest = "[data.manifest]\nroot = \"nowhere\"\nstudies = [\"a.csv\"]\n";
    assert!(refused(manifest).contains("nowhere"));
    let variable = "[data.openi]\nreports = \"${LGDEA_NO_SUCH_VARIABLE}/x\"\n";
    assert!(refused(variable).contains("LGDEA_NO_SUCH_VARIABLE"));
    assert!(refused("[evidence.rules]\nontology = \"brain\"\n").contains("brain"));
    assert!(refused("[eval]\nzero-shot.prompts = \"nowhere.toml\"\n").contains("nowhere.toml"));
}

#[test]
fn an_unknown_device_is_refused_with_the_known_ones() {
    let said = refused("[device]\nname = \"tpu\"\n");
    assert!(said.contains("tpu") && said.contains("flex"), "{said}");
}

#[test]
fn a_tracker_that_speaks_no_http_is_refused() {
    assert!(refused("[tracker]\nuri = \"sqlite:///mlflow.db\"\n").contains("http"));
}

#[test]
fn explain_says_where_a_value_comes_from() {
    let file = root().join("experiments/clip_low_pair.toml");
    let explain = |key: &str| lgdea().args(["check", "--explain", key]).arg(&file).assert();
    explain("loss.evidence-paired.weight").success().stdout(contains("clip"));
    explain("train.learning-rate").success().stdout(contains("default"));
    explain("train.learning-rat").code(2).stderr(contains("learning-rate"));
    lgdea()
        .args(["check", "--explain", "train.steps", "--set", "train.steps=7"])
        .arg(&file)
        .assert()
        .success()
        .stdout(contains("--set").and(contains('7')));
}

#[test]
fn the_committed_schema_is_current() {
    let committed = std::fs::read_to_string(root().join("lgdea/spec/experiment.schema.json")).unwrap();
    assert!(
        lgdea().arg("schema").assert().success().printed() == committed,
        "the schema changed: run `lgdea schema --out lgdea/spec/experiment.schema.json`"
    );
}

/// `lgdea … 2>&1 | head` closes what lgdea speaks to.
#[test]
fn a_closed_terminal_changes_no_exit_code() {
    let mut child = std_command().args(["check", "nothing.toml"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[test]
fn the_committed_schema_of_sweeps_is_current() {
    let committed = std::fs::read_to_string(root().join("lgdea/spec/sweep.schema.json")).unwrap();
    assert!(
        lgdea().args(["schema", "--sweep"]).assert().success().printed() == committed,
        "the schema changed: run `lgdea schema --sweep --out lgdea/spec/sweep.schema.json`"
    );
}

#[test]
fn every_shipped_sweep_can_be_planned() {
    // Real data that may not be here.
    let data = data("");
    for entry in std::fs::read_dir(root().join("sweeps")).unwrap() {
        let path = entry.unwrap().path();
        let is_real = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("real"));
        if is_real && data.is_none() {
            continue;
        }
        let place = Workspace::new();
        let mut plan = place.lgdea(&["plan"]);
        // A plan knows published weights by their files alone.
        let encoders = root().join("tests/fixtures/encoders");
        plan.env("EFFICIENTNET_LITE0", encoders.join("efficientnet-lite.safetensors"))
            .env("MINILM", encoders.join("bert"));
        let planned = plan.arg(&path).env("LGDEA_DATA", data.as_deref().unwrap_or(Path::new("nowhere"))).assert();
        let said = planned.success().printed();
        assert!(said.contains("distinct runs, 0 of them finished"), "{}:\n{said}", path.display());
    }
}

#[test]
fn a_sweep_with_a_misspelt_key_is_wrong_input() {
    let planned = |text: &str| {
        let place = Workspace::new().with("experiment.toml", text);
        place.lgdea(&["plan", "experiment.toml"]).assert()
    };
    planned("experiment = []\n[grid]\ntrain.stepps = [1, 2]\n")
        .code(2)
        .stderr(contains("experiment.toml:3").and(contains("train.steps")));
    lgdea().args(["plan", "nowhere.toml"]).assert().code(2).stderr(contains("nowhere.toml"));
    planned("experiment = []\n[grid]\nevidence.rules.ontology = ['chest', 'brain']\n")
        .code(2)
        .stderr(contains("brain"));
}
