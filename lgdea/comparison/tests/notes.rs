//! What makes numbers hard to compare, and is told beside them.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use lgdea_comparison::{ARM, Collection, Comparison, Request, records, view};
use lgdea_harness::synthetic::{AUROC, RANK, Results};
use lgdea_sweep::{MergedSummary, TrialEntry, Trials};
use lgdea_track::{Event, Record, RunDir, Status};
use serde_json::Map;

fn read(results: &Results, paths: &[&str]) -> Collection {
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    Collection::read(&paths, results.path()).unwrap()
}

fn compared(collection: &Collection, by: &str) -> Comparison {
    let asked = Request {
        metrics: vec![AUROC.to_owned(), RANK.to_owned()],
        by: by.to_owned(),
        ..Request::usual("lgdea compare table".to_owned())
    };
    Comparison::new(collection, &asked).unwrap()
}

/// The notes of a comparison that have some words in them.
fn notes(collection: &Collection, words: &str) -> Vec<String> {
    let notes = compared(collection, ARM).notes;
    notes.into_iter().filter(|note| note.contains(words)).collect()
}

fn table() -> (Results, Collection) {
    let results = Results::new();
    results.table(&[]);
    let collection = read(&results, &["table"]);
    (results, collection)
}

/// A finished run of a sweep's arm with these settings, and its entry in the list of trials.
fn trial(results: &Results, name: &str, seed: u64, params: &[(&str, &str)], axes: &[&str]) -> TrialEntry {
    let (sweep, arm) = name.split_once('.').unwrap();
    let key = format!("{sweep}{arm}{seed}");
    let dir = results.run(name, &key, params, &[(AUROC, 0.8), (RANK, 9.0)], Status::Finished);
    let value = |key: &str| params.iter().find(|(known, _)| *known == key).unwrap().1;
    let deltas = axes.iter().map(|axis| ((*axis).to_owned(), serde_json::from_str(value(axis)).unwrap())).collect();
    TrialEntry { run_key: key, arm: arm.to_owned(), seed, deltas, cached: false, dir }
}

/// Adds to a run's journal that it read these data.
fn reads(results: &Results, dir: &str, name: &str, context: &str, digest: &str) {
    let [name, context, digest] = [name, context, digest].map(str::to_owned);
    let event = Event::Dataset { name, digest, context, profile: String::new() };
    let journal = RunDir::at(results.path().join("runs").join(dir)).journal();
    let line = serde_json::to_string(&Record { time: 1_700_000_004_000, event }).unwrap();
    std::fs::write(&journal, std::fs::read_to_string(&journal).unwrap() + &line + "\n").unwrap();
}

#[test]
fn a_mean_over_other_classes_is_told() {
    let (_results, mut collection) = table();
    for run in &mut collection.runs {
        run.metrics.insert("test/zero_shot/auroc/edema".to_owned(), 0.8);
        run.metrics.insert("test/zero_shot/auroc/edema/rare".to_owned(), 0.8);
    }
    assert_eq!(notes(&collection, "other classes"), [""; 0]);
    collection.runs[3].metrics.insert("test/zero_shot/auroc/mass".to_owned(), 0.8);
    let told = notes(&collection, "other classes");
    assert!(told.len() == 1 && told[0].contains("(mass is in some alone)"), "{told:?}");
    // A run that was scored by no class says nothing of them.
    collection.runs.iter_mut().skip(4).for_each(|run| run.metrics.retain(|name, _| !name.contains("auroc/")));
    collection.runs.iter_mut().take(3).for_each(|run| {
        run.metrics.insert("test/zero_shot/auroc/mass".to_owned(), 0.8);
    });
    assert_eq!(notes(&collection, "other classes"), [""; 0]);
}

#[test]
fn a_metric_without_value_in_some_seeds_is_told() {
    let (_results, mut collection) = table();
    assert_eq!(notes(&collection, "has no value"), [""; 0]);
    collection.runs[0].metrics.remove(AUROC);
    collection.runs[1].metrics.remove(AUROC);
    collection.runs[7].metrics.remove(AUROC);
    let told = notes(&collection, "has no value");
    assert!(told.len() == 1 && told[0].starts_with("zero-shot AUROC has no value in 3 runs of 2 rows"), "{told:?}");
    // Of a row that has none of it the table says so itself.
    collection.runs.iter_mut().take(10).for_each(|run| {
        run.metrics.remove(AUROC);
    });
    assert_eq!(notes(&collection, "has no value"), [""; 0]);
}

