//! What is told of a sweep that has changed since it ran: what of it is left behind, and why.

use lgdea_harness::{Said, Workspace};

/// What `lgdea plan` says of a changed sweep, on one line.
fn planned(place: &Workspace, text: &str) -> String {
    place.sweep(text);
    let said = place.output(&["plan", "sweep.toml", "--results", "a"]);
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

const GRID: &str =
    "[grid]\ntrain.steps = [4, 6]\n[[case]]\nname = 'one'\n[[case]]\nname = 'two'\nset.train.batch = 6\n";

#[test]
fn finished_runs_that_a_changed_sweep_does_not_have_are_told_with_the_change() {
    let place = Workspace::of_sweeps();
    place.finish(&place.sweep(GRID), "a", &["--workers", "2"]);
    let said = planned(&place, GRID);
    assert!(said.contains("4 distinct runs, 4 of them finished") && !said.contains("no part of it"), "{said}");

    let more = |text: &str| format!("{text}{GRID}");
    let with = |old: &str, new: &str| GRID.replace(old, new);
    let changed = [
        (with("[4, 6]", "[4]"), "2 finished runs", "2 with `train.steps` = 6 (now 4)"),
        (with("[4, 6]", "[4, 6, 7]"), "", ""),
        (with("[4, 6]", "[5, 7]"), "4 finished runs", "2 with `train.steps` = 6 (now 5, 7)"),
        // An arm of another name with the same settings has the same runs.
        (with("'two'", "'three'"), "", ""),
        (
            with("name = 'two'\nset.train.batch = 6", "name = 'three'\nset.train.batch = 7"),
            "2 finished runs",
            "which it does not have now",
        ),
        (with("batch = 6", "batch = 7"), "2 finished runs", "2 with `train.batch` = 6 (now 7)"),
        (more("seeds.list = [3]\n"), "4 finished runs", "4 with seed 0, which it does not have now"),
        (more("seeds.count = 2\n"), "", ""),
        (
            more("[[exclude]]\nwhen = \"arm == 'two' && train.steps > 5\"\n"),
            "1 finished run ",
            "1 with `train.steps` = 6",
        ),
        (with("train.steps = [4, 6]", "train.warmup = [1, 2]"), "4 finished runs", "`train.steps` = "),
        (with("train.steps = [4, 6]", "train.steps = [4, 6]\ngraph.neighbours = [3]"), "4 finished runs", "(now 3)"),
        (with("train.steps", "'train.steps'"), "", ""),
        (more("description = 'Another question.'\n"), "", ""),
        (more("name = 'other'\n"), "", ""),
    ];
    for (text, count, reason) in changed {
        let said = planned(&place, &text);
        assert_eq!(said.contains("no part of it now"), !count.is_empty(), "{text}: {said}");
        assert!(said.contains(count) && said.contains(reason), "{text}: {said}");
        assert_eq!(said.contains("a `name` of its own"), !count.is_empty(), "{text}: {said}");
    }

    // The sweep says it, too, before it begins; and what the experiment itself changes is a change.
    place.write("tiny.toml", lgdea_harness::tiny::TRIAL.replace("warmup = 1", "warmup = 2"));
    let said = place.end(&place.sweep(GRID), "a", &["--trials", "0"]).success().told_in_a_line();
    assert!(said.contains("4 finished runs of a sweep called `sweep`"), "{said}");
    assert!(said.contains("`train.warmup` = 1 (now 2)"), "{said}");
    // Lines for programs stay alone on standard output.
    let lines = place.lgdea(&["plan", "sweep.toml", "--results", "a", "--json"]).assert().success();
    assert_eq!(lines.printed().lines().filter(|line| line.starts_with('{')).count(), 4);
    assert!(lines.told().contains("no part of it now"));
}

const SEARCH: &str = "
[search]
sampler = 'random'
objective = 'validation/zero_shot/auroc_macro'
[search.space]
train.learning-rate = { low = 1e-4, high = 1e-2, log = true }
graph.neighbours = [3, 4]
[budget]
trials = 2
";

#[test]
fn a_search_that_begins_anew_says_what_it_leaves_behind() {
    let place = Workspace::of_sweeps();
    place.finish(&place.sweep(SEARCH), "a", &["--workers", "1"]);
    let with = |old: &str, new: &str| SEARCH.replace(old, new);
    let changed = [
        (SEARCH.to_owned(), ""),
        (with("trials = 2", "trials = 5"), ""),
        (with("trials = 2", "trials = 1"), ""),
        (with("[3, 4]", "[3, 4, 5]"), "`graph.neighbours` was 3, 4 and is 3, 4, 5 now"),
        (with("graph.neighbours = [3, 4]\n", ""), "`graph.neighbours` is not searched now"),
        (with("[3, 4]", "[3, 4]\ngraph.alpha = [0.5, 0.6]"), "`graph.alpha` is searched, too, now"),
        (with("1e-2", "2e-2"), "`train.learning-rate` was 0.0001 to 0.01, logarithmic and is 0.0001 to 0.02"),
        (with(", log = true", ""), "logarithmic and is 0.0001 to 0.01 now"),
        (with("'random'", "'sobol'"), "the sampler was random and is sobol now"),
        (with("'random'", "'random'\nseed = 9"), "the sampler's seed was 0 and is 9 now"),
        (with("'random'", "'random'\nstartup = 3"), "`startup` was 10 and is 3 now"),
        (with("zero_shot/auroc_macro", "retrieval/i2t_median_rank"), "the objective was"),
        (format!("seeds.list = [7]\n{SEARCH}"), "with seed 0, which it does not have now"),
        (format!("case = [{{ name = 'x' }}]\n{SEARCH}"), ""),
        (
            format!("case = [{{ name = 'x', set.train.batch = 6 }}]\n{SEARCH}"),
            "of the arm `base`, which it does not have now",
        ),
        (format!("grid.train.steps = [9]\n{SEARCH}"), "`train.steps` = "),
    ];
    for (text, reason) in changed {
        let said = planned(&place, &text);
        assert_eq!(said.contains("2 finished runs of a sweep called `sweep`"), !reason.is_empty(), "{text}: {said}");
        assert!(said.contains(reason), "{text}: {said}");
    }
    let said = place.end(&place.sweep(&with("[3, 4]", "[4, 5]")), "a", &["--trials", "0"]).told_in_a_line();
    assert!(said.contains("was 3, 4 and is 4, 5 now") && said.contains("a `name` of its own"), "{said}");
}

#[test]
fn the_plan_of_a_search_counts_what_it_has_proposed() {
    let place = Workspace::of_sweeps();
    let sweep = place.sweep(&SEARCH.replace("trials = 2", "trials = 4"));
    let lines = || -> Vec<serde_json::Value> {
        let text = place.output(&["plan", "sweep.toml", "--results", "a", "--json"]);
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let count = |what: &str| lines().iter().filter(|line| line[what] == true).count();
    assert_eq!((lines().len(), count("cached")), (4, 0));
    assert!(lines().iter().all(|line| line["run_key"].is_null() && line["deltas"].as_object().unwrap().is_empty()));

    place.finish(&sweep, "a", &["--workers", "1", "--trials", "1"]);
    assert_eq!((lines().len(), count("cached")), (4, 1));
    assert!(
        planned(&place, &SEARCH.replace("trials = 2", "trials = 4")).contains("4 distinct runs, 1 of them finished")
    );
    assert_eq!(lines()[0]["run_key"], place.trials("a")[0]["run_key"]);
    assert!(lines()[3]["run_key"].is_null());

    place.finish(&sweep, "a", &["--workers", "1"]);
    assert_eq!((lines().len(), count("cached")), (4, 4));
    let said = planned(&place, &SEARCH.replace("trials = 2", "trials = 4"));
    assert!(said.contains("4 distinct runs, 4 of them finished") && !said.contains("the others take"), "{said}");
    let of = |entries: Vec<serde_json::Value>| -> Vec<_> {
        entries.into_iter().map(|entry| (entry["run_key"].clone(), entry["deltas"].clone())).collect()
    };
    assert_eq!(of(lines()), of(place.trials("a")));
    // More trials are to come, and fewer take nothing away.
    planned(&place, &SEARCH.replace("trials = 2", "trials = 6"));
    assert_eq!((lines().len(), count("cached")), (6, 4));
    planned(&place, SEARCH);
    assert_eq!((lines().len(), count("cached")), (4, 4));

    // Two seeds: the same proposals, each with a run more.
    planned(&place, &format!("seeds.count = 2\n{}", SEARCH.replace("trials = 2", "trials = 4")));
    assert_eq!((lines().len(), count("cached")), (8, 4));
    // As after early stopping.
    let journal = place.run_of("a", &place.trials("a")[1]).path("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, text.replace("\"status\":\"finished\"", "\"status\":\"pruned\"")).unwrap();
    assert_eq!((count("cached"), count("pruned")), (3, 2), "the other seed of a pruned proposal need not run");
    let said = planned(&place, &SEARCH.replace("trials = 2", "trials = 4"));
    assert!(said.contains("4 distinct runs, 3 of them finished and 1 stopped early"), "{said}");
    assert!(!said.contains("the others take"), "{said}");
}

#[test]
fn the_status_tells_that_the_file_has_changed() {
    let place = Workspace::of_sweeps();
    place.end(&place.sweep(GRID), "a", &["--trials", "0"]).success();
    let status = || place.output(&["sweep", "sweep.toml", "--results", "a", "--status"]);
    assert!(!status().contains("has changed"), "{}", status());
    assert_eq!(place.status("a")["changed"], false);
    place.sweep(&GRID.replace("[4, 6]", "[4, 6, 7]"));
    assert!(status().contains("has changed since these trials were listed (2 new)"), "{}", status());
    assert_eq!((&place.status("a")["changed"], &place.status("a")["runs"]), (&true.into(), &4.into()));
    place.sweep(GRID);
    place.write("tiny.toml", lgdea_harness::tiny::TRIAL.replace("warmup = 1", "warmup = 2"));
    assert!(status().contains("(the settings of its trials)"), "{}", status());
}

/// What a device is called is known before anything runs, and so is whether this build and machine have it.
#[test]
fn a_device_that_there_is_not_is_told_at_once() {
    let place = Workspace::of_sweeps();
    let sweep = place.sweep("seeds.count = 2\n");
    for name in ["gpu", "cpu", "flex:1", "flex:x", "Flex", "cuda:x", "mps", ""] {
        for command in ["plan", "sweep"] {
            let said = place.ended(2, &[command, "sweep.toml", "--results", "a", "--device", name]);
            assert!(said.contains(&format!("unknown device `{name}`")) && said.contains("flex"), "{said}");
        }
        place.write("device.toml", format!("extends = 'tiny.toml'\ndevice.name = '{name}'\n"));
        let said = place.ended(2, &["check", "device.toml"]);
        assert!(said.contains("device"), "{said}");
    }
    for name in ["cuda:99", "libtorch-cuda:99"] {
        let said = place.end(&sweep, "a", &["--device", name]).code(2).told_in_a_line();
        assert!(said.contains(name.split(':').next().unwrap()) && !said.contains("started"), "{said}");
        let said = planned_for(&place, name);
        assert!(said.contains(&format!("note: here nothing can run on `{name}`")), "{said}");
        place.write("device.toml", format!("extends = 'tiny.toml'\ndevice.name = '{name}'\n"));
        let said = place.ended(2, &["check", "device.toml"]);
        assert!(said.contains(name.split(':').next().unwrap()), "{said}");
    }
    assert!(!place.path("a").exists());
}

fn planned_for(place: &Workspace, device: &str) -> String {
    place.output(&["plan", "sweep.toml", "--results", "a", "--device", device])
}

#[test]
fn a_results_folder_that_cannot_be_one_is_refused_in_one_message() {
    let place = Workspace::of_sweeps().with("file", "").with("b/runs", "");
    place.sweep("seeds.count = 2\n");
    std::fs::create_dir(place.path("c")).unwrap();
    std::os::unix::fs::symlink("loop", place.path("c/loop")).unwrap();
    for results in ["file", "file/below", "b", "/dev/null", "/dev/null/x", "c/loop"] {
        let said = place.ended(2, &["plan", "sweep.toml", "--results", results]);
        assert!(said.contains("failed to read") && said.contains(results), "{results}: {said}");
    }
    for results in ["file", "file/below", "/dev/null", "/dev/null/x", "/proc/nowhere"] {
        for command in [["sweep", "sweep.toml"], ["run", "tiny.toml"]] {
            let ended = place.lgdea(&[command[0], command[1], "--results", results]).assert().code(2);
            let said = ended.told_in_a_line();
            assert_eq!(ended.told().matches('×').count(), 1, "{command:?} {results}: {said}");
            assert!(said.contains(results), "{command:?} {results}: {said}");
        }
    }
    assert!(place.output(&["plan", "sweep.toml", "--results", "not-there-yet"]).contains("0 of them finished"));
}

/// Prompts of the evaluation teach nothing where no labels are learned.
#[test]
fn trials_that_differ_in_prompts_alone_are_trained_once() {
    let place = Workspace::of_sweeps();
    let class = "[[class]]\nname = 'cardiomegaly'\nprompts = ['enlarged heart']\n";
    place.write("prompts.toml", format!("version = 1\ndescription = 'Own.'\n{class}"));
    let sweep = place.sweep("grid.eval.zero-shot.prompts = ['chexpert', 'prompts.toml']\n");
    place.finish(&sweep, "a", &["--workers", "1"]);
    let trials = place.trials("a");
    let taken = |trial: &serde_json::Value| {
        place.run_of("a", trial).events("warning").iter().any(|event| event.to_string().contains("trained as sweep."))
    };
    assert_eq!(trials.iter().map(taken).collect::<Vec<_>>(), [false, true]);
    assert_ne!(place.run_of("a", &trials[0]).metrics(), place.run_of("a", &trials[1]).metrics());
}
