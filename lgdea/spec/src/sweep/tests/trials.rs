//! The trials that sweeps give.

use std::collections::{BTreeSet, HashSet};

use proptest::prelude::*;

use super::*;

#[test]
fn a_sweep_without_axes_is_its_experiment() {
    let (sweep, expansion) = expanded(BASE);
    assert_eq!((sweep.name.as_str(), expansion.trials.len()), ("s", 1));
    let resolved = sweep.resolve(&expansion.trials[0]).unwrap();
    assert_eq!(resolved.experiment.name, "s.base");
    let default = Resolved::from_overrides(&[]).unwrap().experiment;
    assert_eq!(resolved.experiment.identity(), default.identity());
    assert_eq!(expansion.trials[0].identity(), default.identity());
}

#[test]
fn axes_multiply_in_the_order_of_the_file_and_zips_go_together() {
    let text = format!(
        "{BASE}
[grid]
pairing.ratio = [0.02, 0.1]

[[zip]]
train.steps = [10, 20]
train.warmup = [1, 2]

[seeds]
count = 2
"
    );
    let expected = [
        "base pairing.ratio=0.02 train.steps=10 train.warmup=1 0",
        "base pairing.ratio=0.02 train.steps=10 train.warmup=1 1",
        "base pairing.ratio=0.02 train.steps=20 train.warmup=2 0",
        "base pairing.ratio=0.02 train.steps=20 train.warmup=2 1",
        "base pairing.ratio=0.1 train.steps=10 train.warmup=1 0",
    ];
    let listed = listed(&text);
    assert_eq!(&listed[..5], expected);
    assert_eq!(listed.len(), 8);
}

#[test]
fn lists_and_tables_survive_as_values() {
    let text = format!(
        "{BASE}
[grid]
eval.retrieval.at = [[1], [1, 5]]
encoder.text = [{{ token-cnn = {{ layers = 3 }} }}, {{ transformer = {{}} }}]
"
    );
    let (sweep, expansion) = expanded(&text);
    assert_eq!(expansion.trials.len(), 4);
    let last = sweep.resolve(&expansion.trials[3]).unwrap().experiment;
    assert_eq!(last.eval.retrieval.at, [1, 5]);
    assert!(matches!(last.encoder.text, crate::TextEncoder::Transformer(settings) if settings.heads == 4));
    let first = sweep.resolve(&expansion.trials[0]).unwrap().experiment;
    assert!(matches!(first.encoder.text, crate::TextEncoder::TokenCnn(settings) if settings.layers == 3));
}

#[test]
fn an_axis_with_a_condition_applies_where_it_holds() {
    let text = format!(
        "{BASE}
[grid]
encoder.text = [{{ token-cnn = {{}} }}, {{ transformer = {{}} }}]
[[zip]]
encoder.text.transformer.heads = [2, 4]
when = 'has(encoder.text.transformer)'
"
    );
    let listed = listed(&text);
    assert_eq!(listed.len(), 3, "{listed:?}");
    assert!(!listed[0].contains("heads") && listed[1].contains("heads=2"), "{listed:?}");
}

#[test]
fn conditions_leave_combinations_out() {
    let text = format!(
        "{BASE}
[grid]
pairing.ratio = [0.02, 0.05, 0.1]
train.learning-rate = [1e-3, 3e-3]

[[case]]
name = 'lgdea'
[[case]]
name = 'clip'
extends = 'clip'

[[exclude]]
when = 'arm == \"clip\" && pairing.ratio > 0.05'
[[require]]
when = 'train.learning_rate == 3e-3 || pairing[\"ratio\"] == 0.02'
"
    );
    let (_, expansion) = expanded(&text);
    let expected = [
        "lgdea pairing.ratio=0.02 train.learning-rate=0.001 0",
        "lgdea pairing.ratio=0.02 train.learning-rate=0.003 0",
        "lgdea pairing.ratio=0.05 train.learning-rate=0.003 0",
        "lgdea pairing.ratio=0.1 train.learning-rate=0.003 0",
        "clip pairing.ratio=0.02 train.learning-rate=0.001 0",
        "clip pairing.ratio=0.02 train.learning-rate=0.003 0",
        "clip pairing.ratio=0.05 train.learning-rate=0.003 0",
    ];
    assert_eq!(listed(&text), expected);
    assert_eq!(expansion.left_out, 5);
    assert!(expansion.idle.is_empty(), "{:?}", expansion.idle);
}

