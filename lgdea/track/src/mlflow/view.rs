//! How MLflow shows runs at first sight: their scores, of a sweep by arm and as means over seeds.
//!
//! MLflow itself lists no score and plots the first metrics by their names; its pages ask the server for nothing else. What a
//! user of its pages saves for others is kept as a tag of the experiment, and such tags are written here: one for each sweep,
//! one for all runs. From version 3.17 on they are in the list `Views` of the experiment; earlier ones show them by address
//! alone, and one that knows no such tags shows its own page. Its bars have no error bars, but its curves have a band from the
//! least to the greatest of the seeds; the note of the sweep's run has the deviations.

use std::path::Path;
use std::time::SystemTime;

use lgdea_metric::{Better, Instance, Split, curve};
use serde_json::{Value, json};

use super::state::State;
use super::tags;

/// Of the address of a page: it is about training. MLflow's pages are about language models' answers where nothing is said.
pub(super) const TRAINING: &str = "workflowType=machine_learning";

/// The sections of the plots.
const SCORES: &str = "scores";
const CURVES: &str = "curves";
/// Names the view of all runs. Those of sweeps go on after this.
const ALL: &str = "lgdea";
/// The loss term that LGDEA and its controls have in common. Their sums are of different terms.
const SHARED_TERM: &str = "global";
/// How MLflow names the column of the runs' names.
const RUN_NAME_COLUMN: &str = "attributes.`Run Name`";
/// Width of a column, in pixels: a score's name can be read whole.
const COLUMN: u16 = 190;

/// What is shown of which runs.
struct View {
    /// MLflow's search for the runs.
    filter: String,
    /// Key and direction of their order. In any order but that of time, MLflow lists runs by themselves and not below their sweep,
    /// whose own run has no score.
    order: (String, bool),
    /// Which of them are drawn: MLflow's word for it.
    drawn: &'static str,
    /// What the section of the scores is called.
    section: &'static str,
    /// Whether runs of equal setting are one.
    by_setting: bool,
}

/// The scores that are shown, by MLflow's names: as `lgdea compare` where nobody asks for a score. Scores that the runs do not have
/// are not shown.
pub(super) fn scores() -> impl Iterator<Item = String> {
    Instance::headlines().map(|score| Split::Test.of_score(&score.name()))
}

/// How MLflow names the column of a metric.
fn column(metric: &str) -> String {
    format!("metrics.`{metric}`")
}

impl View {
    /// In the terms of MLflow's pages before version 3.17.
    fn state(&self) -> Value {
        let shared = curve::loss_of(SHARED_TERM);
        let validation = Instance::headlines().next().map(|score| Split::Validation.of_score(&score.name()));
        let curves = [shared, curve::LOSS.name.to_owned()].into_iter().chain(validation);
        let bars = scores().map(|score| json!({ "type": "BAR", "metricKey": score, "metricSectionId": SCORES }));
        let lines = curves.map(|curve| {
            json!({
                "type": "LINE", "metricKey": curve, "metricSectionId": CURVES,
                "useGlobalXaxisKey": true, "useGlobalLineSmoothing": true,
            })
        });
        let mut charts: Vec<Value> = bars.chain(lines).collect();
        for (number, chart) in charts.iter_mut().enumerate() {
            chart["uuid"] = number.to_string().into();
        }
        let section = |uuid: &str, name: &str| {
            // Titles beside each other are cut.
            json!({ "uuid": uuid, "name": name, "display": true, "isReordered": true, "columns": 1, "cardHeight": 300 })
        };
        let mut state = json!({
            "searchFilter": self.filter,
            "orderByKey": self.order.0,
            "orderByAsc": self.order.1,
            "startTime": "ALL",
            "lifecycleFilter": "Active",
            "datasetsFilter": [],
            "modelVersionFilter": "All Runs",
            "selectedColumns": scores().map(|score| column(&score)).collect::<Vec<_>>(),
            "runsHiddenMode": self.drawn,
            "hideEmptyCharts": true,
            "isAccordionReordered": true,
            "compareRunCharts": charts,
            "compareRunSections": [section(SCORES, self.section), section(CURVES, "Learning curves")],
        });
        if self.by_setting {
            // What cases and axes of the sweep give a trial, seeds aside.
            let setting = json!({ "mode": "tag", "groupByData": tags::SETTING });
            state["groupBy"] = json!({ "aggregateFunction": "average", "groupByKeys": [setting] });
            state["useGroupedValuesInCharts"] = true.into();
        }
        state
    }

    /// As servers keep it: in the form of version 3.17, which lists it by name, and in that of earlier ones at once.
    fn saved(&self, name: &str) -> String {
        let mut view = self.state();
        let (mut state, mut order) = (view.clone(), Vec::new());
        let columns = scores().map(|score| column(&score));
        for column in [RUN_NAME_COLUMN.to_owned()].into_iter().chain(columns) {
            state["columnWidths"][&column] = COLUMN.into();
            order.push(column);
        }
        state["columnOrder"] = order.into();
        view["name"] = name.into();
        view["createdAt"] = crate::event::now().into();
        view["state"] = state.to_string().into();
        view.to_string()
    }
}

