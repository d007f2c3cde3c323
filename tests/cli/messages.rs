//! Values as people type them, names of other tools, files that are not what they should be, and colours.

use lgdea_harness::{Said, Workspace};
use predicates::prelude::*;
use predicates::str::contains;

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";

#[test]
fn values_are_read_as_they_are_meant() {
    let place = Workspace::new().with("e.toml", "");
    for (flag, key, shown) in [
        ("train.learning-rate=.001", "train.learning-rate", "0.001"),
        ("train.learning-rate=1.", "train.learning-rate", "1.0"),
        ("train.learning-rate=1e-3", "train.learning-rate", "0.001"),
        ("train.learning-rate=+1", "train.learning-rate", "1.0"),
        ("train.steps=1_000", "train.steps", "1000"),
        ("train.steps=1e3", "train.steps", "1000"),
        ("graph.oracle=True", "graph.oracle", "true"),
        ("graph.oracle=no", "graph.oracle", "false"),
        ("eval.splits=[validation]", "eval.splits", "[\"validation\"]"),
        ("eval.grounding.thresholds=[.1, .5]", "eval.grounding.thresholds", "[0.1, 0.5]"),
    ] {
        let said = place.output(&["check", "e.toml", "--set", flag, "--explain", key]);
        assert!(said.starts_with(&format!("{key} = {shown}")), "{flag}: {said}");
    }
    let said = place.ended(2, &["run", "e.toml", "--set", "train.learning-rate=small"]);
    assert!(said.contains("is `small`, but must be a number") && !said.contains("without quotes"), "{said}");
}

#[test]
fn names_of_other_tools_lead_to_the_right_key() {
    let place = Workspace::new();
    for (name, key) in [
        ("batch_size", "train.batch"),
        ("lr", "train.learning-rate"),
        ("learning_rate", "train.learning-rate"),
        ("epochs", "train.steps"),
        ("num_workers", "device.loader-threads"),
        ("gpu", "device.name"),
        ("random_seed", "seed"),
        ("weight_decay", "train.weight-decay"),
        ("warmup_steps", "train.warmup"),
        ("max_grad_norm", "train.clip-norm"),
        ("embed_dim", "encoder.dim"),
        ("tracking_uri", "tracker.uri"),
    ] {
        place.write("e.toml", "");
        place.write("top.toml", format!("{name} = 1\n"));
        place.write("table.toml", format!("[train]\n{name} = 1\n"));
        place.write("sweep.toml", format!("experiment = \"e.toml\"\n[grid]\n{name} = [1]\n"));
        let flag = format!("{name}=1");
        for arguments in [
            &["check", "top.toml"][..],
            &["check", "table.toml"],
            &["plan", "sweep.toml"],
            &["run", "e.toml", "--set", &flag],
        ] {
            // Lines end after dashes, too.
            let said = place.ended(2, arguments).replace("- ", "-");
            assert!(
                said.contains("did you mean") && said.contains(&format!("{key}`")),
                "{name}, {arguments:?}: {said}"
            );
        }
    }
}

#[test]
fn pointers_of_git_lfs_are_named() {
    let place = Workspace::new().with("e.toml", "").with("w.safetensors", POINTER).with("w.pth", POINTER);
    place.write("bert/config.json", POINTER);
    place.write("bert/vocab.txt", POINTER);
    for flag in [
        "encoder.image.resnet.weights=w.safetensors",
        "encoder.image.densenet.weights=w.pth",
        "encoder.text.bert.model=./bert",
    ] {
        for command in ["check", "run"] {
            let said = place.ended(2, &[command, "e.toml", "--set", flag]);
            assert!(said.contains("Git LFS pointer") && said.contains("`git lfs pull`"), "{flag}: {said}");
        }
    }
}

#[test]
fn what_goes_into_a_file_has_no_colours() {
    let place = Workspace::new().with("e.toml", "[data.phantom]\nstudies = 8\nvalidation = 4\ntest = 4\n");
    // A results folder whose cache is a file makes the program warn.
    place.write("results/cache", "no folder");
    for (key, value) in [("NO_COLOR", ""), ("NO_COLOR", "1"), ("TERM", "dumb"), ("TERM", "xterm-256color")] {
        for arguments in [&["run", "e.toml", "--set", "train.steps=1"][..], &["check", "e.toml", "--set", "lr=1"]] {
            let mut command = place.lgdea(arguments);
            let output = command.env(key, value).env("LGDEA_LOG", "debug").output().unwrap();
            assert!(!output.stderr.is_empty() && !output.stderr.contains(&b'\x1b'), "{key}={value} {arguments:?}");
            assert!(!output.stdout.contains(&b'\x1b'));
        }
    }
}

#[test]
fn a_place_that_cannot_be_written_is_wrong_input_everywhere() {
    let place = Workspace::new().with("r.jsonl", "{\"report_id\":\"r1\",\"report\":\"Clear.\"}\n").with("file", "");
    std::fs::create_dir(place.path("taken.json")).unwrap();
    for arguments in [
        &["schema", "--out", "nowhere/s.json"][..],
        &["schema", "--out", "taken.json"],
        &["schema", "--out", "file/s.json"],
        &["schema", "--out", "/dev/full"],
        &["evidence", "extract", "--input", "r.jsonl", "--out", "nowhere/e.jsonl"],
        &["evidence", "extract", "--input", "r.jsonl", "--out", "taken.json"],
        &["evidence", "extract", "--input", "r.jsonl", "--out", "file/e.jsonl"],
        &["evidence", "extract", "--input", "r.jsonl", "--out", "/dev/full"],
    ] {
        place.lgdea(arguments).assert().code(2).stderr(contains("--out").or(contains("cannot write")));
    }
}

#[test]
fn a_home_and_variables_are_read_in_every_path() {
    let place = Workspace::new().with("home/base.toml", "seed = 7\n");
    place.write("home/o.toml", "name = \"mine\"\nversion = 1\nextends = \"chest\"\n");
    place.write("e.toml", "extends = \"~/base.toml\"\n[evidence.rules]\nontology = \"$PLACE/o.toml\"\n");
    let checked = |arguments: &[&str]| {
        let mut command = place.lgdea(arguments);
        command.env("HOME", place.path("home")).env("PLACE", place.path("home")).assert()
    };
    checked(&["check", "e.toml"]).success();
    let seed = checked(&["check", "e.toml", "--explain", "seed"]).success().printed();
    assert!(seed.starts_with("seed = 7"), "{seed}");
    for path in ["~/o.toml", "$HOME/o.toml", "${PLACE}/o.toml", "${NONE_SUCH:-home}/o.toml"] {
        checked(&["check", "e.toml", "--set", &format!("evidence.rules.ontology={path}")]).success();
    }
    checked(&["check", "e.toml", "--set", "evidence.rules.ontology=~/none.toml"]).code(2).stderr(contains("none.toml"));
}
