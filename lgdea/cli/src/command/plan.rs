//! `lgdea plan`: the trials of a sweep, which of them are done, and what they cannot tell apart.

use std::fmt::{Display, Write as _};
use std::io::Write;

use lgdea_cache::Cache;
use lgdea_eval::table;
use lgdea_metric::readable;
use lgdea_spec::sweep::Sweep;
use lgdea_spec::{agreeing, counted};
use lgdea_sweep::{Earlier, Plan, Planned, Stages, Tally, json_map};
use serde_json::{Map, Value, json};

use crate::args::PlanArgs;
use crate::command::sweep::read;
use crate::device;
use crate::failure::Failure;
use crate::output::duration;
use crate::progress::{Progress, say};

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
    let mut plan = Plan::new(sweep, &earlier, Some(&cache), &update)?;
    plan.look_up_proposals(&args.results, &earlier)?;
    drop(counter);
    let behind = plan.left_behind(&args.results)?.map(|behind| behind.to_string());
    let device = device::known_somewhere(&plan.sweep.device)?;
    let further: Vec<String> = plan.left_out.iter().cloned().chain(behind).chain(device).collect();
    let text = if args.json {
        for note in &further {
            say(format!("note: {note}"));
        }
        json_lines(&plan, args.limit)
    } else {
        table(&plan, &earlier, args.limit, &further)
    };
    // A closed pipe ends the output, not the plan.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// One object a trial; of a search those that it has proposed, then those that it will.
fn json_lines(plan: &Plan, limit: Option<usize>) -> String {
    let mut lines = Vec::new();
    for (setting, trials) in plan.settings().into_iter().enumerate() {
        for position in trials {
            let trial = &plan.expansion.trials[position];
            let mut add = |planned: &Planned, proposed: &Map<String, Value>| {
                let mut deltas = json_map(plan.sweep.deltas(trial));
                deltas.extend(proposed.clone());
                let mut line = json!({
                    "run_key": planned.run_key,
                    "arm": plan.sweep.arm(trial),
                    "seed": trial.seed,
                    "deltas": deltas,
                    "cached": planned.cached,
                });
                if planned.pruned {
                    line["pruned"] = true.into();
                }
                lines.push(line);
            };
            if plan.sweep.search.is_none() {
                add(&plan.planned[position], &Map::new());
                continue;
            }
            let proposed = plan.proposed.iter().filter(|one| one.trial == position);
            proposed.for_each(|one| add(&one.planned, &one.values));
            (0..plan.to_propose(setting)).for_each(|_| add(&plan.planned[position], &Map::new()));
        }
    }
    let mut text = String::new();
    for line in lines.iter().take(limit.unwrap_or(usize::MAX)) {
        let _ = writeln!(text, "{line}");
    }
    text
}

