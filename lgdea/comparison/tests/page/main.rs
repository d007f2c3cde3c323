//! The report's page: what is on it, and that it is whole.
#![allow(clippy::unwrap_used, missing_docs)]

mod opening;

use std::path::PathBuf;

use lgdea_comparison::{Collection, Comparison, Judgement, Request, Split, page, records};
use lgdea_harness::journals::{AUROC, results};
use lgdea_spec::sweep::Goal;
use lgdea_track::{Journal, RunDir};
use serde_json::Value;

fn request() -> Request {
    Request {
        metrics: vec![],
        split: Split::Test,
        by: "arm".to_owned(),
        base: None,
        equals: None,
        judgement: Judgement::default(),
        command: "lgdea report ablation".to_owned(),
    }
}

fn written(collection: &Collection, pictures: bool) -> String {
    let comparison = Comparison::new(collection, &request()).unwrap();
    page(collection, &comparison, pictures).unwrap()
}

fn read(results: &tempfile::TempDir, name: &str) -> Collection {
    Collection::read(&[PathBuf::from(name)], results.path()).unwrap()
}

/// The page without Plotly's script, which names addresses that it does not load.
fn own(html: &str) -> String {
    let start = html.find("<script type=\"text/javascript\">").unwrap();
    let end = start + html[start..].find("</script>").unwrap();
    format!("{}{}", &html[..start], &html[end..])
}

fn sections(html: &str) -> Vec<&str> {
    html.split("<section aria-labelledby=\"").skip(1).map(|part| part.split('"').next().unwrap()).collect()
}

/// The section of a page that the heading with this id names.
fn section<'h>(html: &'h str, id: &str) -> &'h str {
    let begun = html.split(&format!("<section aria-labelledby=\"{id}\">")).nth(1).unwrap();
    begun.split("</section>").next().unwrap()
}

fn plots(html: &str, figure: &str) -> Value {
    let of_figure = &html[html.find(&format!("id=\"{figure}\"")).unwrap()..];
    let json = of_figure.split("<script type=\"application/json\">").nth(1).unwrap().split("</script>").next().unwrap();
    serde_json::from_str(json).unwrap()
}

/// Options of a figure's first choice.
fn menu(html: &str, figure: &str) -> Vec<String> {
    let of_figure = &html[html.find(&format!("id=\"{figure}\"")).unwrap()..];
    let select = of_figure.split("<select ").nth(1).unwrap().split("</select>").next().unwrap();
    let options = select.split("<option ").skip(1);
    let text = |option: &str| option.split('>').nth(1).unwrap().split('<').next().unwrap().replace("&#x2f;", "/");
    options.map(text).collect()
}

/// Logs values at two steps of the ablation's runs that a test picks.
fn log(collection: &Collection, name: &str, picked: impl Fn(&str) -> bool) {
    for run in collection.runs.iter().filter(|run| picked(&run.place.arm)) {
        let journal = Journal::open(&RunDir::at(run.folder.clone().unwrap())).unwrap();
        for step in [50, 100] {
            journal.metrics(step, &[(name, 0.25)]).unwrap();
        }
    }
}

fn asking(collection: &Collection, metrics: &[&str]) -> String {
    let metrics = metrics.iter().map(|&metric| metric.to_owned()).collect();
    let comparison = Comparison::new(collection, &Request { metrics, ..request() }).unwrap();
    own(&page(collection, &comparison, false).unwrap())
}

#[test]
fn learning_curves_open_on_what_all_arms_have() {
    let results = results();
    let collection = read(&results, "ablation");
    // One arm alone has a score on the way, and a term of its own: sums of other terms are no common measure.
    log(&collection, "validation/retrieval/i2t_r_at_10", |arm| arm == "base");
    log(&collection, "train/loss/global", |_| true);
    log(&collection, "train/loss/evidence", |arm| arm != "base");
    let html = own(&written(&collection, false));
    let expected = [
        "validation zero-shot AUROC",
        "train/loss/global",
        "evidence/usage_entropy",
        "validation image → report R@10",
        "train/loss",
        "train/loss/evidence",
    ];
    assert_eq!(menu(&html, "learning-curves"), expected);
    // Whatever is asked for first is shown first, if all arms have it.
    log(&collection, "validation/retrieval/i2t_r_at_10", |arm| arm != "base");
    let html = asking(&collection, &["retrieval/i2t_r_at_10", "zero_shot/auroc_macro"]);
    assert_eq!(menu(&html, "learning-curves")[..2], ["validation image → report R@10", "validation zero-shot AUROC"]);
}

