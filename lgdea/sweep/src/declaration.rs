//! What a sweep file declared when it was run, kept so that a later call can tell what has changed since.

use std::io;
use std::path::Path;

use lgdea_spec::sweep::{Domain, Expansion, Goal, Sampler, Search, Sweep};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::json_map;
use crate::whole_file::replace;

/// All that determines the proposals of a search beside the experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Declaration {
    sampler: Sampler,
    objective: String,
    goal: Goal,
    seed: u64,
    startup: usize,
    space: Vec<(String, Domain)>,
}

impl Declaration {
    pub(crate) fn new(search: &Search) -> Declaration {
        let Search { sampler, objective, goal, seed, startup, space } = search;
        let space = space.iter().map(|parameter| (parameter.key.clone(), parameter.domain.clone())).collect();
        Declaration {
            sampler: *sampler,
            objective: objective.clone(),
            goal: *goal,
            seed: *seed,
            startup: *startup,
            space,
        }
    }

    /// Writes it, unless it is there.
    pub(crate) fn keep(&self, path: &Path) -> io::Result<()> {
        if path.exists() { Ok(()) } else { replace(path, &serde_json::to_vec(self)?) }
    }

    /// All that a folder holds, each once. What cannot be read tells nothing.
    pub(crate) fn all(folder: &Path) -> Vec<Declaration> {
        let mut found: Vec<Declaration> = Vec::new();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let text = std::fs::read(entry.path()).unwrap_or_default();
            if let Ok(declaration) = serde_json::from_slice(&text)
                && !found.contains(&declaration)
            {
                found.push(declaration);
            }
        }
        found
    }

    /// The keys that are searched.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.space.iter().map(|(key, _)| key.as_str())
    }

    /// Whether a trial with these values, those of axes among them, may have been proposed.
    pub(crate) fn may_propose(&self, values: &Map<String, Value>, axes: &[String]) -> bool {
        let searched = values.iter().filter(|(key, _)| !axes.contains(key));
        let holds = |key: &str, value: &Value| {
            self.space.iter().any(|(searched, domain)| searched == key && domain.contains(value))
        };
        searched.into_iter().all(|(key, value)| holds(key, value))
    }

    /// What another declaration has changed of this one.
    pub(crate) fn changes(&self, now: &Declaration) -> Vec<String> {
        let objective = |one: &Declaration| format!("`{}`", one.objective);
        let mut changes: Vec<String> = [
            changed("the sampler", named(&self.sampler), named(&now.sampler)),
            changed("the objective", objective(self), objective(now)),
            changed("the goal", named(&self.goal), named(&now.goal)),
            changed("the sampler's seed", self.seed.to_string(), now.seed.to_string()),
            changed("`startup`", self.startup.to_string(), now.startup.to_string()),
        ]
        .into_iter()
        .flatten()
        .collect();
        changes.extend(self.space.iter().filter_map(
            |(key, was)| match now.space.iter().find(|(other, _)| other == key) {
                Some((_, is)) => changed(&format!("`{key}`"), was.to_string(), is.to_string()),
                None => Some(format!("`{key}` is not searched now")),
            },
        ));
        let new = now.space.iter().filter(|(key, _)| self.keys().all(|known| known != key));
        changes.extend(new.map(|(key, _)| format!("`{key}` is searched, too, now")));
        let order = |one: &Declaration| one.keys().map(str::to_owned).collect::<Vec<_>>();
        if changes.is_empty() && order(self) != order(now) {
            changes.push("the order of the searched keys has changed".to_owned());
        }
        changes
    }
}

/// That something has changed, where it has.
fn changed(what: &str, was: String, is: String) -> Option<String> {
    (was != is).then(|| format!("{what} was {was} and is {is} now"))
}

