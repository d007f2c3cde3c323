//! Comparisons of a synthetic results folder: what readers see, and what is collected.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::PathBuf;
use std::sync::Arc;

use lgdea_comparison::claim::{self, Outcome};
use lgdea_comparison::seeds::{Question, seeds_needed};
use lgdea_comparison::{
    Collection, Comparison, Efficiency, Interval, Judgement, Metric, Request, Split, Test, Verdict, records, view,
};
use lgdea_harness::synthetic::{AUROC, RANK, Results};
use lgdea_spec::sweep::Role;
use lgdea_track::Status;

fn read(results: &Results, paths: &[&str]) -> Collection {
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    Collection::read(&paths, results.path()).unwrap()
}

fn request() -> Request {
    Request {
        metrics: vec![AUROC.to_owned(), RANK.to_owned()],
        split: Split::Test,
        by: "arm".to_owned(),
        base: None,
        equals: None,
        judgement: Judgement::default(),
        command: "lgdea compare table".to_owned(),
    }
}

/// What a records file can tell of a collection.
fn without_folders(collection: &Collection) -> Collection {
    let mut told = collection.clone();
    told.runs.iter_mut().for_each(|run| (run.folder, run.settings) = (None, Arc::default()));
    told
}

fn table() -> (Results, Collection) {
    let results = Results::new();
    results.table(&[("lgdea", "clip", 0.05), ("lgdea", "clip_txt", 0.0), ("clip", "lgdea", 0.0)]);
    let collection = read(&results, &["table"]);
    (results, collection)
}

#[test]
fn a_comparison_reads_well_in_every_format() {
    let (_results, collection) = table();
    let comparison = Comparison::new(&collection, &request()).unwrap();
    insta::assert_snapshot!("terminal", view::terminal(&comparison));
    insta::assert_snapshot!("brief", view::brief(&comparison));
    insta::assert_snapshot!("markdown", view::markdown(&comparison));
    insta::assert_snapshot!("latex", view::latex(&comparison));
    insta::assert_snapshot!("csv", view::csv(&comparison).unwrap());
    let json = serde_json::to_value(&comparison).unwrap();
    assert_eq!(json["rows"].as_array().unwrap().len(), 9);
    assert_eq!(json["rows"][1]["cells"][0]["difference"]["seeds"], serde_json::json!([0, 1, 2, 3, 4]));
}

#[test]
fn claims_are_decided_at_every_setting() {
    let (_results, collection) = table();
    let checked = claim::check(&collection, &Judgement::default()).unwrap();
    insta::assert_snapshot!("claims", view::claims(&checked));
    assert_eq!(checked.len(), 9);
    assert!(checked[..3].iter().all(|claim| claim.outcome == Outcome::Holds { if_normal: true }), "{checked:?}");
    assert!(checked[6..].iter().all(|claim| matches!(claim.outcome, Outcome::Fails { .. })), "{checked:?}");
}

#[test]
fn few_seeds_decide_nothing_without_an_assumption() {
    let (_results, collection) = table();
    let judgement = Judgement { test: Test::Permutation, ..Judgement::default() };
    let checked = claim::check(&collection, &judgement).unwrap();
    let Outcome::Undecided { because, seeds_needed } = &checked[0].outcome else { panic!("{:?}", checked[0]) };
    assert_eq!(because, "5 seeds cannot reach p < 0.05 two-sided");
    // 9 comparisons: 2 / 2^n < 0.05 / 9.
    assert_eq!(*seeds_needed, Some(9));
    let comparison = Comparison::new(&collection, &Request { judgement, ..request() }).unwrap();
    assert!(comparison.differences().all(|(_, _, found)| matches!(found.verdict, Verdict::Unsupported(_))));
}

/// The table's runs of its first seeds.
fn of_seeds(seeds: u64) -> Collection {
    let (_results, mut collection) = table();
    collection.runs.retain(|run| run.place.seed < seeds);
    collection.missing.clear();
    collection
}

