//! What a sweep's file says now, beside the runs that it led to: its claims of now are checked, and what has changed is told.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};

use lgdea_comparison::claim::{self, CheckedClaim};
use lgdea_comparison::{Collection, Comparison, Judgement, Request, records, view};
use lgdea_harness::synthetic::{AUROC, Results};
use lgdea_spec::sweep::Sweep;
use lgdea_sweep::{SweepSummary, TrialEntry, Trials};
use lgdea_track::mlflow::tags::LEFT_OUT;
use lgdea_track::{Event, Journal, RunDir, Status};

const HEAD: &str = "experiment = []\nname = 'table'\nseeds.count = 3\n";
const ARMS: &str = "[[case]]\nname = 'a'\n[[case]]\nname = 'b'\nset.train.batch = 16\n";

fn claimed(better: &str, than: &str, more: &str) -> String {
    format!("[[claim]]\nmetric = '{AUROC}'\nbetter = '{better}'\nthan = '{than}'\n{more}\n")
}

/// A sweep of two arms that was run, all of it: `b` is better than `a` by 0.1. Its file.
fn swept(results: &Results, text: &str) -> PathBuf {
    let file = results.file("table.toml");
    std::fs::write(&file, text).unwrap();
    let sweep = Sweep::from_file(&file).unwrap();
    let expansion = sweep.expand().unwrap();
    let entry = |(number, trial): (usize, &lgdea_spec::sweep::Trial)| {
        let arm = sweep.arm(trial).to_owned();
        let score = 0.7 + if arm == "b" { 0.1 } else { 0.0 } + 0.001 * (number * number % 5) as f64;
        let run_key = format!("{number:012x}");
        let dir = results.run(&arm, &run_key, &[], &[(AUROC, score)], Status::Finished);
        TrialEntry { run_key, arm, seed: trial.seed, deltas: serde_json::Map::new(), cached: true, dir }
    };
    let trials = expansion.trials.iter().enumerate().map(entry).collect();
    let summary = SweepSummary::new(&sweep, &expansion, &file);
    Trials { sweep: summary, trials }.write(&Trials::path(results.path(), "table")).unwrap();
    file
}

fn read(results: &Results, path: &Path) -> Collection {
    Collection::read(&[path.to_owned()], results.path()).unwrap()
}

fn checked(collection: &Collection) -> Vec<CheckedClaim> {
    claim::check(collection, &Judgement::default()).unwrap()
}