#[test]
fn the_menu_of_learning_curves_has_every_score_that_was_asked_for() {
    let results = results();
    let mut collection = read(&results, "ablation");
    let score = "zero_shot/auroc/edema";
    log(&collection, &format!("validation/{score}"), |_| true);
    for run in &mut collection.runs {
        run.metrics.insert(format!("test/{score}"), 0.5);
    }
    let shown = "validation zero_shot/auroc/edema".to_owned();
    assert!(
        !menu(&own(&written(&collection, false)), "learning-curves").contains(&shown),
        "no headline, and not asked for"
    );
    let html = asking(&collection, &[score, "grounding/cnr"]);
    assert_eq!(menu(&html, "learning-curves")[0], shown);
    assert!(
        html.contains("No run has a curve of validation CNR: <code>eval.every</code> has scores taken on the way."),
        "{html}"
    );
    assert!(!asking(&collection, &[score]).contains("eval.every"));
}

#[test]
fn confounds_stand_beside_the_claims() {
    let results = results();
    let mut collection = read(&results, "ablation");
    let section = |html: &str| section(html, "claims").to_owned();
    let confound = "<code>base</code> do not see the same steps, pairs, images or reports: train.steps = 200 for 100";
    let html = own(&written(&collection, false));
    assert!(section(&html).contains("Confounds</h3>") && section(&html).contains(confound), "{}", section(&html));
    assert!(section(&html).contains("<code>with &lt;b&gt;evidence&lt;&#x2f;b&gt;</code>"));
    // They are told without claims, too.
    collection.sweeps[0].claims.clear();
    let html = own(&written(&collection, false));
    assert!(section(&html).contains("<h2 id=\"claims\">Confounds</h2>") && section(&html).contains(confound));
    // A list that does not say is not one that says there are none.
    let mut collection = read(&results, "ablation");
    collection.sweeps[0].confounds = None;
    let html = own(&written(&collection, false));
    assert!(
        section(&html).contains("is not known of ablation: an earlier version") && !section(&html).contains(confound)
    );
    collection.sweeps[0].confounds = Some(Vec::new());
    assert!(!section(&own(&written(&collection, false))).contains("onfound"));
}

#[test]
fn claims_are_cards_where_a_screen_is_narrow() {
    let results = results();
    let html = own(&written(&read(&results, "ablation"), false));
    assert!(html.contains("<table id=\"table-claims\" class=\"cards\">"));
    for name in ["claim", "setting", "seeds", "difference", "p corrected", "outcome"] {
        assert_eq!(html.matches(&format!("data-name=\"{name}\"")).count(), 2, "{name}");
    }
    assert_eq!(html.matches("class=\"cards\"").count(), 1, "other tables have too many columns");
}

#[test]
fn too_few_seeds_are_told_once_on_the_whole_page() {
    let results = results();
    let mut collection = read(&results, "ablation");
    collection.runs.retain(|run| run.place.seed < 2);
    let html = own(&written(&collection, false));
    let summary = section(&html, "summary");
    assert_eq!(summary.matches("fewer than 3 seeds").count(), 1, "{summary}");
    assert!(summary.contains("all 6 here have fewer") && !summary.contains("cannot be told"), "{summary}");
    let claims = section(&html, "claims");
    assert!(!claims.contains("fewer than") && claims.contains(">undecided</td>"), "{claims}");
    let whole = html.matches("fewer than 3 seeds that both sides have").count();
    // Beside the sentence there is the caption of the tables, which are copied without the summary.
    assert_eq!(whole, 2);
}

#[test]
fn a_picture_keeps_letters_that_can_be_read() {
    let results = results();
    let html = own(&written(&read(&results, "ablation"), true));
    // The sheet of 1600 pixels is embedded as it is, and may shrink to three quarters of it.
    assert_eq!(html.matches("style=\"--own: 1600px\"").count(), 4);
    assert!(html.contains("min-width: calc(.75 * var(--own))"));
}

