//! `lgdea evidence diff`: how far two readings agree.

use std::fmt::Write;

use lgdea_eval::table;
use lgdea_evidence::{Agreement, FindingAgreement, Sides, agreement, read_evidence};
use lgdea_spec::counted;

use super::{print, print_json};
use crate::args::evidence::DiffArgs;
use crate::failure::{Failure, failed};

pub(super) fn diff(args: &DiffArgs) -> Result<(), Failure> {
    let found = agreement(&read_evidence(&args.a)?, &read_evidence(&args.b)?);
    if found.reports == 0 {
        return Err(failed(nothing_in_common(args, &found)));
    }
    if args.json { print_json(&found) } else { print(&text(&found)) }
}

fn nothing_in_common(args: &DiffArgs, found: &Agreement) -> String {
    let (a, b) = (args.a.display(), args.b.display());
    match found.unread {
        0 => format!(
            "{a} and {b} have no report in common ({} and {}): extract both from the same reports",
            counted(found.only_a, "report"),
            counted(found.only_b, "report")
        ),
        unread => format!(
            "nothing can be compared: of each of {} in {a} and in {b}, one of the two got no valid \
             answer; extract them again",
            counted(unread, "report")
        ),
    }
}

fn text(found: &Agreement) -> String {
    let Agreement { reports, only_a, only_b, unread, .. } = found;
    let mut text = format!("{} in both, {only_a} only in A, {only_b} only in B\n", counted(*reports, "report"));
    if *unread > 0 {
        let _ = writeln!(text, "{unread} more left out: one of the two got no valid answer");
    }
    if found.findings.is_empty() {
        return text;
    }
    let header = ["finding", "in A", "in B", "both", "only A", "only B", "kappa", "same side"];
    let mut table = table::with_header(&header, 1..header.len());
    for finding in &found.findings {
        table.add_row(row(finding));
    }
    let _ = writeln!(text, "{table}");
    let _ = writeln!(
        text,
        "kappa of present, uncertain, absent and not mentioned, over all findings: {}",
        kappa(found.polarity_kappa)
    );
    let _ = writeln!(text, "same side where both name one: {}", sides(found.laterality));
    text
}

fn row(finding: &FindingAgreement) -> [String; 8] {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    [
        finding.finding.clone(),
        percent(finding.prevalence_a),
        percent(finding.prevalence_b),
        finding.both.to_string(),
        finding.only_a.to_string(),
        finding.only_b.to_string(),
        kappa(finding.kappa),
        sides(finding.laterality),
    ]
}

fn kappa(kappa: Option<f64>) -> String {
    kappa.map_or_else(|| "undefined".to_owned(), |kappa| format!("{kappa:.3}"))
}

fn sides(sides: Sides) -> String {
    if sides.compared == 0 { "–".to_owned() } else { format!("{} of {}", sides.agreed, sides.compared) }
}
