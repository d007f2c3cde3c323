//! A run's embeddings, and that they are worth what the run says of itself.

use std::collections::BTreeMap;
use std::fmt::Write;

use lgdea_harness::tiny::{QUICK, without_data};
use lgdea_harness::{Run, Said, Workspace};
use serde_json::Value;

use crate::{finished, run};

/// What the run itself says of a split or set and a task, by name.
fn own(outcome: &Value, on: &str, task: &str) -> BTreeMap<String, f64> {
    let prefix = format!("{on}/");
    let metrics = outcome["metrics"].as_object().unwrap().iter();
    let of = |(name, value): (&String, &Value)| Some((name.strip_prefix(&prefix)?.to_owned(), value.as_f64()?));
    metrics.filter_map(of).filter(|(name, _)| name.starts_with(task)).collect()
}

/// What `lgdea score` says of files `<name>.npz` and `<name>.csv`.
fn scored(place: &Workspace, task: &str, file: &str, protocol: &str) -> Value {
    let reference = format!("{}.csv", file.split('.').next().unwrap());
    place.json(&["score", task, "--predictions", file, "--reference", &reference, "--protocol", protocol])
}

/// That two say the same of all that `own` names and `kept` keeps.
fn assert_same(own: &BTreeMap<String, f64>, scored: &Value, kept: impl Fn(&str) -> bool) {
    let kept: Vec<(&String, &f64)> = own.iter().filter(|(name, _)| kept(name)).collect();
    assert!(kept.len() > 1, "{own:?}");
    for (name, value) in kept {
        let found = scored["scores"][name]["value"].as_f64().unwrap_or_else(|| panic!("{name} is missing in {scored}"));
        assert!((found - value).abs() < 1e-12, "{name}: {found}, the run has {value}");
    }
}

fn is_of_the_sum(name: &str) -> bool {
    name == "zero_shot/auroc_macro" || name.starts_with("zero_shot/auroc/")
}

/// What makes retrieval one by embeddings alone.
const BY_EMBEDDINGS: [&str; 3] = [
    "--set=eval.retrieval.local-share=0",
    "--set=eval.retrieval.evidence-share=0",
    "--set=eval.retrieval.bank.share=0",
];

#[test]
fn scores_of_a_splits_embeddings_are_the_runs_own() {
    let (place, run) = run(&BY_EMBEDDINGS);
    for split in ["test", "validation"] {
        for ending in ["npz", "safetensors"] {
            let out = format!("{split}.{ending}");
            let said = place.output(&["embed", run.name(), "--split", split, "--prompts", "--out", &out, "--force"]);
            assert!(said.contains("image") && said.contains(&format!("{split}.csv")), "{said}");
            let zero_shot = scored(&place, "zero-shot", &out, "zero-shot/lgdea-run-v1");
            assert_same(&own(&run.outcome, split, "zero_shot/"), &zero_shot, is_of_the_sum);
            let retrieval = scored(&place, "retrieval", &out, "retrieval/lgdea-run-v1");
            assert_same(&own(&run.outcome, split, "retrieval/"), &retrieval, |name| !name.ends_with("_abnormal"));
        }
    }
}

#[test]
fn a_probe_takes_all_splits_and_the_features_before_the_projection() {
    let (place, run) = finished();
    let said = place.output(&["embed", run.name(), "--out", "all.npz", "--features"]);
    assert!(said.lines().any(|line| line.starts_with("features ") && line.contains(" × ")), "{said}");
    let probe = scored(&place, "probe", "all.npz", "probe/knn-v1");
    assert!(probe["scores"]["probe/1/auroc_macro"]["value"].is_f64(), "{probe}");
    let refused = ["score", "retrieval", "--predictions", "all.npz", "--reference", "all.csv"];
    assert!(place.ended(2, &refused).contains("column `split` has several"));
    let archive = std::fs::read(place.path("all.npz")).unwrap();
    let has = |text: &str| {
        let wide: Vec<u8> = text.chars().flat_map(|character| u32::from(character).to_le_bytes()).collect();
        archive.windows(wide.len()).any(|bytes| bytes == wide)
    };
    assert!(has(run.name()) && has("checkpoint") && has("before the projection"), "meta says what it is");
}

const OWN: &str = "[data.manifest]\nroot = '.'\nstudies = ['own.csv']\n";

