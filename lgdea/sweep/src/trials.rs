//! `trials.jsonl`: which runs a sweep consists of.
//!
//! The first line is the sweep, every other one a trial with the folder of its run below `results/runs`. The file is a view: it
//! follows from the sweep file and, for a search, from its proposals, and is written anew whenever a sweep begins or goes on.
//! What came of a trial stands in its run's journal and nowhere else.

use std::path::{Path, PathBuf};

use lgdea_fault::{AtFault, Fault};
use lgdea_inputs::code;
use lgdea_spec::sweep::{Claim, Expansion, Goal, Role, Search, Sweep};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::declaration::digest;
use crate::json_map;
use crate::whole_file::replace;

/// A sweep and its trials, as `results/sweeps/<name>/trials.jsonl` holds them.
#[derive(Debug, Clone, PartialEq)]
pub struct Trials {
    /// The sweep.
    pub sweep: SweepSummary,
    /// Its trials, in the order of the plan; those of a search in the order of their proposals.
    pub trials: Vec<TrialEntry>,
}

/// What a sweep is, without its trials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepSummary {
    /// Its name.
    pub name: String,
    /// The sweep file, as it was given.
    pub file: String,
    /// The question that it answers.
    pub description: String,
    /// Name of the arm that the others are compared with, the first of `arms`.
    pub base: String,
    /// The arms.
    pub arms: Vec<ArmSummary>,
    /// What the sweep is to show.
    pub claims: Vec<ClaimSummary>,
    /// What a comparison of the arms cannot tell from what they are named for, in the words of `lgdea plan`; none of a list that
    /// does not say, as earlier versions wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confounds: Option<Vec<String>>,
    /// Trials that are those of another arm again, and were left out; none in lists of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<MergedSummary>,
    /// What its search is after; none of a sweep that lists its settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchSummary>,
    /// What computes: version of lgdea and kind of device.
    pub code: String,
    /// A digest of what the file listed and searched; none in lists of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<String>,
}

/// An arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmSummary {
    /// Its name.
    pub name: String,
    /// The part that it plays, where the file declares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What it changes of the experiment, by dotted key.
    pub changes: Map<String, Value>,
}

/// One arm that is to be better than another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimSummary {
    /// The metric, as journals name it.
    pub metric: String,
    /// The arm that is claimed to be better.
    pub better: String,
    /// The arm that it is better than.
    pub than: String,
    /// Least difference of the means, in the metric's unit.
    pub min_delta: f64,
    /// Finished runs of the sweep that there were when it was first stated: where there were some, their results may have
    /// suggested it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after: usize,
}

/// Trials of an arm that are the same experiments as those of another one, which were run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedSummary {
    /// The arm.
    pub arm: String,
    /// The other one.
    pub of: String,
    /// How many trials.
    pub trials: usize,
}

impl MergedSummary {
    /// What a sweep merges of one arm with another.
    fn all(sweep: &Sweep, expansion: &Expansion) -> Vec<MergedSummary> {
        let mut all: Vec<MergedSummary> = Vec::new();
        for duplicate in &expansion.duplicates {
            let (arm, of) = (sweep.arm(&duplicate.trial), sweep.arm(&expansion.trials[duplicate.of]));
            match all.iter_mut().find(|known| known.arm == arm && known.of == of) {
                Some(known) => known.trials += 1,
                None if arm == of => {}
                None => all.push(MergedSummary { arm: arm.to_owned(), of: of.to_owned(), trials: 1 }),
            }
        }
        all
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl ClaimSummary {
    /// What a sweep file claims, as if nothing had been run before.
    fn new(claim: &Claim) -> ClaimSummary {
        let Claim { metric, better, than, min_delta } = claim.clone();
        ClaimSummary { metric, better, than, min_delta, after: 0 }
    }

    /// Whether another one claims the same, whenever it was stated.
    pub fn is_same(&self, other: &ClaimSummary) -> bool {
        *self == ClaimSummary { after: self.after, ..other.clone() }
    }
}

/// A search, as far as its result is read by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchSummary {
    /// The metric that decides, of the validation split, as journals name it.
    pub objective: String,
    /// Whether more of it is better.
    pub goal: Goal,
    /// The keys that are searched, in the order of the file.
    pub keys: Vec<String>,
}

/// A trial: the line of `lgdea plan --json`, and where its run lies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialEntry {
    /// Key of the run.
    pub run_key: String,
    /// Name of the arm.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// The values of axes and of the search, by dotted key.
    pub deltas: Map<String, Value>,
    /// Whether the run was finished when this was written.
    pub cached: bool,
    /// Name of the run's folder below `results/runs`; it is there once the trial has begun.
    pub dir: String,
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Head<S> {
    sweep: S,
}

/// Why a list of trials cannot be read or written.
#[derive(Debug, Error)]
pub enum TrialsError {
    /// The file cannot be read or written.
    #[error("failed to {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line is not what it should be.
    #[error("{}, line {line}: {reason}; `lgdea sweep` writes the file anew", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// A sweep writes the list itself.
impl AtFault for TrialsError {
    fn fault(&self) -> Fault {
        Fault::Run
    }
}

impl Trials {
    /// Where the list of a sweep's trials lies in a results folder.
    pub fn path(results: &Path, sweep: &str) -> PathBuf {
        results.join("sweeps").join(sweep).join("trials.jsonl")
    }

