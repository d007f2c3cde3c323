//! A results folder with whole journals, which no training made: an ablation over shares of pairs, two of whose runs keep their
//! prototypes, and a search.

use std::collections::BTreeMap;
use std::path::Path;

use image::{ImageFormat, Rgb, RgbImage};
use lgdea_spec::sweep::Goal;
use lgdea_sweep::{ArmSummary, ClaimSummary, SearchSummary, SweepSummary, TrialEntry, Trials};
use lgdea_track::{Event, Journal, Lineage, RunDir, Status};
use serde_json::{Map, Value, json};

/// A metric of which more is better.
pub const AUROC: &str = "zero_shot/auroc_macro";

/// The sweeps `ablation` and `search`.
pub fn results() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    ablation(folder.path());
    search(folder.path());
    folder
}

/// Two arms, one with a name that is markup, over two shares of pairs and three seeds.
fn ablation(results: &Path) {
    let arms = ["base", "with <b>evidence</b>"];
    let mut trials = Vec::new();
    for (number, arm) in arms.into_iter().enumerate() {
        for (place, ratio) in [0.02, 0.1].into_iter().enumerate() {
            for seed in 0..3_u32 {
                let noise = 0.004 * f64::from((seed * 5 + number as u32 * 3 + place as u32) % 7);
                let score = 0.7 + 0.06 * number as f64 + 0.05 * place as f64 + noise;
                let deltas = Map::from_iter([("pairing.ratio".to_owned(), json!(ratio))]);
                let key = format!("a{number}{place}{seed}");
                trials.push(trial(results, "ablation", arm, &key, u64::from(seed), deltas, [score; 2]));
            }
        }
    }
    let claim = ClaimSummary {
        metric: format!("test/{AUROC}"),
        better: arms[1].to_owned(),
        than: arms[0].to_owned(),
        min_delta: 0.01,
        after: 0,
    };
    for (key, split) in [("a100", "validation"), ("a101", "test")] {
        keep_prototypes(&RunDir::new(results, "ablation.run", key), split);
    }
    sweep(results, "ablation", "Is <script>alert(1)</script> evidence worth it?", &arms, vec![claim], None, trials);
}

/// What `lgdea prototypes --keep` leaves: four prototypes, of which one is dead and one has no regions.
fn keep_prototypes(run: &RunDir, split: &str) {
    let prototype = |index: usize, finding: &str, usage: f64| {
        let assigned = if usage > 0.0 { 40 } else { 0 };
        let findings = json!([{"finding": finding, "share": 0.75}, {"finding": "lung_opacity", "share": 0.25}]);
        json!({
            "index": index, "dead": assigned == 0, "usage_by_reports": usage, "usage_by_phrases": usage,
            "usage_by_images": usage / 2.0, "assigned": assigned, "finding_entropy": 0.8,
            "purity": (assigned > 0).then_some(0.75), "findings": if assigned > 0 { findings } else { json!([]) },
            "nearest": [{"text": format!("left <i>{finding}"), "probability": 0.875, "count": 30}],
        })
    };
    let kept = json!({
        "heading": {"run": run.name(), "step": 100, "steps": 100, "split": split},
        "summary": {
            "reports": 120, "phrases": 17, "images": 30, "usage_entropy": 0.9, "phrase_entropy": 0.2,
            "image_usage_entropy": 0.8, "image_entropy": 0.5, "dead": 1, "purity": 0.75, "mutual_information": 0.625,
            "findings": ["pleural_effusion", "lung_opacity"],
        },
        "prototypes": [
            prototype(2, "pleural_effusion", 0.5), prototype(0, "edema", 0.3), prototype(3, "nodule", 0.2),
            prototype(1, "none", 0.0),
        ],
        "regions": [[0.99, 0.98, 0.97, 0.96], [0.9, 0.8], [], []],
    });
    std::fs::write(run.artifacts().join("prototypes.json"), kept.to_string()).unwrap();
    let sheet = RgbImage::from_fn(4 * 96, 4 * 96, |x, y| Rgb([(x % 96) as u8 * 2, (y % 96) as u8, 90]));
    sheet.save_with_format(run.artifacts().join("prototypes.png"), ImageFormat::Png).unwrap();
}

