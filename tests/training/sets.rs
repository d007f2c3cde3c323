//! Evaluation sets: what is scored besides the held-out splits, and how it is kept apart from training.

use std::collections::BTreeMap;
use std::fmt::Write;

use lgdea_harness::tiny::{QUICK, without_data};
use lgdea_harness::{Run, Said, Workspace};
use serde_json::Value;

use crate::metric;

const OWN: &str = "[data.manifest]\nroot = '.'\nstudies = ['own.csv']\n";
/// Prompts of its own are the phantom's: no class is named in these studies, and none is scored.
const TASKS: &str = "zero-shot.enabled = false\ngrounding.enabled = false\n";

/// Forty studies of as many patients, and another hospital's 24: four of its patients are trained on here, and its last study is
/// a copy of the film, and has the words, of a training study.
fn place() -> Workspace {
    let place = Workspace::new();
    let mut own = "study,patient,image,report,split\n".to_owned();
    for number in 0..40 {
        place.picture(&format!("{number}.png"), number + 3);
        let split = ["train", "train", "validation", "test"][number as usize % 4];
        writeln!(own, "s{number},p{number},{number}.png,Canary opacity of size {number} on the left.,{split}").unwrap();
    }
    let mut other = "study,patient,image,report\n".to_owned();
    for number in 0..24 {
        let patient = if number < 4 { format!("p{}", 4 * number) } else { format!("q{number}") };
        // The same film in another file.
        let (size, drawn) = if number == 11 { (4, 4) } else { (number + 100, number + 100) };
        let film = number + 100;
        place.picture(&format!("{film}.png"), drawn + 3);
        writeln!(other, "e{number},{patient},{film}.png,Canary opacity of size {size} on the left.").unwrap();
    }
    place.with("own.csv", own).with("other.csv", other).with("e.toml", experiment(""))
}

fn experiment(sets: &str) -> String {
    format!("{OWN}{}{TASKS}{sets}", without_data(QUICK))
}

fn set(name: &str, more: &str) -> String {
    format!(
        "[eval.set.{name}]\nstudies = 'all'\n{more}\n[eval.set.{name}.data.manifest]\nroot = '.'\nstudies = ['other.csv']\n"
    )
}

/// What scoring a run on the sets of a file says.
fn scored(place: &Workspace, run: &Run, file: &str) -> Value {
    place.lgdea(&["eval", run.name(), "--json", "--set", file]).assert().success().outcome()
}

/// Scores by name, below the name of what they are on.
fn scores(outcome: &Value, on: &str) -> BTreeMap<String, f64> {
    let metrics = outcome["metrics"].as_object().unwrap().iter();
    let of = |(name, value): (&String, &Value)| Some((name.strip_prefix(on)?.to_owned(), value.as_f64()?));
    metrics.filter_map(of).collect()
}

#[test]
fn sets_are_scored_beside_the_splits_and_change_nothing_of_the_training() {
    let place = place();
    let alone = place.outcome(&place.path("e.toml"), "results", &[]);
    place.write("sets.toml", experiment(&set("other", "")));
    let run = place.run(&place.path("sets.toml"), "results", &[]).success();
    let told = run.told_in_a_line();
    assert!(told.contains("4 study of an evaluation set whose patient is trained on"), "{told}");
    assert!(told.contains("evaluation set other: 20 studies, 20 with an image"), "{told}");
    assert!(told.contains("trained as e-"), "{told}");
    assert!(told.contains("the test split is evaluated already") && !told.contains("Canary"), "{told}");
    let with = place.outcome(&place.path("sets.toml"), "results", &[]);
    assert_ne!(alone["run_key"], with["run_key"]);
    assert_eq!(scores(&alone, "test/"), scores(&with, "test/"));
    assert!(metric(&with, "other/retrieval/i2t_r_at_1") <= 1.0);
    let datasets = Run::of(&with).events("dataset");
    assert!(datasets.iter().any(|event| event["context"] == "other" && event["name"] == "manifest"), "{datasets:?}");

    // A finished run is scored in the same words later, with the same result.
    place.write("further.toml", set("later", "retrieval.at = [1, 2, 10]"));
    let further = scored(&place, &Run::of(&alone), "further.toml");
    for score in ["retrieval/i2t_r_at_1", "retrieval/t2i_median_rank"] {
        assert_eq!(
            metric(&further, &format!("later/{score}")).to_bits(),
            metric(&with, &format!("other/{score}")).to_bits()
        );
    }
    assert!(further["metrics"].get("later/retrieval/t2i_r_at_2").is_some(), "{further}");
    let again = place.outcome(&place.path("e.toml"), "results", &[]);
    assert_eq!(scores(&again, "later/"), scores(&further, "later/"), "the journal has them");

    let compared = place.output(&["compare", "results"]);
    assert!(compared.contains("evaluation set other") && compared.contains("evaluation set later"), "{compared}");
    let csv = place.output(&["compare", "results", "--metric", "other/retrieval/*", "--format", "csv"]);
    assert!(csv.lines().count() > 4 && csv.lines().skip(1).all(|line| line.contains(",other/retrieval/")), "{csv}");
}

