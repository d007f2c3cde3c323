//! `lgdea evidence score`: evidence against human labels.

use std::collections::BTreeMap;
use std::fmt::Write;

use lgdea_eval::task::evidence::{Counts, Pair, counts, evaluate};
use lgdea_eval::{Bootstrap, Evaluation, table};
use lgdea_evidence::{
    Class, Findings, Gold, Laterality, Ontology, ReportEvidence, is_for_tuning, read_evidence, read_reports_of,
};
use lgdea_spec::{Seed, counted};
use serde_json::{Value, json};

use super::{print, print_json, printable, refused};
use crate::args::evidence::{Part, ScoreArgs};
use crate::failure::Failure;
use crate::progress::say;

pub(super) fn score(args: &ScoreArgs) -> Result<(), Failure> {
    let ontology = Ontology::named_or_path(&args.ontology)?;
    let mut gold = Gold::read(&args.gold, &ontology)?;
    gold.reports.retain(|id, _| is_in(args.part, id));
    let evidence: BTreeMap<String, ReportEvidence> = read_evidence(&args.evidence)?
        .into_iter()
        .filter(|report| is_in(args.part, &report.report_id))
        .map(|report| (report.report_id.clone(), report))
        .collect();
    let errors = args.errors.as_ref().map(|name| class_called(name, &gold)).transpose()?;
    let coverage = Coverage::of(&gold, &evidence);
    if coverage.reports == coverage.without_evidence {
        return Err(refused(no_overlap(args, &gold, &evidence)));
    }

    let found = |id: &String| evidence.get(id).map_or_else(Findings::new, |it| gold.findings_of(it, &ontology));
    let pairs: Vec<Pair<'_>> = gold.reports.iter().map(|(id, findings)| (findings, found(id))).collect();
    let bootstrap = Bootstrap { resamples: args.bootstrap as usize, seed: Seed(args.seed) };
    let counts = counts(&gold.classes, &pairs);
    let mut evaluation = evaluate(&gold.classes, &pairs, bootstrap);
    evaluation.warnings.splice(0..0, coverage.warnings().chain(gold.warnings.iter().cloned()));
    if args.json {
        return print_json(&as_json(&coverage, &gold.classes, &counts, &evaluation));
    }
    evaluation.warnings.iter().for_each(say);
    print(&format!(
        "{}\n{}\n",
        table::evidence(&gold.classes, &counts, &evaluation.scores),
        counted(coverage.reports, "report")
    ))?;
    match errors {
        Some(class) => print_errors(args, &gold, &pairs, &evidence, class),
        None => Ok(()),
    }
}

fn is_in(part: Part, report_id: &str) -> bool {
    match part {
        Part::All => true,
        Part::HeldOut => !is_for_tuning(report_id),
        Part::Tuning => is_for_tuning(report_id),
    }
}

/// How far evidence and gold are about the same reports.
struct Coverage {
    reports: usize,
    without_evidence: usize,
    unread: usize,
    without_gold: usize,
}

impl Coverage {
    fn of(gold: &Gold, evidence: &BTreeMap<String, ReportEvidence>) -> Self {
        let read: Vec<&ReportEvidence> = gold.reports.keys().filter_map(|id| evidence.get(id)).collect();
        Self {
            reports: gold.reports.len(),
            without_evidence: gold.reports.len() - read.len(),
            unread: read.iter().filter(|report| report.failure.is_some()).count(),
            without_gold: evidence.len() - read.len(),
        }
    }

    fn warnings(&self) -> impl Iterator<Item = String> {
        let Self { without_evidence, unread, without_gold, .. } = self;
        let reports = |count: &usize| counted(*count, "report");
        [
            (*without_evidence > 0)
                .then(|| format!("{} without evidence, scored as finding nothing", reports(without_evidence))),
            (*unread > 0).then(|| format!("{} without a valid answer, scored as finding nothing", reports(unread))),
            (*without_gold > 0).then(|| format!("{} with evidence, but without gold, left out", reports(without_gold))),
        ]
        .into_iter()
        .flatten()
    }
}

