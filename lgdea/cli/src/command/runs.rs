//! `lgdea runs`: the runs of a results folder, as a table or as JSON.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use lgdea_cache::Leases;
use lgdea_eval::table;
use lgdea_metric::{Group, Name, Split};
use lgdea_spec::{Resolved, SpecError};
use lgdea_track::leaves;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::args::runs::{RunsArgs, StateArg};
use crate::command::listed::Listed;
use crate::command::named::all;
use crate::failure::{Failure, refused};
use crate::output::{decimal, duration, print, print_json};
use crate::progress::say;

pub(crate) fn runs(args: &RunsArgs) -> Result<(), Failure> {
    let wanted = settings(&args.settings)?;
    let mut runs: Vec<Listed> = all(&args.results).into_par_iter().filter_map(Listed::read).collect();
    if runs.is_empty() && !args.json {
        let folder = args.results.join("runs");
        return Err(refused(format!("there are no runs in {}; `--results` names another folder", folder.display())));
    }
    if runs.iter().any(|run| run.state == StateArg::Interrupted) {
        let mut leases = Leases::new(&args.results.join("leases"), Leases::PATIENCE)?;
        for run in &mut runs {
            run.ask(&mut leases);
        }
    }
    known(&runs, &wanted, &args.metrics)?;
    let before = runs.len();
    runs.retain(|run| is_wanted(run, args, &wanted));
    sort(&mut runs, &args.sort)?;
    let found = runs.len();
    runs.truncate(args.limit.unwrap_or(found));
    if args.json {
        return print_json(&runs.par_iter().map(|run| as_json(run, &args.metrics)).collect::<Vec<_>>());
    }
    print(&format!("{}\n", rows(&runs, &columns(&runs, &args.metrics))))?;
    if runs.len() < before {
        say(format!("{} of {before} runs are shown", runs.len()));
    }
    Ok(())
}

/// `--where` flags as keys and values.
fn settings(flags: &[String]) -> Result<Vec<(&str, &str)>, Failure> {
    let pairs: Option<Vec<_>> = flags.iter().map(|flag| flag.split_once('=')).collect();
    let trimmed =
        |pairs: Vec<(_, _)>| pairs.into_iter().map(|(key, value): (&str, &str)| (key.trim(), value.trim())).collect();
    pairs
        .map(trimmed)
        .ok_or_else(|| refused("`--where` takes a key and a value: `--where pairing.ratio=0.05`".to_owned()))
}

/// Refuses keys and scores that no run has: a misspelt one would only empty the list.
fn known(runs: &[Listed], settings: &[(&str, &str)], metrics: &[String]) -> Result<(), Failure> {
    if runs.is_empty() {
        return Ok(());
    }
    let refuse = |name: &str, there: BTreeSet<&String>| {
        let there: Vec<String> = there.into_iter().cloned().collect();
        Err(refused(format!("no run has `{name}`{}", lgdea_spec::instead(name, &there))))
    };
    for (key, _) in settings {
        if !runs.iter().any(|run| run.params.contains_key(*key)) {
            return refuse(key, runs.iter().flat_map(|run| run.params.keys()).collect());
        }
    }
    for metric in metrics.iter().map(|metric| full(metric)) {
        if !runs.iter().any(|run| run.history.metrics.contains_key(&metric)) {
            return refuse(&metric, runs.iter().flat_map(|run| run.history.metrics.keys()).collect());
        }
    }
    Ok(())
}

fn is_wanted(run: &Listed, args: &RunsArgs, settings: &[(&str, &str)]) -> bool {
    let name = run.run.name();
    let named = args.names.is_empty() || args.names.iter().any(|part| name.contains(part));
    let in_state = args.state.is_empty() || args.state.contains(&run.state);
    named
        && in_state
        && settings.iter().all(|(key, value)| run.params.get(*key).is_some_and(|known| same(known, value)))
}

/// Whether two values are the same, as numbers where they are some: `0.1` and `.10`.
fn same(one: &str, other: &str) -> bool {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => one.total_cmp(&other) == Ordering::Equal,
        _ => one == other,
    }
}

/// The full name of a metric: that of a score is of the test split unless it names what it is on.
fn full(metric: &str) -> String {
    if Name::parse(metric).on.is_some() || Group::of(metric).is_some() {
        metric.to_owned()
    } else {
        Split::Test.of_score(metric)
    }
}

fn value(run: &Listed, metric: &str) -> Option<f64> {
    run.history.metrics.get(metric).map(|&(_, value)| value)
}

fn sort(runs: &mut [Listed], by: &str) -> Result<(), Failure> {
    match by {
        "age" => runs.sort_by_key(|run| std::cmp::Reverse(run.began)),
        "took" => runs.sort_by(|one, other| other.history.seconds.total_cmp(&one.history.seconds)),
        "name" => runs.sort_by_key(|run| run.run.name()),
        metric => {
            let metric = full(metric);
            if !runs.is_empty() && runs.iter().all(|run| value(run, &metric).is_none()) {
                let known: BTreeSet<&str> =
                    runs.iter().flat_map(|run| run.history.scores().map(|(name, _)| name)).collect();
                let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
                let instead = lgdea_spec::instead(&metric, &known);
                return Err(refused(format!("no run that is listed has `{metric}`{instead}")));
            }
            let better = Name::parse(&metric).better();
            let gain =
                |run: &Listed| value(run, &metric).filter(|value| !value.is_nan()).map(|value| better.gain(value));
            // What has no value comes last.
            runs.sort_by(|one, other| gain(other).partial_cmp(&gain(one)).unwrap_or(Ordering::Equal));
        }
    }
    Ok(())
}

