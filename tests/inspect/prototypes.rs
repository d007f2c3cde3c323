//! `lgdea prototypes`, and the warnings of collapse that make one look.

use lgdea_harness::{Run, Workspace, tiny};
use serde_json::Value;

use crate::{baseline, finished};

#[test]
fn numbers_add_up() {
    let (place, run) = finished();
    let found = place.json(&["prototypes", run.name()]);
    let prototypes = found["prototypes"].as_array().unwrap();
    assert_eq!((prototypes.len(), found["summary"]["images"].as_u64()), (16, Some(10)));
    for usage in ["usage_by_reports", "usage_by_phrases", "usage_by_images"] {
        let sum: f64 = prototypes.iter().map(|prototype| prototype[usage].as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{usage} adds up to {sum}");
    }
    let share = |value: &Value| value.as_f64().is_some_and(|value| (0.0..=1.0).contains(&value));
    for name in
        ["usage_entropy", "phrase_entropy", "image_usage_entropy", "image_entropy", "purity", "mutual_information"]
    {
        assert!(share(&found["summary"][name]), "{name}: {}", found["summary"]);
    }
    let dead = prototypes.iter().filter(|prototype| prototype["dead"] == true).count() as u64;
    assert_eq!(found["summary"]["dead"].as_u64(), Some(dead));
    let assigned: u64 = prototypes.iter().map(|prototype| prototype["assigned"].as_u64().unwrap()).sum();
    assert!(assigned >= found["summary"]["reports"].as_u64().unwrap(), "each report has at least one phrase");
    // What the pairing hides is not read: 60 training studies, some of which give their image alone.
    assert!(found["summary"]["reports"].as_u64().unwrap() < 50, "{}", found["summary"]);
    assert_eq!(found, place.json(&["prototypes", run.name()]), "the same again");
}

#[test]
fn the_page_stands_alone() {
    let (place, run) = finished();
    let out = place.path("prototypes.html");
    let page = |split: &str| {
        let arguments = ["prototypes", run.name(), "--out", out.to_str().unwrap(), "--split", split];
        assert!(place.output(&arguments).contains("mutual information"));
        std::fs::read_to_string(&out).unwrap()
    };
    let html = page("test");
    assert_eq!(html.matches("<article").count(), 16);
    assert_eq!(html.matches("<img").count(), 16 * (6 + 4));
    assert_eq!(html.matches("<img").count(), html.matches("src=\"data:image/png;base64,").count());
    assert!(html.contains("20 images of the test split") && html.contains("phantom-test-"));
    // No address: pictures in base64 have no colon, but may well spell `http`.
    assert!(!html.contains("://") && !html.contains("phantom-train-"));
    assert_eq!(html, page("test"), "the same again");
    let html = page("train");
    assert!(html.contains("phantom-train-") && !html.contains("phantom-test-"));
}

/// On a copy: what others look into must not change.
#[test]
fn what_is_kept_is_in_the_report() {
    let (place, run) = finished();
    let kept = run.copy("kept");
    let report = || {
        place.output(&["report", "kept", "--out", place.path("kept.html").to_str().unwrap()]);
        std::fs::read_to_string(place.path("kept.html")).unwrap()
    };
    let hint = "<code>lgdea prototypes RUN --keep</code>";
    assert!(report().contains(hint));
    assert!(place.output(&["prototypes", "kept", "--keep"]).contains("mutual information"));
    let html = report();
    assert!(!html.contains(hint) && html.contains("<section aria-labelledby=\"prototypes\">"));
    assert!(!html.contains("phantom-validation-"), "no study is named");
    let json = std::fs::read_to_string(kept.path("artifacts/prototypes.json")).unwrap();
    let kept: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(kept["prototypes"].as_array().unwrap().len(), 16);
    assert!(kept["regions"].as_array().unwrap().iter().all(|regions| regions.as_array().unwrap().len() == 4));
    assert_eq!(kept["summary"], place.json(&["prototypes", run.name()])["summary"]);
}

#[test]
fn what_has_no_prototypes_or_place_is_refused() {
    let (place, run) = baseline();
    let said = place.ended(2, &["prototypes", run.name(), "--json"]);
    assert!(said.contains("has no evidence space") && said.contains("loss.reconstruction"), "{said}");
    assert!(place.ended(2, &["prototypes", run.name()]).contains("--out"));
    assert!(place.ended(2, &["prototypes", run.name(), "--out", "page.txt"]).contains(".html"));
}

/// Warnings in the journal of a run that speak of a collapse.
fn collapses(run: &Run) -> Vec<String> {
    let messages = run.events("warning").into_iter().map(|event| event["message"].as_str().unwrap().to_owned());
    messages.filter(|message| message.contains("evidence/")).collect()
}

/// Usage alone would call random prototypes healthy.
#[test]
fn random_prototypes_without_reconstruction_collapse_and_are_told_once() {
    let place = Workspace::new();
    let flags = ["--set=evidence-space.prototype-init=random", "--set=loss.reconstruction.weight=0"];
    let run = place.finished(tiny::QUICK, &flags);
    let told = collapses(&run);
    let alike = told.iter().filter(|message| message.contains("phrases use all prototypes alike")).count();
    assert_eq!(alike, 1, "{told:?}");
    assert!(run.said.contains("phrases use all prototypes alike"), "{}", run.said);
    let found = place.json(&["prototypes", run.name()]);
    assert!(found["summary"]["usage_entropy"].as_f64().unwrap() > 0.9, "{}", found["summary"]);
    assert!(found["summary"]["phrase_entropy"].as_f64().unwrap() > 0.7, "{}", found["summary"]);
}

#[test]
fn the_method_and_a_baseline_have_nothing_to_warn_of() {
    for (_, run) in [finished(), baseline()] {
        assert_eq!(collapses(&run), Vec::<String>::new());
        assert!(!run.said.contains("evidence/"), "{}", run.said);
    }
}