#[test]
fn of_two_seeds_nothing_is_judged_and_one_sentence_says_so() {
    for seeds in [1, 2] {
        let collection = of_seeds(seeds);
        let comparison = Comparison::new(&collection, &request()).unwrap();
        let printed = view::terminal(&comparison);
        let told = "No difference is judged from fewer than 3 seeds that both sides have; all 12 here have fewer";
        assert_eq!(printed.matches(told).count(), 1, "{printed}");
        assert_eq!(view::markdown(&comparison).matches("fewer than 3 seeds").count(), 1);
        for word in ["interval", "p (t)", "significant", "Significance", "cannot tell", "†"] {
            assert!(!printed.contains(word), "{word} in\n{printed}");
        }
        let csv = view::csv(&comparison).unwrap();
        assert_eq!(csv.matches("cannot tell: fewer than 3 seeds that both have").count(), 12, "each line stands alone");

        let checked = claim::check(&collection, &Judgement::default()).unwrap();
        let printed = view::claims(&checked);
        assert_eq!(printed.matches("fewer than 3 seeds").count(), 1, "{printed}");
        assert_eq!((printed.matches("undecided").count(), printed.matches("would tell").count()), (9, 0), "{printed}");
        for claim in checked {
            assert!(matches!(claim.outcome, Outcome::Undecided { seeds_needed: None, .. }), "{claim:?}");
        }
        let error = seeds_needed(&collection, &question()).unwrap_err().to_string();
        assert!(error.contains("nothing is said of fewer than 3 seeds") && error.lines().count() == 1, "{error}");
    }
    let three = Comparison::new(&of_seeds(3), &request()).unwrap();
    assert!(three.differences().all(|(_, _, found)| found.p_corrected.is_some()));
    assert!(!view::terminal(&three).contains("fewer than 3 seeds"));
}

#[test]
fn settings_with_too_few_seeds_are_counted_and_the_others_judged() {
    let (_results, mut collection) = table();
    // One share of pairs has two seeds.
    collection.runs.retain(|run| run.place.seed < 2 || run.place.deltas["pairing.ratio"] != 0.1);
    let comparison = Comparison::new(&collection, &request()).unwrap();
    let printed = view::terminal(&comparison);
    assert!(printed.contains("4 of the 12 here have fewer") && printed.contains("p (t)"), "{printed}");
    let of_two: Vec<&str> = printed.lines().filter(|line| line.contains("  2 ") && line.contains("clip")).collect();
    assert!(of_two[2..].iter().all(|line| line.ends_with("– │")), "{of_two:#?}");
    let answers = seeds_needed(&collection, &question()).unwrap();
    assert_eq!((answers.settings.len(), answers.left_out), (2, 1));
    let printed = view::seeds(&question(), &answers);
    assert!(printed.contains("left out: 1 of 3 settings"), "{printed}");
}

/// Pairs are images with their reports; what a comparison counts are seeds.
#[test]
fn pairs_are_of_image_and_report_and_seeds_are_called_seeds() {
    for seeds in [1, 2, 3, 4, 5] {
        let collection = of_seeds(seeds);
        for test in [Test::PairedT, Test::Permutation, Test::Wilcoxon] {
            let judgement = Judgement { test, ..Judgement::default() };
            let comparison = Comparison::new(&collection, &Request { judgement, ..request() }).unwrap();
            let checked = claim::check(&collection, &judgement).unwrap();
            let mut texts = vec![
                view::terminal(&comparison),
                view::brief(&comparison),
                view::markdown(&comparison),
                view::latex(&comparison),
                view::csv(&comparison).unwrap(),
                view::claims(&checked),
                serde_json::to_string(&checked).unwrap(),
            ];
            texts.push(match seeds_needed(&collection, &question()) {
                Ok(answers) => view::seeds(&question(), &answers),
                Err(error) => error.to_string(),
            });
            for mut text in texts {
                for meant in [
                    "pairing.ratio",
                    "paired by seed",
                    "paired t",
                    "paired-t",
                    "fewer pairs",
                    "share of pairs",
                    "pairs of image and report",
                    "50 % of the pairs",
                    "50 \\% of the pairs",
                ] {
                    text = text.replace(meant, "");
                }
                assert!(!text.contains("pair"), "{text}");
            }
        }
    }
}

#[test]
fn all_that_look_the_same_are_the_best_together() {
    let best = |scores: [f64; 3], metric: &str| -> Vec<bool> {
        let mut collection = of_seeds(1);
        collection.runs.retain(|run| run.place.deltas["pairing.ratio"] == 0.1);
        for (run, score) in collection.runs.iter_mut().zip(scores) {
            run.metrics.insert(metric.to_owned(), score);
        }
        let asked = Request { metrics: vec![metric.to_owned()], ..request() };
        let comparison = Comparison::new(&collection, &asked).unwrap();
        comparison.rows.iter().map(|row| row.cells[0].best).collect()
    };
    for (scores, expected) in [
        ([0.9, 0.8, 0.7], [true, false, false]),
        ([0.9, 0.9, 0.7], [true, true, false]),
        ([0.7, 0.9, 0.9], [false, true, true]),
        ([0.9, 0.9, 0.9], [true; 3]),
        // Three decimals are shown of an AUROC.
        ([0.9, 0.9004, 0.8996], [true; 3]),
        ([0.9, 0.9006, 0.8996], [false, true, false]),
        ([0.8994, 0.9, 0.5], [false, true, false]),
    ] {
        assert_eq!(best(scores, AUROC), expected, "{scores:?}");
    }
    // One decimal of a rank, of which less is better.
    assert_eq!(best([3.0, 3.04, 3.06], RANK), [true, true, false]);
    assert_eq!(best([30.0, 3.0, 3.0], RANK), [false, true, true]);
    // Around nothing no sign tells two means apart.
    assert_eq!(best([0.0004, -0.0004, -0.2], "test/grounding/cnr"), [true, true, false]);
}