/// The scores that are shown: those that are asked for, else the headlines of the test split.
fn columns(runs: &[Listed], asked: &[String]) -> Vec<String> {
    if !asked.is_empty() {
        return asked.iter().map(|metric| full(metric)).collect();
    }
    let is_shown = |name: &&String| Split::of(name) == Some(Split::Test) && Name::parse(name).is_headline();
    // Thousands of runs have the same names, and each is looked up once.
    let names: HashSet<&String> = runs.iter().flat_map(|run| run.history.metrics.keys()).collect();
    let names: BTreeSet<&String> = names.into_iter().filter(is_shown).collect();
    names.into_iter().cloned().collect()
}

fn rows(runs: &[Listed], metrics: &[String]) -> String {
    let labels: Vec<String> = metrics.iter().map(|metric| Name::parse(metric).label()).collect();
    let header: Vec<&str> =
        ["run", "state", "began", "took"].into_iter().chain(labels.iter().map(String::as_str)).collect();
    let mut table = table::with_header(&header, 3..header.len());
    for run in runs {
        let scores = metrics.iter().map(|metric| shown(run, metric));
        let took = if run.history.seconds > 0.0 { duration(run.history.seconds) } else { String::new() };
        let facts = [run.run.name(), told(run.state), ago(run.began), took];
        table.add_row(facts.into_iter().chain(scores));
    }
    let failed = runs.iter().filter(|run| run.state == StateArg::Failed);
    let why = |run: &Listed| {
        let error = run.history.error.as_deref().unwrap_or_default().lines().next().unwrap_or_default();
        format!("\nfailed: {}: {error}", run.run.name())
    };
    format!("{table}{}", failed.map(why).collect::<String>())
}

/// A state in a word.
fn told(state: StateArg) -> String {
    state.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// How long ago a time is, in milliseconds since 1970.
fn ago(time: u64) -> String {
    if time == 0 {
        return "–".to_owned();
    }
    let then = UNIX_EPOCH + Duration::from_millis(time);
    let seconds = SystemTime::now().duration_since(then).unwrap_or_default().as_secs();
    let (count, unit) = match seconds {
        0..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "min"),
        3600..172_800 => (seconds / 3600, "h"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{count} {unit} ago")
}

/// A metric of a run. A step, and what else is no score and whole, has no decimals.
fn shown(run: &Listed, metric: &str) -> String {
    let value = value(run, metric);
    let is_count = Group::of(metric).is_some() && value.is_some_and(|value| value.fract() == 0.0);
    decimal(value, if is_count { 0 } else { Name::parse(metric).decimals() })
}

/// A run with its settings, all its scores, and the metrics that are asked for.
fn as_json(run: &Listed, metrics: &[String]) -> Value {
    let mut scores: Map<String, Value> =
        run.history.scores().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    for metric in metrics.iter().map(|metric| full(metric)) {
        if let Some(value) = value(run, &metric) {
            scores.insert(metric, json!(value));
        }
    }
    json!({
        "run": run.run.name(),
        "folder": run.run.path(),
        "run_key": run.history.run_key,
        "state": told(run.state),
        "error": run.history.error,
        "began": moment(run.began),
        "seconds": run.history.seconds,
        "settings": typed(&run.params, &Resolved::from_file(&run.run.experiment(), &[])),
        "scores": scores,
    })
}

/// Settings, which a journal has as texts, as what they are: numbers, lists, booleans. The run's experiment tells texts that look
/// like numbers from numbers.
fn typed(params: &BTreeMap<String, String>, resolved: &Result<Resolved, SpecError>) -> Map<String, Value> {
    let known = resolved.as_ref().ok().and_then(|resolved| leaves(&resolved.experiment).ok()).unwrap_or_default();
    let value = |(key, text): (&String, &String)| {
        let is_text = known.get(key).is_some_and(Value::is_string);
        (key.clone(), if is_text { Value::String(text.clone()) } else { lgdea_track::typed(text) })
    };
    params.iter().map(value).collect()
}

/// A time in milliseconds since 1970 as ISO 8601 has it, in UTC.
fn moment(time: u64) -> Option<String> {
    Some(jiff::Timestamp::from_millisecond(time.try_into().ok()?).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_same_as_numbers() {
        assert!(same("0.05", ".050") && same("clip", "clip") && !same("0.05", "0.5") && !same("a", "b"));
    }

    #[test]
    fn a_setting_is_a_key_and_a_value() {
        assert_eq!(settings(&["a.b = 1=2".to_owned()]).unwrap(), [("a.b", "1=2")]);
        assert!(settings(&["a.b".to_owned()]).is_err());
    }

    #[test]
    fn settings_are_of_their_type() {
        let params = [
            ("train.steps", "20"),
            ("eval.at", "[1,5]"),
            ("graph.oracle", "false"),
            ("evidence.rules.ontology", "chest"),
        ];
        let mut params: BTreeMap<String, String> =
            params.into_iter().map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("experiment.toml");
        let unread = Resolved::from_file(&file, &[]);
        let expected =
            json!({"train.steps": 20, "eval.at": [1, 5], "graph.oracle": false, "evidence.rules.ontology": "chest"});
        assert_eq!(json!(typed(&params, &unread)), expected);
        std::fs::write(&file, "name = '2024'\n").unwrap();
        params.insert("name".to_owned(), "2024".to_owned());
        assert_eq!(typed(&params, &Resolved::from_file(&file, &[]))["name"], json!("2024"));
    }

    #[test]
    fn a_metric_of_training_is_no_score_of_a_split() {
        assert_eq!(full("train/best_step"), "train/best_step");
        assert_eq!(full("zero_shot/auroc_macro"), "test/zero_shot/auroc_macro");
    }

    #[test]
    fn a_time_is_written_as_programs_read_it() {
        assert_eq!(moment(0).as_deref(), Some("1970-01-01T00:00:00Z"));
    }
}