#[test]
fn other_data_with_the_same_seed_are_told_in_every_format() {
    let results = Results::new();
    for (sweep, data) in [("one", "a"), ("two", "b")] {
        let trials: Vec<TrialEntry> =
            (0..3).map(|seed| trial(&results, &format!("{sweep}.{sweep}"), seed, &[], &[])).collect();
        for trial in &trials {
            // The seed draws the splits, which are part of the digest; the evidence is of the pairs, which differ by design.
            reads(&results, &trial.dir, "manifest", "test", &format!("{data}{}", trial.seed));
            reads(&results, &trial.dir, "evidence", "train", &trial.run_key);
        }
        results.sweep(sweep, &[sweep], &[], trials);
    }
    let collection = read(&results, &["one", "two"]);
    assert_eq!(collection.runs[4].data.as_deref(), Some("b1"));
    let comparison = compared(&collection, ARM);
    let told = "was trained or scored on other data than";
    assert!(comparison.notes[0].starts_with(&format!("`two` {told} `one`")), "{:?}", comparison.notes);
    let latex = view::latex(&comparison);
    let captions = latex.lines().filter(|line| line.starts_with("\\caption"));
    assert!(
        captions.count() > 0 && latex.lines().all(|line| !line.starts_with("\\caption") || line.contains(told)),
        "{latex}"
    );
    for text in [view::brief(&comparison), view::terminal(&comparison), view::markdown(&comparison)] {
        assert_eq!(text.matches(told).count(), 1, "{text}");
    }
    assert!(!view::csv(&comparison).unwrap().contains(told));
    assert!(serde_json::to_value(&comparison).unwrap()["notes"][0].as_str().unwrap().contains(told));

    // A records file keeps it; the same data of each seed are no matter.
    let file = results.file("both.jsonl");
    records::write(&collection, &file).unwrap();
    assert_eq!(compared(&read(&results, &[file.to_str().unwrap()]), ARM).notes, comparison.notes);
    let mut same = collection;
    same.runs.iter_mut().for_each(|run| run.data = Some(format!("a{}", run.place.seed)));
    assert_eq!(notes(&same, "data"), [""; 0]);
}

#[test]
fn data_that_an_axis_varies_or_that_changed_between_seeds_are_told_apart() {
    let (_results, mut collection) = table();
    for run in &mut collection.runs {
        let size = run.place.deltas.remove("pairing.ratio").unwrap();
        run.data = Some(size.to_string());
        run.place.deltas.insert("data.phantom.studies".to_owned(), size);
    }
    assert_eq!(notes(&collection, "data"), [""; 0]);
    assert!(compared(&collection, "data.phantom.studies").notes.iter().all(|note| !note.contains("other data")));
    // Runs of before have no digest.
    collection.runs[0].data = None;
    assert_eq!(notes(&collection, "data"), [""; 0]);
    let is_late = |run: &&mut lgdea_comparison::Run| run.place.seed > 2;
    collection.runs.iter_mut().filter(is_late).for_each(|run| run.data = Some("later".to_owned()));
    let told = notes(&collection, "data");
    assert!(
        told.len() == 1 && told[0].starts_with("the data changed between the seeds of `clip`, `clip_txt` and `lgdea`"),
        "{told:?}"
    );
}

#[test]
fn what_a_sweep_confounds_is_a_note_of_arms() {
    let (_results, mut collection) = table();
    assert_eq!(notes(&collection, "named for"), [""; 0]);
    let told = [
        "`clip` and `lgdea` do not have the same data: data.phantom.studies = 200 for 220",
        "`clip` and `lgdea` are odd: a = 1 for 2",
    ];
    collection.sweeps[0].confounds = Some(told.map(str::to_owned).to_vec());
    let told = notes(&collection, "named for");
    assert!(
        told.len() == 1 && told[0].contains("`lgdea` do not have the same data") && !told[0].contains("220"),
        "{told:?}"
    );
    let by_axis = compared(&collection, "pairing.ratio").notes;
    assert!(by_axis.iter().all(|note| !note.contains("named for")), "{by_axis:?}");
}

