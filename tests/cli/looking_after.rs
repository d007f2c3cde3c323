//! What a user does with a results folder: begin one, list its runs, read what happened, remove what is not needed.

use std::fs;

use lgdea_harness::tiny::{QUICK, RESUMABLE, TINY};
use lgdea_harness::{Run, Said, Workspace};
use serde_json::Value;

/// From nothing to a first run, with what `init` writes.
#[test]
fn what_init_writes_can_be_run_and_is_not_overwritten() {
    let place = Workspace::new();
    let said = place.output(&["init", "study"]);
    assert!(said.contains("lgdea run study/experiment.toml"), "{said}");
    place.output(&["check", "study/experiment.toml", "study/sweep.toml"]);
    let tiny = ["--set", "train.steps=2", "--set", "data.phantom.studies=40", "--set", "train.text-warmup-steps=1"];
    let ran =
        place.lgdea(&["run", "study/experiment.toml", "--results", "results"]).args(tiny).assert().success().printed();
    assert!(ran.contains("zero-shot"), "{ran}");
    let said = place.ended(2, &["init", "study", "--template", "mimic"]);
    assert!(said.contains("experiment.toml, sweep.toml, prompts.toml, .gitignore already"), "{said}");
    assert!(place.read("study/experiment.toml").contains("[data.phantom]"));
}

#[test]
fn a_table_of_ones_own_stands_in_the_experiment() {
    let place = Workspace::new().with("my data/studies.csv", "study,report\na,No pneumonia.\n");
    let said = place.output(&["init", "mine", "--template", "csv", "--data", "my data/studies.csv"]);
    assert!(said.contains("The columns of studies.csv are guessed"), "{said}");
    let text = place.read("mine/experiment.toml");
    assert!(text.contains("my data\"") && text.contains("\"studies.csv\""), "{text}");
    assert!(text.contains("study = \"study\"\n") && text.contains("image = \"\"  # there is none\n"), "{text}");
    let said = place.ended(2, &["init", "other", "--template", "csv", "--data", "nowhere.csv"]);
    assert!(said.contains("nowhere.csv is no file") && !place.path("other").exists(), "{said}");
}

#[test]
fn runs_are_listed_filtered_and_sorted() {
    let place = Workspace::new();
    assert!(place.ended(2, &["runs"]).contains("there are no runs"));
    let run = place.finished(TINY, &[]);
    place.finished(TINY, &["--set", "seed=3"]);
    let failed = place.path("results/runs/cut-0123456789ab");
    fs::create_dir_all(&failed).unwrap();
    fs::write(failed.join("journal.jsonl"), "no journal\n").unwrap();
    let begun = place.path("results/runs/gone-0123456789ab");
    fs::create_dir_all(&begun).unwrap();
    let first = run.journal().lines().next().unwrap().to_owned();
    fs::write(begun.join("journal.jsonl"), format!("{first}\n")).unwrap();

    let all = place.output(&["runs"]);
    for part in [run.name(), "finished", "interrupted", "AUROC", "ago"] {
        assert!(all.contains(part) || all.contains("just now"), "{part} is missing in:\n{all}");
    }
    let names = |arguments: &[&str]| -> Vec<String> {
        let listed = place.lgdea(&["runs", "--json"]).args(arguments).assert().success().json();
        listed.as_array().unwrap().iter().map(|run| run["run"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&["--state", "interrupted"]), ["gone-0123456789ab"]);
    assert_eq!(names(&["--where", "seed=3"]).len(), 1);
    assert_eq!(names(&["--where", "seed=3", "--where", "seed=0"]).len(), 0);
    assert_eq!(names(&["tiny-", "--limit", "1"]).len(), 1);
    let metric = "zero_shot/auroc_macro";
    let listed = place.lgdea(&["runs", "tiny-", "--json", "--sort", metric]).assert().success().json();
    let scores: Vec<f64> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["scores"][format!("test/{metric}")].as_f64().unwrap())
        .collect();
    assert!(scores.len() == 2 && scores[0] >= scores[1], "{scores:?}");
    let wrong = place.ended(2, &["runs", "--sort", "zero_shot/auroc_makro"]);
    assert!(wrong.contains("did you mean `test/zero_shot/auroc_macro`"), "{wrong}");
    assert!(place.ended(2, &["runs", "--where", "pairing.ration=0.1"]).contains("did you mean `pairing.ratio`"));
    assert_eq!(names(&["--state", "failed"]), ["cut-0123456789ab"]);
    assert!(place.ended(2, &["runs", "--where", "seed"]).contains("--where pairing.ratio=0.05"));
}

