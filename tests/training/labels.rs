//! Labels of unpaired images as evidence, and shares of labels.

use lgdea_harness::tiny::QUICK;
use lgdea_harness::{Said, Workspace};

#[test]
fn labels_teach_unpaired_images_and_a_share_of_them_teaches_fewer() {
    let place = Workspace::new().with("e.toml", QUICK);
    let run = |flags: &[&str]| {
        let sets: Vec<&str> = flags.iter().flat_map(|flag| ["--set", flag]).collect();
        let said = place.run(&place.path("e.toml"), "results", &sets).success().told_in_a_line();
        (said, place.outcome(&place.path("e.toml"), "results", &sets))
    };
    let (plain, without) = run(&[]);
    assert!(!plain.contains("labels teach"), "{plain}");
    let (said, with) = run(&["graph.labels=true"]);
    assert!(said.contains("labels teach ") && said.contains(" images without report"), "{said}");
    assert_ne!(with["metrics"], without["metrics"]);
    let (fewer, _) = run(&["graph.labels=true", "pairing.label-ratio=0.5"]);
    let taught = |said: &str| -> usize {
        let after = said.split("labels teach ").nth(1).unwrap();
        after.split_whitespace().next().unwrap().parse().unwrap()
    };
    assert!(taught(&fewer) < taught(&said), "{fewer}\n{said}");
}

#[test]
fn labels_that_teach_nothing_are_told_before_training() {
    let place = Workspace::new().with("e.toml", QUICK);
    let said = place.output(&["check", "e.toml", "--set", "graph.labels=true", "--set", "train.unpaired-images=0"]);
    assert!(said.contains("`graph.labels` has no effect"), "{said}");
}

/// A table says which methods labels taught, and not of which the settings merely ask for it.
#[test]
fn tables_mark_what_labels_taught() {
    let place = Workspace::new().with("e.toml", QUICK);
    for sets in [["name=taught", "graph.labels=true"], ["name=untaught", "graph.labels=true"]] {
        let none = ["--set", "train.unpaired-images=0"];
        let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
        let more: &[&str] = if sets.contains(&"name=untaught") { &none } else { &[] };
        place.run(&place.path("e.toml"), "results", &[sets.as_slice(), more].concat()).success();
    }
    let table = place.output(&["compare", "results"]);
    assert!(table.contains("taught (labels)") && !table.contains("untaught (labels)"), "{table}");
}
