//! Sweeps as users write them: what is refused, and why.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::testing::render;

mod trials;

const BASE: &str = "experiment = []\n";

fn read_in(folder: &TempDir, text: &str) -> Result<Sweep, SpecError> {
    let path = folder.path().join("s.toml");
    fs::write(&path, text).unwrap();
    Sweep::from_file(&path)
}

fn sweep(text: &str) -> Sweep {
    match read_in(&tempfile::tempdir().unwrap(), text) {
        Ok(sweep) => sweep,
        Err(error) => panic!("{}", render(&error)),
    }
}

fn expanded(text: &str) -> (Sweep, Expansion) {
    let sweep = sweep(text);
    match sweep.expand() {
        Ok(expansion) => (sweep, expansion),
        Err(error) => panic!("{}", render(&error)),
    }
}

/// Arm, deltas and seed of each trial.
fn listed(text: &str) -> Vec<String> {
    let (sweep, expansion) = expanded(text);
    expansion.trials.iter().map(|trial| line(&sweep, trial)).collect()
}

fn line(sweep: &Sweep, trial: &Trial) -> String {
    let deltas: Vec<String> = sweep.deltas(trial).iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{} {} {}", sweep.arm(trial), deltas.join(" "), trial.seed)
}

/// Why a sweep is refused, as a user reads it.
fn refusal(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let error = match read_in(&folder, text) {
        Ok(sweep) => sweep.expand().map(|_| ()).expect_err("the sweep should be refused"),
        Err(error) => error,
    };
    render(&error).replace(&format!("{}/", folder.path().display()), "")
}

/// A sweep that searches, and stops early, by these metrics and goals.
fn with_goals(objective: (&str, &str), prune: (&str, &str)) -> String {
    let table = |key: &str, (metric, goal): (&str, &str)| {
        let goal = if goal.is_empty() { String::new() } else { format!("goal = '{goal}'\n") };
        format!("{key} = '{metric}'\n{goal}")
    };
    format!(
        "experiment = []\n[grid]\neval.every = [10]\n[search]\n{}[search.space]\ntrain.batch = [8, 16]\n[budget]\ntrials = 4\n\
         [prune]\nmin-step = 10\n{}",
        table("objective", objective),
        table("metric", prune),
    )
}

#[test]
fn arms_have_the_roles_that_the_file_declares() {
    let text = "experiment = []\n[[case]]\nname = \"a\"\n[[case]]\nname = \"b\"\nrole = \"ceiling\"\n[ablate]\nmode = \"leave-one-out\"\n\
                [component.graph]\nwithout.graph.share = 0.0\n";
    let sweep = sweep(text);
    let roles: Vec<_> = sweep.arms().enumerate().map(|(at, name)| (name, sweep.role(at))).collect();
    assert_eq!(roles[..2], [("a", None), ("b", Some(Role::Ceiling))]);
    assert_eq!(roles.last().unwrap().1, Some(Role::Ablation), "{roles:?}");
    assert!(refusal("experiment = []\n[[case]]\nname = \"a\"\nrole = \"best\"\n").contains("ceiling"));
}

#[test]
fn a_goal_is_the_declared_direction_of_its_metric() {
    let rank = "validation/retrieval/i2t_median_rank";
    let auroc = "validation/zero_shot/auroc_macro";
    let goals = |objective: (&str, &str), prune: (&str, &str)| {
        let sweep = sweep(&with_goals(objective, prune));
        (sweep.search.unwrap().goal, sweep.prune.unwrap().goal)
    };
    assert_eq!(goals((rank, ""), (rank, "")), (Goal::Minimise, Goal::Minimise));
    assert_eq!(goals((rank, "minimise"), ("train/loss", "")), (Goal::Minimise, Goal::Minimise));
    assert_eq!(goals((auroc, ""), (auroc, "maximise")), (Goal::Maximise, Goal::Maximise));
    // What nobody declared is as the sweep has it.
    assert_eq!(goals((auroc, ""), ("train/scale", "minimise")), (Goal::Maximise, Goal::Minimise));
    assert_eq!(goals((auroc, ""), ("train/scale", "")), (Goal::Maximise, Goal::Maximise));
}

