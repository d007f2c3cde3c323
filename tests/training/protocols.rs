//! Runs that are scored by named protocols.

use std::fs;

use lgdea_harness::tiny::QUICK;
use lgdea_harness::{Run, Said, Workspace};

use crate::metric;

const CITED: &str = "[eval.set.cited]\nzero-shot.protocol = 'own.toml'\nretrieval.protocol = 'retrieval/cxr-clip-v1'\n\
                     grounding.protocol = 'ms-cxr/maco-v1'\n";

/// The experiment, and the default protocol of zero-shot classification as a file of the user's own.
fn place(more: &str) -> Workspace {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../templates/protocols/zero-shot/lgdea-v1.toml");
    Workspace::new().with("own.toml", fs::read(shipped).unwrap()).with("e.toml", format!("{QUICK}{more}"))
}

#[test]
fn a_set_is_scored_by_the_protocols_that_it_names_and_the_run_says_by_which() {
    let place = place(CITED);
    let run = place.run(&place.path("e.toml"), "results", &[]).success();
    let told = run.told_in_a_line();
    assert!(told.contains("cited: retrieval by the protocol retrieval/cxr-clip-v1 ("), "{told}");
    let outcome = place.outcome(&place.path("e.toml"), "results", &[]);
    // The same studies and definitions as the run's own.
    let [cited, own] = ["cited", "test"].map(|on| metric(&outcome, &format!("{on}/zero_shot/auroc_macro")));
    assert!((cited - own).abs() < 1e-12, "{cited} {own}");
    for score in ["zero_shot/average_precision_macro", "zero_shot/mcc_macro", "retrieval/i2t_r_at_10", "grounding/miou"]
    {
        assert!(metric(&outcome, &format!("cited/{score}")).is_finite(), "{score}");
    }
    let metrics = outcome["metrics"].as_object().unwrap();
    assert!(!metrics.contains_key("cited/zero_shot/auroc_macro_evidence"), "the protocol has no such score");
    let tags = Run::of(&outcome).events("tags");
    let named = |key: &str| tags.iter().find_map(|event| event["values"][key].as_str().map(str::to_owned));
    assert!(named("protocol.cited.grounding").unwrap().starts_with("ms-cxr/maco-v1 ("), "{tags:?}");

    place.write("own.toml", place.read("own.toml").replace("by = \"mcc\"", "by = \"f1\""));
    let changed = place.outcome(&place.path("e.toml"), "results", &[]);
    assert_ne!(changed["run_key"], outcome["run_key"], "the file says how is scored");
}

#[test]
fn a_protocol_that_cannot_score_is_refused_before_training() {
    for (more, parts) in [
        ("[eval.zero-shot]\nprotocol = 'zero-shot/chexzero'\n", &["e.toml:", "did you mean", "chexzero-v1"][..]),
        ("[eval.retrieval]\nprotocol = 'zero-shot/lgdea-v1'\n", &["e.toml:", "it is of zero-shot"]),
        ("[eval.zero-shot]\nprotocol = 'chexpert-5x200/gloria-v1'\n", &["e.toml:", "exactly one"]),
    ] {
        let place = place(more);
        let said = place.ended(2, &["check", "e.toml"]);
        assert!(parts.iter().all(|part| said.contains(part)), "{parts:?}: {said}");
        let said = place.ended(2, &["run", "e.toml", "--results", "results"]);
        assert!(parts[1..].iter().all(|part| said.contains(part)), "{parts:?}: {said}");
    }
}
