//! What a reader of a comparison should know.

use std::collections::{BTreeMap, BTreeSet};

use lgdea_spec::sweep::ConfoundKind;
use lgdea_spec::{agreeing, counted};
use lgdea_sweep::MergedSummary;

use crate::metric::Metric;
use crate::rows::{ARM, Row, Rows};
use crate::{Collection, Run};

/// Names, keys and values that are listed of many.
const LISTED: usize = 4;

/// What makes the numbers of a comparison hard to compare, most of all first.
pub(crate) fn doubts(collection: &Collection, rows: &Rows<'_>, metrics: &[Metric], base: &str) -> Vec<String> {
    let mut doubts = on_other_data(rows, base);
    doubts.extend(mixed_data(rows));
    doubts.extend(of_other_studies(collection, metrics));
    doubts.extend(by_other_protocols(collection, metrics));
    doubts.extend(mixed_settings(rows));
    doubts.extend(unshown_settings(collection, rows));
    doubts.extend(confounded(collection, rows));
    doubts.extend(over_other_classes(collection, metrics));
    doubts.extend(without_value(rows, metrics));
    doubts.extend(merged(collection, rows));
    doubts
}

/// That rows which are compared were trained or scored on different data, for each row that others are compared with.
///
/// Data whose split the seed draws are others with every seed, and the same in all runs of one seed.
fn on_other_data(rows: &Rows<'_>, base: &str) -> Vec<String> {
    if is_of_data(&rows.by) {
        return Vec::new();
    }
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &rows.rows {
        let first = || rows.rows.iter().find(|other| other.setting == row.setting);
        let Some(other) = rows.counterpart(row, base).or_else(first) else { continue };
        if other.group != row.group && differ_in_data(row, other) {
            found.entry(&other.group).or_default().insert(&row.group);
        }
    }
    let note = |(other, groups): (&str, BTreeSet<&str>)| {
        let verb = agreeing(groups.len(), "was", "were");
        format!(
            "{} {verb} trained or scored on other data than `{other}` with the same seed: what differs between them may be the data",
            listed(&groups),
        )
    };
    found.into_iter().map(note).collect()
}

/// Whether runs of a seed that both rows have read different data.
fn differ_in_data(row: &Row<'_>, other: &Row<'_>) -> bool {
    row.runs.iter().any(|(seed, run)| {
        let of_other = other.runs.get(seed).and_then(|run| run.data.as_ref());
        run.data.as_ref().zip(of_other).is_some_and(|(one, other)| one != other)
    })
}

/// That the data of rows changed between their seeds. Data whose split the seed draws are others with every seed: those that some
/// seeds share were not drawn.
fn mixed_data(rows: &Rows<'_>) -> Option<String> {
    let mixes = |row: &&Row<'_>| {
        let data: Vec<&String> = row.runs.values().filter_map(|run| run.data.as_ref()).collect();
        let distinct: BTreeSet<&String> = data.iter().copied().collect();
        distinct.len() > 1 && distinct.len() < data.len()
    };
    let groups: BTreeSet<&str> = rows.rows.iter().filter(mixes).map(|row| row.group.as_str()).collect();
    (!groups.is_empty()).then(|| {
        format!(
            "the data changed between the seeds of {}, and not by the seed: means over seeds mix them",
            listed(&groups)
        )
    })
}

/// That runs of one row, which should differ in the seed alone, differ in more.
fn mixed_settings(rows: &Rows<'_>) -> Option<String> {
    let mut keys = BTreeMap::new();
    for row in &rows.rows {
        add_differing(&mut keys, row.runs.values().copied(), rows);
    }
    (!keys.is_empty()).then(|| {
        format!("runs of one row differ in more than the seed, and their means mix it: {}", listed_values(&keys))
    })
}

/// That rows of one setting differ in what a fair comparison holds fixed, and no column shows. Of the arms of one sweep its own
/// [`confounded`] says it.
fn unshown_settings(collection: &Collection, rows: &Rows<'_>) -> Option<String> {
    if let [sweep] = collection.sweeps.as_slice()
        && sweep.confounds.is_some()
        && collection.runs.iter().all(|run| sweep.arms.iter().any(|arm| arm.name == run.place.arm))
    {
        return None;
    }
    let mut keys = BTreeMap::new();
    for setting in rows.rows.chunk_by(|a, b| a.setting == b.setting) {
        add_differing(&mut keys, setting.iter().flat_map(|row| row.runs.values().copied()), rows);
    }
    // What was read of data their digests say.
    let has_digests = collection.runs.iter().all(|run| run.data.is_some());
    keys.retain(|key, _| ConfoundKind::of(key, true).is_some() && !(has_digests && is_of_data(key)));
    (!keys.is_empty()).then(|| {
        format!(
            "what stands side by side here differs in settings that no column shows, and the scores may differ by them: {}",
            listed_values(&keys)
        )
    })
}

