//! Which runs can be opened, and what is said of the others.

use lgdea_harness::{Workspace, tiny};

use crate::finished;

const LOOK: [&str; 2] = ["--json", "--split=test"];

fn refused(place: &Workspace, run: &str) -> String {
    place.ended(2, &[&["prototypes", run], &LOOK[..]].concat())
}

#[test]
fn looking_changes_nothing_and_takes_a_name_or_a_folder() {
    let (place, run) = finished();
    let content = || run.files().into_iter().map(|file| (std::fs::read(&file).unwrap(), file)).collect::<Vec<_>>();
    let before = content();
    let by_name = place.json(&["prototypes", run.name()]);
    let by_folder = place.json(&["prototypes", run.folder().to_str().unwrap()]);
    assert_eq!(by_name, by_folder);
    assert_eq!(by_name["run"], run.name());
    assert!(content() == before, "the run's folder changed");
}

#[test]
fn what_is_no_run_is_named_with_those_that_are() {
    let (place, run) = finished();
    let said = refused(&place, "tiny");
    // Long names are wrapped at their hyphens.
    assert!(said.contains("there is no run `tiny`") && said.replace(' ', "").contains(run.name()), "{said}");
    std::fs::create_dir_all(place.path("empty")).unwrap();
    let said = refused(&place, place.path("empty").to_str().unwrap());
    assert!(said.contains("is not the folder of a run"), "{said}");
    let said = refused(&Workspace::new(), "tiny");
    assert!(said.contains("there is no run `tiny`") && said.contains("--results"), "{said}");
}

#[test]
fn a_device_that_is_not_there_is_refused_with_a_way_out() {
    let (place, run) = finished();
    let said = place.ended(2, &["prototypes", run.name(), "--json", "--device", "tpu"]);
    assert!(said.contains("unknown device `tpu`") && said.contains("--device flex"), "{said}");
}

#[test]
fn a_failed_run_says_why_it_has_no_model() {
    let place = Workspace::new();
    let file = place.write("broken.toml", tiny::QUICK);
    place.run(&file, "results", &["--set", "train.learning-rate=1e30"]).code(1);
    let said = refused(&place, place.runs("results")[0].name());
    assert!(said.contains("has no checkpoint to look into: it failed: the loss is"), "{said}");
}

#[test]
fn other_data_evidence_or_word_pieces_are_refused() {
    let (place, run) = finished();
    let other_data = run.copy("other-data");
    let file = other_data.path("experiment.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let changed = text.replace(
        "studies = 60\nvalidation = 10\ntest = 20\nseed = 1",
        "studies = 60\nvalidation = 10\ntest = 20\nseed = 2",
    );
    assert_ne!(changed, text);
    std::fs::write(&file, changed).unwrap();
    let said = refused(&place, "other-data");
    assert!(said.contains("the data of") && said.contains("changed since it was trained (digest"), "{said}");

    let other_evidence = run.copy("other-evidence");
    let ontology = place.path("mine.toml");
    let more = "extends = \"chest\"\nname = \"mine\"\nversion = 1\n[[finding]]\nname = \"nodule\"\nexisting = \"replace\"\nlabel = \"Nodule\"\nsite = \"lung\"\nsynonyms = [\"nothing\"]\n";
    std::fs::write(&ontology, more).unwrap();
    let file = other_evidence.path("experiment.toml");
    let changed = text.replace("ontology = \"chest\"", &format!("ontology = \"{}\"", ontology.display()));
    assert_ne!(changed, text);
    std::fs::write(&file, changed).unwrap();
    let said = refused(&place, "other-evidence");
    assert!(said.contains("the evidence read in its reports of") && said.contains("changed"), "{said}");

    let other_pieces = run.copy("other-pieces");
    let file = other_pieces.path("tokenizer.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("[UNK]", "[UNX]", 1)).unwrap();
    let said = refused(&place, "other-pieces");
    assert!(said.contains("word pieces") && said.contains("tokenizer.json"), "{said}");
}

#[test]
fn broken_files_are_errors_and_no_panics() {
    let (place, run) = finished();
    let cut_off = run.copy("cut-off");
    let model = cut_off.files().into_iter().find(|file| file.ends_with("average.bpk")).unwrap();
    let bytes = std::fs::read(&model).unwrap();
    for broken in [&bytes[..bytes.len() / 2], &bytes[..20], b"no model", b""] {
        std::fs::write(&model, broken).unwrap();
        let said = place.ended(1, &["prototypes", "cut-off", "--json"]);
        assert!(said.contains("failed to read the checkpoint") && said.contains("average.bpk"), "{said}");
    }
    let no_experiment = run.copy("no-experiment");
    std::fs::remove_file(no_experiment.path("experiment.toml")).unwrap();
    assert!(refused(&place, "no-experiment").contains("experiment.toml"));
    let torn = run.copy("torn");
    std::fs::write(torn.path("journal.jsonl"), "{\"time\":1,\"event\":\"nothing\"}\n").unwrap();
    assert!(refused(&place, "torn").contains("line 1"));
}

#[test]
fn a_run_that_is_still_going_is_opened_at_its_checkpoint() {
    let (place, run) = finished();
    let going = run.copy("going");
    let journal = going.path("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    let ended = text.trim_end().rfind('\n').unwrap() + 1;
    assert!(text[ended..].contains("\"event\":\"ended\""));
    std::fs::write(&journal, &text[..ended]).unwrap();
    let said = place.ended(0, &[&["prototypes", "going"], &LOOK[..]].concat());
    assert!(said.contains("the run has not finished: this is its model after 12 of 12 steps"), "{said}");
    std::fs::remove_dir_all(going.path("checkpoints")).unwrap();
    assert!(refused(&place, "going").contains("it is still going, or was cut off before the first"));
}
