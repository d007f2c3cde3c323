//! What the page opens with, and the way from its numbers to their runs.

use std::collections::BTreeSet;

use lgdea_comparison::{Comparison, Request, Run, page};
use lgdea_harness::journals::results;
use lgdea_spec::sweep::Role;
use lgdea_sweep::ArmSummary;
use serde_json::Value;

use super::{asking, own, plots, read, request, section, written};

/// Where the links of a part lead, each once.
fn links(html: &str) -> BTreeSet<&str> {
    html.split("<a href=\"#").skip(1).map(|link| link.split('"').next().unwrap()).collect()
}

#[test]
fn every_number_leads_to_its_seeds_and_each_of_these_to_a_card() {
    let results = results();
    let html = own(&written(&read(&results, "ablation"), false));
    let (scores, runs) = (links(section(&html, "scores")), links(section(&html, "runs")));
    assert_eq!(scores.len(), 4 * 3, "a row and metric each: {scores:?}");
    assert!(links(section(&html, "differences")).is_subset(&scores) && !links(section(&html, "claims")).is_empty());
    assert_eq!(runs.len(), 12, "a run each: {runs:?}");
    for place in scores.iter().chain(&runs) {
        assert_eq!(html.matches(&format!("id=\"{place}\"")).count(), 1, "{place}");
    }
    // Of an axis, too, and of runs that no row has.
    let mut collection = read(&results, "ablation");
    collection.runs[0].place.deltas.clear();
    let asked = Request { by: "pairing.ratio".to_owned(), ..request() };
    let html = own(&page(&collection, &Comparison::new(&collection, &asked).unwrap(), false).unwrap());
    let runs = section(&html, "runs");
    assert!(runs.contains("runs of no row") && runs.contains("<dl id=\"run-0\">") && links(runs).len() == 11, "{runs}");
}

#[test]
fn every_point_of_a_figure_leads_to_the_seeds_of_its_row() {
    let results = results();
    let html = own(&written(&read(&results, "ablation"), false));
    let places = |figure: &str| -> Vec<Vec<String>> {
        let plots = plots(&html, figure);
        let traces = plots.as_array().unwrap().iter().flat_map(|plot| plot["data"].as_array().unwrap());
        let points = traces.filter(|trace| trace["mode"] != "text");
        points.map(|trace| serde_json::from_value(trace["customdata"].clone()).unwrap()).collect()
    };
    assert_eq!(places("forest")[0], ["row-1-0", "row-3-0"].map(str::to_owned)[..places("forest")[0].len()]);
    for figure in ["forest", "efficiency-curves"] {
        let traces = places(figure);
        assert!(!traces.is_empty() && traces.iter().all(|trace| !trace.is_empty()), "{figure}: {traces:?}");
        for place in traces.iter().flatten() {
            assert_eq!(html.matches(&format!("id=\"{place}\"")).count(), 1, "{figure}: {place}");
        }
    }
}

#[test]
fn a_long_table_is_folded_and_what_is_significant_comes_first() {
    let results = results();
    let mut collection = read(&results, "ablation");
    for (number, run) in collection.runs.iter_mut().enumerate() {
        run.metrics.extend((0..12).map(|extra| {
            let effect = if run.place.arm == "base" || extra < 10 { 0.0 } else { 0.5 };
            (format!("test/extra/{extra:02}"), effect + 0.01 * ((number * 7 + extra) % 5) as f64)
        }));
    }
    let differences = |metrics: &str| {
        let html = asking(&collection, &[metrics]);
        section(&html, "differences").to_owned()
    };
    let short = differences("extra/0*");
    assert!(!short.contains("<details"), "{short}");
    let long = differences("extra/*");
    assert!(
        long.contains("<summary>24 rows: Differences to base, paired by seed: 0 of 24 are significant (*), 4 if"),
        "{long}"
    );
    let rows: Vec<bool> = long.split("<tr").skip(2).map(|row| row.contains("if normal")).collect();
    assert_eq!(rows, [[true; 4].to_vec(), [false; 20].to_vec()].concat());
}

#[test]
fn an_ablation_is_sorted_by_what_is_lost_and_a_ceiling_is_marked() {
    let results = results();
    let mut collection = read(&results, "ablation");
    let roles = [("gains", Role::Ablation), ("loses", Role::Ablation), ("oracle", Role::Ceiling)];
    let added: Vec<Run> = roles
        .iter()
        .enumerate()
        .flat_map(|(number, (name, _))| {
            let of_base = collection.runs.iter().filter(|run| run.place.arm == "base");
            let of_arm = of_base.map(|run| {
                let mut run = run.clone();
                (run.place.run_key, run.place.arm) = (format!("{name}{}", run.place.run_key), (*name).to_owned());
                run.metrics.values_mut().for_each(|value| *value += [0.1, -0.1, 0.3][number]);
                run
            });
            of_arm.collect::<Vec<_>>()
        })
        .collect();
    collection.runs.extend(added);
    collection.sweeps[0].arms.extend(roles.map(|(name, role)| ArmSummary {
        name: name.to_owned(),
        role: Some(role),
        changes: serde_json::Map::new(),
    }));
    let names = |html: &str, figure| plots(html, figure)[0]["layout"]["yaxis"]["ticktext"].clone();
    let html = own(&written(&collection, false));
    let all = ["with &lt;b&gt;evidence&lt;/b&gt;", "gains", "loses", "oracle (ceiling)"];
    assert_eq!(names(&html, "forest"), serde_json::json!(all));
    assert_eq!(names(&html, "ablation"), serde_json::json!(["loses", "gains"]));
    let lines = plots(&html, "efficiency-curves")[0]["data"].clone();
    assert_eq!((&lines[4]["name"], &lines[4]["line"]["dash"]), (&Value::from("oracle (ceiling)"), &Value::from("dot")));
    let figures = section(&html, "figures");
    assert_eq!(figures.matches("learns from what the task hides").count(), 2, "beside the curves and the differences");
    assert!(section(&html, "scores").contains("oracle (ceiling)"));
    // Of ablations alone, one figure says it all.
    collection.runs.retain(|run| ["base", "gains", "loses"].contains(&run.place.arm.as_str()));
    let html = own(&written(&collection, false));
    assert!(html.contains("id=\"ablation\"") && !html.contains("id=\"forest\""));
}