#[test]
fn arms_that_look_the_same_are_the_best_together() {
    let results = results();
    let mut collection = read(&results, "ablation");
    for run in &mut collection.runs {
        run.metrics.insert(format!("test/{AUROC}"), 0.75);
    }
    let html = own(&written(&collection, false));
    let said = "<code>base</code> and <code>with &lt;b&gt;evidence&lt;&#x2f;b&gt;</code> have the best mean, 0.750, by the decimals shown.";
    assert_eq!(html.matches(said).count(), 2, "at both shares of pairs");
}

#[test]
fn an_ablation_has_all_but_a_search() {
    let results = results();
    let html = written(&read(&results, "ablation"), true);
    let own = own(&html);
    let first = ["summary", "figures", "claims", "scores", "differences", "efficiency", "learning"];
    let last = ["galleries", "retrieval", "prototypes", "runs"];
    assert_eq!(sections(&own), [&first[..], &last[..]].concat());
    for part in [
        "3 seeds cannot reach",
        "pairing.ratio = 0.02",
        "phantom (train): 0123456789abcdef",
        "eval.bootstrap = 0",
        "0.30 CPU-hours",
        "Energy is not measured",
        "data:image/jpeg;base64,",
        "lgdea report ablation",
    ] {
        assert!(own.contains(part), "{part} is missing");
    }
    assert_eq!(own.matches("<h1>").count(), 1);
    // Four galleries, and the regions of two prototypes of two runs.
    assert_eq!(own.matches("<img ").count(), 8);
    // The cards of 12 runs below 4 rows, and the settings of 3 metrics.
    assert_eq!(own.matches("<details").count(), 12 + 4 + 3);
    // What all runs share is told once.
    assert_eq!(own.matches("eval.bootstrap = 0").count(), 1);
    assert!(own.len() < 400_000, "{} bytes beside the script", own.len());
    // Metric and setting are chosen: 3 curves at 2 settings, those of a score first.
    assert_eq!(menu(&own, "learning-curves")[0], "validation zero-shot AUROC");
    assert_eq!(plots(&own, "learning-curves").as_array().unwrap().len(), 6);
    assert_eq!(plots(&own, "efficiency-curves")[0]["data"].as_array().unwrap().len(), 2);
    assert_eq!(plots(&own, "forest")[0]["layout"]["yaxis"]["ticktext"][0], "with &lt;b&gt;evidence&lt;/b&gt;");
    assert!(!self::own(&written(&read(&results, "ablation"), false)).contains("<img "));
}

#[test]
fn a_run_on_a_gpu_shows_its_hours_and_energy() {
    let results = results();
    let collection = read(&results, "ablation");
    let run = RunDir::at(collection.runs[0].folder.clone().unwrap());
    let journal = Journal::open(&run).unwrap();
    // Two attempts.
    for step in [7, 7] {
        journal.metrics(step, &[("system/gpu_hours", 0.5), ("system/gpu_energy_kwh", 0.15)]).unwrap();
    }
    drop(journal);
    let own = own(&written(&collection, true));
    assert!(own.contains("1.00 GPU-hours (0.300 kWh)"));
    assert!(own.contains("known of 1 of 12 runs") && !own.contains("Energy is not measured"));
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let results = results();
    let own = own(&written(&read(&results, "ablation"), true));
    for outside in ["http://", "https://", "<link rel=\"stylesheet", "@import", "url(", "src=\"/", "src=\"."] {
        assert!(!own.contains(outside), "{outside}");
    }
    let sources: Vec<&str> = own.split(" src=\"").skip(1).collect();
    assert!(sources.iter().all(|source| source.starts_with("data:")));
    assert!(!own.contains(&results.path().display().to_string()), "where results lie is nobody's business");
}

#[test]
fn names_and_descriptions_are_text_and_no_markup() {
    let results = results();
    let own = own(&written(&read(&results, "ablation"), true));
    assert!(!own.contains("<script>alert") && own.contains("&lt;script&gt;alert(1)&lt;"));
    assert!(!own.contains("<b>evidence"));
}

