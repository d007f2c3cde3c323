//! Runs through the binary, on small phantoms and on the user's own kind of files.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use assert_cmd::Command;
use lgdea_spec::Resolved;
use serde_json::Value;

/// The smallest experiment that goes through every stage.
const TINY: &str = concat!(
    include_str!("../fixtures/tiny.toml"),
    "checkpoint-every = 3\n[encoder.text.transformer]\nwidth = 16\nlayers = 1\nheads = 2\n[eval]\nbootstrap = 50\n"
);

struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, file: &Path, results: &str, more: &[&str]) -> Output {
        Command::cargo_bin("lgdea")
            .unwrap()
            .env_remove("MLFLOW_TRACKING_URI")
            .arg("run")
            .arg(file)
            .args(["--json", "--results"])
            .arg(self.path(results))
            .args(more)
            .output()
            .unwrap()
    }

    /// Starts a run, sends it a signal once its journal holds `moment`, and waits for its end. Returns the journal.
    fn signal_at(&self, moment: &str, signal: &str, file: &Path, results: &str) -> String {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("lgdea"))
            .env_remove("MLFLOW_TRACKING_URI")
            .arg("run")
            .arg(file)
            .arg("--results")
            .arg(self.path(results))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let runs = self.path(results).join("runs");
        let journal = || {
            let run = std::fs::read_dir(&runs).ok()?.next()?.ok()?.path();
            std::fs::read_to_string(run.join("journal.jsonl")).ok()
        };
        while !journal().is_some_and(|text| text.contains(moment)) {
            assert!(child.try_wait().unwrap().is_none(), "the run ended without {moment}");
            std::thread::sleep(Duration::from_millis(2));
        }
        std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        child.wait().unwrap();
        journal().unwrap()
    }

    /// Starts a run and kills it once it has written a checkpoint.
    fn kill_at_first_checkpoint(&self, file: &Path, results: &str) {
        let journal = self.signal_at("\"event\":\"checkpoint\"", "-KILL", file, results);
        assert!(!journal.contains("\"event\":\"ended\""), "killed too late: give the training more steps");
    }

    /// A run that must succeed: the object of its last line.
    fn outcome(&self, file: &Path, results: &str, more: &[&str]) -> Value {
        let output = self.run(file, results, more);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        let out = String::from_utf8(output.stdout).unwrap();
        serde_json::from_str(out.lines().last().unwrap()).unwrap()
    }
}

fn metric(outcome: &Value, name: &str) -> f64 {
    outcome["metrics"][name].as_f64().unwrap_or_else(|| panic!("{name} is missing in {outcome}"))
}

#[test]
fn a_run_repeats_to_the_last_bit_and_is_reused() {
    let place = Workspace::new();
    let file = place.write("tiny.toml", TINY);
    let first = place.outcome(&file, "a", &[]);
    let second = place.outcome(&file, "b", &[]);
    assert_eq!(first["run_key"], second["run_key"]);
    assert_eq!(first["metrics"], second["metrics"]);
    assert_eq!(first["status"], "finished");
    for name in ["test/zero_shot/auroc_macro", "test/retrieval/i2t_r_at_10", "test/grounding/pointing"] {
        assert!((0.0..=1.0).contains(&metric(&first, name)), "{name}");
    }
    let dir = PathBuf::from(first["dir"].as_str().unwrap());
    for part in [
        "journal.jsonl",
        "experiment.toml",
        "pairing.json",
        "tokenizer.json",
        "artifacts/grounding_test.png",
        "artifacts/retrieval_test.png",
    ] {
        assert!(dir.join(part).exists(), "{part} is missing");
    }

    // What sweeps may name.
    let known = Resolved::from_file(&file, &[]).unwrap().experiment.eval.score_names();
    for name in first["metrics"].as_object().unwrap().keys() {
        let (_, score) = name.split_once('/').unwrap();
        assert!(known.iter().any(|known| known == score) || score.starts_with("zero_shot/auroc/"), "{name}");
    }

    let journal = std::fs::read(dir.join("journal.jsonl")).unwrap();
    let again = place.outcome(&file, "a", &[]);
    assert_eq!(again["metrics"], first["metrics"], "a finished run is read from its journal");
    assert_eq!(std::fs::read(dir.join("journal.jsonl")).unwrap(), journal, "and left as it is");

    let other = place.outcome(&file, "a", &["--set", "seed=1"]);
    assert_ne!(other["run_key"], first["run_key"]);
    assert_ne!(other["metrics"], first["metrics"]);
}

