//! What has changed of a sweep file since its trials were listed.

use std::collections::BTreeSet;
use std::path::Path;

use lgdea_spec::SpecError;
use lgdea_spec::sweep::Sweep;
use serde_json::{Map, Value};

use crate::declaration::digest;
use crate::{Trials, json_map};

/// That a sweep file, or what it builds on, is not what the list of its trials was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepChange {
    /// Trials that the list has not; those of a search, before it varies them.
    pub new: usize,
    /// Trials of the list that the file does not lead to.
    pub gone: usize,
}

impl SweepChange {
    /// Compares a sweep with the list of its trials.
    pub fn find(sweep: &Sweep, trials: &Trials) -> Result<Option<SweepChange>, SpecError> {
        let expansion = sweep.expand()?;
        let searched: Vec<&str> =
            sweep.search.iter().flat_map(|search| &search.space).map(|parameter| parameter.key.as_str()).collect();
        let told = |arm: &str, seed: u64, mut deltas: Map<String, Value>| {
            deltas.retain(|key, _| !searched.contains(&key.as_str()));
            format!("{arm} {seed} {}", Value::Object(deltas))
        };
        let now: BTreeSet<String> = expansion
            .trials
            .iter()
            .map(|trial| told(sweep.arm(trial), trial.seed, json_map(sweep.deltas(trial))))
            .collect();
        let then: BTreeSet<String> =
            trials.trials.iter().map(|trial| told(&trial.arm, trial.seed, trial.deltas.clone())).collect();
        // A search that has proposed nothing yet lists nothing.
        let new = if sweep.search.is_some() { 0 } else { now.difference(&then).count() };
        let found = SweepChange { new, gone: then.difference(&now).count() };
        let other = trials.sweep.declared.as_ref().is_some_and(|declared| *declared != digest(sweep, &expansion));
        Ok((other || found.new > 0 || found.gone > 0).then_some(found))
    }

    /// The change in words, with what to do.
    pub fn told(self, file: &Path) -> String {
        let parts = [(self.new, "new"), (self.gone, "no longer listed")];
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let parts = if parts.is_empty() { "the settings of its trials".to_owned() } else { parts.join(", ") };
        let file = file.display();
        format!(
            "{file}, or what it builds on, has changed since these trials were listed ({parts}): `lgdea plan {file}` shows \
             what it comes to now, and `lgdea sweep {file}` runs that"
        )
    }
}

#[cfg(test)]
mod tests {
    use lgdea_spec::sweep::Expansion;

    use super::*;
    use crate::{SweepSummary, TrialEntry};

    const SEARCH: &str =
        "[search]\nobjective = 'validation/zero_shot/auroc_macro'\n[search.space]\ngraph.share = [0.1, 0.2]\n";

    fn sweep(text: &str) -> Sweep {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.toml");
        std::fs::write(&path, format!("experiment = []\n{text}")).unwrap();
        Sweep::from_file(&path).unwrap()
    }

    fn listed(sweep: &Sweep) -> Trials {
        let expansion: Expansion = sweep.expand().unwrap();
        let entry = |trial| TrialEntry {
            run_key: String::new(),
            arm: sweep.arm(trial).to_owned(),
            seed: trial.seed,
            deltas: json_map(sweep.deltas(trial)),
            cached: false,
            dir: String::new(),
        };
        let trials = expansion.trials.iter().map(entry).collect();
        Trials { sweep: SweepSummary::new(sweep, &expansion, Path::new("s.toml")), trials }
    }

    #[test]
    fn a_sweep_that_has_changed_is_told_from_one_that_has_not() {
        let base = "seeds.count = 2\n[grid]\ntrain.steps = [5, 6]\n";
        let trials = listed(&sweep(base));
        let table = [
            (base, None),
            ("description = 'Why?'\nseeds.count = 2\n[grid]\ntrain.steps = [5, 6]\n", None),
            ("seeds.list = [0, 1]\ngrid.train.steps = [5, 6]\n", None),
            ("seeds.count = 3\n[grid]\ntrain.steps = [5, 6]\n", Some((2, 0))),
            ("seeds.count = 1\n[grid]\ntrain.steps = [5, 6]\n", Some((0, 2))),
            ("seeds.count = 2\n[grid]\ntrain.steps = [5, 7]\n", Some((2, 2))),
            ("seeds.count = 2\n[grid]\ntrain.batch = [8, 9]\n", Some((4, 4))),
            ("seeds.count = 2\n[grid]\ntrain.steps = [5, 6]\n[[case]]\nname = 'x'\n", Some((4, 4))),
            (
                "seeds.count = 2\n[grid]\ntrain.steps = [5, 6]\n[[case]]\nname = 'base'\nset.train.batch = 9\n",
                Some((0, 0)),
            ),
            ("seeds.count = 2\n[grid]\ntrain.steps = [5, 6]\n[[exclude]]\nwhen = 'train.steps > 5'\n", Some((0, 2))),
        ];
        for (text, expected) in table {
            let found = SweepChange::find(&sweep(text), &trials).unwrap();
            assert_eq!(found.map(|found| (found.new, found.gone)), expected, "{text}");
        }
        let mut old = trials.clone();
        old.sweep.declared = None;
        assert_eq!(SweepChange::find(&sweep(base), &old).unwrap(), None, "the list of an earlier version");
    }

    #[test]
    fn a_search_is_compared_by_what_it_declares() {
        let text = format!("{SEARCH}[budget]\ntrials = 3\n");
        let mut trials = listed(&sweep(&text));
        trials.trials[0].deltas.insert("graph.share".to_owned(), 0.1.into());
        assert_eq!(SweepChange::find(&sweep(&text), &trials).unwrap(), None);
        for other in ["[budget]\ntrials = 4\n", "graph.alpha = [0.1]\n[budget]\ntrials = 3\n"] {
            let change = SweepChange::find(&sweep(&format!("{SEARCH}{other}")), &trials).unwrap().unwrap();
            let told = change.told(Path::new("s.toml"));
            assert!(told.contains("has changed") && told.contains("lgdea plan s.toml"), "{told}");
        }
    }
}