#[test]
fn a_search_shows_its_settings_together() {
    let results = results();
    let own = own(&written(&read(&results, "search"), true));
    assert_eq!(sections(&own), ["summary", "scores", "search", "learning", "runs"]);
    assert!(own.contains("the best of so many is in part luck"));
    let trace = &plots(&own, "coordinates-0")[0]["data"][0];
    assert_eq!((&trace["type"], trace["dimensions"].as_array().unwrap().len()), (&Value::from("parcoords"), 4));
    let bars = &plots(&own, "importance-0")[0]["data"][0];
    assert_eq!(bars["y"].as_array().unwrap().len(), 3);
    // All settings in one plot.
    assert_eq!(plots(&own, "learning-curves")[0]["data"].as_array().unwrap().len(), 2);
}

/// The run that a metric calls the best.
fn best<'a>(collection: &'a Collection, metric: &str) -> &'a str {
    let score = |run: &&lgdea_comparison::Run| run.metrics[metric];
    &collection.runs.iter().max_by(|a, b| score(a).total_cmp(&score(b))).unwrap().place.run_key
}

#[test]
fn validation_chooses_the_best_setting_and_never_the_test_split() {
    let results = results();
    let mut collection = read(&results, "search");
    let (chosen, tempting) =
        (best(&collection, &format!("validation/{AUROC}")), best(&collection, &format!("test/{AUROC}")));
    assert_ne!(chosen, tempting);
    let rate = |key: &str| {
        let run = collection.runs.iter().find(|run| run.place.run_key == key).unwrap();
        format!("train.learning-rate = {}\n", run.place.deltas["train.learning-rate"])
    };
    let (chosen, tempting) = (rate(chosen), rate(tempting));
    let html = own(&written(&collection, true));
    let section = section(&html, "search");
    assert!(section.contains(&chosen) && !section.contains(&tempting));
    for part in [
        "Best setting of lgdea on validation",
        "<code>validation&#x2f;zero_shot&#x2f;auroc_macro</code>, the search&#x27;s objective (more is better)",
        "of 24 settings",
        "test zero-shot AUROC",
        "The test score took no part in the choice",
        // What the arm changes comes first, or the setting would be another one.
        "<pre tabindex=\"0\" aria-labelledby=\"toml-0-0\" role=\"region\">loss.evidence.weight = 0\ntrain.",
        "--set loss.evidence.weight=0 \\\n--set train.learning-rate=",
        "encoder.kind = &quot;",
    ] {
        assert!(section.contains(part), "{part} is missing");
    }
    // Where nobody declares an objective the page says what it takes instead.
    collection.sweeps[0].search = None;
    let undeclared = own(&written(&collection, true));
    assert!(undeclared.contains("the first score of this report, as no sweep here declares"));
    assert!(undeclared.contains(&chosen));
    for run in &mut collection.runs {
        run.metrics.retain(|name, _| name.starts_with("test/"));
    }
    let test_alone = own(&written(&collection, true));
    assert!(test_alone.contains("No best setting is named: the runs have scores of the test split alone"));
    assert!(!test_alone.contains("Best setting of"));
}

#[test]
fn a_search_for_the_least_median_rank_has_the_lowest_as_its_best_setting() {
    let results = results();
    let mut collection = read(&results, "search");
    let objective = "validation/retrieval/i2t_median_rank";
    for (number, run) in collection.runs.iter_mut().enumerate() {
        run.metrics.insert(objective.to_owned(), 10.0 + ((number * 7) % 24) as f64);
    }
    // Older lists of trials may have kept a goal that nobody had written.
    for goal in [Goal::Minimise, Goal::Maximise] {
        let search = collection.sweeps[0].search.as_mut().unwrap();
        (search.objective, search.goal) = (objective.to_owned(), goal);
        let html = own(&written(&collection, true));
        let rate = &collection.runs[0].place.deltas["train.learning-rate"];
        assert!(html.contains(&format!("train.learning-rate = {rate}\n")));
        assert!(html.contains("i2t_median_rank</code>, the search&#x27;s objective (less is better)"));
        assert!(html.contains("validation image → report median rank"));
    }
}