/// Each edit of a file after its sweep was run; when its claims were stated; what is said.
#[test]
fn a_file_that_was_edited_is_told_and_its_claims_are_those_of_now() {
    let before = format!("{HEAD}{ARMS}{}", claimed("b", "a", ""));
    let other = |more: &str| format!("{HEAD}{ARMS}{}", claimed("b", "a", more));
    let claims = "states other claims than when the sweep was last run: those that it states now are checked";
    let table: [(String, &[usize], &[&str]); 12] = [
        (before.clone(), &[0], &[]),
        (format!("# a comment\n{before}"), &[0], &[]),
        (format!("description = 'Why?'\n{before}"), &[0], &[]),
        (other("min-delta = 0.05"), &[6], &[claims]),
        (format!("{HEAD}{ARMS}{}", claimed("a", "b", "")), &[6], &[claims]),
        (format!("{before}{}", claimed("a", "b", "min-delta = 0.5")), &[0, 6], &[claims]),
        (before.replace("seeds.count = 3", "seeds.count = 5"), &[0], &["has changed since", "4 new", "compared are"]),
        (before.replace("seeds.count = 3", "seeds.count = 2"), &[0], &["has changed since", "2 no longer listed"]),
        (before.replace("train.batch = 16", "train.batch = 24"), &[0], &["the settings of its trials"]),
        (before.replace("'b'\nset", "'b'\nset.graph.share = 0.3\nset"), &[0], &["has changed since"]),
        (other("min-delta = 0.05").replace("count = 3", "count = 4"), &[6], &["has changed since", "2 new", claims]),
        (format!("{before}[grid]\ntrain.steps = [5, 6]\n"), &[0], &["has changed since"]),
    ];
    for (text, after, said) in table {
        let results = Results::new();
        let file = swept(&results, &before);
        std::fs::write(&file, &text).unwrap();
        // By its file and by its name, which leads to the file where it lay.
        for path in [file.as_path(), Path::new("table")] {
            let collection = read(&results, path);
            let found: Vec<usize> = checked(&collection).iter().map(|claim| claim.claim.after).collect();
            assert_eq!(found, after, "{text}");
            let told = collection.warnings.join("\n");
            assert_eq!(told.is_empty(), said.is_empty(), "{text}: {told}");
            assert!(said.iter().all(|part| told.contains(part)), "{text}: {told}");
            assert_eq!(collection.runs.len(), 6);
            let shown = view::claims(&checked(&collection));
            assert_eq!(shown.contains("(stated after 6 runs had finished)"), after.contains(&6), "{shown}");
            let comparison = Comparison::new(&collection, &Request::usual(String::new())).unwrap();
            assert!(said.iter().all(|part| comparison.notes.join("\n").contains(part)), "{:?}", comparison.notes);
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_now_leaves_what_was_listed() {
    let before = format!("{HEAD}{ARMS}{}", claimed("b", "a", ""));
    for text in ["[seedss]\ncount = 2\n", "not = = toml", "experiment = 'none.toml'\n"] {
        let results = Results::new();
        let file = swept(&results, &before);
        std::fs::write(&file, text).unwrap();
        let collection = read(&results, Path::new("table"));
        assert_eq!(checked(&collection)[0].claim.after, 0);
        let told = collection.warnings.join("\n");
        assert!(told.contains("cannot be read now") && told.contains("those that were listed"), "{told}");
        assert!(Collection::read(&[file], results.path()).is_err(), "who names the file wants it read");
    }
    // A file that is not there any more, or another one by now, tells nothing.
    for text in [None, Some(before.replace("name = 'table'", "name = 'other'"))] {
        let results = Results::new();
        let file = swept(&results, &before);
        std::fs::remove_file(&file).unwrap();
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        assert_eq!(read(&results, Path::new("table")).warnings, [""; 0]);
    }
}

#[test]
fn when_a_claim_was_stated_is_kept_in_records() {
    let results = Results::new();
    let file = swept(&results, &format!("{HEAD}{ARMS}{}", claimed("b", "a", "")));
    std::fs::write(&file, format!("{HEAD}{ARMS}{}", claimed("b", "a", "min-delta = 0.05"))).unwrap();
    let collection = read(&results, &file);
    let kept = results.file("kept.jsonl");
    records::write(&collection, &kept).unwrap();
    assert_eq!(checked(&read(&results, &kept))[0].claim.after, 6);
    let both = Collection::read(&[kept, file], results.path()).unwrap();
    assert_eq!((both.sweeps.len(), checked(&both).len()), (1, 1));
}

#[test]
fn data_that_trials_left_out_are_told_once() {
    let results = Results::new();
    let file = swept(&results, &format!("{HEAD}{ARMS}"));
    assert_eq!(read(&results, &file).data_left_out(), None);
    let runs = read(&results, &file).runs;
    for (number, run) in runs.iter().enumerate().take(4) {
        let counts = if number < 3 { "141 × image file not found" } else { "2 × empty report" };
        let run = RunDir::at(run.folder.clone().unwrap());
        let journal = Journal::open(&run).unwrap();
        journal.write(Event::Tags { values: [(LEFT_OUT.to_owned(), counts.to_owned())].into() }).unwrap();
    }
    let said = "data of 4 of 6 runs were left out or are doubtful: 141 × image file not found, and 1 other such list";
    let collection = read(&results, &file);
    assert_eq!(collection.data_left_out().unwrap(), said);
    let comparison = Comparison::new(&collection, &Request::usual(String::new())).unwrap();
    assert_eq!(comparison.notes.iter().filter(|note| *note == said).count(), 1, "{:?}", comparison.notes);
    let kept = results.file("kept.jsonl");
    records::write(&collection, &kept).unwrap();
    assert_eq!(read(&results, &kept).data_left_out().unwrap(), said);
}