/// Adds the settings of which runs have several values, without those that the rows show.
fn add_differing<'a>(
    found: &mut BTreeMap<&'a str, BTreeSet<&'a str>>,
    runs: impl Iterator<Item = &'a Run> + Clone,
    rows: &Rows<'_>,
) {
    let Some(first) = runs.clone().next() else { return };
    for (key, value) in first.settings.iter() {
        let is_shown = *key == rows.by || rows.keys.contains(key);
        if is_shown {
            continue;
        }
        let values: BTreeSet<&str> = runs.clone().filter_map(|run| run.settings.get(key)).map(String::as_str).collect();
        if values.iter().any(|other| other != value) {
            found.entry(key).or_default().extend(values);
        }
    }
}

/// That arms differ in more than what they are named for, as their sweeps' files have it.
fn confounded(collection: &Collection, rows: &Rows<'_>) -> Option<String> {
    if rows.by != ARM {
        return None;
    }
    let all: BTreeSet<&String> = collection.sweeps.iter().flat_map(|sweep| sweep.confounds.iter().flatten()).collect();
    // The keys with their values stand after the colon.
    let heads: BTreeSet<&str> =
        all.iter().map(|told| told.split_once(": ").map_or(told.as_str(), |(head, _)| head)).collect();
    let heads: Vec<&str> = heads.into_iter().collect();
    (!heads.is_empty()).then(|| {
        let more = heads.len().saturating_sub(LISTED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        format!(
            "arms differ in more than what they are named for: {}{more} (`lgdea plan` and the report list the settings)",
            heads[..heads.len().min(LISTED)].join("; "),
        )
    })
}

/// Which arms of sweeps are other ones again, so that they were not run, and have no row or fewer rows of their own.
fn merged(collection: &Collection, rows: &Rows<'_>) -> Vec<String> {
    if rows.by != ARM {
        return Vec::new();
    }
    let note = |merged: &MergedSummary| {
        let MergedSummary { arm, of, trials } = merged;
        let count = counted(*trials, "trial");
        let is = agreeing(*trials, "is the same experiment", "are the same experiments");
        let stands = agreeing(*trials, "it was run once and stands", "they were run once and stand");
        let no_row = if rows.groups.contains(arm) { "" } else { ", which has no row of its own," };
        format!(
            "{count} of `{arm}`{no_row} {is} as {} of `{of}`: {stands} in its rows",
            agreeing(*trials, "one", "those")
        )
    };
    collection.sweeps.iter().flat_map(|sweep| &sweep.merged).map(note).collect()
}

fn is_of_data(key: &str) -> bool {
    key.starts_with("data.")
}

/// Names in a row, the first of many.
fn listed(names: &BTreeSet<&str>) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    let more = names.len() - shown.len();
    match shown.as_slice() {
        all if more > 0 => format!("{} and {more} more", all.join(", ")),
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        one => one.concat(),
    }
}

