//! Scores the rules provider on Open-I, and measures its speed.
//!
//! `cargo run --release -p lgdea-evidence --example score_openi -- [ARCHIVE] [held-out|tuning] [FINDING]`
//!
//! The rules were tuned on one half of the reports ([`OpeniReport::is_for_tuning`]); the other half is held out. With a
//! finding, the reports that disagree with the annotators are printed: look at those of `tuning` only.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::Read;
use std::time::Instant;

use lgdea_evidence::{Findings, Ontology, OpeniGold, OpeniReport, Rules, present, score};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let archive = arguments.next().unwrap_or_else(|| "../shared/data/openi/openi_reports.tgz".into());
    let part = arguments.next().unwrap_or_else(|| "held-out".into());
    let finding = arguments.next();
    let reports = read(&archive, part == "tuning")?;
    let gold = OpeniGold::shipped()?;
    let rules = Rules::new(&Ontology::named_or_path("chest")?);

    let annotated = reports.iter().filter_map(|report| Some((report, gold.findings(report)?)));
    let read = annotated.map(|(report, gold)| (report, gold, present(&rules.extract(&report.id, &report.text))));
    let compared: Vec<(&OpeniReport, Findings, Findings)> = read.collect();
    let result = score(compared.iter().map(|(_, gold, found)| (gold, found)), gold.scored());
    println!("{:<22} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6}", "finding", "P", "R", "F1", "TP", "FP", "FN");
    for it in &result.findings {
        let (precision, recall, f1) = (it.precision(), it.recall(), it.f1());
        let (tp, fp, missed) = (it.true_positives, it.false_positives, it.false_negatives);
        println!("{:<22} {precision:>6.3} {recall:>6.3} {f1:>6.3} {tp:>6} {fp:>6} {missed:>6}", it.finding);
    }
    let (micro, macro_, side) = (result.micro_f1(), result.macro_f1(), result.laterality_accuracy());
    let (count, sides) = (compared.len(), result.laterality_compared);
    println!("{part}: {count} reports, micro-F1 {micro:.4}, macro-F1 {macro_:.4}, laterality {side:.4} of {sides}");
    if let Some(finding) = finding {
        print_errors(&compared, &finding);
    }
    print_speed(&rules, &reports);
    Ok(())
}

fn read(archive: &str, tuning: bool) -> Result<Vec<OpeniReport>, Box<dyn Error>> {
    let mut reports = Vec::new();
    for entry in tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(archive)?)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        if path.extension().is_some_and(|it| it == "xml") {
            let mut xml = String::new();
            entry.read_to_string(&mut xml)?;
            reports.push(OpeniReport::parse(&path.to_string_lossy(), &xml)?);
        }
    }
    reports.retain(|report| report.is_for_tuning() == tuning);
    Ok(reports)
}

fn print_errors(compared: &[(&OpeniReport, Findings, Findings)], finding: &str) {
    for (report, gold, found) in compared {
        let kind = match (gold.get(finding), found.get(finding)) {
            (None, Some(_)) => "FALSE POSITIVE".to_owned(),
            (Some(_), None) => "FALSE NEGATIVE".to_owned(),
            (Some(one), Some(two)) if one != two => format!("SIDE {one:?} READ AS {two:?}"),
            _ => continue,
        };
        println!("{kind} {} {}\n  {:?}", report.id, report.text.replace('\n', " "), report.major);
    }
}

/// The fastest of several rounds, for a shared machine slows single ones.
fn print_speed(rules: &Rules, reports: &[OpeniReport]) {
    let round = |_| {
        let start = Instant::now();
        let found: usize = reports.iter().map(|report| rules.extract(&report.id, &report.text).evidence.len()).sum();
        (start.elapsed(), found)
    };
    if let Some((time, found)) = (0..20).map(round).min() {
        let rate = reports.len() as f64 / time.as_secs_f64();
        println!("{rate:.0} reports/s on one core ({} reports, {found} pieces of evidence)", reports.len());
    }
}