#[test]
fn a_goal_that_is_the_wrong_way_round_is_refused() {
    let rank = "validation/retrieval/i2t_median_rank";
    let refused = refusal(&with_goals((rank, "maximise"), ("train/loss", "maximise")));
    assert_eq!(refused.matches("the goal is the wrong way round").count(), 2, "{refused}");
    assert!(refused.contains("goal = 'maximise'") && refused.contains("`goal = \"minimise\"`"), "{refused}");
}

#[test]
fn confounds_name_what_a_preset_brings() {
    let text = format!("{BASE}\n[[case]]\nname = 'lgdea'\n[[case]]\nname = 'clip'\nextends = 'clip'\n");
    let told: Vec<String> = sweep(&text).confounds().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn problems_stand_where_they_are_made() {
    insta::assert_snapshot!(refusal(
        "experiment = 'nothing.toml'
[grid]
train.stepps = [1, 2]
pairing.ratio = [0.1, 1.5, 'all']
train.batch = 3
seed = [1, 2]
eval.retrieval.at = [1, 5]
graph.alpha = []
\"train.warmup\" = [3]
"
    ));
}

#[test]
fn zips_claims_and_seeds_are_checked() {
    insta::assert_snapshot!(refusal(
        "experiment = []
[[zip]]
train.steps = [1, 2]
train.warmup = [1, 2, 3]
[[zip]]
"
    ));
    insta::assert_snapshot!(refusal(
        "experiment = []
[[case]]
name = 'lgdea'
[[case]]
name = 'lgdea'
extends = 'clip'
[[claim]]
metric = 'test/retrieval/i2t_median_rank'
better = 'lgdae'
than = 'lgdea'
[seeds]
list = [1, 1]
"
    ));
    insta::assert_snapshot!(refusal(
        "experiment = []
[[case]]
name = 'lgdea'
[[case]]
name = 'clip'
extends = 'clip'
[[claim]]
metric = 'test/retrieval/i2t_median_rank'
better = 'lgdea'
than = ['clip', 'gloria']
"
    ));
    insta::assert_snapshot!(refusal("experiment = []\n[[claim]]\nmetric = []\nbetter = 'a'\nthan = 'b'\n"));
}

#[test]
fn metrics_that_no_trial_logs_are_refused() {
    insta::assert_snapshot!(refusal(
        "experiment = []
[[case]]
name = 'lgdea'
[[case]]
name = 'clip'
extends = 'clip'
set.eval.grounding.enabled = false
[search]
objective = 'validation/zero_shot/auroc'
[search.space]
train.learning-rate = { low = 1e-4, high = 1e-2, log = true }
[budget]
trials = 4
[prune]
metric = 'validation/grounding/pointing'
min-step = 5000
[[claim]]
metric = ['auroc', 'test/grounding/pointing', 'test/zero_shot/auroc/cardiomegaly', 'train/images_per_second']
better = 'lgdea'
than = 'clip'
"
    ));
    let claim = |axis: &str, metric: &str| {
        let cases = "[[case]]\nname = 'a'\n[[case]]\nname = 'b'\nextends = 'clip'\n";
        let claim = format!("[[claim]]\nmetric = '{metric}'\nbetter = 'a'\nthan = 'b'\n");
        let text = format!("{BASE}{cases}{claim}[grid]\n{axis}\n");
        read_in(&tempfile::tempdir().unwrap(), &text).is_ok()
    };
    assert!(!claim("train.batch = [3]", "test/retrieval/i2t_r_at_3"));
    assert!(claim("train.batch = [3]", "test/retrieval/i2t_r_at_5"));
    assert!(claim("eval.retrieval.at = [[3]]", "test/retrieval/i2t_r_at_3"), "what axes decide is left alone");
    assert!(!claim("eval.splits = [['validation']]", "test/retrieval/i2t_r_at_3"));
    assert!(claim("eval.splits = [['validation']]", "test/retrieval/i2t_r_at_5"));
}

#[test]
fn what_is_no_sweep_is_told_apart() {
    insta::assert_snapshot!(refusal("extends = 'clip'\n[pairing]\nratio = 0.1\n"));
    insta::assert_snapshot!(refusal("experiment = []\n[component.graph]\nwithout.graph.share = 0\n"));
}

#[test]
fn claims_name_scores_of_evaluation_sets_that_trials_have() {
    let set = "eval.set.nih = { studies = 'all', retrieval.enabled = false }\n";
    let arms = "[[case]]\nname = 'a'\n[[case]]\nname = 'b'\n";
    let told = |metric: &str| {
        let claim = format!("[[claim]]\nmetric = '{metric}'\nbetter = 'a'\nthan = 'b'\n");
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("e.toml"), set).unwrap();
        read_in(&folder, &format!("experiment = 'e.toml'\n{arms}{claim}")).err().map(|error| render(&error))
    };
    assert_eq!(told("nih/zero_shot/auroc_macro"), None);
    assert_eq!(told("nih/grounding/pointing"), None);
    let part_of = |metric: &str, part: &str| assert!(told(metric).unwrap().contains(part), "{metric}");
    part_of("nih/retrieval/i2t_r_at_1", "no trial logs a metric");
    part_of("nih/zero_shot/auroc_makro", "`nih/zero_shot/auroc_macro`");
    part_of("nhi/zero_shot/auroc_macro", "evaluation set `nhi`, which no trial has; did you mean `nih`?");
}

