//! How MLflow shows a sweep at first sight: scores by arm, as means over seeds.
//!
//! MLflow itself would plot the first parameters and metrics by their names. What a user of its pages shares with
//! another is kept as a tag of the experiment, and such a tag is written here for each sweep (seen with version 3.17; one
//! that knows no such tags shows its own page).

use std::path::Path;
use std::time::SystemTime;

use lgdea_metric::{Better, Instance, Split};
use serde_json::{Value, json};

use super::state::State;
use super::tags;

/// The section of the plots.
const SECTION: &str = "lgdea-scores";

/// The experiment's tag of a sweep's view.
pub(super) fn tag(sweep: &str) -> (String, String) {
    // Scores that the runs do not have are not shown.
    let charts = Instance::plotted().map(|score| {
        let score = Split::Test.of_score(&score.name());
        json!({
            "uuid": score, "type": "BAR", "metricKey": score, "dataAccessKey": score, "metricSectionId": SECTION,
            "runsCountToCompare": 100, "deleted": false, "isGenerated": false,
        })
    });
    let charts: Vec<Value> = charts.collect();
    // What cases and axes of the sweep give a trial, seeds aside.
    let groups = [tags::ARM, tags::DELTAS].map(|tag| json!({ "mode": "tag", "groupByData": tag }));
    let view = json!({
        "searchFilter": format!("tags.{} = '{sweep}'", tags::SWEEP),
        "orderByKey": "attributes.start_time",
        "orderByAsc": false,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "groupBy": {
            "aggregateFunction": "average",
            "groupByKeys": groups,
        },
        "useGroupedValuesInCharts": true,
        "hideEmptyCharts": true,
        "isAccordionReordered": true,
        "compareRunCharts": charts,
        "compareRunSections": [{
            "uuid": SECTION, "name": "Scores by arm and setting, means over seeds",
            "display": true, "isReordered": true, "deleted": false, "isGenerated": false,
        }],
    });
    (tags::shared_view(&key(sweep)), view.to_string())
}

/// The experiment's tags of what MLflow sorts and draws first: the first score that is plotted.
pub(super) fn primary_metric() -> impl Iterator<Item = (&'static str, String)> {
    Instance::plotted().next().into_iter().flat_map(|score| primary(&score))
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

fn page(server: &str, experiment_id: &str, sweep: &str) -> String {
    format!("{server}/#/experiments/{experiment_id}/runs?compareRunsMode=CHART&viewStateShareKey={}", key(sweep))
}

/// Names the view in tags and addresses, which take few signs.
fn key(sweep: &str) -> String {
    let sign = |sign: char| if sign.is_ascii_alphanumeric() || sign == '_' { sign } else { '-' };
    format!("lgdea-{}", sweep.chars().map(sign).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_the_view_that_the_tag_keeps() {
        let (name, view) = tag("my sweep.2");
        assert_eq!(name, "mlflow.sharedViewState.lgdea-my-sweep-2");
        assert!(view.contains("tags.sweep = 'my sweep.2'"), "{view}");
        assert!(page("http://h", "3", "my sweep.2").ends_with("viewStateShareKey=lgdea-my-sweep-2"));
    }

    #[test]
    fn the_first_plotted_score_comes_first_and_less_may_be_better() {
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