/// Whether two saved views show the same.
pub(super) fn are_alike(one: &str, other: &str) -> bool {
    let state = |text: &str| Some(serde_json::from_str::<Value>(text).ok()?.get("state")?.clone());
    state(one).is_some_and(|one| Some(one) == state(other))
}

/// The experiment's tag of a sweep's view.
pub(super) fn tag(sweep: &str) -> (String, String) {
    let view = View {
        filter: format!("tags.{} = '{sweep}'", tags::SWEEP),
        order: (format!("tags.`{}`", tags::RUN_NAME), true),
        drawn: "SHOW_ALL",
        section: "Means over seeds",
        by_setting: true,
    };
    (tags::shared_view(&key(sweep)), view.saved(&format!("Sweep {sweep}")))
}

/// The experiment's tag of the view of all its runs, the best by the first score at the top.
pub(super) fn of_all_runs() -> (String, String) {
    let first = Instance::headlines().next();
    let view = View {
        // The runs of sweeps have no key.
        filter: format!("tags.`{}` != ''", tags::RUN_KEY),
        order: first.map_or_else(Default::default, |score| {
            (column(&Split::Test.of_score(&score.name())), score.declaration.better == Better::Lower)
        }),
        drawn: "FIRST_20_RUNS",
        section: "Scores",
        by_setting: false,
    };
    (tags::shared_view(ALL), view.saved("Scores"))
}

/// The experiment's tags of what MLflow sorts and draws first: the first of the scores.
pub(super) fn primary_metric() -> impl Iterator<Item = (&'static str, String)> {
    Instance::headlines().next().into_iter().flat_map(|score| primary(&score))
}

fn primary(score: &Instance<'_>) -> [(&'static str, String); 2] {
    let more_is_better = if score.declaration.better == Better::Higher { "True" } else { "False" };
    [
        (tags::PRIMARY_METRIC, Split::Test.of_score(&score.name())),
        (tags::PRIMARY_METRIC_IS_BETTER_HIGHER, more_is_better.to_owned()),
    ]
}

/// The page of the sweep of a results folder that this server was last sent something of.
pub(super) fn newest_page(results: &Path, server: &str) -> Option<String> {
    let sweeps = std::fs::read_dir(results.join("sweeps")).ok()?.filter_map(Result::ok);
    let sent = sweeps.filter_map(|entry| {
        let path = entry.path().join("mlflow.json");
        let state = State::load(&path).filter(|state| state.server == server)?;
        let when = path.metadata().and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        Some((when, page(server, state.experiment_id()?, &entry.file_name().to_string_lossy())))
    });
    sent.max_by_key(|(when, _)| *when).map(|(_, page)| page)
}

/// Address of a sweep's view.
pub(super) fn page(server: &str, experiment_id: &str, sweep: &str) -> String {
    address(server, experiment_id, &key(sweep))
}

/// Address of the view of all runs of an experiment.
pub(super) fn page_of_all(server: &str, experiment_id: &str) -> String {
    address(server, experiment_id, ALL)
}

fn address(server: &str, experiment_id: &str, key: &str) -> String {
    format!("{server}/#/experiments/{experiment_id}/runs?{TRAINING}&compareRunsMode=CHART&viewStateShareKey={key}")
}