#[test]
fn a_claim_on_lists_is_one_on_each() {
    let sweep = sweep(
        "experiment = []
[[case]]
name = 'lgdea'
[[case]]
name = 'clip'
extends = 'clip'
[[case]]
name = 'mgca'
extends = 'mgca'
[[claim]]
metric = ['test/grounding/cnr', 'test/grounding/miou']
better = 'lgdea'
than = ['clip', 'mgca']
min-delta = 0.1
",
    );
    let claims: Vec<_> = sweep.claims.iter().map(|claim| (claim.metric.as_str(), claim.than.as_str())).collect();
    let [cnr, miou] = ["test/grounding/cnr", "test/grounding/miou"];
    assert_eq!(claims, [(cnr, "clip"), (cnr, "mgca"), (miou, "clip"), (miou, "mgca")]);
    assert!(sweep.claims.iter().all(|claim| claim.better == "lgdea" && claim.min_delta == 0.1));
}

#[test]
fn conditions_are_checked_before_anything_runs() {
    insta::assert_snapshot!(refusal(
        "experiment = []
[[exclude]]
when = 'pairing.ratio < '
[[exclude]]
when = 'pairing.ration < 0.1 && arm == \"a\"'
[[require]]
when = \"train.learning-rate < 1.0\"
[[require]]
when = 'seed > 3'
"
    ));
    insta::assert_snapshot!(refusal("experiment = []\n[[exclude]]\nwhen = 'data.openi.images == \"\"'\n"));
    insta::assert_snapshot!(refusal("experiment = []\n[[exclude]]\nwhen = 'train.steps + 1'\n"));
    insta::assert_snapshot!(refusal("experiment = []\n[[exclude]]\nwhen = 'train.steps > 1'\n"));
}

#[test]
fn conditions_that_would_never_end_are_refused() {
    let of = |condition: &str| format!("experiment = []\n[[exclude]]\nwhen = '{condition}'\n");
    let nested = refusal(&of("[1, 2].all(x, [1, 2].all(y, x < y))"));
    assert!(nested.contains("cannot stand within each other"), "{nested}");
    assert_eq!(listed(&of("[100, 200].exists(n, n == train.steps)")).len(), 1);
    let long = refusal(&of(&format!("{}true", "!".repeat(3000))));
    assert!(long.contains("more than"), "{long}");
    for (open, close) in [("(", ")"), ("[", "]"), ("!", ""), ("-", "")] {
        let deep = format!("{}train.steps{} == 1", open.repeat(900), close.repeat(900));
        let folder = tempfile::tempdir().unwrap();
        // Whatever it says, it says it.
        let _ = read_in(&folder, &of(&deep)).map(|sweep| sweep.expand());
    }
}

#[test]
fn an_axis_reads_what_is_decided_above_it() {
    insta::assert_snapshot!(refusal(
        "experiment = []
[grid]
train.warmup = { values = [1, 2], when = 'train.steps > 10' }
train.steps = [10, 20]
"
    ));
}

#[test]
fn components_and_search_are_checked() {
    insta::assert_snapshot!(refusal(
        "experiment = []
[component.a]
without.graph.share = 0.0
[component.b]
without.graph.share = 0.5
[component.c]
needs = ['a']
[ablate]
components = ['a', 'bb']
[search]
objective = 'test/zero_shot/auroc_macro'
[search.space]
train.learning-rate = { low = 0.0, high = 1e-2, log = true }
train.batch = { low = 64, high = 16 }
pairing.unpaired = { low = 0, high = 1 }
train.steps = { low = 1, high = 9, stepp = 2 }
train.warmup = { low = 1 }
[prune]
metric = 'test/zero_shot/auroc_macro'
min-step = 10
"
    ));
}