/// What no difference between two runs determines is done once.
#[test]
fn another_evaluation_takes_the_weights_and_the_images_that_are_there() {
    let place = Workspace::new();
    let file = place.write("tiny.toml", TINY);
    let first = place.outcome(&file, "a", &[]);
    let other = ["--set", "eval.retrieval.at=[3]", "--set", "train.log-every=2"];
    let plain = place.outcome(&file, "b", &other);

    let output = place.run(&file, "a", &other);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("trained as tiny-"), "{said}");
    assert!(!said.contains("training: step"), "{said}");
    let out = String::from_utf8(output.stdout).unwrap();
    let taken: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(taken["metrics"], plain["metrics"], "as if it had been trained");
    assert_ne!(taken["metrics"], first["metrics"], "and evaluated in its own way");
    let dir = |outcome: &Value| PathBuf::from(outcome["dir"].as_str().unwrap());
    assert!(dir(&taken).join("checkpoints/step-000012/average.bpk").exists());

    // A difference that the scores do not depend on.
    let output = place.run(&file, "a", &["--set", "train.log-every=3"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the test split is evaluated already"), "{said}");
    let out = String::from_utf8(output.stdout).unwrap();
    let same: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(same["metrics"], first["metrics"]);
    for gallery in ["artifacts/grounding_test.png", "artifacts/retrieval_test.png"] {
        assert!(dir(&same).join(gallery).exists());
    }

    let forced = place.run(&file, "a", &["--force", "--set", "train.log-every=3"]);
    let said = String::from_utf8_lossy(&forced.stderr);
    assert!(said.contains("training: step") && said.contains("evaluating the test split"), "{said}");
    assert_eq!(std::fs::read_dir(place.path("a/cache/images")).unwrap().count(), 1);
}

/// A killed run ends as if nothing had happened.
#[test]
fn a_killed_run_goes_on_from_its_checkpoint_to_the_last_bit() {
    let place = Workspace::new();
    let file = place.write("tiny.toml", TINY);
    let whole = place.outcome(&file, "whole", &[]);
    place.kill_at_first_checkpoint(&file, "killed");
    let resumed = place.outcome(&file, "killed", &[]);
    assert_eq!(resumed["metrics"], whole["metrics"]);
}

/// Frozen prototypes stay frozen where k-means put them, and scores on the way are not lost with the process.
#[test]
fn a_killed_run_has_the_scores_of_a_whole_one() {
    let place = Workspace::new();
    place.write("tiny.toml", TINY);
    let frozen = "[train.learning-rate-factors]\n'^prototypes\\.' = 0.0\n";
    let file = place.write("scored.toml", &format!("extends = 'tiny.toml'\n{frozen}[eval]\nevery = 3\n"));
    let whole = place.outcome(&file, "whole", &[]);
    place.kill_at_first_checkpoint(&file, "killed");
    let resumed = place.outcome(&file, "killed", &[]);
    assert_eq!(resumed["metrics"], whole["metrics"]);

    let scored = |outcome: &Value| {
        let journal = PathBuf::from(outcome["dir"].as_str().unwrap()).join("journal.jsonl");
        let events = std::fs::read_to_string(journal).unwrap();
        let scores = events.lines().filter_map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            let score = event["values"]["validation/zero_shot/auroc_macro"].as_f64()?;
            Some((event["step"].as_u64()?, score.to_bits()))
        });
        scores.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(scored(&resumed), scored(&whole));
    assert_eq!(scored(&whole).iter().map(|(step, _)| *step).collect::<Vec<_>>()[..3], [3, 6, 9]);
}