#[test]
fn what_is_no_score_is_listed_and_not_compared() {
    let place = Workspace::new();
    let run = place.finished(TINY, &[]);
    let listed = place.lgdea(&["runs", "--json"]).assert().success().json();
    let settings = &listed[0]["settings"];
    assert!(
        settings["seed"].is_u64() && settings["name"].is_string() && settings["eval.splits"].is_array(),
        "{settings}"
    );
    let shown = place.output(&["runs", "tiny-", "--metric", "train/loss"]);
    assert!(shown.contains("train/loss"), "{shown}");
    let wrong = place.ended(2, &["compare", "results", "--metric", "train/loss"]);
    assert!(wrong.contains("`lgdea runs --metric train/loss`"), "{wrong}");
    let (name, key) = run.name().rsplit_once('-').unwrap();
    let twin = place.path(&format!("results/runs/twin-{key}"));
    fs::create_dir_all(&twin).unwrap();
    fs::copy(run.folder().join("journal.jsonl"), twin.join("journal.jsonl")).unwrap();
    let several = place.ended(2, &["logs", key]);
    assert!(several.contains(&format!("`{name}-{key}`, `twin-{key}`")), "{several}");
    let nowhere = place.ended(2, &["sync", "--uri", "foo://x"]);
    assert_eq!(nowhere.matches("foo://x").count(), 1, "{nowhere}");
}

#[test]
fn a_run_tells_what_happened_and_who_follows_it_is_told_of_its_end() {
    let place = Workspace::new();
    let run = place.finished(TINY, &[]);
    let log = place.output(&["logs", run.name()]);
    for part in ["started    attempt 1 on flex", "step ", "loss ", "score      test/zero_shot/auroc_macro", "finished"]
    {
        assert!(log.contains(part), "{part} is missing in:\n{log}");
    }
    assert!(!log.contains("system/") && place.output(&["logs", run.name(), "--all"]).contains("system/"));
    assert_eq!(place.output(&["logs", run.name(), "-n", "2", "--follow"]).lines().count(), 2);
    let key = run.name().rsplit_once('-').unwrap().1.to_owned();
    assert_eq!(place.output(&["logs", &key]), log);

    // One that goes on: what it says is read while it says it.
    let file = place.write("long.toml", RESUMABLE.replace("steps = 12", "steps = 60"));
    let mut command = place.std_command();
    command.args(["run", "long.toml", "--results", "other"]).stderr(std::process::Stdio::null());
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    place.wait_for("\"event\":\"started\"", "other", &mut child);
    let running = place.runs("other").remove(0);
    let followed = place.output(&["logs", running.name(), "--results", "other", "-f"]);
    assert!(followed.trim_end().lines().last().unwrap().contains("finished   after"), "{followed}");
    assert!(child.wait().unwrap().success(), "{}", file.display());
}

#[test]
fn runs_are_removed_when_that_is_wanted_and_never_while_they_run() {
    let place = Workspace::new();
    let run = place.finished(QUICK, &[]);
    let name = run.name();
    let asked = place.ended(2, &["rm", name]);
    assert!(asked.contains("--yes") && run.folder().exists(), "{asked}");
    assert!(place.ended(2, &["rm", "nothing"]).contains("nothing"));
    let lock = fs::File::create(run.folder().join(".journal.lock")).unwrap();
    lock.lock().unwrap();
    let running = place.ended(2, &["rm", name, "--yes"]);
    assert!(running.contains("is running: stop it first") && run.folder().exists(), "{running}");
    drop(lock);
    let said = place.output(&["rm", name, name, "--yes"]);
    assert!(said.contains("1 run was removed") && !run.folder().exists(), "{said}");
    // Its weights are not there for others any more, and the same run is made again.
    let file = place.write("tiny.toml", QUICK);
    assert_eq!(place.outcome(&file, "results", &[])["metrics"], run.outcome["metrics"]);
}

