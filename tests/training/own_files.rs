//! Files of the user's own, and a tracker that is away.

use std::fmt::Write;

use lgdea_harness::tiny::{RESUMABLE, without_data};
use lgdea_harness::{Said, Workspace, data, root};

use crate::metric;

/// Own files: pairs, images alone, reports alone, and what cannot be used.
#[test]
fn a_manifest_of_own_files_runs_and_bad_files_are_counted() {
    let place = Workspace::new();
    let mut rows = String::from("study,patient,image,report,labels,split\n");
    for number in 0..24 {
        let split = ["train", "train", "validation", "test"][number % 4];
        place.picture(&format!("data/{number}.png"), number as u32);
        let (report, label) = match number % 3 {
            0 => ("There is a small left pleural effusion.", "pneumonia"),
            1 => ("Right lower lobe pneumonia.", "pneumonia"),
            _ => ("No acute findings.", "no_finding"),
        };
        writeln!(rows, "s{number},p{number},{number}.png,{report},{label},{split}").unwrap();
    }
    place.write("data/broken.png", "not an image");
    rows += "s90,p90,broken.png,,pneumonia,train\ns91,p91,missing.png,Clear lungs.,,train\ns92,p92,,,,train\n";
    place.write("data/studies.csv", rows);
    let own =
        "[data.manifest]\nroot = \"data\"\nstudies = [\"studies.csv\"]\n[eval.zero-shot]\nprompts = \"pneumonia\"\n";
    let rest = without_data(RESUMABLE).replace("[eval]\n", "[eval]\ngrounding.enabled = false\n");
    let file = place.write("own.toml", format!("{own}{rest}"));
    let ran = place.run(&file, "results", &[]).success();
    let said = ran.told();
    assert!(said.contains("broken.png"), "the broken image is named:\n{said}");
    assert!(!said.contains("pleural"), "no report text may be shown:\n{said}");
    assert!((0.0..=1.0).contains(&metric(&ran.outcome(), "test/zero_shot/auroc_macro")));
}

/// The real mini corpus: pairs, unpaired images and the Open-I reports.
#[test]
fn the_real_mini_corpus_runs() {
    let Some(corpus) = data("cxr_mini") else { return };
    let place = Workspace::new();
    let file = root().join("experiments/real_mini.toml");
    let mut command = place.lgdea(&["run", "--json", "--set", "train.steps=4", "--set", "train.text-warmup-steps=4"]);
    command.args(["--set", "eval.bootstrap=20", "--set", "graph.start=2"]).arg(file);
    let outcome = command.env("LGDEA_DATA", corpus.parent().unwrap()).assert().success().outcome();
    for name in ["test/zero_shot/auroc/pneumonia", "test/retrieval/i2t_r_at_5", "test/grounding/pointing"] {
        assert!((0.0..=1.0).contains(&metric(&outcome, name)), "{name}");
    }
}

/// The journal is written whether or not a tracker answers.
#[test]
fn a_dead_tracker_does_not_stop_a_run() {
    let place = Workspace::new();
    let file = place.write("tiny.toml", RESUMABLE);
    let more = ["--set", "tracker.uri=http://127.0.0.1:9", "--set", "tracker.flush-seconds=1"];
    let outcome = place.outcome(&file, "results", &more);
    assert_eq!(outcome["status"], "finished");
}