    /// Reads a list.
    pub fn read(path: &Path) -> Result<Trials, TrialsError> {
        let text = std::fs::read_to_string(path).map_err(|source| TrialsError::File {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        let wrong = |line: usize, reason: String| TrialsError::Line { path: path.to_owned(), line: line + 1, reason };
        let mut lines = text.lines().enumerate();
        let (_, first) = lines.next().ok_or_else(|| wrong(0, "the file is empty".to_owned()))?;
        let Head { sweep } = serde_json::from_str(first).map_err(|error| wrong(0, error.to_string()))?;
        let trial = |(line, text)| serde_json::from_str(text).map_err(|error| wrong(line, error.to_string()));
        Ok(Trials { sweep, trials: lines.map(trial).collect::<Result<_, _>>()? })
    }

    /// Writes the list in one go: a reader sees the old file or the new one.
    pub fn write(&self, path: &Path) -> Result<(), TrialsError> {
        let failed = |source| TrialsError::File { action: "write", path: path.to_owned(), source };
        let mut text = serde_json::to_vec(&Head { sweep: &self.sweep }).map_err(|error| failed(error.into()))?;
        for trial in &self.trials {
            text.push(b'\n');
            serde_json::to_writer(&mut text, trial).map_err(|error| failed(error.into()))?;
        }
        text.push(b'\n');
        replace(path, &text).map_err(failed)
    }
}

impl SweepSummary {
    /// Puts what a sweep file claims in the place of the claims. Those that were stated before keep their time; the others are
    /// stated now, `finished` runs being there.
    pub fn restate(&mut self, claims: &[Claim], finished: usize) {
        let restated = claims.iter().map(ClaimSummary::new).map(|claim| {
            let before = self.claims.iter().find(|known| known.is_same(&claim));
            ClaimSummary { after: before.map_or(finished, |known| known.after), ..claim }
        });
        self.claims = restated.collect();
    }

    /// Puts the roles of a sweep file's arms in the place of the roles.
    pub fn cast(&mut self, sweep: &Sweep) {
        for (position, name) in sweep.arms().enumerate() {
            if let Some(arm) = self.arms.iter_mut().find(|arm| arm.name == name) {
                arm.role = sweep.role(position);
            }
        }
    }

    /// The summary of a sweep, and of what it comes to, that was read from `file`.
    pub fn new(sweep: &Sweep, expansion: &Expansion, file: &Path) -> SweepSummary {
        let arm = |(position, name): (usize, &str)| ArmSummary {
            name: name.to_owned(),
            role: sweep.role(position),
            // A command may hold a secret address, and no trial runs it.
            changes: json_map(sweep.changes(position).iter().filter(|(key, _)| !key.starts_with("notify")).cloned()),
        };
        let arms: Vec<ArmSummary> = sweep.arms().enumerate().map(arm).collect();
        SweepSummary {
            name: sweep.name.clone(),
            file: file.display().to_string(),
            description: sweep.description.clone(),
            base: arms.first().map(|arm| arm.name.clone()).unwrap_or_default(),
            arms,
            claims: sweep.claims.iter().map(ClaimSummary::new).collect(),
            confounds: Some(sweep.confounds().iter().map(ToString::to_string).collect()),
            merged: MergedSummary::all(sweep, expansion),
            search: sweep.search.as_ref().map(SearchSummary::new),
            code: code(&sweep.device),
            declared: Some(digest(sweep, expansion)),
        }
    }
}

impl SearchSummary {
    fn new(search: &Search) -> SearchSummary {
        SearchSummary {
            objective: search.objective.clone(),
            goal: search.goal,
            keys: search.space.iter().map(|parameter| parameter.key.clone()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn trials() -> Trials {
        let entry = |seed, cached| TrialEntry {
            run_key: format!("{seed:012x}"),
            arm: "lgdea".to_owned(),
            seed,
            deltas: json_map([("pairing.ratio".to_owned(), 0.02)]),
            cached,
            dir: format!("table.lgdea-{seed:012x}"),
        };
        Trials {
            sweep: SweepSummary {
                name: "table".to_owned(),
                file: "sweeps/table.toml".to_owned(),
                description: "What\nis \"better\"?".to_owned(),
                base: "lgdea".to_owned(),
                arms: vec![ArmSummary { name: "lgdea".to_owned(), role: None, changes: Map::new() }],
                claims: vec![ClaimSummary {
                    metric: "test/zero_shot/auroc_macro".to_owned(),
                    better: "lgdea".to_owned(),
                    than: "clip".to_owned(),
                    min_delta: 0.01,
                    after: 0,
                }],
                confounds: None,
                merged: Vec::new(),
                search: None,
                code: "0.1.0".to_owned(),
                declared: Some("0123456789abcdef".to_owned()),
            },
            trials: vec![entry(0, false), entry(1, true)],
        }
    }

    #[test]
    fn what_is_written_is_read_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = Trials::path(folder.path(), "table");
        let mut trials = trials();
        trials.write(&path).unwrap();
        assert_eq!(Trials::read(&path).unwrap(), trials);
        trials.trials.pop();
        trials.write(&path).unwrap();
        assert_eq!(Trials::read(&path).unwrap(), trials);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
    }

    /// Other programs read the file: its form must not change unnoticed.
    #[test]
    fn a_trial_is_a_line_of_the_plan_with_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.jsonl");
        trials().write(&path).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let head = lines[0]["sweep"].as_object().unwrap();
        let keys: Vec<&str> = head.keys().map(String::as_str).collect();
        assert_eq!(keys, ["name", "file", "description", "base", "arms", "claims", "code", "declared"]);
        let trial = json!({
            "run_key": "000000000001", "arm": "lgdea", "seed": 1, "deltas": {"pairing.ratio": 0.02}, "cached": true,
            "dir": "table.lgdea-000000000001",
        });
        assert_eq!(lines[2], trial);
    }

    #[test]
    fn a_search_says_what_it_is_after() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.toml");
        let text = "experiment = []
            [search]
            objective = 'validation/retrieval/i2t_median_rank'
            goal = 'minimise'
            [search.space]
            train.learning-rate = { low = 1e-4, high = 1e-2, log = true }
            graph.share = [0.0, 0.5]
            [budget]
            trials = 5
            ";
        std::fs::write(&file, text).unwrap();
        let mut trials = trials();
        let sweep = Sweep::from_file(&file).unwrap();
        trials.sweep = SweepSummary::new(&sweep, &sweep.expand().unwrap(), &file);
        let search = trials.sweep.search.clone().unwrap();
        assert_eq!((search.objective.as_str(), search.goal), ("validation/retrieval/i2t_median_rank", Goal::Minimise));
        assert_eq!(search.keys, ["train.learning-rate", "graph.share"]);
        assert_eq!(trials.sweep.confounds, Some(vec![]), "one arm confounds nothing, and the list says so");
        let path = folder.path().join("trials.jsonl");
        trials.write(&path).unwrap();
        assert_eq!(Trials::read(&path).unwrap(), trials);
    }

    #[test]
    fn an_arm_that_is_another_one_again_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.toml");
        let text = "experiment = []
            seeds.count = 2
            grid.pairing.ratio = [0.1, 0.2]
            [[case]]
            name = 'first'
            [[case]]
            name = 'twin'
            [[case]]
            name = 'other'
            set.graph.oracle = true
            ";
        std::fs::write(&file, text).unwrap();
        let sweep = Sweep::from_file(&file).unwrap();
        let summary = SweepSummary::new(&sweep, &sweep.expand().unwrap(), &file);
        let twin = MergedSummary { arm: "twin".to_owned(), of: "first".to_owned(), trials: 4 };
        assert_eq!(summary.merged, [twin]);
        let trials = Trials { sweep: summary, trials: Vec::new() };
        let path = folder.path().join("trials.jsonl");
        trials.write(&path).unwrap();
        assert_eq!(Trials::read(&path).unwrap(), trials);
    }

    #[test]
    fn a_broken_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.jsonl");
        trials().write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("\"seed\":1", "\"seed\":-1")).unwrap();
        let error = Trials::read(&path).unwrap_err().to_string();
        assert!(error.contains("line 3"), "{error}");
        std::fs::write(&path, "").unwrap();
        assert!(Trials::read(&path).unwrap_err().to_string().contains("empty"));
        assert!(Trials::read(&folder.path().join("none")).is_err());
    }
}
