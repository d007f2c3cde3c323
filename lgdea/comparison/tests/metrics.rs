//! Every declared score on its way: from evaluation through the journal to MLflow and to comparisons, and back to its
//! declaration; and which way it is better.
#![allow(clippy::float_cmp, clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;

use lgdea_comparison::Metric;
use lgdea_eval::{Evaluation, Score};
use lgdea_metric::{Better, Bound, Instance, Name, Split, Task};
use lgdea_track::{Event, History, Journal, RunDir, mlflow};

fn declared() -> Vec<Instance<'static>> {
    let declarations = Task::ALL.into_iter().flat_map(Task::declarations);
    declarations.flat_map(|declaration| declaration.instances(&[1, 10], &["edema", "left_mass"])).collect()
}

#[test]
fn every_declared_score_comes_back_to_its_declaration() {
    let declared = declared();
    let score = |instance: &Instance<'_>| (instance.name(), Score { value: 0.5, interval: Some([0.25, 0.75]) });
    let evaluation =
        Evaluation { scores: declared.iter().map(score).collect(), warnings: Vec::new(), ..Evaluation::default() };
    let folder = tempfile::tempdir().unwrap();
    let run = RunDir::at(folder.path());
    let journal = Journal::open(&run).unwrap();
    for split in Split::ALL {
        journal.write(Event::Metrics { step: 3, values: evaluation.logged(split.into()) }).unwrap();
    }
    let history = History::read(&run).unwrap().unwrap();
    assert_eq!(history.metrics.len(), 2 * 3 * declared.len());
    assert!(history.metrics.keys().all(|name| mlflow::name(name) == name.as_str()));

    let found: BTreeMap<&str, f64> = history.scores().collect();
    assert_eq!(found.len(), 2 * declared.len());
    for (name, instance) in
        Split::ALL.iter().flat_map(|split| declared.iter().map(|one| (split.of_score(&one.name()), one)))
    {
        assert_eq!(Name::parse(&name).declared.as_ref(), Some(instance), "{name}");
        assert_eq!(found[name.as_str()], 0.5);
        assert_eq!(Bound::ALL.map(|bound| history.metrics[&bound.of_score(&name)].1), [0.25, 0.75]);
        let metric = Metric::new(&name);
        assert_eq!(metric.lower_is_better, instance.declaration.better == Better::Lower, "{name}");
        assert_eq!(metric.decimals, instance.declaration.decimals, "{name}");
        assert!(metric.label.ends_with(&instance.label()), "{name}: {}", metric.label);
    }
}