/// Names the view in tags and addresses, which take few signs.
fn key(sweep: &str) -> String {
    let sign = |sign: char| if sign.is_ascii_alphanumeric() || sign == '_' { sign } else { '-' };
    format!("{ALL}-{}", sweep.chars().map(sign).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_the_view_that_the_tag_keeps() {
        let (name, view) = tag("my sweep.2");
        assert_eq!(name, "mlflow.sharedViewState.lgdea-my-sweep-2");
        assert!(view.contains("tags.sweep = 'my sweep.2'"), "{view}");
        assert!(view.len() < 5000, "the limit of earlier servers: {}", view.len());
        assert!(page("http://h", "3", "my sweep.2").ends_with("viewStateShareKey=lgdea-my-sweep-2"));
    }

    /// A saved view in the form of earlier servers and in that of version 3.17.
    fn forms(saved: &str) -> [Value; 2] {
        let old: Value = serde_json::from_str(saved).unwrap();
        let new = serde_json::from_str(old["state"].as_str().unwrap()).unwrap();
        [old, new]
    }

    fn of_type<'a>(view: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a str> {
        let charts = view["compareRunCharts"].as_array().unwrap().iter().filter(move |chart| chart["type"] == kind);
        charts.map(|chart| chart["metricKey"].as_str().unwrap())
    }

    #[test]
    fn a_view_shows_what_compare_shows_and_is_read_in_both_forms() {
        let compared: Vec<String> = Instance::headlines().map(|score| format!("test/{}", score.name())).collect();
        let listed: Vec<String> = compared.iter().map(|name| format!("metrics.`{name}`")).collect();
        for (_, saved) in [tag("table"), of_all_runs()] {
            for view in forms(&saved) {
                assert!(of_type(&view, "BAR").eq(compared.iter()));
                assert_eq!(view["selectedColumns"], json!(listed));
                assert!(!view.to_string().contains("similarity"), "a single map is not what compare shows");
            }
        }
    }

    #[test]
    fn scores_are_the_first_columns_each_wide_enough_for_its_name() {
        for (_, saved) in [tag("table"), of_all_runs()] {
            let [old, new] = forms(&saved);
            let order: Vec<&str> =
                new["columnOrder"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            assert_eq!(order[..2], ["attributes.`Run Name`", "metrics.`test/zero_shot/auroc_macro`"]);
            assert_eq!(order.len(), 1 + new["selectedColumns"].as_array().unwrap().len());
            assert!(order.iter().all(|column| new["columnWidths"][column] == json!(190)));
            assert_eq!(old.get("columnOrder"), None, "earlier servers know no order");
        }
    }

    #[test]
    fn runs_stand_by_themselves_and_not_below_a_run_without_scores() {
        for (_, saved) in [tag("table"), of_all_runs()] {
            for view in forms(&saved) {
                assert_ne!(view["orderByKey"], "attributes.start_time", "MLflow nests runs in the order of time");
                assert!(!view["searchFilter"].as_str().unwrap().is_empty(), "no filter finds the sweep's run, too");
            }
        }
        let [of_sweep, _] = forms(&tag("table").1);
        assert_eq!((&of_sweep["runsHiddenMode"], &of_sweep["orderByAsc"]), (&json!("SHOW_ALL"), &json!(true)));
        let [of_all, _] = forms(&of_all_runs().1);
        assert_eq!(of_all["orderByKey"], "metrics.`test/zero_shot/auroc_macro`");
        assert_eq!(of_all["orderByAsc"], false);
    }

    #[test]
    fn scores_come_before_curves_and_the_first_curve_is_one_that_arms_share() {
        let [view, _] = forms(&tag("table").1);
        let curves: Vec<&str> = of_type(&view, "LINE").collect();
        assert_eq!(curves, ["train/loss/global", "train/loss", "validation/zero_shot/auroc_macro"]);
        let sections = view["compareRunSections"].as_array().unwrap();
        assert!(sections.iter().map(|section| &section["uuid"]).eq(["scores", "curves"]));
        for chart in view["compareRunCharts"].as_array().unwrap() {
            assert!(sections.iter().any(|section| section["uuid"] == chart["metricSectionId"]), "{chart}");
        }
    }

    #[test]
    fn views_are_alike_whenever_they_were_saved_but_not_with_other_content() {
        let view = |section| View {
            filter: String::new(),
            order: (String::new(), true),
            drawn: "SHOW_ALL",
            section,
            by_setting: false,
        };
        let (one, other) = (view("x").saved("a"), view("x").saved("b"));
        assert!(are_alike(&one, &other) && !are_alike(&one, &view("y").saved("a")));
        assert!(!are_alike("", "") && !are_alike("{}", "{}"));
    }

    #[test]
    fn the_first_score_comes_first_and_less_may_be_better() {
        let said: Vec<String> = primary_metric().map(|(_, value)| value).collect();
        assert_eq!(said, ["test/zero_shot/auroc_macro", "True"]);
        let rank = Instance::find("retrieval/i2t_median_rank").unwrap();
        assert_eq!(primary(&rank).map(|(_, value)| value), ["test/retrieval/i2t_median_rank", "False"]);
    }

    #[test]
    fn the_newest_sweep_on_the_server_is_shown() {
        let results = tempfile::tempdir().unwrap();
        for (sweep, server) in [("one", "http://h"), ("other", "http://elsewhere")] {
            let folder = results.path().join("sweeps").join(sweep);
            std::fs::create_dir_all(&folder).unwrap();
            let url = format!("{server}/#/experiments/7/runs/r?workflowType=machine_learning");
            let state = State {
                server: server.to_owned(),
                experiment: "lgdea".to_owned(),
                run_id: "r".to_owned(),
                url,
                offset: 0,
            };
            state.save(&folder.join("mlflow.json")).unwrap();
        }
        let page = newest_page(results.path(), "http://h").unwrap();
        assert_eq!(
            page,
            "http://h/#/experiments/7/runs?workflowType=machine_learning&compareRunsMode=CHART&viewStateShareKey=lgdea-one"
        );
        assert_eq!(newest_page(results.path(), "http://nowhere"), None);
    }
}