#[test]
fn runs_of_no_sweep_that_were_trained_otherwise_are_told() {
    let results = Results::new();
    for (name, steps, weight) in [("a", "20", "1.0"), ("b", "300", "0.0"), ("c", "20", "0.5")] {
        for seed in ["0", "1"] {
            let params = [("seed", seed), ("name", name), ("train.steps", steps), ("loss.evidence.weight", weight)];
            results.run(name, &format!("{name}{seed}"), &params, &[(AUROC, 0.8), (RANK, 9.0)], Status::Finished);
        }
    }
    let collection = read(&results, &[results.path().to_str().unwrap()]);
    let told = notes(&collection, "no column shows");
    // What a method is made of is what it is named for.
    assert!(told.len() == 1 && told[0].ends_with(": `train.steps` (20, 300)"), "{told:?}");
    let mut same = collection;
    same.runs.retain(|run| run.place.arm != "b");
    assert_eq!(notes(&same, "no column shows"), [""; 0]);
}

#[test]
fn runs_of_a_row_that_differ_in_more_than_the_seed_are_told() {
    let results = Results::new();
    for (sweep, seeds, batch) in [("one", 0..2, "16"), ("two", 2..4, "32")] {
        let of = |seed| {
            trial(&results, &format!("{sweep}.lgdea"), seed, &[("train.batch", batch), ("notify.command", sweep)], &[])
        };
        results.sweep(sweep, &["lgdea"], &[], seeds.map(of).collect());
    }
    let collection = read(&results, &["one", "two"]);
    assert_eq!(compared(&collection, ARM).rows.len(), 1);
    let told = notes(&collection, "more than the seed");
    assert!(told.len() == 1 && told[0].ends_with(": `train.batch` (16, 32)"), "{told:?}");
    assert_eq!(notes(&read(&results, &["one"]), "more than the seed"), [""; 0]);
}

#[test]
fn an_axis_of_one_sweep_has_its_fixed_value_in_another() {
    let results = Results::new();
    let params = |ratio, steps| [("pairing.ratio", ratio), ("train.steps", steps)];
    let slow =
        (0..2).map(|seed| trial(&results, "slow.lgdea", seed, &params("1.0", "300"), &["train.steps"])).collect();
    let wide = ["0.5", "1"].iter().flat_map(|ratio| {
        (0..2).map(|seed| {
            let key = if *ratio == "1" { 10 + seed } else { seed };
            TrialEntry { seed, ..trial(&results, "wide.lgdea", key, &params(ratio, "20"), &["pairing.ratio"]) }
        })
    });
    results.sweep("slow", &["lgdea"], &[], slow);
    results.sweep("wide", &["lgdea"], &[], wide.collect());
    let comparison = compared(&read(&results, &["slow", "wide"]), ARM);
    assert_eq!(comparison.keys, ["train.steps", "pairing.ratio"]);
    let settings: Vec<Vec<String>> =
        comparison.rows.iter().map(|row| row.setting.iter().flatten().cloned().collect()).collect();
    assert_eq!(settings, [["20", "0.5"], ["20", "1"], ["300", "1"]], "1 and 1.0 are one ratio");
}

#[test]
fn arms_that_are_others_again_are_told() {
    let (results, mut collection) = table();
    let twin = |arm: &str, trials| MergedSummary { arm: arm.to_owned(), of: "lgdea".to_owned(), trials };
    let path = Trials::path(results.path(), "table");
    let mut listed = Trials::read(&path).unwrap();
    listed.sweep.merged = vec![twin("twin", 6), twin("clip", 1)];
    listed.write(&path).unwrap();
    let older = results.file("older.jsonl");
    records::write(&collection, &older).unwrap();
    for paths in [vec!["table"], vec!["table", older.to_str().unwrap()], vec![older.to_str().unwrap(), "table"]] {
        collection = read(&results, &paths);
        assert_eq!(collection.sweeps.len(), 1);
        let told = notes(&collection, "same experiment");
        let expected = [
            "6 trials of `twin`, which has no row of its own, are the same experiments as those of `lgdea`: they were run once and \
             stand in its rows",
            "1 trial of `clip` is the same experiment as one of `lgdea`: it was run once and stands in its rows",
        ];
        assert_eq!(told, expected);
    }
}

#[test]
fn settings_of_seeds_are_kept_once() {
    let results = Results::new();
    let of = |seed| trial(&results, "one.lgdea", seed, &[("train.batch", "16"), ("tags.sweep", "one")], &[]);
    results.sweep("one", &["lgdea"], &[], (0..3).map(of).collect());
    let runs = read(&results, &["one"]).runs;
    assert!(runs.iter().all(|run| Arc::ptr_eq(&run.settings, &runs[0].settings)));
    assert_eq!(*runs[0].settings, BTreeMap::from([("train.batch".to_owned(), "16".to_owned())]));
    assert_eq!(runs[0].place.deltas, Map::new());
}
