//! How far two readings of the same reports agree.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::evidence::{Laterality, Polarity, ReportEvidence};
use crate::findings::present;

/// How far two readings A and B of the same reports agree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    /// Reports that both have read; agreement is about these.
    pub reports: usize,
    /// Reports that only A has.
    pub only_a: usize,
    /// Reports that only B has.
    pub only_b: usize,
    /// Reports in both that one of the two could not read (see [`ReportEvidence::failure`]).
    pub unread: usize,
    /// Every finding that A or B speaks of, the most disputed first.
    pub findings: Vec<FindingAgreement>,
    /// Cohen's kappa over all reports and findings, of four statements: present, uncertain, absent, not mentioned.
    pub polarity_kappa: Option<f64>,
    /// Sides of a finding that both affirm, over all findings.
    pub laterality: Sides,
}

/// Agreement on the presence of one finding.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingAgreement {
    /// The finding.
    pub finding: String,
    /// Reports where both affirm it.
    pub both: usize,
    /// Reports where only A affirms it.
    pub only_a: usize,
    /// Reports where only B affirms it.
    pub only_b: usize,
    /// Share of the reports where A affirms it.
    pub prevalence_a: f64,
    /// Share of the reports where B affirms it.
    pub prevalence_b: f64,
    /// Cohen's kappa; none where neither varies, so that chance alone would agree on all.
    pub kappa: Option<f64>,
    /// Sides of the finding, where both affirm it.
    pub laterality: Sides,
}

/// Agreement on sides, where both name one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sides {
    /// Where both name a side.
    pub compared: usize,
    /// Where it is the same.
    pub agreed: usize,
}

/// Compares two readings; each names a report at most once.
pub fn agreement(a: &[ReportEvidence], b: &[ReportEvidence]) -> Agreement {
    let of_b: BTreeMap<&str, &ReportEvidence> = b.iter().map(|report| (report.report_id.as_str(), report)).collect();
    let shared = a.iter().filter_map(|report| Some((report, *of_b.get(report.report_id.as_str())?)));
    let (pairs, unread): (Vec<_>, Vec<_>) = shared.partition(|(a, b)| a.failure.is_none() && b.failure.is_none());
    let in_both = pairs.len() + unread.len();
    let names: BTreeSet<&str> =
        pairs.iter().flat_map(|(a, b)| a.evidence.iter().chain(&b.evidence)).map(|one| one.finding.as_str()).collect();

    let mut findings = count(&pairs, &names);
    findings.sort_by(|one, two| {
        (two.only_a + two.only_b).cmp(&(one.only_a + one.only_b)).then_with(|| one.finding.cmp(&two.finding))
    });
    let sides = findings.iter().map(|finding| finding.laterality);
    let laterality = sides.fold(Sides::default(), |sum, one| Sides {
        compared: sum.compared + one.compared,
        agreed: sum.agreed + one.agreed,
    });
    Agreement {
        reports: pairs.len(),
        only_a: a.len() - in_both,
        only_b: b.len() - in_both,
        unread: unread.len(),
        polarity_kappa: kappa(&polarities(&pairs, names.len())),
        findings,
        laterality,
    }
}

fn count(pairs: &[(&ReportEvidence, &ReportEvidence)], names: &BTreeSet<&str>) -> Vec<FindingAgreement> {
    let mut counted: BTreeMap<&str, ([usize; 3], Sides)> =
        names.iter().map(|&name| (name, Default::default())).collect();
    for (a, b) in pairs {
        let (of_a, of_b) = (present(a), present(b));
        for (&name, ([both, only_a, only_b], sides)) in &mut counted {
            match (of_a.get(name), of_b.get(name)) {
                (Some(&one), Some(&two)) => {
                    *both += 1;
                    if one != Laterality::None && two != Laterality::None {
                        sides.compared += 1;
                        sides.agreed += usize::from(one == two);
                    }
                }
                (Some(_), None) => *only_a += 1,
                (None, Some(_)) => *only_b += 1,
                (None, None) => {}
            }
        }
    }
    let share = |reports: usize| reports as f64 / pairs.len() as f64;
    let finding = |(name, ([both, only_a, only_b], laterality)): (&str, ([usize; 3], Sides))| FindingAgreement {
        finding: name.to_owned(),
        both,
        only_a,
        only_b,
        prevalence_a: share(both + only_a),
        prevalence_b: share(both + only_b),
        kappa: kappa(&[[both, only_a], [only_b, pairs.len() - both - only_a - only_b]]),
        laterality,
    };
    counted.into_iter().map(finding).collect()
}

/// Reports and findings by what A (row) and B (column) say: present, uncertain, absent, nothing.
fn polarities(pairs: &[(&ReportEvidence, &ReportEvidence)], findings: usize) -> [[usize; 4]; 4] {
    let mut table = [[0; 4]; 4];
    for (a, b) in pairs {
        let (of_a, of_b) = (statements(a), statements(b));
        let named: BTreeSet<&str> = of_a.keys().chain(of_b.keys()).copied().collect();
        for name in &named {
            let of = |statements: &BTreeMap<&str, usize>| statements.get(name).copied().unwrap_or(3);
            table[of(&of_a)][of(&of_b)] += 1;
        }
        table[3][3] += findings - named.len();
    }
    table
}