fn question() -> Question {
    Question {
        metric: Metric::new(AUROC),
        arm: "lgdea".to_owned(),
        than: "clip_txt".to_owned(),
        delta: None,
        power: 0.8,
        alpha: 0.05,
        comparisons: 1,
    }
}

#[test]
fn a_pilot_says_how_many_seeds_are_needed() {
    let (_results, collection) = table();
    let question = Question { delta: Some(0.005), comparisons: 3, ..question() };
    let answers = seeds_needed(&collection, &question).unwrap();
    insta::assert_snapshot!("seeds", view::seeds(&question, &answers));
    assert_eq!(answers.left_out, 0);
    assert!(answers.settings.iter().all(|answer| answer.cautious > answer.seeds && answer.permutation == 7));
    let refused = |question: Question| seeds_needed(&collection, &question).unwrap_err().to_string();
    assert!(refused(Question { delta: Some(0.0), ..question.clone() }).contains("--delta"));
    assert!(refused(Question { than: "clip_text".to_owned(), ..question.clone() }).contains("did you mean `clip_txt`"));
    assert!(refused(Question { than: "lgdea".to_owned(), ..question }).contains("itself"));
}

/// The median rank falls as the AUROC rises, so whatever is better by the one is better by the other.
#[test]
fn a_lower_median_rank_is_better_in_every_comparison() {
    let (_results, mut collection) = table();
    let comparison = Comparison::new(&collection, &request()).unwrap();
    assert!(comparison.rows.iter().any(|row| row.cells[1].best));
    for row in &comparison.rows {
        assert_eq!(row.cells[0].best, row.cells[1].best, "{row:?}");
    }
    let of_metric = |metric: usize| comparison.efficiency.iter().filter(move |found| found.metric == metric);
    assert!(of_metric(1).count() > 0);
    for (auroc, rank) in of_metric(0).zip(of_metric(1)) {
        assert_eq!((&auroc.group, &auroc.equals), (&rank.group, &rank.equals));
        let times = |found: &Efficiency| found.reach.times(found.ratio);
        assert_eq!(times(auroc), times(rank));
    }
    let outcomes = |collection: &Collection| -> Vec<bool> {
        let checked = claim::check(collection, &Judgement::default()).unwrap();
        checked.iter().map(|claim| matches!(claim.outcome, Outcome::Holds { .. })).collect()
    };
    let by_auroc = outcomes(&collection);
    for claim in &mut collection.sweeps[0].claims {
        // A rank is 40 times as wide.
        (claim.metric, claim.min_delta) = (RANK.to_owned(), 40.0 * claim.min_delta);
    }
    assert_eq!(outcomes(&collection), by_auroc);
    assert!(by_auroc.contains(&true) && by_auroc.contains(&false));
}

#[test]
fn axes_can_be_compared_instead_of_arms() {
    let (_results, collection) = table();
    let asked = Request { by: "pairing.ratio".to_owned(), ..request() };
    let comparison = Comparison::new(&collection, &asked).unwrap();
    assert_eq!((comparison.base.as_str(), &comparison.keys), ("0.02", &vec!["arm".to_owned()]));
    let groups: Vec<&str> = comparison.rows.iter().map(|row| row.group.as_str()).collect();
    assert_eq!(groups, ["0.02", "0.1", "1.0"].repeat(3));
    assert!(comparison.efficiency.is_empty(), "the share of pairs is what is compared");
    let error = Comparison::new(&collection, &Request { by: "pairing.ration".to_owned(), ..request() }).unwrap_err();
    assert!(error.to_string().contains("did you mean `pairing.ratio`"), "{error}");
    let error = Comparison::new(&collection, &Request { base: Some("clipp".to_owned()), ..request() }).unwrap_err();
    assert!(error.to_string().contains("did you mean `clip`"), "{error}");
}