fn no_overlap(args: &ScoreArgs, gold: &Gold, evidence: &BTreeMap<String, ReportEvidence>) -> String {
    let first = |id: Option<&String>| id.map_or_else(|| "none".to_owned(), |id| format!("{id:?}"));
    format!(
        "{} and {} have no report in common: the first to score is {}, the first with evidence {}; give both of the same \
         reports",
        args.gold.display(),
        args.evidence.display(),
        first(gold.reports.keys().next()),
        first(evidence.keys().next()),
    )
}

fn class_called<'a>(name: &str, gold: &'a Gold) -> Result<&'a Class, Failure> {
    gold.classes.iter().find(|class| class.name == name).ok_or_else(|| {
        let names: Vec<&str> = gold.classes.iter().map(|class| class.name.as_str()).collect();
        refused(format!("there is no class {name:?} to list errors of; classes: {}", names.join(", ")))
    })
}

fn as_json(coverage: &Coverage, classes: &[Class], counts: &[Counts], evaluation: &Evaluation) -> Value {
    let class = |(class, counts): (&Class, &Counts)| {
        json!({
            "class": class.name,
            "true_positives": counts.true_positives,
            "false_positives": counts.false_positives,
            "false_negatives": counts.false_negatives,
        })
    };
    json!({
        "reports": coverage.reports,
        "reports_without_evidence": coverage.without_evidence,
        "reports_without_valid_answer": coverage.unread,
        "evidence_without_gold": coverage.without_gold,
        "classes": classes.iter().zip(counts).map(class).collect::<Vec<Value>>(),
        "scores": evaluation.scores,
        "warnings": evaluation.warnings,
    })
}

/// The reports where the two differ on a class, or on its side.
fn print_errors(
    args: &ScoreArgs,
    gold: &Gold,
    pairs: &[Pair<'_>],
    evidence: &BTreeMap<String, ReportEvidence>,
    class: &Class,
) -> Result<(), Failure> {
    let texts: BTreeMap<String, String> = match &args.reports {
        Some(path) => {
            let reports = read_reports_of(path, args.columns.names())?.reports;
            reports.into_iter().map(|report| (report.id, report.text)).collect()
        }
        None => BTreeMap::new(),
    };
    let mut text = format!("\n{}: where evidence and gold differ\n", class.name);
    for (id, (expected, found)) in gold.reports.keys().zip(pairs) {
        if let Some(kind) = kind(class, expected, found) {
            let read = evidence.get(id).map_or_else(String::new, phrases);
            let _ = writeln!(text, "{kind:<14} {id}: read as {read}");
            for line in texts.get(id).map(|text| printable(text)).iter().flat_map(|text| text.lines()) {
                let _ = writeln!(text, "    {line}");
            }
        }
    }
    print(&text)
}

/// What is wrong with a reading, if anything is.
fn kind(class: &Class, expected: &Findings, found: &Findings) -> Option<String> {
    let side = |findings: &Findings| findings.get(&class.finding).copied().unwrap_or(Laterality::None);
    match (class.is_in(expected), class.is_in(found)) {
        (false, true) => Some("false positive".to_owned()),
        (true, false) => Some("false negative".to_owned()),
        (true, true) if side(expected) != Laterality::None && side(found) != Laterality::None => {
            (side(expected) != side(found)).then(|| format!("{}, not {}", side(expected).word(), side(found).word()))
        }
        _ => None,
    }
}

/// What a reading affirms, hedges and denies, in its own phrases.
fn phrases(report: &ReportEvidence) -> String {
    let phrase = |one: &lgdea_evidence::Evidence| {
        let text = printable(&one.text);
        match one.polarity {
            lgdea_evidence::Polarity::Present => text,
            polarity => format!("{} {text}", super::highlight::name(polarity)),
        }
    };
    let phrases: Vec<String> = report.evidence.iter().map(phrase).collect();
    if phrases.is_empty() { "nothing".to_owned() } else { phrases.join("; ") }
}