fn table(plan: &Plan, earlier: &Earlier, limit: Option<usize>, further: &[String]) -> String {
    let any_pruned = plan.tally().pruned > 0;
    let parts = [
        head(plan),
        arms(plan, any_pruned),
        settings(plan, limit.unwrap_or(SHOWN), any_pruned),
        search(plan),
        totals(plan, earlier),
        notes(plan, further),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n\n"))
}

fn head(plan: &Plan) -> String {
    let Sweep { name, description, .. } = &plan.sweep;
    if description.is_empty() { name.clone() } else { format!("{name}: {description}") }
}

/// Header and cells of how many runs were stopped early, where any were.
fn with_pruned<'t>(any_pruned: bool, mut cells: Vec<&'t str>, pruned: &'t str, after: usize) -> Vec<&'t str> {
    if any_pruned {
        cells.insert(after, pruned);
    }
    cells
}

/// The arms with what they change and how many trials they have.
fn arms(plan: &Plan, any_pruned: bool) -> String {
    let header = with_pruned(any_pruned, vec!["arm", "changes", "settings", "trials", "cached"], "pruned", 5);
    let mut table = table::with_header(&header, 0..0);
    let trials = &plan.expansion.trials;
    let settings = plan.settings();
    for (arm, name) in plan.sweep.arms().enumerate() {
        let of_arm = settings.iter().enumerate().filter(|(_, setting)| trials[setting.start].arm() == arm);
        let count = of_arm.clone().count().to_string();
        let tallies = of_arm.map(|(position, setting)| plan.tally_of(position, setting.clone()));
        let all = tallies.fold(Tally::default(), |all, one| all + one);
        let mut changes = plan.sweep.changes(arm).to_vec();
        // How an arm is measured is the least of what it changes.
        changes.sort_by_key(|(key, _)| key.starts_with("eval."));
        let changes = assignments(&changes, CHANGES);
        let [runs, cached, pruned] = [all.runs, all.cached, all.pruned].map(|count| count.to_string());
        table.add_row(with_pruned(any_pruned, vec![name, &changes, &count, &runs, &cached], &pruned, 5));
    }
    table.to_string()
}

/// What is tried of each arm: one line for all seeds of a setting.
fn settings(plan: &Plan, limit: usize, any_pruned: bool) -> String {
    let settings = plan.settings();
    let header = with_pruned(any_pruned, vec!["arm", "setting", "seeds", "cached", "first run key"], "pruned", 4);
    let mut table = table::with_header(&header, 0..0);
    for (position, setting) in settings.iter().enumerate().take(limit) {
        let trial = &plan.expansion.trials[setting.start];
        let tally = plan.tally_of(position, setting.clone());
        let first = plan.proposed.iter().find(|one| one.trial == setting.start).map(|one| &one.planned);
        let key = first.unwrap_or(&plan.planned[setting.start]).run_key.as_deref().unwrap_or("-");
        let deltas = assignments(&plan.sweep.deltas(trial), SETTING);
        let [seeds, cached, pruned] = [setting.len(), tally.cached, tally.pruned].map(|count| count.to_string());
        table.add_row(with_pruned(any_pruned, vec![plan.sweep.arm(trial), &deltas, &seeds, &cached, key], &pruned, 4));
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
        let _ = write!(text, "\n  {}: {}", parameter.key, parameter.domain);
    }
    text
}

fn totals(plan: &Plan, earlier: &Earlier) -> String {
    let tally = plan.tally();
    let mut text = format!("{}, {} of them finished", counted(tally.runs, "distinct run"), tally.cached);
    if tally.pruned > 0 {
        let _ = write!(text, " and {} stopped early", tally.pruned);
    }
    let left_out = plan.expansion.left_out;
    if left_out > 0 {
        let _ = write!(text, "; {} left out by conditions", counted(left_out, "trial"));
    }
    if let Some(Stages { images, training }) = plan.stages.filter(|_| tally.to_come() > 0) {
        let _ = write!(
            text,
            "\ntheir stages: {} of {} image stores are there, {} of {} trainings are done",
            images.0, images.1, training.0, training.1
        );
    }
    match plan.seconds {
        _ if tally.to_come() == 0 => {}
        Some(seconds) => {
            let _ = write!(
                text,
                "\nthe others take about {} one after the other, at the pace of {}",
                duration(seconds),
                counted(earlier.len(), "earlier run"),
            );
        }
        None => text.push_str("\nno earlier run resembles these, so nothing is known about their time"),
    }
    text
}

/// What a reader of the results should know.
fn notes(plan: &Plan, further: &[String]) -> String {
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
            "merged: {} {} the same experiment as another one and run once, for example `{}` {} as `{}` {}",
            counted(doubles.len(), "trial"),
            agreeing(doubles.len(), "is", "are"),
            plan.sweep.arm(&first.trial),
            assignments(&plan.sweep.deltas(&first.trial), SETTING),
            plan.sweep.arm(kept),
            assignments(&plan.sweep.deltas(kept), SETTING),
        ));
    }
    lines.extend(plan.expansion.idle.iter().map(|idle| format!("note: {idle}")));
    lines.extend(plan.remarks().iter().map(|remark| format!("note: {remark}")));
    lines.extend(further.iter().map(|note| format!("note: {note}")));
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
        let one = format!("{}{key} = {}", if position > 0 { ", " } else { "" }, readable(&value.to_string()));
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
}
