//! The rules on real reports that they were not tuned on, against human annotations.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use lgdea_eval::task::evidence::{Pair, evaluate};
use lgdea_eval::{Bootstrap, Scores};
use lgdea_evidence::{Gold, Ontology, ReportText, Rules, is_for_tuning, read_reports};
use lgdea_spec::Seed;

fn score(gold: &Gold, reports: &[ReportText], ontology: &Ontology) -> Scores {
    let rules = Rules::new(ontology);
    let texts: BTreeMap<&str, &str> = reports.iter().map(|it| (it.id.as_str(), it.text.as_str())).collect();
    let read = |id: &str| {
        let text = texts.get(id).copied().unwrap_or_default();
        gold.findings_of(&rules.extract(id, text), ontology)
    };
    let pairs: Vec<Pair<'_>> = gold.reports.iter().map(|(id, findings)| (findings, read(id))).collect();
    evaluate(&gold.classes, &pairs, Bootstrap { resamples: 0, seed: Seed(0) }).scores
}

#[test]
fn held_out_reports_score_above_the_targets() {
    let Some(archive) = lgdea_harness::data("openi/openi_reports.tgz") else { return };
    let ontology = Ontology::named_or_path("chest").unwrap();
    let mut gold = Gold::read(&archive, &ontology).unwrap();
    gold.reports.retain(|id, _| !is_for_tuning(id));
    let scores = score(&gold, &read_reports(&archive).unwrap().reports, &ontology);
    assert_eq!(gold.classes.len(), 18);
    assert!(gold.reports.len() > 1000);
    for (name, target) in [("f1_micro", 0.90), ("f1_macro", 0.85), ("laterality_accuracy", 0.90)] {
        let value = scores[&format!("evidence/{name}")].value;
        assert!(value >= target, "{name} {value}: {scores:?}");
    }
}
