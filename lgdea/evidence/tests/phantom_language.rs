//! The rules read every sentence of the language that the phantom's reports are written in.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use lgdea_evidence::{Findings, Laterality, Ontology, Polarity, Rules, present_rolled_up};

struct Disease {
    finding: &'static str,
    sided: bool,
    statements: [&'static str; 5],
    denials: &'static [&'static str],
}

const DISEASES: [Disease; 8] = [
    Disease {
        finding: "cardiomegaly",
        sided: false,
        statements: [
            "{v} cardiomegaly",
            "the heart is {v}ly enlarged",
            "{v} enlargement of the cardiac silhouette",
            "increased cardiothoracic ratio",
            "the cardiac silhouette is {v}ly widened",
        ],
        denials: &["the heart size is normal", "no cardiomegaly", "cardiac silhouette is within normal limits"],
    },
    Disease {
        finding: "edema",
        sided: false,
        statements: [
            "{v} pulmonary edema",
            "{v} perihilar vascular congestion",
            "bilateral interstitial markings are {v}ly increased",
            "vascular engorgement with cephalization",
            "{v} edema in both lungs",
        ],
        denials: &["no pulmonary edema", "no vascular congestion", "pulmonary vasculature is normal"],
    },
    Disease {
        finding: "pleural_effusion",
        sided: true,
        statements: [
            "{v} {s} pleural effusion",
            "blunting of the {s} costophrenic angle",
            "{v} {s} sided pleural fluid",
            "layering fluid in the {s} hemithorax {v}",
            "{v} effusion on the {s}",
        ],
        denials: &[
            "no pleural effusion",
            "no {s} pleural effusion",
            "costophrenic angles are sharp",
            "there is no evidence of pleural fluid",
        ],
    },
    Disease {
        finding: "pneumothorax",
        sided: true,
        statements: [
            "{v} {s} pneumothorax",
            "{v} {s} apical pneumothorax",
            "visible visceral pleural line on the {s}",
            "pleural air on the {s} without lung markings",
            "{v} pneumothorax on the {s}",
        ],
        denials: &["no pneumothorax", "no evidence of pneumothorax", "no {s} pneumothorax is seen"],
    },
    Disease {
        finding: "consolidation",
        sided: true,
        statements: [
            "{v} {s} {z} lobe consolidation",
            "airspace disease in the {s} {z} lung",
            "dense consolidation with air bronchograms in the {s} {z} zone",
            "{s} {z} pneumonia",
            "{v} consolidative process in the {s} {z} lung",
        ],
        denials: &["no focal consolidation", "no airspace consolidation", "no evidence of pneumonia"],
    },
    Disease {
        finding: "atelectasis",
        sided: true,
        statements: [
            "{v} {s} {z} lobe atelectasis",
            "linear band in the {s} {z} lung from volume loss",
            "platelike atelectasis at the {s} {z} zone",
            "{v} subsegmental collapse in the {s} {z} lung",
            "{s} {z} lung discoid atelectasis",
        ],
        denials: &["no atelectasis", "no lobar collapse"],
    },
    Disease {
        finding: "nodule",
        sided: true,
        statements: [
            "{v} {s} {z} lobe nodule",
            "rounded density in the {s} {z} lung",
            "{v} nodular focus in the {s} {z} zone",
            "well circumscribed lesion in the {s} {z} lung",
            "pulmonary nodule on the {s} in the {z} zone",
        ],
        denials: &["no suspicious nodule", "no pulmonary nodule identified"],
    },
    Disease {
        finding: "lung_opacity",
        sided: true,
        statements: [
            "{v} hazy opacity in the {s} {z} lung",
            "ill defined {s} {z} opacity",
            "vague increased attenuation in the {s} {z} zone",
            "{v} {s} {z} lung opacity",
            "faint haze overlying the {s} {z} lung",
        ],
        denials: &["no focal opacity", "lungs are clear of opacity"],
    },
];

const OPENINGS: [&str; 6] = ["", "there is", "again seen is", "again seen", "new", "stable"];

const OTHERS: [&str; 25] = [
    "osseous structures are unremarkable",
    "no acute osseous abnormality",
    "degenerative changes of the spine",
    "bony structures are intact",
    "the upper abdomen is unremarkable",
    "mediastinal contours are stable",
    "the aorta is tortuous",
    "hilar contours are normal",
    "left PICC terminates in the SVC",
    "right central line tip in the low SVC",
    "left chest pacemaker with leads in place",
    "pacemaker leads are intact",
    "endotracheal tube above the carina",
    "ET tube in standard position",
    "monitoring leads overlie the chest",
    "external leads are noted",
    "median sternotomy wires are intact",
    "sternal wires are aligned",
    "findings discussed with the referring physician",
    "recommend clinical correlation",
    "no significant interval change otherwise",
    "no acute cardiopulmonary abnormality",
    "lungs are clear",
    "normal chest radiograph",
    "comparison is made with the prior study",
];

fn fill(template: &str, severity: &str, side: &str, zone: &str) -> String {
    let text = template.replace("{v}ly", if severity.is_empty() { "" } else { "mildly" });
    let text = text.replace("{v}", severity).replace("{s}", side).replace("{z}", zone);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn provider() -> (Ontology, Rules, BTreeSet<String>) {
    let ontology = Ontology::named_or_path("chest").unwrap();
    let rules = Rules::new(&ontology);
    (ontology, rules, DISEASES.iter().map(|disease| disease.finding.to_owned()).collect())
}

fn laterality(side: &str) -> Laterality {
    if side == "left" { Laterality::Left } else { Laterality::Right }
}

#[test]
fn every_statement_is_its_finding_with_its_side() {
    let (ontology, rules, wanted) = provider();
    for disease in &DISEASES {
        for template in disease.statements {
            for side in ["left", "right"] {
                for zone in ["upper", "mid", "lower"] {
                    for severity in ["", "small", "moderate", "severe", "marked", "extensive"] {
                        for opening in OPENINGS {
                            let text = format!("FINDINGS: {opening} {}.", fill(template, severity, side, zone));
                            let found = present_rolled_up(&rules.extract("r", &text), &ontology, &wanted);
                            let names: Vec<&str> = found.keys().map(String::as_str).collect();
                            assert_eq!(names, [disease.finding], "{text}");
                            assert!(!disease.sided || found[disease.finding] == laterality(side), "{text}: {found:?}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn every_denial_is_absence() {
    let (ontology, rules, wanted) = provider();
    for disease in &DISEASES {
        for template in disease.denials {
            let text = fill(template, "", "left", "");
            let evidence = rules.extract("r", &text);
            assert_eq!(present_rolled_up(&evidence, &ontology, &wanted), Findings::new(), "{text}");
            let denied = evidence.evidence.iter().any(|one| {
                one.polarity == Polarity::Absent && ontology.roll_up(&one.finding, &wanted) == Some(disease.finding)
            });
            assert!(denied, "{text}: {evidence:?}");
        }
    }
}

#[test]
fn nothing_else_is_a_finding_of_the_phantom() {
    let (ontology, rules, wanted) = provider();
    for text in OTHERS {
        assert_eq!(present_rolled_up(&rules.extract("r", text), &ontology, &wanted), Findings::new(), "{text}");
    }
    let asked =
        "INDICATION: Evaluate for pneumonia.\nCOMPARISON: Left effusion.\nTECHNIQUE: Portable.\nFINDINGS: Clear.";
    assert_eq!(rules.extract("r", asked).evidence, []);
}