#[test]
fn what_is_scored_is_left_out_of_training_where_the_experiment_says_so() {
    let place = place();
    let pairs = |name: &str, leave_out: &str| {
        let leave_out = format!("[pairing.leave-out]\n{leave_out}\n");
        place.write(name, experiment(&format!("{}{leave_out}", set("other", ""))));
        place.output(&["data", "pair", name, "--out", &format!("{name}.json")]);
        let pairs: Value = serde_json::from_str(&place.read(&format!("{name}.json"))).unwrap();
        let ids = ["paired", "images", "reports"].map(|pool| pairs[pool].as_array().unwrap().clone()).concat();
        ids.into_iter().map(|id| id.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(pairs("none.toml", "").len(), 20);
    let patients = pairs("patients.toml", "sets = ['other']");
    assert!(patients.len() == 16 && !patients.contains(&"s8".to_owned()), "{patients:?}");
    let images = pairs("images.toml", "sets = ['other']\nimages = true");
    assert_eq!(images.len(), 16, "its patient is out already");
    let words = pairs("words.toml", "images = true\nreports = true");
    assert_eq!(words.len(), 20, "nothing of the held-out splits is the same, and no set is named");
    let run = place.run(&place.path("patients.toml"), "results", &[]).success();
    let told = run.told_in_a_line();
    assert!(told.contains("4 training study of a patient of an evaluation set"), "{told}");
    assert!(told.contains("evaluation set other: 24 studies"), "{told}");
}

#[test]
fn what_cannot_be_scored_is_told_before_training_and_where_it_stands() {
    let place = place();
    let said = |sets: &str, command: &str| {
        place.write("e.toml", experiment(sets));
        place.ended(2, &[command, "e.toml"])
    };
    for command in ["check", "run"] {
        let told = said(&set("other", "").replace("'all'", "'validation'").replace("other.csv", "few.csv"), command);
        assert!(told.contains("few.csv"), "{told}");
        place.write("trained.csv", "study,patient,image,report\nx,p0,0.png,Canary.\n");
        let told = said(&set("other", "").replace("other.csv", "trained.csv"), command);
        assert!(told.contains("evaluation set `other`: its 1 study is of patients that training has"), "{told}");
        assert!(told.contains("name the set in `pairing.leave-out.sets`"), "{told}");
        let told = said(&format!("{}[pairing.leave-out]\nsets = ['othr']\n", set("other", "")), command);
        assert!(told.contains("no evaluation set `othr`; did you mean `other`?"), "{told}");
        let told = said(&set("other", "").replace("['other.csv']", "['other.csv']\ncolumns.study = 'uid'"), command);
        assert!(told.contains("`uid`") && told.contains("e.toml:"), "{told}");
        assert!(!told.contains("Canary opacity"), "{told}");
    }
}

#[test]
fn a_file_of_sets_holds_sets_alone_and_a_run_keeps_its_own() {
    let place = place();
    place.write("e.toml", experiment(&set("other", "")));
    let run = Run::of(&place.outcome(&place.path("e.toml"), "results", &[]));
    let refused = |text: &str| {
        place.write("f.toml", text);
        place.ended(2, &["eval", run.name(), "--set", "f.toml"])
    };
    assert!(refused(&format!("seed = 3\n{}", set("b", ""))).contains("tables `[eval.set.<name>]` and nothing else"));
    assert!(refused("[eval]\n").contains("no evaluation set is named"));
    assert!(refused(&set("other", "retrieval.at = [2]")).contains("the run has scores of an evaluation set `other`"));
    assert!(refused(&set("test", "")).contains("cannot be called `test`"));
    assert!(refused(&set("b", "").replace("other.csv", "gone.csv")).contains("gone.csv"));
    place.write("f.toml", set("other", ""));
    let same = scored(&place, &run, "f.toml");
    assert!(same["metrics"].get("other/retrieval/i2t_r_at_1").is_some(), "{same}");
}

#[test]
fn the_doctor_finds_what_training_and_a_set_have_in_common() {
    let place = place();
    let doctor = |leave_out: &str, code: i32| {
        place.write("d.toml", experiment(&format!("{}[pairing.leave-out]\n{leave_out}\n", set("other", ""))));
        let said = place.lgdea(&["data", "doctor", "d.toml"]).assert().code(code);
        assert!(!said.told().contains("Canary"));
        said.printed()
    };
    let found = doctor("", 1);
    for part in [
        "1 of 20 × the same image, or nearly, in training and in the evaluation set `other`\n    s4 (train) and e11",
        "4 of 24 × evaluation set `other`: study of an evaluation set whose patient is trained on",
        "`images = true` in `[pairing.leave-out]`",
    ] {
        assert!(found.contains(part), "{part} is missing in {found}");
    }
    let kept_apart = doctor("sets = ['other']\nimages = true", 0);
    assert!(!kept_apart.contains("other"), "{kept_apart}");
}

#[test]
fn a_name_stands_for_one_set_of_a_run() {
    let place = place();
    let run = Run::of(&place.outcome(&place.path("e.toml"), "results", &[]));
    place.write("f.toml", set("later", ""));
    let first = scored(&place, &run, "f.toml");
    assert_eq!(scored(&place, &run, "f.toml")["metrics"], first["metrics"], "the same again is the same");
    place.write("other-tasks.toml", set("later", "retrieval.at = [2]"));
    assert!(place.ended(2, &["eval", run.name(), "--set", "other-tasks.toml"]).contains("which is another one"));
    let table = place.read("other.csv");
    place.write("other.csv", table.lines().take(20).collect::<Vec<_>>().join("\n"));
    assert!(place.ended(2, &["eval", run.name(), "--set", "f.toml"]).contains("or other studies"));
    place.write("g.toml", set("fewer", ""));
    assert_ne!(scored(&place, &run, "g.toml")["metrics"], first["metrics"]);
    let params = run.events("params");
    assert!(params.iter().any(|event| event["values"]["eval.set.fewer.studies"] == "all"), "{params:?}");
}

#[test]
fn prompts_that_changed_are_scored_again() {
    let place = place();
    let label = |(number, row): (usize, &str)| match number {
        0 => format!("{row},labels"),
        number => format!("{row},{}", if number % 8 < 4 { "edema" } else { "no finding" }),
    };
    let own: Vec<String> = place.read("own.csv").lines().enumerate().map(label).collect();
    place.write("own.csv", own.join("\n"));
    let prompts = |prompt: &str| {
        let text = format!("version = 1\ndescription = 'mine'\n[[class]]\nname = 'edema'\nprompts = ['{prompt}']\n");
        place.write("prompts.toml", text);
        let flags = ["--set", "eval.zero-shot.enabled=true", "--set", "eval.zero-shot.prompts=prompts.toml"];
        let run = place.run(&place.path("e.toml"), "results", &flags).success();
        (run.told(), run.outcome()["run_key"].clone())
    };
    let (_, first) = prompts("pulmonary edema");
    let (told, second) = prompts("a large heart");
    assert_ne!(first, second);
    assert!(told.contains("trained as") && told.contains("evaluating the test split"), "{told}");
}

#[test]
fn what_is_trained_on_is_known_without_patients_too() {
    let place = place();
    let unscored = |rows: &str| {
        place.write("other.csv", rows);
        let set = set("other", "");
        let patient = if rows.starts_with("study,patient") { "" } else { "columns.patient = ''\n" };
        place.write("e.toml", experiment(&format!("{set}{patient}")));
        place.output(&["check", "e.toml"])
    };
    let said =
        unscored("study,image,report\ns0,100.png,Canary.\nx1,1.png,Canary.\nx2,2.png,Canary.\nx3,101.png,Canary.\n");
    // `s0` by its name, and the films of `s1`; that of `s2` is validated on.
    assert!(said.contains("2 × study of an evaluation set whose patient is trained on"), "{said}");
    let said = unscored("study,patient,image,report\ns0,q0,100.png,Canary.\nx3,q1,101.png,Canary.\n");
    assert!(!said.contains("whose patient is trained on"), "another hospital's `s0` is another study: {said}");
}
