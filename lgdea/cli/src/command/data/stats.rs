//! `lgdea data stats`: counts what an experiment's data hold.

use std::fmt::Write as _;

use lgdea_data::{FindingCount, Split, Statistics, Summary, statistics, summary};
use lgdea_eval::table::with_header;
use lgdea_spec::counted;
use serde_json::json;

use crate::args::data::StatsArgs;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::progress::Progress;

/// Most findings that the terminal shows; `--json` has all.
const FINDINGS: usize = 30;

pub(super) fn stats(args: &StatsArgs) -> Result<(), Failure> {
    let inputs = args.data.resolve()?.experiment.inputs();
    let progress = Progress::new();
    let counter = progress.counter("reading data");
    let corpus = lgdea_data::load(&inputs.data, inputs.seed(), &|done, total| counter.update(done, total))?;
    drop(counter);
    let (summary, found) = (summary(&corpus), statistics(&corpus));
    if args.json {
        return print_json(&json!({ "summary": summary, "statistics": found }));
    }
    // Labels of a table of one's own may be texts; those of public sets are not.
    print(&as_text(&summary, &found, inputs.data.has_known_labels()))
}

fn as_text(summary: &Summary, found: &Statistics, are_labels: bool) -> String {
    let mut text = format!("{}\n", studies(summary));
    if !found.findings.is_empty() {
        let _ = writeln!(text, "\n{}", findings(found, are_labels));
    }
    for (name, counts) in [("view", &found.views), ("sex", &found.sexes), ("age", &found.ages)] {
        // What no study tells needs no table.
        if counts.keys().any(|value| value != "unknown") {
            let rows = counts.iter().map(|(value, by_split)| {
                (value.clone(), Split::ALL.map(|split| by_split.get(&split).copied().unwrap_or_default().to_string()))
            });
            let _ = writeln!(text, "\n{}", by_split(name, rows));
        }
    }
    let left_out = summary.skipped.to_string();
    if !left_out.is_empty() {
        let _ = writeln!(text, "\nleft out or doubtful:\n{left_out}");
    }
    text
}

fn studies(summary: &Summary) -> String {
    let header = ["split", "patients", "studies", "with image", "with report", "with both", "labelled", "boxes"];
    let mut table = with_header(&header, 1..header.len());
    for (split, of) in &summary.splits {
        let numbers = [of.patients, of.studies, of.images, of.reports, of.complete, of.labelled, of.boxes];
        table.add_row([split.to_string()].into_iter().chain(numbers.map(|number| number.to_string())));
    }
    table.to_string()
}

/// The most frequent findings, a row each: present, and uncertain where some are.
fn findings(found: &Statistics, are_labels: bool) -> String {
    let cell = |count: FindingCount| match count {
        FindingCount { present, uncertain: 0 } => present.to_string(),
        FindingCount { present, uncertain } => format!("{present} ({uncertain} uncertain)"),
    };
    let all = found.frequent(are_labels);
    let more = all.len().saturating_sub(FINDINGS);
    let shown = all
        .into_iter()
        .take(FINDINGS)
        .map(|(name, counts)| (name, Split::ALL.map(|split| cell(counts.get(&split).copied().unwrap_or_default()))));
    let mut text = by_split("finding", shown);
    if more > 0 {
        let _ = write!(text, "\nand {} (`--json` has all)", counted(more, "more finding"));
    }
    text
}

/// A table of what `name` is, with a column for each split.
fn by_split(name: &str, rows: impl Iterator<Item = (String, [String; 3])>) -> String {
    let splits = Split::ALL.map(|split| split.to_string());
    let header: Vec<&str> = [name].into_iter().chain(splits.iter().map(String::as_str)).collect();
    let mut table = with_header(&header, 1..header.len());
    for (of, cells) in rows {
        table.add_row([of].into_iter().chain(cells));
    }
    table.to_string()
}
