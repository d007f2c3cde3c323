//! `lgdea plan`: the trials of a sweep, which of them are done, and what they cannot tell apart.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::io::Write;

use lgdea_cache::Cache;
use lgdea_eval::table;
use lgdea_spec::sweep::{Domain, Sweep};
use lgdea_sweep::{Earlier, Plan, Stages};
use serde_json::json;

use crate::args::PlanArgs;
use crate::command::sweep::read;
use crate::failure::Failure;
use crate::progress::Progress;

/// Settings that the table lists where no limit is given.
const SHOWN: usize = 40;
/// Widest columns of what an arm changes and of what its settings are, in characters.
const CHANGES: usize = 60;
const SETTING: usize = 100;

pub(crate) fn plan(args: &PlanArgs) -> Result<(), Failure> {
    let sweep = read(&args.file, args.device.as_deref())?;
    let earlier = Earlier::read(&args.results)?;
    let (cache, progress) = (Cache::of_results(&args.results), Progress::new());
    let counter = progress.counter("reading data");
    let update = |done, total| counter.update(done, total);
    let plan = Plan::new(sweep, &earlier, Some(&cache), &update)?;
    drop(counter);
    let text = if args.json { json_lines(&plan, args.limit) } else { table(&plan, &earlier, args.limit) };
    // A closed pipe ends the output, not the plan.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// One object a trial.
fn json_lines(plan: &Plan, limit: Option<usize>) -> String {
    let mut text = String::new();
    let trials = plan.expansion.trials.iter().zip(&plan.planned).take(limit.unwrap_or(usize::MAX));
    for (trial, planned) in trials {
        let deltas: serde_json::Map<String, serde_json::Value> =
            plan.sweep.deltas(trial).into_iter().map(|(key, value)| (key, json!(value))).collect();
        let object = json!({
            "run_key": planned.run_key,
            "arm": plan.sweep.arm(trial),
            "seed": trial.seed,
            "deltas": deltas,
            "cached": planned.cached,
        });
        let _ = writeln!(text, "{object}");
    }
    text
}

fn table(plan: &Plan, earlier: &Earlier, limit: Option<usize>) -> String {
    let parts = [
        head(plan),
        arms(plan),
        settings(plan, limit.unwrap_or(SHOWN)),
        search(plan),
        totals(plan, earlier),
        notes(plan),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n\n"))
}

fn head(plan: &Plan) -> String {
    let Sweep { name, description, .. } = &plan.sweep;
    if description.is_empty() { name.clone() } else { format!("{name}: {description}") }
}

/// The arms with what they change and how many trials they have.
fn arms(plan: &Plan) -> String {
    let mut table = table::with_header(&["arm", "changes", "settings", "trials", "cached"], 0..0);
    let trials = &plan.expansion.trials;
    for (arm, name) in plan.sweep.arms().enumerate() {
        let settings = plan.settings().iter().filter(|setting| trials[setting.start].arm() == arm).count();
        let of_arm = trials.iter().zip(&plan.planned).filter(|(trial, _)| trial.arm() == arm);
        let cached = of_arm.clone().filter(|(_, planned)| planned.cached).count();
        let mut changes = plan.sweep.changes(arm).to_vec();
        // How an arm is measured is the least of what it changes.
        changes.sort_by_key(|(key, _)| key.starts_with("eval."));
        let changes = assignments(&changes, CHANGES);
        table.add_row([name, &changes, &settings.to_string(), &of_arm.count().to_string(), &cached.to_string()]);
    }
    table.to_string()
}

/// What is tried of each arm: one line for all seeds of a setting.
fn settings(plan: &Plan, limit: usize) -> String {
    let settings = plan.settings();
    let mut table = table::with_header(&["arm", "setting", "seeds", "cached", "first run key"], 0..0);
    for setting in settings.iter().take(limit) {
        let trial = &plan.expansion.trials[setting.start];
        let planned = &plan.planned[setting.clone()];
        let cached = planned.iter().filter(|planned| planned.cached).count();
        let key = planned[0].run_key.as_deref().unwrap_or("-");
        let deltas = assignments(&plan.sweep.deltas(trial), SETTING);
        table.add_row([plan.sweep.arm(trial), &deltas, &setting.len().to_string(), &cached.to_string(), key]);
    }
    let mut text = table.to_string();
    if settings.len() > limit {
        let _ = write!(text, "\n… and {} more; `--limit {}` shows all", settings.len() - limit, settings.len());
    }
    text
}

fn search(plan: &Plan) -> String {
    let Some(search) = &plan.sweep.search else { return String::new() };
    let trials = plan.sweep.budget.trials.unwrap_or_default();
    let sampler = named(&search.sampler);
    let goal = named(&search.goal);
    let mut text =
        format!("each setting is searched: {trials} trials by {sampler}, which {goal}s {}", search.objective);
    for parameter in &search.space {
        let domain = match &parameter.domain {
            Domain::Choice(values) => values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            Domain::Range { low, high, step, log, .. } => {
                let step = if *step > 0.0 { format!(" by {step}") } else { String::new() };
                let log = if *log { ", logarithmic" } else { "" };
                format!("{low} to {high}{step}{log}")
            }
        };
        let _ = write!(text, "\n  {}: {domain}", parameter.key);
    }
    text
}

fn totals(plan: &Plan, earlier: &Earlier) -> String {
    let (runs, cached) = plan.runs();
    let mut text = format!("{runs} distinct runs, {cached} of them finished");
    let left_out = plan.expansion.left_out;
    if left_out > 0 {
        let _ = write!(text, "; {left_out} trials left out by conditions");
    }
    if let Some(Stages { images, training }) = plan.stages.filter(|_| runs > cached) {
        let _ = write!(
            text,
            "\ntheir stages: {} of {} image stores are there, {} of {} trainings are done",
            images.0, images.1, training.0, training.1
        );
    }
    match plan.seconds {
        _ if runs == cached => {}
        Some(seconds) => {
            let _ = write!(
                text,
                "\nthe others take about {} one after the other, at the pace of {} earlier {}",
                duration(seconds),
                earlier.len(),
                if earlier.len() == 1 { "run" } else { "runs" }
            );
        }
        None => text.push_str("\nno earlier run resembles these, so nothing is known about their time"),
    }
    text
}

/// What hardly takes part as an arm is set, told once for all arms of which it is true.
fn remarks(plan: &Plan) -> Vec<String> {
    let mut arms: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (arm, name) in plan.sweep.arms().enumerate() {
        let first = plan.expansion.trials.iter().find(|trial| trial.arm() == arm);
        // Every trial was resolved when the sweep was expanded.
        let Some(Ok(resolved)) = first.map(|trial| plan.sweep.resolve(trial)) else { continue };
        for remark in resolved.experiment.remarks() {
            arms.entry(remark).or_default().push(name);
        }
    }
    arms.into_iter().map(|(remark, names)| format!("note: {remark} ({})", names.join(", "))).collect()
}

/// What a reader of the results should know.
fn notes(plan: &Plan) -> String {
    let mut lines: Vec<String> = plan
        .sweep
        .refused
        .iter()
        .map(|refused| format!("left out: `{}` cannot be, because {}", refused.arm, refused.reason))
        .collect();
    let doubles = &plan.expansion.duplicates;
    if let Some(first) = doubles.first() {
        let kept = &plan.expansion.trials[first.of];
        lines.push(format!(
            "merged: {} trials are the same experiment as another one and run once, for example `{}` {} as `{}` {}",
            doubles.len(),
            plan.sweep.arm(&first.trial),
            assignments(&plan.sweep.deltas(&first.trial), SETTING),
            plan.sweep.arm(kept),
            assignments(&plan.sweep.deltas(kept), SETTING),
        ));
    }
    lines.extend(plan.expansion.idle.iter().map(|idle| format!("note: {idle}")));
    lines.extend(remarks(plan));
    lines.extend(plan.sweep.confounds().iter().map(|confound| format!("confound: {confound}")));
    lines.join("\n")
}

/// Keys with their values, as many as fit into `width` characters.
fn assignments(values: &[(String, impl Display)], width: usize) -> String {
    if values.is_empty() {
        return "-".to_owned();
    }
    let mut text = String::new();
    for (position, (key, value)) in values.iter().enumerate() {
        let one = format!("{}{key} = {value}", if position > 0 { ", " } else { "" });
        if position > 0 && text.chars().count() + one.chars().count() > width {
            let _ = write!(text, ", … ({} more)", values.len() - position);
            break;
        }
        text.push_str(&one);
    }
    text
}

/// A value of an enum as a sweep file writes it.
fn named(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 90.0 => format!("{seconds:.0} s"),
        seconds if seconds < 5400.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_of_changes_are_cut() {
        let values: Vec<(String, i32)> = (0..20).map(|n| (format!("train.key-{n}"), n)).collect();
        let text = assignments(&values, 60);
        assert!(text.starts_with("train.key-0 = 0, train.key-1 = 1, ") && text.ends_with(" more)"), "{text}");
        assert_eq!(assignments(&values[..0], 60), "-");
    }

    #[test]
    fn durations_are_read_at_a_glance() {
        assert_eq!([45.0, 600.0, 9000.0].map(duration), ["45 s", "10 min", "2.5 h"]);
    }
}
