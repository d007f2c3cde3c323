//! How MLflow shows runs at first sight: their scores, of a sweep by arm and as means over seeds.
//!
//! MLflow itself lists no score and plots the first metrics by their names; its pages ask the server for nothing else. What a
//! user of its pages saves for others is kept as a tag of the experiment, and such tags are written here: one for each sweep,
//! one for all runs. From version 3.17 on they are in the list `Views` of the experiment; earlier ones show them by address
//! alone, and one that knows no such tags shows its own page. Its bars have no error bars; the note of the sweep's run has the
//! deviations.

use std::path::Path;
use std::time::SystemTime;

use lgdea_metric::{Better, Instance, Split};
use serde_json::{Value, json};

use super::state::State;
use super::tags;

/// The section of the plots.
const SECTION: &str = "lgdea-scores";
/// Names the view of all runs. Those of sweeps go on after this.
const ALL: &str = "lgdea";

/// What all views have in common: the scores as columns of the list and as bars.
fn view(filter: &str, section: &str) -> Value {
    // As `lgdea compare` where nobody asks for a score. Scores that the runs do not have are not shown.
    let scores = Instance::headlines().map(|instance| {
        let score = Split::Test.of_score(&instance.name());
        let chart = json!({
            "displayName": instance.label(), "uuid": score, "type": "BAR", "metricKey": score, "dataAccessKey": score, "metricSectionId": SECTION,
            "runsCountToCompare": 100, "deleted": false, "isGenerated": false,
        });
        (chart, format!("metrics.`{score}`"))
    });
    let (charts, columns): (Vec<Value>, Vec<String>) = scores.unzip();
    json!({
        "searchFilter": filter,
        "orderByKey": "attributes.start_time",
        "orderByAsc": false,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": columns,
        "hideEmptyCharts": true,
        "isAccordionReordered": true,
        "compareRunCharts": charts,
        "compareRunSections": [{
            "uuid": SECTION, "name": section,
            "display": true, "isReordered": true, "deleted": false, "isGenerated": false,
        }],
    })
}

/// A view as servers keep it: in the form of version 3.17, which lists it by name, and in that of earlier ones at once.
fn saved(name: &str, mut view: Value) -> String {
    let state = view.to_string();
    view["name"] = name.into();
    view["createdAt"] = crate::event::now().into();
    view["state"] = state.into();
    view.to_string()
}

/// Whether two saved views show the same.
pub(super) fn are_alike(one: &str, other: &str) -> bool {
    let state = |text: &str| Some(serde_json::from_str::<Value>(text).ok()?.get("state")?.clone());
    state(one).is_some_and(|one| Some(one) == state(other))
}

/// The experiment's tag of a sweep's view.
pub(super) fn tag(sweep: &str) -> (String, String) {
    let mut view = view(&format!("tags.{} = '{sweep}'", tags::SWEEP), "Scores by arm and setting, means over seeds");
    // What cases and axes of the sweep give a trial, seeds aside.
    let setting = json!({ "mode": "tag", "groupByData": tags::SETTING });
    view["groupBy"] = json!({ "aggregateFunction": "average", "groupByKeys": [setting] });
    view["useGroupedValuesInCharts"] = true.into();
    (tags::shared_view(&key(sweep)), saved(&format!("Sweep {sweep}"), view))
}

/// The experiment's tag of the view of all its runs.
pub(super) fn of_all_runs() -> (String, String) {
    (tags::shared_view(ALL), saved("Scores", view("", "Scores")))
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
    format!("{server}/#/experiments/{experiment_id}/runs?compareRunsMode=CHART&viewStateShareKey={key}")
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

    #[test]
    fn a_view_shows_what_compare_shows_and_is_read_in_both_forms() {
        let compared: Vec<String> = Instance::headlines().map(|score| format!("test/{}", score.name())).collect();
        for (_, saved) in [tag("table"), of_all_runs()] {
            let old: Value = serde_json::from_str(&saved).unwrap();
            let new: Value = serde_json::from_str(old["state"].as_str().unwrap()).unwrap();
            for view in [old, new] {
                let plotted =
                    view["compareRunCharts"].as_array().unwrap().iter().map(|chart| chart["metricKey"].clone());
                assert!(plotted.eq(compared.iter().map(|name| json!(name))));
                let columns = view["selectedColumns"].as_array().unwrap().iter().cloned();
                assert!(columns.eq(compared.iter().map(|name| json!(format!("metrics.`{name}`")))));
                assert!(!view.to_string().contains("similarity"), "a single map is not what compare shows");
            }
        }
    }

    #[test]
    fn views_are_alike_whenever_they_were_saved_but_not_with_other_content() {
        let (one, other) = (saved("a", json!({ "x": 1 })), saved("b", json!({ "x": 1 })));
        assert!(are_alike(&one, &other) && !are_alike(&one, &saved("a", json!({ "x": 2 }))));
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
            let url = format!("{server}/#/experiments/7/runs/r");
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
        assert_eq!(page, "http://h/#/experiments/7/runs?compareRunsMode=CHART&viewStateShareKey=lgdea-one");
        assert_eq!(newest_page(results.path(), "http://nowhere"), None);
    }
}