/// A run on forty studies of as many patients with as many texts, and another hospital's table, `other.csv`.
fn place() -> (Workspace, Run, Value) {
    let place = Workspace::new();
    let mut own = "study,patient,image,report,labels,split\n".to_owned();
    let mut other = "study,patient,image,report,labels\n".to_owned();
    for number in 0..40 {
        place.picture(&format!("{number}.png"), number + 3);
        let split = ["train", "train", "validation", "test"][number as usize % 4];
        let label = ["edema", "no finding", ""][number as usize / 4 % 3];
        writeln!(own, "s{number},p{number},{number}.png,Canary opacity of size {number} left.,{label},{split}")
            .unwrap();
        let (patient, film) = (if number < 4 { 4 * number } else { 900 + number }, number + 100);
        place.picture(&format!("{film}.png"), film + 3);
        let report = if number % 5 == 0 { String::new() } else { format!("Canary opacity of size {number} right.") };
        writeln!(other, "e{number},p{patient},{film}.png,{report},{label}").unwrap();
    }
    let tasks = "[eval]\nzero-shot.enabled = false\ngrounding.enabled = false\nbootstrap = 0\n";
    let place = place.with("own.csv", own).with("other.csv", other);
    let file =
        place.write("e.toml", format!("{OWN}{}{tasks}", without_data(QUICK).replace("[eval]\nbootstrap = 0\n", "")));
    let outcome = place.outcome(&file, "results", &BY_EMBEDDINGS);
    (place, Run::of(&outcome), outcome)
}

#[test]
fn own_files_and_other_data_are_embedded_as_they_are_scored() {
    let (place, run, outcome) = place();
    place.output(&["embed", run.name(), "--split", "test", "--out", "test.npz"]);
    let reference = place.read("test.csv");
    assert!(reference.starts_with("id,patient,split,source,text,edema,no_finding\n"), "{reference}");
    assert!(!reference.contains("Canary") && reference.lines().count() == 11, "{reference}");
    let retrieval = scored(&place, "retrieval", "test.npz", "retrieval/lgdea-v1");
    assert_same(&own(&outcome, "test", "retrieval/"), &retrieval, |name| !name.contains("_p_at_"));

    // Three ways to name the same studies; four of their patients are trained on, and eight have no report.
    let data = "data.manifest]\nroot = '.'\nstudies = ['other.csv']\n";
    place.write("set.toml", format!("[eval.set.other]\nstudies = 'all'\n[eval.set.other.{data}"));
    place.write("data.toml", format!("seed = 7\n[{data}"));
    for (file, out) in [("other.csv", "a"), ("data.toml", "b"), ("set.toml", "c")] {
        let out = format!("{out}.npz");
        let said = place.lgdea(&["embed", run.name(), "--data", file, "--out", &out]).assert().success();
        assert!(
            said.printed().contains("image    36 × ") && said.printed().contains("text     29 × "),
            "{}",
            said.printed()
        );
    }
    assert_eq!(place.read("a.csv"), place.read("c.csv"));
    assert_eq!(place.read("a.csv"), place.read("b.csv"));
    let further = place.lgdea(&["eval", run.name(), "--json", "--set", "set.toml"]).assert().success().outcome();
    // Which splits were drawn makes no difference to what is scored as one.
    let without_split = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [&cells[..2], &cells[3..]].concat().join(",") + "\n"
    };
    place.write("c.csv", place.read("c.csv").lines().map(without_split).collect::<String>());
    let retrieval = scored(&place, "retrieval", "c.npz", "retrieval/lgdea-v1");
    assert_same(&own(&further, "other", "retrieval/"), &retrieval, |name| !name.contains("_p_at_"));
    assert!(retrieval["warnings"].to_string().contains("have none, and no part: 7"), "{retrieval}");
}

#[test]
fn what_cannot_be_written_or_embedded_is_refused_at_once() {
    let (place, run) = finished();
    place.write("there.npz", "mine");
    place.write("reference.csv", "mine");
    let study = "study,patient,image,report\na,p,gone.png,\n";
    place.write("study.csv", study);
    place.write("two.toml", "[eval.set.a]\n[eval.set.b]\n");
    for (flags, part) in [
        (&["--out", "there.npz"][..], "there.npz is there already; name another file, or add --force"),
        (&["--out", "reference.npz"], "reference.csv is there already"),
        (&["--out", "reference.npz", "--force"], "was not written by `lgdea embed`"),
        (&["--out", "a.npy"], "neither .npz nor .safetensors"),
        (&["--out", "a"], "neither .npz nor .safetensors"),
        (&["--out", "none/a.npz"], "there is no folder none"),
        (&["--out", "study.npz", "--data", "study.csv", "--force"], "is read and would be lost"),
        (&["--out", "a.npz", "--data", "study.csv"], "gone.png"),
        (&["--out", "a.npz", "--data", "none.csv"], "none.csv"),
        (&["--out", "a.npz", "--data", "two.toml"], "2 evaluation sets: a, b"),
        (&["--out", "a.npz", "--data", "there.npz"], "there.npz"),
    ] {
        let said = place.ended(2, &[&["embed", run.name()], flags].concat());
        assert!(said.contains(part), "{flags:?}: {said}");
    }
    assert_eq!((place.read("there.npz").as_str(), place.read("study.csv").as_str()), ("mine", study));
    assert!(!place.path("a.npz").exists() && !place.path("a.csv").exists());
}