#[test]
fn conditions_that_decide_nothing_are_named() {
    // A number is never equal to text, the second leaves nothing to the third, and no arm is called so.
    let conditions = [
        "[[exclude]]\nwhen = 'pairing.ratio == \"0.1\"'",
        "[[exclude]]\nwhen = 'pairing.ratio == 0.1'",
        "[[exclude]]\nwhen = 'pairing.ratio > 0.05'",
        "[[require]]\nwhen = 'arm != \"clipp\"'",
    ];
    let axes = "[grid]\npairing.ratio = [0.05, 0.1]\ntrain.steps = { values = [5, 6], when = 'train.batch == 1' }";
    let (_, expansion) = expanded(&format!("{BASE}\n{axes}\n{}\n", conditions.join("\n")));
    let idle: Vec<&str> = expansion.idle.iter().filter_map(|idle| Some(idle.split_once("s.toml:")?.1)).collect();
    let expected = [
        "5: the condition 'train.batch == 1' holds nowhere: its axis never applies",
        "7: the condition 'pairing.ratio == \"0.1\"' leaves no further trial out",
        "11: the condition 'pairing.ratio > 0.05' leaves no further trial out",
        "13: the condition 'arm != \"clipp\"' leaves no further trial out",
    ];
    assert_eq!(idle, expected, "{:?}", expansion.idle);
}

#[test]
fn arms_that_are_the_same_experiment_run_once() {
    let text = format!(
        "{BASE}
[[case]]
name = 'whole'
[[case]]
name = 'again'
set.train.steps = 600
[seeds]
list = [3, 5]
"
    );
    let (sweep, expansion) = expanded(&text);
    assert_eq!(expansion.trials.len(), 2);
    let told: Vec<_> = expansion.duplicates.iter().map(|double| (sweep.arm(&double.trial), double.of)).collect();
    assert_eq!(told, [("again", 0), ("again", 1)]);
}

#[test]
fn a_case_is_the_experiment_under_its_presets_and_its_own_keys() {
    let text = format!("{BASE}\n[[case]]\nname = 'c'\nextends = ['clip']\nset = {{ train = {{ batch = 96 }} }}\n");
    let (sweep, expansion) = expanded(&text);
    let experiment = sweep.resolve(&expansion.trials[0]).unwrap().experiment;
    let by_hand = crate::testing::resolved_with("extends = 'clip'\ntrain.batch = 96\n", &[]).experiment;
    assert_eq!(experiment.identity(), by_hand.identity());
    let changed: Vec<&str> = sweep.changes(0).iter().map(|(key, _)| key.as_str()).collect();
    assert!(changed.contains(&"train.batch") && changed.contains(&"loss.reconstruction.weight"), "{changed:?}");
}

const COMPONENTS: &str = "experiment = []
[component.text]
without.loss.text-evidence.weight = 0.0
[component.local]
without.loss.evidence-local-unpaired.weight = 0.0
needs = ['unpaired']
[component.unpaired]
without.train.unpaired-images = 0
[ablate]
";