/// Settings with their values, the first of many.
fn listed_values(keys: &BTreeMap<&str, BTreeSet<&str>>) -> String {
    let value = |values: &BTreeSet<&str>| {
        let more = if values.len() > LISTED { ", …" } else { "" };
        let mut shown: Vec<&str> = values.iter().copied().collect();
        shown.sort_by(|a, b| crate::rows::values_order(a, b));
        shown.truncate(LISTED);
        format!("{}{more}", shown.join(", "))
    };
    let shown: Vec<String> =
        keys.iter().take(LISTED).map(|(key, values)| format!("`{key}` ({})", value(values))).collect();
    let more = keys.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// That runs were scored on other studies of an evaluation set than others, for each set that metrics are of.
fn of_other_studies(collection: &Collection, metrics: &[Metric]) -> Vec<String> {
    let sets: BTreeSet<&str> = metrics.iter().filter_map(Metric::set).collect();
    let note = |set: &str| {
        let mut runs: BTreeMap<&str, usize> = BTreeMap::new();
        for digest in collection.runs.iter().filter_map(|run| run.sets.get(set)) {
            *runs.entry(digest).or_default() += 1;
        }
        let counts: Vec<String> = runs.values().map(usize::to_string).collect();
        (runs.len() > 1).then(|| {
            format!(
                "runs were scored on different studies of the evaluation set `{set}` ({} of them the same): means and differences \
                 mix them; data that changed, or patients that only some of them trained on, make it so",
                counts.join(", ")
            )
        })
    };
    sets.into_iter().filter_map(note).collect()
}

/// That runs were scored by other protocols than others, for each task that metrics are of.
fn by_other_protocols(collection: &Collection, metrics: &[Metric]) -> Vec<String> {
    let task = |metric: &Metric| {
        let mut parts = metric.name.splitn(3, '/');
        Some((parts.next()?.to_owned(), parts.next()?.replace('_', "-")))
    };
    let tasks: BTreeSet<(String, String)> = metrics.iter().filter_map(task).collect();
    let note = |(on, task): (String, String)| {
        let begins = format!("{on}/{}/", task.replace('-', "_"));
        let scored = collection.runs.iter().filter(|run| run.metrics.keys().any(|name| name.starts_with(&begins)));
        let of_run = |run: &Run| run.protocols.get(&format!("{on}.{task}")).cloned();
        let protocols: BTreeSet<Option<String>> = scored.map(of_run).collect();
        (protocols.len() > 1).then(|| {
            let names: Vec<String> =
                protocols.into_iter().map(|name| name.unwrap_or_else(|| "the run's own".to_owned())).collect();
            format!(
                "{task} on {on} was scored by different protocols ({}): differences between these runs are also those of the \
                 protocols",
                names.join(", ")
            )
        })
    };
    tasks.into_iter().filter_map(note).collect()
}

/// That a mean over classes is over other classes in other runs, for each such metric.
fn over_other_classes(collection: &Collection, metrics: &[Metric]) -> Vec<String> {
    let note = |metric: &Metric| {
        let one_class = format!("{}/", metric.name.strip_suffix("_macro")?);
        let classes = |run: &Run| {
            let names = run.metrics.keys().filter_map(|name| name.strip_prefix(&one_class));
            names.filter(|name| !name.contains('/')).map(str::to_owned).collect::<BTreeSet<String>>()
        };
        let scored: BTreeSet<_> = collection.runs.iter().map(classes).filter(|classes| !classes.is_empty()).collect();
        let all: BTreeSet<&String> = scored.iter().flatten().collect();
        let not_always: Vec<&str> = all
            .iter()
            .filter(|class| !scored.iter().all(|run| run.contains(**class)))
            .map(|class| class.as_str())
            .collect();
        (!not_always.is_empty()).then(|| {
            format!(
                "{} is a mean over other classes in other runs ({} {} in some alone): means over seeds and differences mix them; where the \
                 seed draws the splits, rare classes have studies in some: give the data a column of splits, or leave these classes out",
                metric.label,
                not_always.join(", "),
                agreeing(not_always.len(), "is", "are"),
            )
        })
    };
    metrics.iter().filter_map(note).collect()
}

/// That a metric has no value in some runs of a row.
fn without_value(rows: &Rows<'_>, metrics: &[Metric]) -> Vec<String> {
    let note = |metric: &Metric| {
        let counts = rows.rows.iter().map(|row| (row.runs.len(), row.values(&metric.name).len()));
        let partial = counts.filter(|(runs, values)| *values > 0 && values < runs);
        let (runs, rows) = partial.fold((0, 0), |(all, rows), (runs, values)| (all + runs - values, rows + 1));
        (rows > 0).then(|| {
            format!(
                "{} has no value in {} of {}, where too little was there to be scored (the log of each says what): their means \
                 are over the other seeds",
                metric.label,
                counted(runs, "run"),
                counted(rows, "row"),
            )
        })
    };
    metrics.iter().filter_map(note).collect()
}

/// What is missing, was left out, or cannot be compared with the base; and what was said when the runs were collected.
pub(crate) fn further(collection: &Collection, rows: &Rows<'_>, base: &str) -> Vec<String> {
    let mut notes: Vec<String> = collection.shortfall().into_iter().chain(collection.data_left_out()).collect();
    if let Some(sweep) = collection.sweeps.first()
        && rows.by == ARM
        && rows.group(&sweep.base).is_err()
    {
        notes.push(format!("the sweep's base `{}` has no finished run; `{base}` is the base instead", sweep.base));
    }
    if rows.left_out > 0 {
        notes.push(format!("{} without {}, left out", counted(rows.left_out, "run"), rows.by));
    }
    for row in &rows.rows {
        let place = match rows.describe(&row.setting) {
            setting if setting.is_empty() => String::new(),
            setting => format!(" at {setting}"),
        };
        if row.group == base {
            continue;
        }
        match rows.counterpart(row, base) {
            None => {
                notes.push(format!("`{}`{place} has no counterpart of `{base}`: no difference is shown", row.group));
            }
            Some(counterpart) if !counterpart.runs.keys().any(|seed| row.runs.contains_key(seed)) => {
                notes.push(format!(
                    "`{}` and `{base}`{place} share no seed ({} against {}), so that no difference is shown",
                    row.group,
                    list(row.runs.keys()),
                    list(counterpart.runs.keys()),
                ));
            }
            Some(_) => {}
        }
    }
    let warnings: BTreeSet<&String> = collection.warnings.iter().collect();
    notes.extend(warnings.into_iter().cloned());
    notes
}

fn list<'a>(seeds: impl Iterator<Item = &'a u64>) -> String {
    seeds.map(u64::to_string).collect::<Vec<_>>().join(", ")
}