#[test]
fn a_records_file_gives_the_same_comparison() {
    let (results, collection) = table();
    let file = results.file("table.jsonl");
    records::write(&collection, &file).unwrap();
    let again = Collection::read(std::slice::from_ref(&file), results.path()).unwrap();
    // Where runs lie on this machine is nobody else's business.
    assert!(again.runs.iter().all(|run| run.folder.is_none()));
    assert!(!std::fs::read_to_string(&file).unwrap().contains("folder"));
    assert_eq!(again, without_folders(&collection));
    // Beside the sweep itself, every run counts once.
    assert_eq!(read(&results, &["table", file.to_str().unwrap()]), collection);
    assert_eq!(read(&results, &[file.to_str().unwrap(), "table"]).runs, collection.runs);
    let compared = |collection| Comparison::new(collection, &request()).unwrap();
    assert_eq!(compared(&again), compared(&collection));
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 1 + 43);

    let mut fewer = collection.clone();
    fewer.runs.truncate(40);
    let error = records::write(&fewer, &file).unwrap_err().to_string();
    assert!(error.contains("holds 3 runs"), "{error}");
    records::write(&collection, &file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("\"seed\":0", "\"seed\":-1", 1)).unwrap();
    let error = Collection::read(&[file], results.path()).unwrap_err().to_string();
    assert!(error.contains("line 2"), "{error}");
}

#[test]
fn what_a_sweep_confounds_is_kept_in_records_and_found_beside_older_ones() {
    let (results, mut collection) = table();
    let (old, new) = (results.file("old.jsonl"), results.file("new.jsonl"));
    records::write(&collection, &old).unwrap();
    assert!(!std::fs::read_to_string(&old).unwrap().contains("confounds"));
    let told = Some(vec!["`clip` and `lgdea` are not measured alike: eval.bootstrap = 0 for 100".to_owned()]);
    collection.sweeps[0].confounds = told.clone();
    records::write(&collection, &new).unwrap();
    for paths in [vec![old.clone(), new.clone()], vec![new.clone(), old], vec![new]] {
        let joined = Collection::read(&paths, results.path()).unwrap();
        assert_eq!((joined.sweeps.len(), &joined.sweeps[0].confounds), (1, &told));
    }
}

#[test]
fn sessions_are_joined_and_contradictions_told() {
    let (results, collection) = table();
    let (mut first, mut second) = (collection.clone(), collection.clone());
    first.runs.truncate(20);
    second.runs.drain(..15);
    second.runs[0].metrics.insert(AUROC.to_owned(), 0.1);
    let [a, b] = ["a.jsonl", "b.jsonl"].map(|name| results.file(name));
    records::write(&first, &a).unwrap();
    records::write(&second, &b).unwrap();
    let joined = Collection::read(&[a, b], results.path()).unwrap();
    let told = without_folders(&collection);
    assert_eq!((&joined.runs, &joined.missing), (&told.runs, &told.missing));
    assert!(joined.warnings[0].contains("other scores"), "{:?}", joined.warnings);
}

#[test]
fn runs_of_no_sweep_are_compared_by_their_name() {
    let results = Results::new();
    for seed in ["0", "1", "2"] {
        let score = seed.parse::<f64>().unwrap() / 100.0;
        for (name, ratio, steps, level) in
            [("a", "0.02", "600", 0.8), ("a", "0.1", "600", 0.9), ("b", "0.02", "900", 0.7), ("b", "0.1", "900", 0.75)]
        {
            let key = format!("{name}{seed}{}", ratio.replace('.', ""));
            let params = [("seed", seed), ("pairing.ratio", ratio), ("train.steps", steps), ("name", name)];
            results.run(name, &key, &params, &[(AUROC, level + score * level)], Status::Finished);
        }
    }
    let collection = read(&results, &[results.path().to_str().unwrap()]);
    let comparison = Comparison::new(&collection, &Request { metrics: vec![], ..request() }).unwrap();
    assert_eq!((comparison.base.as_str(), &comparison.keys), ("a", &vec!["pairing.ratio".to_owned()]));
    assert_eq!(comparison.differences().filter(|(_, _, found)| found.values.len() == 3).count(), 2);
}

#[test]
fn a_ceiling_is_never_the_best_and_every_format_says_what_it_is() {
    let results = Results::new();
    for (name, oracle, score) in [("lgdea", "false", 0.8), ("clip", "false", 0.7), ("oracle", "true", 0.9)] {
        for seed in ["0", "1"] {
            let params = [("seed", seed), ("graph.oracle", oracle)];
            results.run(name, &format!("{name}{seed}"), &params, &[(AUROC, score)], Status::Finished);
        }
    }
    let collection = read(&results, &[results.path().to_str().unwrap()]);
    let asked = Request { metrics: vec![AUROC.to_owned()], ..request() };
    let comparison = Comparison::new(&collection, &asked).unwrap();
    let best: Vec<&str> =
        comparison.rows.iter().filter(|row| row.cells[0].best).map(|row| row.group.as_str()).collect();
    assert_eq!(best, ["lgdea"]);
    let table = view::markdown(&comparison);
    assert!(table.contains("oracle (ceiling)") && table.contains("never the best"), "{table}");
    // It is compared with the base as any other arm.
    assert_eq!(comparison.differences().filter(|(row, _, _)| row.group == "oracle").count(), 1);
}