#[test]
fn an_ablation_takes_components_away_and_refuses_what_cannot_be() {
    let (sweep, expansion) = expanded(COMPONENTS);
    assert_eq!(sweep.arms().collect::<Vec<_>>(), ["full", "without-text", "without-local"]);
    let refused = Refused { arm: "without-unpaired".to_owned(), reason: "`local` needs `unpaired`".to_owned() };
    assert_eq!(sweep.refused, [refused]);
    let without = sweep.resolve(&expansion.trials[1]).unwrap().experiment;
    assert_eq!(without.loss.text_evidence.weight, 0.0);

    let (sweep, expansion) = expanded(&format!("{COMPONENTS}components = ['text', 'local']\nmode = 'full'\n"));
    assert_eq!(sweep.arms().collect::<Vec<_>>(), ["full", "without-text", "without-local", "none"]);
    let none = sweep.resolve(&expansion.trials[3]).unwrap().experiment;
    assert_eq!((none.loss.text_evidence.weight, none.loss.evidence_local_unpaired.weight), (0.0, 0.0));
}

#[test]
fn a_search_and_its_space() {
    let text = format!(
        "{BASE}
[search]
objective = 'validation/zero_shot/auroc_macro'
[search.space]
train.learning-rate = {{ low = 1e-4, high = 1e-2, log = true }}
train.batch = {{ low = 16, high = 64, step = 16 }}
evidence-space.prototype-init = ['k-means', 'random']
graph.alpha = {{ low = 0.5, high = 0.95, when = 'train.batch > 32' }}
[budget]
trials = 30
"
    );
    let (sweep, expansion) = expanded(&text);
    let (resolved, values) = sweep.resolve_at(&expansion.trials[0], &[0.5, 0.99, 0.0, 0.0]).unwrap();
    assert!((resolved.experiment.train.learning_rate - 1e-3).abs() < 1e-9);
    assert_eq!((resolved.experiment.train.batch, resolved.experiment.graph.alpha, values.len()), (64, 0.5, 4));
    let (resolved, values) = sweep.resolve_at(&expansion.trials[0], &[0.0, 0.3, 1.0, 0.0]).unwrap();
    assert_eq!((resolved.experiment.train.batch, resolved.experiment.graph.alpha, values.len()), (32, 0.8, 3));
    assert_eq!(resolved.experiment.evidence_space.prototype_init, crate::PrototypeInit::Random);
}

#[test]
fn every_shipped_sweep_expands() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sweeps");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let sweep = Sweep::from_file(&path).unwrap_or_else(|error| panic!("{}", render(&error)));
        let expansion = sweep.expand().unwrap_or_else(|error| panic!("{}", render(&error)));
        assert!(expansion.duplicates.is_empty(), "{}: {:?}", path.display(), expansion.duplicates);
        assert!(expansion.idle.is_empty(), "{}: {:?}", path.display(), expansion.idle);
        count += 1;
    }
    assert_eq!(count, 18);
}

/// Whether a value is what was given, and tables hold at least that.
fn holds(found: &serde_json::Value, given: &serde_json::Value) -> bool {
    match (found.as_object(), given.as_object()) {
        (Some(found), Some(given)) => {
            given.iter().all(|(key, given)| found.get(key).is_some_and(|found| holds(found, given)))
        }
        _ => found == given,
    }
}

