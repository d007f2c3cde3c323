//! The same run twice, and what runs take from each other.

use lgdea_harness::tiny::RESUMABLE;
use lgdea_harness::{Run, Said, Workspace};
use lgdea_spec::Resolved;
use serde_json::Value;

use crate::metric;

#[test]
fn a_run_repeats_to_the_last_bit_and_is_reused() {
    let place = Workspace::new();
    let file = place.write("tiny.toml", RESUMABLE);
    let run = place.finished(RESUMABLE, &[]);
    let first = &run.outcome;
    let second = place.outcome(&file, "again", &[]);
    assert_eq!(first["run_key"], second["run_key"]);
    assert_eq!(first["metrics"], second["metrics"]);
    assert_eq!(first["status"], "finished");
    for name in ["test/zero_shot/auroc_macro", "test/retrieval/i2t_r_at_10", "test/grounding/pointing"] {
        assert!((0.0..=1.0).contains(&metric(first, name)), "{name}");
    }
    for part in [
        "journal.jsonl",
        "experiment.toml",
        "pairing.json",
        "tokenizer.json",
        "artifacts/grounding_test.png",
        "artifacts/retrieval_test.png",
    ] {
        assert!(run.path(part).exists(), "{part} is missing");
    }

    // What sweeps may name.
    let known = Resolved::from_file(&file, &[]).unwrap().experiment.eval.score_names();
    for name in first["metrics"].as_object().unwrap().keys() {
        let (_, score) = name.split_once('/').unwrap();
        assert!(known.iter().any(|known| known == score) || score.starts_with("zero_shot/auroc/"), "{name}");
    }

    let journal = run.journal();
    let again = place.outcome(&file, "results", &[]);
    assert_eq!(again["metrics"], first["metrics"], "a finished run is read from its journal");
    assert_eq!(run.journal(), journal, "and left as it is");

    let other = place.outcome(&file, "results", &["--set", "seed=1"]);
    assert_ne!(other["run_key"], first["run_key"]);
    assert_ne!(other["metrics"], first["metrics"]);
}

/// What no difference between two runs determines is done once.
#[test]
fn another_evaluation_takes_the_weights_and_the_images_that_are_there() {
    let place = Workspace::new();
    let file = place.write("tiny.toml", RESUMABLE);
    let first = place.finished(RESUMABLE, &[]).outcome;
    let other = ["--set", "eval.retrieval.at=[3]", "--set", "train.log-every=2"];
    let plain = place.outcome(&file, "alone", &other);

    let ran = place.run(&file, "results", &other).success();
    let said = ran.told();
    assert!(said.contains("trained as tiny-"), "{said}");
    assert!(!said.contains("training: step"), "{said}");
    let taken = ran.outcome();
    assert_eq!(taken["metrics"], plain["metrics"], "as if it had been trained");
    assert_ne!(taken["metrics"], first["metrics"], "and evaluated in its own way");
    assert!(Run::of(&taken).path("checkpoints/step-000012/average.bpk").exists());

    // A difference that the scores do not depend on.
    let ran = place.run(&file, "results", &["--set", "train.log-every=3"]).success();
    let said = ran.told();
    assert!(said.contains("the test split is evaluated already"), "{said}");
    let same = ran.outcome();
    assert_eq!(same["metrics"], first["metrics"]);
    for gallery in ["artifacts/grounding_test.png", "artifacts/retrieval_test.png"] {
        assert!(Run::of(&same).path(gallery).exists());
    }

    let said = place.run(&file, "results", &["--force", "--set", "train.log-every=3"]).success().told();
    assert!(said.contains("training: step") && said.contains("evaluating the test split"), "{said}");
    assert_eq!(std::fs::read_dir(place.path("results/cache/images")).unwrap().count(), 1);
}