/// A value of an enum as a sweep file writes it.
fn named(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A digest of all trials that a sweep lists, and of what it searches: another one means that the sweep has changed.
pub(crate) fn digest(sweep: &Sweep, expansion: &Expansion) -> String {
    let mut hasher = blake3::Hasher::new();
    for trial in &expansion.trials {
        let deltas = Value::Object(json_map(sweep.deltas(trial)));
        hasher.update(format!("{} {} {deltas} {}\n", sweep.arm(trial), trial.seed, trial.identity()).as_bytes());
    }
    if let Some(search) = &sweep.search {
        hasher.update(format!("{:?} {:?}", Declaration::new(search), sweep.budget.trials).as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SPACE: &str = "train.learning-rate = { low = 1e-4, high = 1e-2, log = true }\ngraph.neighbours = [5, 10]\n";

    fn sweep(head: &str, search: &str, space: &str) -> Sweep {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.toml");
        let text = format!(
            "experiment = []\n{head}\n[search]\nobjective = 'validation/zero_shot/auroc_macro'\n{search}\n[search.space]\n{space}\n[budget]\ntrials = 4\n"
        );
        std::fs::write(&path, text).unwrap();
        Sweep::from_file(&path).unwrap()
    }

    fn declared(search: &str, space: &str) -> Declaration {
        Declaration::new(sweep("", search, space).search.as_ref().unwrap())
    }

    #[test]
    fn every_change_of_a_search_is_told() {
        let before = declared("", SPACE);
        assert_eq!(before.changes(&before), [""; 0]);
        let table = [
            ("sampler = 'random'", SPACE, "the sampler was tpe and is random now"),
            ("goal = 'maximise'\nseed = 3", SPACE, "the sampler's seed was 0 and is 3 now"),
            ("startup = 2", SPACE, "`startup` was 10 and is 2 now"),
            (
                "",
                "train.learning-rate = { low = 1e-4, high = 1e-2, log = true }\n",
                "`graph.neighbours` is not searched now",
            ),
            ("", &format!("{SPACE}graph.share = [0.1]\n"), "`graph.share` is searched, too, now"),
            ("", &SPACE.replace("[5, 10]", "[5, 10, 20]"), "`graph.neighbours` was 5, 10 and is 5, 10, 20 now"),
            ("", &SPACE.replace("[5, 10]", "[10, 5]"), "`graph.neighbours` was 5, 10 and is 10, 5 now"),
            (
                "",
                &SPACE.replace(", log = true", ""),
                "`train.learning-rate` was 0.0001 to 0.01, logarithmic and is 0.0001 to 0.01 now",
            ),
            (
                "",
                &SPACE.replace("1e-2", "1e-3"),
                "`train.learning-rate` was 0.0001 to 0.01, logarithmic and is 0.0001 to 0.001",
            ),
            (
                "",
                "graph.neighbours = [5, 10]\ntrain.learning-rate = { low = 1e-4, high = 1e-2, log = true }\n",
                "the order",
            ),
        ];
        for (search, space, told) in table {
            let changes = before.changes(&declared(search, space));
            assert_eq!(changes.len(), 1, "{changes:?}");
            assert!(changes[0].starts_with(told), "{changes:?}");
        }
        let mut other = before.clone();
        other.objective = "validation/other".to_owned();
        other.goal = Goal::Minimise;
        let changes = before.changes(&other).join("; ");
        assert!(changes.contains("the objective was") && changes.contains("the goal was maximise"), "{changes}");
    }

    #[test]
    fn a_declaration_is_kept_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (declared("", SPACE), declared("seed = 3", SPACE));
        for (name, declaration) in [("a", &one), ("b", &other), ("c", &one), ("a", &other)] {
            declaration.keep(&folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("broken"), "{").unwrap();
        let all = Declaration::all(folder.path());
        assert_eq!(all.len(), 2);
        assert!(all.contains(&one) && all.contains(&other));
        assert_eq!(Declaration::all(&folder.path().join("none")), []);
    }

    #[test]
    fn what_a_search_may_have_proposed_is_within_its_space() {
        let search = declared("", SPACE);
        let table = [
            (json!({"train.learning-rate": 1e-3, "graph.neighbours": 5}), true),
            (json!({"train.learning-rate": 1e-3, "graph.neighbours": 7}), false),
            (json!({"train.learning-rate": 1.0}), false),
            (json!({"train.learning-rate": "x"}), false),
            (json!({"graph.share": 0.5}), false),
            (json!({"eval.every": 50, "graph.neighbours": 10}), true),
        ];
        for (values, expected) in table {
            let may = search.may_propose(values.as_object().unwrap(), &["eval.every".to_owned()]);
            assert_eq!(may, expected, "{values}");
        }
    }

    #[test]
    fn the_digest_of_a_sweep_changes_with_its_trials_alone() {
        let digest = |sweep: &Sweep| digest(sweep, &sweep.expand().unwrap());
        let base = digest(&sweep("", "", SPACE));
        assert_eq!(digest(&sweep("description = 'Why?'", "", SPACE)), base);
        for head in ["seeds.count = 2", "grid.train.steps = [7]", "case = [{ name = 'x' }]"] {
            assert_ne!(digest(&sweep(head, "", SPACE)), base, "{head}");
        }
        assert_ne!(digest(&sweep("", "seed = 1", SPACE)), base);
    }
}