/// Values of an axis that is tested, as TOML.
fn axis(key: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = (String, usize)> {
    prop::sample::subsequence(values, 0..=values.len()).prop_map(move |values| {
        let line = if values.is_empty() { String::new() } else { format!("{key} = [{}]\n", values.join(", ")) };
        (line, values.len().max(1))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn expansions_are_exact_distinct_and_repeat(
        steps in axis("train.steps", &["10", "20", "40"]),
        ratio in axis("pairing.ratio", &["0.02", "0.1", "1.0"]),
        at in axis("eval.retrieval.at", &["[1]", "[1, 5]"]),
        text in axis("encoder.text", &["{ token-cnn = { layers = 1 } }", "{ transformer = {} }"]),
        sources in axis("evidence.rules", &["{ ontology = 'chest' }"]),
        seeds in 1..4_usize,
        most in prop::sample::select(&[15, 30, 100][..]),
        conditional in any::<bool>(),
    ) {
        let mut text_file = format!("experiment = []\n[seeds]\ncount = {seeds}\n[grid]\n{}{}{}{}{}", steps.0, ratio.0, at.0, text.0, sources.0);
        if conditional {
            text_file += "train.warmup = { values = [1, 2], when = 'train.steps == 10' }\n";
        }
        let exclude = format!("[[exclude]]\nwhen = 'train.steps > {most} && pairing.ratio < 0.05'\n");
        text_file += &exclude;
        let read = sweep(&text_file);
        let Ok(expansion) = read.expand() else {
            // Every combination may be left out.
            prop_assume!(false);
            return Ok(());
        };
        let again = read.expand().unwrap();
        prop_assert_eq!(&expansion.trials, &again.trials);

        let experiments: Vec<_> = expansion.trials.iter().map(|trial| read.resolve(trial).unwrap().experiment).collect();
        for (trial, experiment) in expansion.trials.iter().zip(&experiments) {
            prop_assert_eq!(trial.identity(), experiment.identity());
            prop_assert!(!(experiment.train.steps > most && experiment.pairing.ratio < 0.05));
            for (key, value) in read.deltas(trial) {
                let json = serde_json::to_value(experiment).unwrap();
                let found = json.pointer(&format!("/{}", key.replace('.', "/"))).unwrap().clone();
                let given = serde_json::to_value(&value).unwrap();
                prop_assert!(holds(&found, &given), "{} = {}, found {}", key, given, found);
            }
            let conditional_key = read.deltas(trial).iter().any(|(key, _)| key == "train.warmup");
            prop_assert_eq!(conditional_key, conditional && experiment.train.steps == 10);
        }
        let identities: HashSet<String> = expansion.trials.iter().map(Trial::identity).collect();
        prop_assert_eq!(identities.len(), expansion.trials.len());
        let lines: BTreeSet<String> = expansion.trials.iter().map(|trial| line(&read, trial)).collect();
        prop_assert_eq!(lines.len(), expansion.trials.len());

        let has_ten = u8::from(steps.0.contains("10"));
        let step_points = if conditional { steps.1 + usize::from(has_ten) } else { steps.1 };
        let all = step_points * ratio.1 * at.1 * text.1 * sources.1 * seeds;
        prop_assert_eq!(expansion.trials.len() + expansion.left_out + expansion.duplicates.len(), all);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(experiment = \\[\\]\n)?[a-z\\[\\]{}=\"'.,0-9 \n-]{0,80}") {
        let folder = tempfile::tempdir().unwrap();
        if let Err(error) = read_in(&folder, &text) {
            prop_assert!(!render(&error).is_empty());
        }
    }

    #[test]
    fn any_condition_is_read_or_refused(text in "[a-z.()&|<>=!\\[\\]{}?:0-9 \"_-]{0,40}") {
        let folder = tempfile::tempdir().unwrap();
        let file = format!("experiment = []\n[[exclude]]\nwhen = '{text}'\n");
        if let Ok(Err(error)) = read_in(&folder, &file).map(|sweep| sweep.expand()) {
            prop_assert!(!render(&error).is_empty());
        }
    }

    #[test]
    fn any_coordinate_is_a_value_of_the_range(
        low in 1e-6..10.0_f64, width in 1e-3..100.0_f64, coordinate in 0.0..=1.0_f64, log: bool, whole: bool, stepped: bool,
    ) {
        let (low, high) = if whole { (low.ceil(), (low + width).ceil() + 1.0) } else { (low, low + width) };
        let step = if stepped && !whole { width / 7.0 } else { 0.0 };
        let value = Domain::Range { low, high, step, log, whole }.at(coordinate);
        let number = value.as_float().or(value.as_integer().map(|number| number as f64)).unwrap();
        prop_assert!((low..=high).contains(&number), "{number}");
        prop_assert_eq!(value.is_integer(), whole);
    }
}