/// The plan of a sweep names the keys that `run` gives, so that it can tell what is done, and how long the rest takes.
#[test]
fn a_plan_knows_what_has_run() {
    let place = Workspace::new();
    let tiny = place.write("tiny.toml", RESUMABLE);
    let sweep = "experiment = 'tiny.toml'\n[seeds]\ncount = 2\n[grid]\ntrain.steps = [12, 24]\n[[case]]\nname = 'lgdea'\n\
                 [[case]]\nname = 'again'\nset.train.batch = 8\n";
    let sweep = place.write("sweep.toml", sweep);
    let plan = |more: &[&str]| place.lgdea(&["plan"]).arg(&sweep).args(more).assert().success().printed();
    let trials =
        || -> Vec<Value> { plan(&["--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let before = trials();
    assert_eq!(before.len(), 4);
    assert!(before.iter().all(|trial| trial["cached"] == false && trial["arm"] == "lgdea"), "{before:?}");
    let told = plan(&[]);
    assert!(told.contains("merged: 4 trials") && told.contains("0 of 1 image stores are there"), "{told}");

    let finished = place.outcome(&tiny, "results", &["--set", "seed=1"]);
    let after = trials();
    let cached: Vec<&Value> = after.iter().filter(|trial| trial["cached"] == true).collect();
    assert_eq!(cached.len(), 1);
    assert_eq!(cached[0]["run_key"], finished["run_key"]);
    assert_eq!((&cached[0]["seed"], &cached[0]["deltas"]["train.steps"]), (&Value::from(1), &Value::from(12)));
    let told = plan(&[]);
    assert!(
        told.contains("4 distinct runs, 1 of them finished") && told.contains("at the pace of 1 earlier run"),
        "{told}"
    );
    // What is left has other weights, on the same images.
    assert!(told.contains("1 of 1 image stores are there, 0 of 3 trainings are done"), "{told}");
}

/// What images and reports are compared by changes no training, for methods with regions, with words, and with neither.
#[test]
fn retrieval_by_evidence_and_a_bank_is_scored_anew_without_training() {
    let place = Workspace::new();
    for method in ["", "extends = 'clip'\n", "extends = 'gloria'\n"] {
        // A baseline has no term of the tiny experiment.
        let own =
            if method.is_empty() { RESUMABLE.to_owned() } else { RESUMABLE.replace("weight = 1.0", "weight = 0.0") };
        let file = place.write("e.toml", format!("{method}{own}"));
        let plain = place.outcome(&file, "results", &[]);
        let scored = |set: &str| {
            let ran = place.run(&file, "results", &["--set", set]).success();
            let said = ran.told();
            assert!(said.contains("trained as") && !said.contains("training: step"), "{method}{set}: {said}");
            ran.outcome()
        };
        let ranks = |outcome: &Value, way: &str| -> Vec<(String, Value)> {
            let all = outcome["metrics"].as_object().unwrap().clone().into_iter();
            all.filter(|(name, _)| name.starts_with(&format!("test/retrieval/{way}_"))).collect()
        };
        let local = scored("eval.retrieval.local-share=0.75");
        assert_ne!(local["metrics"], plain["metrics"], "{method}: the local score has a say");
        assert_eq!(local["metrics"]["test/zero_shot/auroc_macro"], plain["metrics"]["test/zero_shot/auroc_macro"]);
        let evidence = scored("eval.retrieval.evidence-share=0.5");
        assert_eq!(
            evidence["metrics"] != plain["metrics"],
            method.is_empty(),
            "{method}: images have evidence, or none"
        );
        let bank = scored("eval.retrieval.bank.share=5");
        for way in ["i2t", "t2i"] {
            assert_ne!(ranks(&bank, way), ranks(&plain, way), "{method}: {way} is corrected");
        }
    }
}

#[test]
fn a_bank_without_unpaired_studies_is_told() {
    let place = Workspace::new();
    let file = place.write("e.toml", format!("{RESUMABLE}[eval.retrieval.bank]\nshare = 0.5\n"));
    let said = place.run(&file, "results", &["--set", "pairing.ratio=1.0"]).success().told_in_a_line();
    assert!(said.contains("there are no unpaired training images for the bank"), "{said}");
}