#[test]
fn what_changes_no_result_is_no_axis_and_no_part_of_an_arm() {
    for key in ["notify.command", "tracker.uri"] {
        let [grid, arm] = [format!("[grid]\n{key} = ['a', 'b']\n"), format!("[[case]]\nname = 'a'\nset.{key} = 'a'\n")];
        for text in [grid, arm] {
            let refused = refusal(&format!("experiment = []\n{text}"));
            assert!(
                refused.contains("cannot be varied by a sweep") && refused.contains("changes no result"),
                "{refused}"
            );
        }
    }
}

#[test]
fn a_value_that_breaks_a_rule_is_pointed_at_in_the_sweep() {
    insta::assert_snapshot!(refusal("experiment = []\n[grid]\ntrain.initial-scale = [10, 20, 80]\n"));
}

#[test]
fn keys_of_the_experiment_beside_an_arms_name_are_shown_where_they_belong() {
    let text = "experiment = []\n[[case]]\nname = 'a'\nloss.global.weight = 2\n[component.b]\nsteps = 1\n";
    let told = refusal(text);
    assert!(told.contains("did you mean `set.loss`?") && told.contains("`without.train.steps`"), "{told}");
    let told = refusal("experiment = []\n[train]\nsteps = 1\n");
    assert!(told.contains("did you mean `grid.train`?"), "{told}");
}

#[test]
fn other_tables_are_checked_by_their_schema() {
    insta::assert_snapshot!(refusal("[grd]\n[execute]\nworkers = 0\nlauncher = 'slrum'\n[ablate]\nmode = 'loo'\n"));
    insta::assert_snapshot!(refusal("[[case]]\nextends = 'clip'\n"));
    insta::assert_snapshot!(refusal("grid = 3\n"));
}

/// Its texts go into a script as they stand: a second line would be a command of its own.
#[test]
fn what_slurm_is_asked_for_is_checked_and_its_template_found_beside_the_file() {
    for (line, reason) in [
        (r#"partition = "a\nrm -rf x""#, "of the form"),
        (r#"options = ["--qos=long", "x\ny"]"#, "of the form"),
        ("time = 'tomorrow'", "of the form"),
        ("trials-per-element = 0", "at least 1"),
        ("partitoin = 'a'", "`partition`"),
    ] {
        let refused = refusal(&format!("{BASE}[execute.slurm]\n{line}\n"));
        assert!(refused.contains(reason), "{refused}");
    }
    let folder = tempfile::tempdir().unwrap();
    let sweep =
        read_in(&folder, &format!("{BASE}[execute.slurm]\ntime = '2-12:00:00'\ntemplate = 'a/own.j2'\n")).unwrap();
    assert_eq!(sweep.execute.slurm.template, Some(folder.path().join("a/own.j2")));
}

#[test]
fn names_become_parts_of_the_runs_names() {
    insta::assert_snapshot!(refusal("experiment = []\n[component.'a b']\nwithout.graph.share = 0.0\n"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my sweep.toml");
    fs::write(&path, BASE).unwrap();
    assert!(render(&Sweep::from_file(&path).unwrap_err()).contains("`name` is \"my sweep\""));

    let components = (0..10).map(|n| format!("[component.component-{n}]\nwithout.train.steps = 299\n"));
    let text = format!("{BASE}{}[ablate]\nmode = 'one-in'\n", components.collect::<String>());
    let (sweep, expansion) = expanded(&text);
    let named = sweep.resolve(&expansion.trials[1]).unwrap();
    let again = crate::testing::resolve(&[("again.toml", &named.to_toml())], &[]).unwrap();
    assert_eq!(again.experiment, named.experiment);
}

#[test]
fn a_sweep_that_never_ends_is_refused() {
    let numbers: Vec<String> = (1..=200).map(|number| number.to_string()).collect();
    let list = numbers.join(", ");
    let refusal = refusal(&format!(
        "experiment = []\n[grid]\ntrain.steps = [{list}]\ntrain.batch = [{list}]\ntrain.log-every = [{list}]\n"
    ));
    assert!(refusal.contains("the sweep has 8000000 trials"), "{refusal}");
}