#[test]
fn what_nothing_needs_is_removed_and_nothing_else() {
    let place = Workspace::new();
    let run = place.finished(QUICK, &[]);
    let file = place.write("tiny.toml", QUICK);
    assert!(place.output(&["gc", "--yes"]).contains("nothing of results can go"));
    place.outcome(&file, "results", &["--force"]);
    let aside = place.path(&format!("results/runs/{}.old-1", run.name()));
    assert!(aside.exists());
    let shown = place.output(&["gc", "--dry-run"]);
    assert!(shown.contains("runs set aside") && !shown.contains("images") && aside.exists(), "{shown}");
    let said = place.output(&["gc", "--days", "0", "--yes"]);
    assert!(said.contains("stores of images") && said.contains("were freed"), "{said}");
    assert!(!aside.exists() && run.folder().exists());
    let images: Vec<_> = fs::read_dir(place.path("results/cache/images")).unwrap().collect();
    assert!(images.is_empty(), "{images:?}");
    // The runs are as they were.
    assert_eq!(place.outcome(&file, "results", &[])["metrics"], run.outcome["metrics"]);
    let listed: Value = place.json(&["runs"]);
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[test]
fn this_machine_is_looked_at() {
    let place = Workspace::new();
    let found = place.lgdea(&["doctor", "--json"]).env_remove("MLFLOW_TRACKING_URI").assert().success().json();
    let state = |what: &str| {
        let finding = found.as_array().unwrap().iter().find(|finding| finding["what"] == what);
        finding.unwrap_or_else(|| panic!("{what}: {found}"))["state"].as_str().unwrap().to_owned()
    };
    assert_eq!([state("flex"), state("results folder"), state("MLflow server")], ["fine", "fine", "absent"]);
    let away = place.lgdea(&["doctor"]).env("MLFLOW_TRACKING_URI", "http://127.0.0.1:9").assert().success().printed();
    assert!(away.contains("runs go on without it"), "{away}");
    assert_eq!(fs::read_dir(place.folder()).unwrap().count(), 0, "it leaves nothing behind");
    place.write("file", "");
    let wrong = place.lgdea(&["doctor", "--results", "file"]).assert().code(1).printed();
    assert!(wrong.contains("WRONG  results folder     file is no folder"), "{wrong}");
}

#[test]
fn shells_and_man_know_the_commands() {
    let place = Workspace::new();
    assert!(
        place.output(&["completions", "bash"]).contains("--unpaired")
            || place.output(&["completions", "bash"]).contains("sweep")
    );
    place.output(&["man", "--out", "man"]);
    let page = place.read("man/lgdea-data-doctor.1");
    assert!(page.contains("lgdea") && page.contains("html"), "{page}");
}

/// The user's own command is told once that a run, or a sweep, has ended; no run keeps it.
#[test]
#[cfg(unix)]
fn the_end_is_told_by_the_users_command() {
    let place = Workspace::new();
    let out = place.at("told");
    let facts = "$LGDEA_NAME $LGDEA_STATUS in ${LGDEA_FOLDER##*/}: $LGDEA_MESSAGE";
    let command = format!("echo secret-token {facts} >> {out}");
    let file = place.write("told.toml", format!("notify.command = '{command}'\n{QUICK}"));
    let outcome = place.outcome(&file, "results", &[]);
    let folder = Run::of(&outcome).folder().to_owned();
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(place.read("told"), format!("secret-token told finished in {name}:\n"));
    // It is finished already: nothing has ended now.
    place.outcome(&file, "results", &[]);
    let mut files = vec![folder];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let content = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert!(!content.contains("secret-token"), "{}", path.display());
        }
    }
    place.run(&file, "results", &["--set", "evidence.rules.ontology=nowhere.toml"]).code(2);
    place.run(&file, "results", &["--set", "train.learning-rate=1e30"]).code(1);
    let told = place.read("told");
    assert!(told.lines().count() == 2 && told.contains(": the loss is NaN at step"), "{told}");
    assert!(told.contains("secret-token told failed in told-"), "a failed run has a folder, too: {told}");

    place.write("sweep.toml", "experiment = 'told.toml'\nname = 'both'\nseeds.count = 2\n");
    place.output(&["sweep", "sweep.toml", "--results", "swept"]);
    let told = place.read("told");
    assert!(
        told.lines().count() == 3
            && told.ends_with("secret-token both finished in both: 2 of 2 runs finished, 0 failed\n"),
        "{told}"
    );
    // A board of it needs nobody who runs it.
    let board = place.output(&["sweep", "sweep.toml", "--results", "swept", "--status", "--watch"]);
    assert!(board.contains("both") && board.contains("best") && !board.contains("running"), "{board}");
}