/// The text warm-up stops when it is told to, and is not done twice.
#[test]
fn a_run_that_is_stopped_in_its_warm_up_goes_on_there() {
    let place = Workspace::new();
    let file = place.write("long.toml", &TINY.replace("text-warmup-steps = 3", "text-warmup-steps = 300"));
    let whole = place.outcome(&file, "whole", &[]);
    let journal = place.signal_at("text_warmup/loss", "-TERM", &file, "stopped");
    assert!(journal.contains("checkpoints/step-000000") && !journal.contains("\"train/loss"), "{journal}");
    let before = journal.matches("text_warmup/loss").count();
    let resumed = place.outcome(&file, "stopped", &[]);
    assert_eq!(resumed["metrics"], whole["metrics"]);
    let dir = PathBuf::from(resumed["dir"].as_str().unwrap());
    let journal = std::fs::read_to_string(dir.join("journal.jsonl")).unwrap();
    assert_eq!(journal.matches("text_warmup/loss").count(), 300, "{before} of them before it was stopped");
}

/// Each method acts by the terms that name it, and goes on from a checkpoint as if nothing had happened.
#[test]
fn every_preset_trains_by_its_own_terms_and_resumes() {
    let presets: [(&str, &[&str]); 10] = [
        ("clip", &["global"]),
        ("clip-evidence", &["global"]),
        ("clip-txt", &["global", "text-evidence"]),
        ("gloria", &["global", "local"]),
        ("gloria-txt", &["global", "local", "text-evidence"]),
        ("mgca", &["global", "token-alignment", "cluster-alignment"]),
        ("s-clip", &["global", "pseudo-label"]),
        ("pseudo-pair", &["global", "pseudo-pair"]),
        ("supervised", &["supervised"]),
        (
            "oracle",
            &[
                "global",
                "text-evidence",
                "reconstruction",
                "evidence-paired",
                "evidence-unpaired",
                "evidence-alignment",
                "evidence-local",
                "evidence-local-unpaired",
            ],
        ),
    ];
    let place = Workspace::new();
    place.write("tiny.toml", TINY);
    // The presets' terms start later than this training ends.
    let early = "[loss]\npseudo-label.start = 2\npseudo-pair = { start = 2, refresh = 2, share = 1.0 }\n";
    for (preset, terms) in presets {
        let sizes = "[train]\nunpaired-images = 4\nunpaired-reports = 4\ntext-warmup-steps = 3\n";
        let text = format!("extends = [\"tiny.toml\", \"{preset}\"]\n{sizes}{early}");
        let file = place.write(&format!("{preset}.toml"), &text);
        let outcome = place.outcome(&file, "whole", &[]);
        assert!(metric(&outcome, "test/zero_shot/auroc_macro").is_finite(), "{preset}");

        let dir = PathBuf::from(outcome["dir"].as_str().unwrap());
        let journal = std::fs::read_to_string(dir.join("journal.jsonl")).unwrap();
        let logged: std::collections::BTreeSet<&str> =
            journal.split("\"train/loss/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(logged, terms.iter().copied().collect(), "{preset}");

        let killed = format!("killed-{preset}");
        place.kill_at_first_checkpoint(&file, &killed);
        let resumed = place.outcome(&file, &killed, &[]);
        assert_eq!(resumed["metrics"], outcome["metrics"], "{preset}");
    }
}

/// Own files: pairs, images alone, reports alone, and what cannot be used.
#[test]
fn a_manifest_of_own_files_runs_and_bad_files_are_counted() {
    let place = Workspace::new();
    let mut rows = String::from("study,patient,image,report,labels,split\n");
    for number in 0..24 {
        let split = ["train", "train", "validation", "test"][number % 4];
        let path = place.path(&format!("data/{number}.png"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        image::GrayImage::from_fn(40, 48, |x, y| image::Luma([((x * 3 + y * number as u32) % 251) as u8]))
            .save(&path)
            .unwrap();
        let (report, label) = match number % 3 {
            0 => ("There is a small left pleural effusion.", "pneumonia"),
            1 => ("Right lower lobe pneumonia.", "pneumonia"),
            _ => ("No acute findings.", "no_finding"),
        };
        writeln!(rows, "s{number},p{number},{number}.png,{report},{label},{split}").unwrap();
    }
    std::fs::write(place.path("data/broken.png"), "not an image").unwrap();
    rows += "s90,p90,broken.png,,pneumonia,train\ns91,p91,missing.png,Clear lungs.,,train\ns92,p92,,,,train\n";
    place.write("data/studies.csv", &rows);
    let own =
        "[data.manifest]\nroot = \"data\"\nstudies = [\"studies.csv\"]\n[eval.zero-shot]\nprompts = \"pneumonia\"\n";
    let tiny = TINY.split("[pairing]").nth(1).unwrap();
    let file = place.write(
        "own.toml",
        &format!("{own}[pairing]{}", tiny.replace("[eval]\n", "[eval]\ngrounding.enabled = false\n")),
    );
    let output = place.run(&file, "results", &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("broken.png"), "the broken image is named:\n{said}");
    assert!(!said.contains("pleural"), "no report text may be shown:\n{said}");
    let out = String::from_utf8(output.stdout).unwrap();
    let outcome: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert!((0.0..=1.0).contains(&metric(&outcome, "test/zero_shot/auroc_macro")));
}

/// The flagship's file on a made-up folder with MIMIC-CXR-JPG's layout, small images and a small BERT; what it exports has the
/// names of torchvision and transformers.
#[test]
fn the_flagship_runs_on_files_as_mimic_cxr_jpg_has_them() {
    let place = Workspace::new();
    let mut metadata =
        String::from("dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns\n");
    let mut splits = String::from("dicom_id,study_id,subject_id,split\n");
    let mut sections = String::from("study,impression,findings,last_paragraph,comparison\n");
    let mut labels =
        String::from("subject_id,study_id,Atelectasis,Cardiomegaly,Consolidation,Edema,No Finding,Pleural Effusion\n");
    let mut boxes = String::from("dicom_id,category_name,label_text,path,x,y,w,h,image_width,image_height,split\n");
    for number in 0..40u32 {
        let (subject, study) = (10_000_000 + number, 50_000_000 + number);
        let folder = format!("files/p10/p{subject}/s{study}");
        std::fs::create_dir_all(place.path(&format!("mimic/{folder}"))).unwrap();
        for (image, view) in [("a", "PA"), ("b", "AP"), ("c", "LATERAL")] {
            let dicom = format!("{number:08x}-{image}");
            image::GrayImage::from_fn(80, 96, |x, y| image::Luma([((x * 3 + y * number) % 251) as u8]))
                .save(place.path(&format!("mimic/{folder}/{dicom}.jpg")))
                .unwrap();
            let split = ["train", "train", "train", "validate", "test"][number as usize % 5];
            writeln!(metadata, "{dicom},{subject},{study},CHEST,{view},96,80").unwrap();
            writeln!(splits, "{dicom},{study},{subject},{split}").unwrap();
        }
        let (finding, impression, row) = match number % 3 {
            0 => ("There is a small left pleural effusion.", "Effusion.", "0.0,,,-1.0,,1.0"),
            1 => ("The heart is enlarged.", "Cardiomegaly with mild pulmonary edema.", ",1.0,,1.0,,"),
            _ => ("", "No acute cardiopulmonary process.", ",,,,1.0,"),
        };
        writeln!(sections, "s{study},{impression},{finding},,").unwrap();
        writeln!(labels, "{subject},{study},{row}").unwrap();
    }
    // A patient of the training split, on the second image of the study.
    writeln!(boxes, "00000006-b,Pleural Effusion,small left effusion,files/x.jpg,10,20,30,40,80,96,val").unwrap();
    for (name, text) in [("metadata", &metadata), ("split", &splits), ("chexpert", &labels)] {
        place.write(&format!("mimic/mimic-cxr-2.0.0-{name}.csv"), text);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let joined = std::process::Command::new("python3")
        .arg(root.join("experiments/mimic_cxr_jpg.py"))
        .arg(place.path("mimic"))
        .arg("--reports")
        .arg(place.write("mimic_cxr_sectioned.csv", &sections))
        .arg("--boxes")
        .arg(place.write("MS_CXR.csv", &boxes))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&joined.stdout);
    assert!(joined.status.success(), "{}", String::from_utf8_lossy(&joined.stderr));
    assert!(
        said.contains("80 frontal images, 80 of studies with a report") && said.contains("1 boxes; 1 patients"),
        "{said}"
    );
    let master = std::fs::read_to_string(place.path("mimic/master.csv")).unwrap();
    assert!(master.contains("00000006-b.jpg,10000006,50000006,AP,test,") && !master.contains("-c.jpg"), "{master}");
    let small = place.write(
        "small.toml",
        &format!(
            "extends = {:?}\n[pairing]\nratio = 0.5\n[encoder.image.resnet]\ndepth = 18\nsize = 64\nweights = \"\"\n\
             [encoder.text.bert]\nmodel = {:?}\nmax-tokens = 40\n[evidence-space]\nprototypes = 4\n[graph]\nstart = 1\n\
             refresh = 2\n[train]\nsteps = 4\ntext-warmup-steps = 2\nbatch = 6\nunpaired-images = 4\nunpaired-reports = 4\n\
             micro-batch = 4\ngradient-checkpointing = true\n\
             [eval]\nbootstrap = 0\ngrounding.enabled = true\n[data.manifest]\nboxes = \"boxes.csv\"\n",
            root.join("experiments/mimic_resnet50_10pct.toml"),
            root.join("tests/fixtures/encoders/bert"),
        ),
    );
    let lgdea = |command: &[&str], results: &str| {
        let mut lgdea = Command::cargo_bin("lgdea").unwrap();
        lgdea.env_remove("MLFLOW_TRACKING_URI").env("MIMIC_CXR_JPG", place.path("mimic"));
        lgdea.args(command).arg("--results").arg(place.path(results)).output().unwrap()
    };
    let small = small.display().to_string();
    let output = lgdea(&["run", &small, "--json"], "results");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("40 studies"));
    let out = String::from_utf8(output.stdout).unwrap();
    let outcome: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    for name in ["test/zero_shot/auroc_macro", "test/grounding/pointing"] {
        assert!((0.0..=1.0).contains(&metric(&outcome, name)), "{name}");
    }

    let other =
        format!("encoder.image.resnet.weights={}", root.join("tests/fixtures/encoders/densenet.safetensors").display());
    let refused = lgdea(&["run", &small, "--set", &other], "refused");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    // A terminal may wrap it anywhere.
    let said = said.split(|c: char| c.is_whitespace() || c == '│').filter(|word| !word.is_empty());
    let said = said.collect::<Vec<_>>().join(" ");
    assert!(said.contains("does not fit the encoder: 106 of its names are none of the encoder's"), "{said}");

    let run = std::fs::read_dir(place.path("results/runs")).unwrap().next().unwrap().unwrap().file_name();
    let exported = place.path("exported");
    let output = lgdea(&["export", &run.into_string().unwrap(), "--out", &exported.display().to_string()], "results");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let shape = |file: &str, name: &str| {
        let bytes = std::fs::read(exported.join(file)).unwrap();
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
        header[name]["shape"].to_string()
    };
    assert_eq!(shape("image/model.safetensors", "layer2.0.downsample.0.weight"), "[128,64,1,1]");
    assert_eq!(shape("text/model.safetensors", "encoder.layer.4.attention.self.query.weight"), "[32,32]");
    assert_eq!(shape("model.safetensors", "image.head.weight"), "[128,512]");
}

/// The journal is written whether or not a tracker answers.
#[test]
fn a_dead_tracker_does_not_stop_a_run() {
    let place = Workspace::new();
    let file = place.write("tiny.toml", TINY);
    let more = ["--set", "tracker.uri=http://127.0.0.1:9", "--set", "tracker.flush-seconds=1"];
    let outcome = place.outcome(&file, "results", &more);
    assert_eq!(outcome["status"], "finished");
}

/// The real mini corpus: pairs, unpaired images and the Open-I reports.
#[test]
fn the_real_mini_corpus_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = std::env::var_os("LGDEA_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    if !data.join("cxr_mini").exists() {
        println!("skipped: ../shared/data not found");
        return;
    }
    let place = Workspace::new();
    let output = Command::cargo_bin("lgdea")
        .unwrap()
        .env_remove("MLFLOW_TRACKING_URI")
        .env("LGDEA_DATA", data.canonicalize().unwrap())
        .arg("run")
        .arg(root.join("experiments/real_mini.toml"))
        .args(["--set", "train.steps=4", "--set", "train.text-warmup-steps=4", "--set", "eval.bootstrap=20"])
        .args(["--set", "graph.start=2", "--json", "--results"])
        .arg(place.path("results"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let out = String::from_utf8(output.stdout).unwrap();
    let outcome: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    for name in ["test/zero_shot/auroc/pneumonia", "test/retrieval/i2t_r_at_5", "test/grounding/pointing"] {
        assert!((0.0..=1.0).contains(&metric(&outcome, name)), "{name}");
    }
}

/// The plan of a sweep names the keys that `run` gives, so that it can tell what is done, and how long the rest takes.
#[test]
fn a_plan_knows_what_has_run() {
    let workspace = Workspace::new();
    let tiny = workspace.write("tiny.toml", TINY);
    let sweep = "experiment = 'tiny.toml'\n[seeds]\ncount = 2\n[grid]\ntrain.steps = [12, 24]\n[[case]]\nname = 'lgdea'\n\
                 [[case]]\nname = 'again'\nset.train.batch = 8\n";
    let sweep = workspace.write("sweep.toml", sweep);
    let results = workspace.path("results");
    let plan = |json: bool| {
        let mut command = Command::cargo_bin("lgdea").unwrap();
        command.arg("plan").arg(&sweep).arg("--results").arg(&results);
        if json {
            command.arg("--json");
        }
        String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
    };
    let trials = || -> Vec<Value> { plan(true).lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let before = trials();
    assert_eq!(before.len(), 4);
    assert!(before.iter().all(|trial| trial["cached"] == false && trial["arm"] == "lgdea"), "{before:?}");
    let told = plan(false);
    assert!(told.contains("merged: 4 trials") && told.contains("0 of 1 image stores are there"), "{told}");

    let run = Command::cargo_bin("lgdea")
        .unwrap()
        .env_remove("MLFLOW_TRACKING_URI")
        .args(["run", "--json", "--set", "seed=1"])
        .arg(&tiny)
        .arg("--results")
        .arg(&results)
        .assert()
        .success();
    let out = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    let finished: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    let after = trials();
    let cached: Vec<&Value> = after.iter().filter(|trial| trial["cached"] == true).collect();
    assert_eq!(cached.len(), 1);
    assert_eq!(cached[0]["run_key"], finished["run_key"]);
    assert_eq!((&cached[0]["seed"], &cached[0]["deltas"]["train.steps"]), (&Value::from(1), &Value::from(12)));
    let told = plan(false);
    assert!(
        told.contains("4 distinct runs, 1 of them finished") && told.contains("at the pace of 1 earlier run"),
        "{told}"
    );
    // What is left has other weights, on the same images.
    assert!(told.contains("1 of 1 image stores are there, 0 of 3 trainings are done"), "{told}");
}
