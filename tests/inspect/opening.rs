//! Which runs can be opened, and what is said of the others.

use crate::{Workspace, files, finished};

const LOOK: [&str; 2] = ["--json", "--split=test"];

fn refused(place: &Workspace, run: &str) -> String {
    place.ended(2, &[&["prototypes", run], &LOOK[..]].concat())
}

#[test]
fn looking_changes_nothing_and_takes_a_name_or_a_folder() {
    let (place, run) = finished();
    let folder = place.folder(&run.name);
    let content = || files(&folder).into_iter().map(|file| (std::fs::read(&file).unwrap(), file)).collect::<Vec<_>>();
    let before = content();
    let by_name = place.json(&["prototypes", &run.name]);
    let by_folder = place.json(&["prototypes", folder.to_str().unwrap()]);
    assert_eq!(by_name, by_folder);
    assert_eq!(by_name["run"], run.name.as_str());
    assert!(content() == before, "the run's folder changed");
}

#[test]
fn what_is_no_run_is_named_with_those_that_are() {
    let (place, run) = finished();
    let said = refused(place, "tiny");
    // Long names are wrapped at their hyphens.
    assert!(said.contains("there is no run `tiny`") && said.replace(' ', "").contains(&run.name), "{said}");
    std::fs::create_dir_all(place.path("empty")).unwrap();
    let said = refused(place, place.path("empty").to_str().unwrap());
    assert!(said.contains("is not the folder of a run"), "{said}");
    let said = refused(&Workspace::new(), "tiny");
    assert!(said.contains("there is no run `tiny`") && said.contains("--results"), "{said}");
}

#[test]
fn a_device_that_is_not_there_is_refused_with_a_way_out() {
    let (place, run) = finished();
    let said = place.ended(2, &["prototypes", &run.name, "--json", "--device", "tpu"]);
    assert!(said.contains("unknown device `tpu`") && said.contains("--device flex"), "{said}");
}

#[test]
fn a_failed_run_says_why_it_has_no_model() {
    let place = Workspace::new();
    let output = place.run_tiny("broken", &["--set", "train.learning-rate=1e30"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let run = std::fs::read_dir(place.path("results/runs")).unwrap().next().unwrap().unwrap().file_name();
    let said = refused(&place, run.to_str().unwrap());
    assert!(said.contains("has no checkpoint to look into: it failed: the loss is"), "{said}");
}

#[test]
fn other_data_evidence_or_word_pieces_are_refused() {
    let (place, run) = finished();
    place.copy(&run.name, "other-data");
    let file = place.folder("other-data").join("experiment.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let changed = text.replace(
        "studies = 60\nvalidation = 10\ntest = 20\nseed = 1",
        "studies = 60\nvalidation = 10\ntest = 20\nseed = 2",
    );
    assert_ne!(changed, text);
    std::fs::write(&file, changed).unwrap();
    let said = refused(place, "other-data");
    assert!(said.contains("the data of") && said.contains("changed since it was trained (digest"), "{said}");

    place.copy(&run.name, "other-evidence");
    let ontology = place.path("mine.toml");
    let more = "extends = \"chest\"\nname = \"mine\"\nversion = 1\n[[finding]]\nname = \"nodule\"\nlabel = \"Nodule\"\nsite = \"lung\"\nsynonyms = [\"nothing\"]\n";
    std::fs::write(&ontology, more).unwrap();
    let file = place.folder("other-evidence").join("experiment.toml");
    let changed = text.replace("ontology = \"chest\"", &format!("ontology = \"{}\"", ontology.display()));
    assert_ne!(changed, text);
    std::fs::write(&file, changed).unwrap();
    let said = refused(place, "other-evidence");
    assert!(said.contains("the evidence read in its reports of") && said.contains("changed"), "{said}");

    place.copy(&run.name, "other-pieces");
    let file = place.folder("other-pieces").join("tokenizer.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("[UNK]", "[UNX]", 1)).unwrap();
    let said = refused(place, "other-pieces");
    assert!(said.contains("word pieces") && said.contains("tokenizer.json"), "{said}");
}

#[test]
fn broken_files_are_errors_and_no_panics() {
    let (place, run) = finished();
    place.copy(&run.name, "cut-off");
    let is_model = |file: &&std::path::PathBuf| file.ends_with("average.bpk");
    let model = files(&place.folder("cut-off")).iter().find(is_model).unwrap().clone();
    let bytes = std::fs::read(&model).unwrap();
    for broken in [&bytes[..bytes.len() / 2], &bytes[..20], b"no model", b""] {
        std::fs::write(&model, broken).unwrap();
        let said = place.ended(1, &["prototypes", "cut-off", "--json"]);
        assert!(said.contains("failed to read the checkpoint") && said.contains("average.bpk"), "{said}");
    }
    place.copy(&run.name, "no-experiment");
    std::fs::remove_file(place.folder("no-experiment").join("experiment.toml")).unwrap();
    assert!(refused(place, "no-experiment").contains("experiment.toml"));
    place.copy(&run.name, "torn");
    std::fs::write(place.folder("torn").join("journal.jsonl"), "{\"time\":1,\"event\":\"nothing\"}\n").unwrap();
    assert!(refused(place, "torn").contains("line 1"));
}

#[test]
fn a_run_that_is_still_going_is_opened_at_its_checkpoint() {
    let (place, run) = finished();
    place.copy(&run.name, "going");
    let journal = place.folder("going").join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    let ended = text.trim_end().rfind('\n').unwrap() + 1;
    assert!(text[ended..].contains("\"event\":\"ended\""));
    std::fs::write(&journal, &text[..ended]).unwrap();
    let said = place.ended(0, &[&["prototypes", "going"], &LOOK[..]].concat());
    assert!(said.contains("the run has not finished: this is its model after 12 of 12 steps"), "{said}");
    std::fs::remove_dir_all(place.folder("going").join("checkpoints")).unwrap();
    assert!(refused(place, "going").contains("it is still going, or was cut off before the first"));
}
