//! A results folder that no training made: a sweep of three arms over two shares of pairs and five seeds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lgdea_sweep::{ArmSummary, ClaimSummary, SweepSummary, TrialEntry, Trials};
use lgdea_track::{Event, Git, Lineage, Record, RunDir, Status};
use serde_json::{Map, json};

/// 14 Nov 2023.
const BEGAN: u64 = 1_700_000_000_000;

/// A metric of which more is better.
pub const AUROC: &str = "test/zero_shot/auroc_macro";
/// A metric of which less is better.
pub const RANK: &str = "test/retrieval/i2t_median_rank";

/// A results folder, removed with this.
#[derive(Debug)]
pub struct Results {
    folder: tempfile::TempDir,
}

impl Results {
    /// An empty one.
    #[allow(clippy::new_without_default, reason = "a folder is no value")]
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A run with these settings and scores; its folder's name.
    pub fn run(
        &self,
        name: &str,
        key: &str,
        params: &[(&str, &str)],
        scores: &[(&str, f64)],
        status: Status,
    ) -> String {
        let run = RunDir::new(self.path(), name, key);
        run.create().unwrap();
        let git = Git { commit: "4385bfb0a1b2c3d4".to_owned(), branch: "main".to_owned(), dirty: false };
        let lineage = Lineage {
            lgdea: "0.1.0".to_owned(),
            device: "flex".to_owned(),
            cpu: "x86_64 Synthetic".to_owned(),
            cores: 2,
            git: Some(git),
            ..Lineage::default()
        };
        let owned = |values: &[(&str, &str)]| values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut values: BTreeMap<String, f64> =
            scores.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        values.extend(scores.iter().map(|(name, value)| (format!("{name}/low"), value - 0.1)));
        let error = (status == Status::Failed).then(|| "out of memory".to_owned());
        let events = [
            Event::Started { run_key: key.to_owned(), name: name.to_owned(), attempt: 1, lineage: Box::new(lineage) },
            Event::Params { values: owned(params) },
            Event::Metrics { step: 10, values: BTreeMap::from([("loss/total".to_owned(), 1.0)]) },
            Event::Metrics { step: 20, values },
            Event::Ended { status, error, seconds: 12.5 },
        ];
        let lines = events.into_iter().enumerate().map(|(second, event)| {
            let record = Record { time: BEGAN + 1000 * second as u64, event };
            serde_json::to_string(&record).unwrap() + "\n"
        });
        std::fs::write(run.journal(), lines.collect::<String>()).unwrap();
        run.name()
    }

    /// The list of a sweep's trials.
    pub fn sweep(&self, name: &str, arms: &[&str], claims: &[(&str, &str, f64)], trials: Vec<TrialEntry>) {
        let arm = |arm: &&str| ArmSummary { name: (*arm).to_owned(), role: None, changes: Map::new() };
        let claim = |&(better, than, min_delta): &(&str, &str, f64)| ClaimSummary {
            metric: AUROC.to_owned(),
            better: better.to_owned(),
            than: than.to_owned(),
            min_delta,
            after: 0,
        };
        let sweep = SweepSummary {
            name: name.to_owned(),
            file: format!("sweeps/{name}.toml"),
            description: "Is evidence worth more than 50 % of the pairs?".to_owned(),
            base: arms[0].to_owned(),
            arms: arms.iter().map(arm).collect(),
            claims: claims.iter().map(claim).collect(),
            confounds: None,
            merged: Vec::new(),
            search: None,
            code: "0.1.0".to_owned(),
            declared: None,
        };
        Trials { sweep, trials }.write(&Trials::path(self.path(), name)).unwrap();
    }

    /// The sweep `table`: `lgdea` is better than `clip` by far, than `clip_txt` by little; one trial failed and one did not begin.
    pub fn table(&self, claims: &[(&str, &str, f64)]) {
        let mut trials = Vec::new();
        for (ratio, gain) in [(0.02, 0.0), (0.1, 0.06), (1.0, 0.12)] {
            for (number, (arm, level)) in [("lgdea", 0.8), ("clip", 0.7), ("clip_txt", 0.795)].into_iter().enumerate() {
                for seed in 0..5 {
                    // Noise of the seed that arms share, and of the arm's own; no two arms' are alike.
                    let shared = 0.01 * f64::from((seed * 7) % 5);
                    let own = 0.002 * f64::from((seed * (number as u32 + 2) * 3 + number as u32) % 7);
                    let score = level + gain + shared + own;
                    let key = format!("{number}{seed}{:010}", (ratio * 1000.0) as u32);
                    let dir = match (arm, seed, ratio > 0.5) {
                        ("clip", 4, true) => format!("table.clip-{key}"),
                        ("clip_txt", 4, true) => self.run("table.clip_txt", &key, &[], &[], Status::Failed),
                        _ => self.run(
                            &format!("table.{arm}"),
                            &key,
                            &[],
                            &[(AUROC, score), (RANK, 50.0 - 40.0 * score)],
                            Status::Finished,
                        ),
                    };
                    let deltas = Map::from_iter([
                        ("pairing.ratio".to_owned(), json!(ratio)),
                        ("train.steps".to_owned(), json!(600)),
                    ]);
                    trials.push(TrialEntry {
                        run_key: key,
                        arm: arm.to_owned(),
                        seed: u64::from(seed),
                        deltas,
                        cached: false,
                        dir,
                    });
                }
            }
        }
        self.sweep("table", &["lgdea", "clip", "clip_txt"], claims, trials);
    }
}