/// The strongest statement on each finding: what is affirmed anywhere is present.
fn statements(report: &ReportEvidence) -> BTreeMap<&str, usize> {
    let mut statements = BTreeMap::new();
    for one in &report.evidence {
        let strength = match one.polarity {
            Polarity::Present => 0,
            Polarity::Uncertain => 1,
            Polarity::Absent => 2,
        };
        let known = statements.entry(one.finding.as_str()).or_insert(strength);
        *known = strength.min(*known);
    }
    statements
}

/// Cohen's kappa (1960) of a table of two raters, `(p_o − p_e) / (1 − p_e)`; none where `p_e` is 1 or nothing was rated.
fn kappa<const K: usize>(table: &[[usize; K]; K]) -> Option<f64> {
    let total: usize = table.iter().flatten().sum();
    let agreed: usize = (0..K).map(|i| table[i][i]).sum();
    let column = |j: usize| table.iter().map(|row| row[j]).sum::<usize>();
    let by_chance: u128 = (0..K).map(|i| table[i].iter().sum::<usize>() as u128 * column(i) as u128).sum();
    let (total, agreed) = (total as u128, agreed as u128);
    let denominator = total * total - by_chance;
    (denominator > 0).then(|| (total * agreed) as f64 / denominator as f64 - by_chance as f64 / denominator as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ontology, Rules};

    fn read(reports: &[(&str, &str)]) -> Vec<ReportEvidence> {
        let rules = Rules::new(&Ontology::named_or_path("chest").unwrap());
        reports.iter().map(|(id, text)| rules.extract(id, text)).collect()
    }

    fn close(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 1e-12)
    }

    #[test]
    fn kappa_as_scikit_learn() {
        // cohen_kappa_score(["negative", "positive", "negative", "neutral", "positive"],
        //                   ["negative", "positive", "negative", "neutral", "negative"]) == 0.6875
        assert!(close(kappa(&[[2, 0, 0], [1, 1, 0], [0, 0, 1]]), 0.6875));
        // Cohen's own form: p_o = 0.7, p_e = 0.5 · 0.6 + 0.5 · 0.4 = 0.5.
        assert!(close(kappa(&[[20, 5], [10, 15]]), 0.4));
        assert!(close(kappa(&[[5, 0], [0, 5]]), 1.0));
        assert!(close(kappa(&[[0, 5], [5, 0]]), -1.0));
        assert!(close(kappa(&[[9, 1], [0, 0]]), 0.0));
    }

    #[test]
    fn kappa_without_variation_is_undefined() {
        assert_eq!(kappa(&[[7, 0], [0, 0]]), None);
        assert_eq!(kappa(&[[0, 0], [0, 0]]), None);
    }

    #[test]
    fn two_readings_by_hand() {
        let a = read(&[
            ("1", "Left effusion. Nodule."),
            ("2", "Right effusion. No nodule."),
            ("3", "Effusion."),
            ("4", "No effusion. Possible nodule."),
            ("5", "Mass."),
        ]);
        let b = read(&[
            ("4", "Left effusion."),
            ("3", "Small left effusion."),
            ("2", "Left effusion. No nodule."),
            ("1", "Left effusion. Nodule."),
            ("6", "Mass."),
            ("7", "Mass."),
        ]);
        let found = agreement(&a, &b);
        assert_eq!((found.reports, found.only_a, found.only_b), (4, 1, 2));
        assert_eq!(found.laterality, Sides { compared: 2, agreed: 1 });
        let [effusion, nodule] = &found.findings[..] else { panic!("{found:?}") };
        assert_eq!(effusion.finding, "pleural_effusion");
        assert_eq!((effusion.both, effusion.only_a, effusion.only_b), (3, 0, 1));
        assert!((effusion.prevalence_a - 0.75).abs() < 1e-12 && (effusion.prevalence_b - 1.0).abs() < 1e-12);
        // p_o = 3/4 and p_e = 3/4 · 1 + 1/4 · 0.
        assert!(close(effusion.kappa, 0.0));
        assert_eq!((nodule.finding.as_str(), nodule.both, nodule.only_a, nodule.only_b), ("nodule", 1, 0, 0));
        assert!(close(nodule.kappa, 1.0));
        // Present, uncertain, absent, nothing: A has 4, 1, 2, 1 of 8; B has 5, 0, 1, 2. Both agree on
        // 4 + 0 + 1 + 1 = 6, by chance on (20 + 0 + 2 + 2) / 64.
        assert!(close(found.polarity_kappa, (6.0 / 8.0 - 24.0 / 64.0) / (1.0 - 24.0 / 64.0)));
    }

    #[test]
    fn a_report_that_one_could_not_read_says_nothing() {
        let (a, mut b) = (read(&[("1", "Effusion."), ("2", "Mass.")]), read(&[("1", "Effusion."), ("2", "")]));
        b[1].failure = Some("no valid answer".into());
        let found = agreement(&a, &b);
        assert_eq!((found.reports, found.unread, found.only_a, found.only_b), (1, 1, 0, 0));
        assert_eq!(found.findings.len(), 1);
    }

    #[test]
    fn undefined_values_are_null_in_json() {
        let a = read(&[("1", "Effusion.")]);
        let json = serde_json::to_value(agreement(&a, &a)).unwrap();
        assert!(json["findings"][0]["kappa"].is_null() && json["polarity_kappa"].is_null());
        let json = serde_json::to_value(agreement(&a, &read(&[("2", "Effusion.")]))).unwrap();
        assert_eq!((&json["reports"], &json["only_b"]), (&0.into(), &1.into()));
        assert!(json["findings"].as_array().unwrap().is_empty());
    }
}