#[test]
fn a_declared_role_goes_before_what_the_settings_say() {
    let (_results, mut collection) = table();
    let best = |collection: &Collection| -> Vec<String> {
        let comparison =
            Comparison::new(collection, &Request { metrics: vec![AUROC.to_owned()], ..request() }).unwrap();
        comparison.rows.into_iter().filter(|row| row.cells[0].best).map(|row| row.group).collect()
    };
    assert_eq!(best(&collection), ["lgdea"; 3]);
    collection.runs.iter_mut().filter(|run| run.place.arm == "lgdea").for_each(|run| run.ceiling = true);
    assert_eq!(best(&collection), ["clip_txt"; 3]);
    collection.sweeps[0].arms[0].role = Some(Role::Method);
    assert_eq!(best(&collection), ["lgdea"; 3]);
    collection.sweeps[0].arms[0].role = Some(Role::Ceiling);
    assert_eq!(best(&collection), ["clip_txt"; 3]);
}

#[test]
fn lists_of_earlier_versions_tell_roles_by_what_an_arm_changes_and_is_called() {
    let (_results, mut collection) = table();
    collection.sweeps[0].arms[1].changes.insert("graph.oracle".to_owned(), true.into());
    collection.sweeps[0].arms[2].name = "without-text".to_owned();
    collection.runs.iter_mut().filter(|run| run.place.arm == "clip_txt").for_each(|run| {
        run.place.arm = "without-text".to_owned();
    });
    let roles: Vec<(String, Option<Role>)> = Comparison::new(&collection, &request()).unwrap().rows[..3]
        .iter()
        .map(|row| (row.group.clone(), row.role))
        .collect();
    let expected = [("lgdea", None), ("clip", Some(Role::Ceiling)), ("without-text", Some(Role::Ablation))];
    assert_eq!(roles, expected.map(|(name, role)| (name.to_owned(), role)));
}

#[test]
fn what_matters_of_a_long_comparison_is_short_and_says_how_to_get_the_rest() {
    let (_results, mut collection) = table();
    for run in &mut collection.runs {
        let score = run.metrics[AUROC];
        run.metrics.extend((0..30).map(|number| (format!("test/extra/{number:02}"), score)));
    }
    let asked = Request { metrics: vec!["extra/*".to_owned()], ..request() };
    let comparison = Comparison::new(&collection, &asked).unwrap();
    let printed = view::brief(&comparison);
    assert!(printed.lines().count() < 130, "{printed}");
    assert!(printed.contains("differences to lgdea: 0 of 180 are significant (*), "), "{printed}");
    let last = printed.lines().last().unwrap();
    assert!(last.starts_with("--all prints everything: 120 rows of means, 180 differences"), "{last}");
    assert!(view::terminal(&comparison).lines().count() > 200);
    assert!(!printed.contains("fewer pairs"), "data efficiency is for those who ask");
    let asked = Request { equals: Some("clip".to_owned()), ..request() };
    assert!(view::brief(&Comparison::new(&collection, &asked).unwrap()).contains("fewer pairs"));
}

#[test]
fn two_runs_in_one_place_are_refused() {
    let results = Results::new();
    for (key, score) in [("k1", 0.8), ("k2", 0.9)] {
        let params = [("seed", "0"), ("pairing.ratio", "0.02")];
        results.run("a", key, &params, &[(AUROC, score)], Status::Finished);
    }
    let error = Comparison::new(&read(&results, &["runs"].map(|_| results.path().to_str().unwrap())), &request());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("k1") && error.contains("k2"), "{error}");
}

#[test]
fn the_interval_can_be_chosen() {
    let (_results, collection) = table();
    let width = |interval| {
        let judgement = Judgement { interval, ..Judgement::default() };
        let comparison = Comparison::new(&collection, &Request { judgement, ..request() }).unwrap();
        let [low, high] = comparison.differences().next().unwrap().2.interval.unwrap();
        high - low
    };
    assert!(width(Interval::T) > width(Interval::Percentile), "a t interval of five is the wider one");
    assert!(width(Interval::Bca) > 0.0);
}