#[test]
fn whoever_looks_at_validation_scores_sees_no_test_score() {
    let results = results();
    let asked = Request { split: Split::Validation, ..request() };
    let page_of = |sweep: &str| {
        let collection = read(&results, sweep);
        own(&page(&collection, &Comparison::new(&collection, &asked).unwrap(), true).unwrap())
    };
    let search = page_of("search");
    assert!(search.contains("leaves the test split unseen") && !search.contains("test zero-shot"));
    let ablation = page_of("ablation");
    assert!(ablation.contains("ablation.run-a101 are kept with images of the test split"));
    assert_eq!(ablation.matches("<div class=\"browser\">").count(), 1);
}

#[test]
fn prototypes_are_shown_of_runs_that_keep_them() {
    let results = results();
    let collection = read(&results, "ablation");
    let html = own(&written(&collection, true));
    for part in [
        "3 of 4 prototypes are used (next to nothing uses those numbered 1)",
        "<option value=\"0\">with &lt;b&gt;evidence&lt;&#x2f;b&gt;, seed 0, pairing.ratio = 0.02</option>",
        "left &lt;i&gt;edema",
        "purity 0.75: pleural effusion 75\u{a0}%, lung opacity 25\u{a0}%",
        "evidence 0.90, 0.80",
        "120 training reports with 17 distinct phrases, 30 images of the validation split",
    ] {
        assert!(html.contains(part), "{part} is missing");
    }
    assert_eq!(html.matches("<article class=\"prototype\">").count(), 6);
    let hint = "<code>lgdea prototypes RUN --keep</code>";
    assert!(!html.contains(hint));
    // Numbers and phrases need no pictures.
    let plain = own(&written(&collection, false));
    assert!(plain.contains("left &lt;i&gt;edema") && !plain.contains("<img "));

    let folder = collection.runs.iter().find(|run| run.place.run_key == "a100").unwrap().folder.clone().unwrap();
    std::fs::remove_file(folder.join("artifacts/prototypes.png")).unwrap();
    let broken = own(&written(&collection, true));
    assert!(broken.contains("no image regions of ablation.run-a100") && broken.contains("left &lt;i&gt;edema"));
    std::fs::write(folder.join("artifacts/prototypes.json"), "{}").unwrap();
    assert!(own(&written(&collection, true)).contains("no prototypes of ablation.run-a100"));
    let search = own(&written(&read(&results, "search"), true));
    assert!(search.contains(hint), "the page says how to make them");
}

#[test]
fn an_axis_can_be_compared_and_another_split_shown() {
    let results = results();
    let collection = read(&results, "ablation");
    let asked = Request { by: "pairing.ratio".to_owned(), split: Split::Validation, ..request() };
    let own = own(&page(&collection, &Comparison::new(&collection, &asked).unwrap(), true).unwrap());
    assert_eq!(
        sections(&own),
        ["summary", "figures", "claims", "scores", "differences", "learning", "prototypes", "runs"]
    );
    assert!(own.contains("Differences to 0.02") && own.contains("validation zero-shot AUROC"));
}

#[test]
fn a_records_file_has_scores_and_says_what_it_lacks() {
    let results = results();
    let file = results.path().join("ablation.jsonl");
    records::write(&read(&results, "ablation"), &file).unwrap();
    std::fs::remove_dir_all(results.path().join("runs")).unwrap();
    let own = own(&written(&read(&results, file.to_str().unwrap()), true));
    assert_eq!(sections(&own), ["summary", "figures", "claims", "scores", "differences", "efficiency", "runs"]);
    assert!(own.contains("12 of 12 runs are known from a records file alone"));
}

#[test]
fn a_picture_or_journal_that_cannot_be_read_is_told() {
    let results = results();
    let collection = read(&results, "ablation");
    let folder = |run: usize| collection.runs[run].folder.clone().unwrap();
    std::fs::write(folder(0).join("artifacts/grounding_test.png"), "no picture").unwrap();
    std::fs::remove_file(folder(6).join("journal.jsonl")).unwrap();
    let own = own(&written(&collection, true));
    assert!(own.contains("no gallery of ablation.run-a000"));
    assert!(own.contains("no curves and settings of run a100"), "{AUROC}");
}