/// 24 settings of one arm, of which validation and test call another one the best.
fn search(results: &Path) {
    let mut trials = Vec::new();
    for number in 0..24_u32 {
        let rate = 1e-4 * 10_f64.powf(f64::from(number * 7 % 24) / 12.0);
        let width = 32 + 8 * (number * 5 % 9);
        let encoder = ["patch-cnn", "transformer"][(number % 2) as usize];
        let score =
            0.8 - 0.04 * (rate.log10() + 3.0).powi(2) + 0.0004 * f64::from(width) + 0.01 * f64::from(number % 2);
        let deltas = Map::from_iter([
            ("train.learning-rate".to_owned(), json!(rate)),
            ("encoder.width".to_owned(), json!(width)),
            ("encoder.kind".to_owned(), json!(encoder)),
        ]);
        let validation = score + 0.02 * f64::from(number * 5 % 4);
        trials.push(trial(results, "search", "lgdea", &format!("s{number}"), 0, deltas, [validation, score]));
    }
    let keys = ["train.learning-rate", "encoder.width", "encoder.kind"].map(str::to_owned).to_vec();
    let search = SearchSummary { objective: format!("validation/{AUROC}"), goal: Goal::Maximise, keys };
    sweep(results, "search", "Which settings?", &["lgdea"], vec![], Some(search), trials);
}

fn sweep(
    results: &Path,
    name: &str,
    description: &str,
    arms: &[&str],
    claims: Vec<ClaimSummary>,
    search: Option<SearchSummary>,
    trials: Vec<TrialEntry>,
) {
    let changes = |number: usize| Map::from_iter([("loss.evidence.weight".to_owned(), json!(number))]);
    let arm =
        |(number, name): (usize, &&str)| ArmSummary { name: (*name).to_owned(), role: None, changes: changes(number) };
    let confounds = arms.iter().skip(1).map(|arm| {
        let base = arms[0];
        format!("`{arm}` and `{base}` do not see the same steps, pairs, images or reports: train.steps = 200 for 100")
    });
    let confounds = confounds.collect();
    let sweep = SweepSummary {
        name: name.to_owned(),
        file: format!("sweeps/{name}.toml"),
        description: description.to_owned(),
        base: arms[0].to_owned(),
        arms: arms.iter().enumerate().map(arm).collect(),
        claims,
        confounds: Some(confounds),
        merged: Vec::new(),
        search,
        code: "0.1.0".to_owned(),
        declared: None,
    };
    Trials { sweep, trials }.write(&Trials::path(results, name)).unwrap();
}

/// A finished run with its curves, scores (of validation and test) and, of the ablation, its gallery.
fn trial(
    results: &Path,
    sweep: &str,
    arm: &str,
    key: &str,
    seed: u64,
    deltas: Map<String, Value>,
    [validation, score]: [f64; 2],
) -> TrialEntry {
    let run = RunDir::new(results, &format!("{sweep}.run"), key);
    run.create().unwrap();
    let journal = Journal::open(&run).unwrap();
    let lineage = Lineage { lgdea: "0.1.0".to_owned(), device: "flex".to_owned(), cores: 2, ..Lineage::default() };
    let (run_key, name) = (key.to_owned(), format!("{sweep}.{arm}"));
    journal.write(Event::Started { run_key, name, attempt: 1, lineage: Box::new(lineage) }).unwrap();
    let params = [("eval.bootstrap", "0"), ("device.threads", "1"), ("train.steps", "100")];
    let values = params.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>();
    journal.write(Event::Params { values }).unwrap();
    for context in ["train", "test"] {
        let (name, digest) = ("phantom".to_owned(), "0123456789abcdef0123456789abcdef".to_owned());
        let profile = String::new();
        journal.write(Event::Dataset { name, digest, context: context.to_owned(), profile }).unwrap();
    }
    for step in (10..=100_u64).step_by(10) {
        let loss = 2.0 - score + 3.0 / step as f64;
        journal.metrics(step, &[("train/loss", loss), ("evidence/usage_entropy", score)]).unwrap();
        if step % 50 == 0 {
            journal.metrics(step, &[("validation/zero_shot/auroc_macro", validation - 5.0 / step as f64)]).unwrap();
        }
    }
    if sweep == "ablation" {
        let picture = RgbImage::from_fn(1600, 400, |x, y| Rgb([(x / 7) as u8, (y / 2) as u8, 60]));
        for name in ["grounding_test.png", "retrieval_test.png"] {
            picture.save_with_format(run.artifacts().join(name), ImageFormat::Png).unwrap();
            journal.write(Event::Artifact { path: format!("artifacts/{name}") }).unwrap();
        }
    }
    let rank = 60.0 - 50.0 * score;
    let scores = [
        ("test/zero_shot/auroc_macro", score),
        ("test/retrieval/i2t_r_at_10", score / 3.0),
        ("test/grounding/cnr", rank),
    ];
    journal.metrics(100, &scores).unwrap();
    journal.write(Event::Ended { status: Status::Finished, error: None, seconds: 90.0 }).unwrap();
    TrialEntry { run_key: key.to_owned(), arm: arm.to_owned(), seed, deltas, cached: false, dir: run.name() }
}
