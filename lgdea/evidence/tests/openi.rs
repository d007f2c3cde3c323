//! The rules on real reports, against human annotations, on the half that they were not tuned on.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::io::Read;
use std::path::{Path, PathBuf};

use lgdea_evidence::{Findings, Ontology, OpeniGold, OpeniReport, Rules, present, score};

fn archive() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    std::env::var_os("LGDEA_DATA").map_or_else(default, PathBuf::from).join("openi/openi_reports.tgz")
}

#[test]
fn held_out_reports_score_above_the_targets() {
    let archive = archive();
    if !archive.is_file() {
        println!("skipped: ../shared/data not found");
        return;
    }
    let gold = OpeniGold::shipped().unwrap();
    let rules = Rules::new(&Ontology::named_or_path("chest").unwrap());
    let mut pairs: Vec<(Findings, Findings)> = Vec::new();
    let file = flate2::read::GzDecoder::new(std::fs::File::open(archive).unwrap());
    for entry in tar::Archive::new(file).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        if path.extension().is_some_and(|it| it == "xml") {
            let mut xml = String::new();
            entry.read_to_string(&mut xml).unwrap();
            let report = OpeniReport::parse(&path.to_string_lossy(), &xml).unwrap();
            if !report.is_for_tuning()
                && let Some(expected) = gold.findings(&report)
            {
                pairs.push((expected, present(&rules.extract(&report.id, &report.text))));
            }
        }
    }
    let result = score(pairs.iter().map(|(expected, found)| (expected, found)), gold.scored());
    assert_eq!(gold.scored().len(), 18);
    let (micro, macro_, side) = (result.micro_f1(), result.macro_f1(), result.laterality_accuracy());
    println!("{} reports: micro-F1 {micro:.4}, macro-F1 {macro_:.4}, laterality {side:.4}", pairs.len());
    assert!(pairs.len() > 1000 && micro >= 0.90 && macro_ >= 0.85 && side >= 0.90, "{result:?}");
}
