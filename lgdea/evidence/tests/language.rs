//! How reports speak, one phenomenon per test: each sentence with the evidence that it gives, absent in `-`, uncertain
//! in `?`.
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use lgdea_evidence::{Evidence, Ontology, Polarity, Rules};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(&Ontology::named_or_path("chest").unwrap()));

fn read(report: &str) -> Vec<String> {
    let mark = |one: &Evidence| match one.polarity {
        Polarity::Present => one.text.clone(),
        Polarity::Absent => format!("-{}", one.text),
        Polarity::Uncertain => format!("?{}", one.text),
    };
    RULES.extract("r", report).evidence.iter().map(mark).collect()
}

#[track_caller]
fn check(cases: &[(&str, &[&str])]) {
    for (report, expected) in cases {
        assert_eq!(read(report), *expected, "{report}");
    }
}

#[test]
fn side_place_and_severity_go_to_the_right_finding() {
    check(&[
        (
            "Moderate left pleural effusion. Right lower lobe consolidation.",
            &["moderate left pleural effusion", "right lower lung consolidation"],
        ),
        (
            "Left basilar atelectasis and small right effusion.",
            &["left lower lung atelectasis", "mild right pleural effusion"],
        ),
        ("Large effusion on the right with left atelectasis.", &["severe right pleural effusion", "left atelectasis"]),
        (
            "Bibasilar atelectasis or infiltrate.",
            &["bilateral lower lung atelectasis", "bilateral lower lung infiltrate"],
        ),
        (
            "Opacity in the right upper lobe and left base, likely pneumonia.",
            &["bilateral upper lung lower lung opacity", "pneumonia"],
        ),
        ("Trace bilateral effusions, left greater than right.", &["mild bilateral pleural effusion"]),
        ("Cardiomegaly and left pneumothorax.", &["cardiomegaly", "left pneumothorax"]),
        ("Left rib fracture. Mild thoracic scoliosis.", &["left rib fracture", "mild thoracic scoliosis"]),
        ("Moderate to large left\npleural effusion.", &["moderate left pleural effusion"]),
    ]);
}

#[test]
fn denials_reach_as_far_as_their_statement() {
    check(&[
        ("No effusion, pneumothorax or consolidation.", &["-pleural effusion", "-pneumothorax", "-consolidation"]),
        ("Without large effusion, or focal opacity.", &["-severe pleural effusion", "-lung opacity"]),
        ("Negative for edema. Lungs are free of consolidation.", &["-pulmonary edema", "-consolidation"]),
        ("Neither effusion nor pneumothorax is seen.", &["-pleural effusion", "-pneumothorax"]),
        ("No pleural effusion but there is a small pneumothorax.", &["-pleural effusion", "mild pneumothorax"]),
        ("No pneumothorax, small left effusion.", &["-pneumothorax", "mild left pleural effusion"]),
        ("No pneumothorax, stable cardiomegaly.", &["-pneumothorax", "cardiomegaly"]),
        ("Cardiomegaly without edema.", &["cardiomegaly", "-pulmonary edema"]),
        ("Rather than consolidation, this is atelectasis.", &["-consolidation", "atelectasis"]),
        ("The nodule is not seen.", &["-lung nodule"]),
    ]);
}

#[test]
fn what_looks_like_a_denial() {
    check(&[
        ("No change in right effusion.", &["right pleural effusion"]),
        ("Without resolution of the left effusion.", &["left pleural effusion"]),
        ("Pneumonia cannot be excluded.", &["?pneumonia"]),
        ("No mass effect. Soft tissue mass.", &[]),
    ]);
}

#[test]
fn hedges() {
    check(&[
        ("Possible pneumonia.", &["?pneumonia"]),
        ("Opacity which may represent atelectasis.", &["lung opacity", "?atelectasis"]),
        ("Small effusion cannot be entirely excluded.", &["?mild pleural effusion"]),
        (
            "Left base opacity may be due to pneumonia versus atelectasis.",
            &["left lower lung opacity", "?left lower lung pneumonia", "?left lower lung atelectasis"],
        ),
        ("Evaluate for pneumonia. History of pneumothorax.", &[]),
    ]);
}

#[test]
fn comparisons_with_earlier_studies() {
    check(&[
        (
            "Left effusion has resolved, small right effusion persists.",
            &["-left pleural effusion", "mild right pleural effusion"],
        ),
        ("The pneumothorax is no longer seen.", &["-pneumothorax"]),
        ("Interval resolution of the right pneumothorax.", &["-right pneumothorax"]),
        ("Unchanged small left apical pneumothorax.", &["mild left apical pneumothorax"]),
        ("Improved edema. Resolving pneumonia.", &["pulmonary edema", "pneumonia"]),
    ]);
}

#[test]
fn signs() {
    check(&[
        ("The heart is mildly enlarged.", &["mild cardiomegaly"]),
        ("The heart is not enlarged.", &["-cardiomegaly"]),
        ("Normal heart size and mediastinal contours.", &["-cardiomegaly", "-enlarged cardiomediastinum"]),
        ("No effusion, the heart is enlarged.", &["-pleural effusion", "cardiomegaly"]),
        ("Lungs: clear. Heart: enlarged.", &["-lung opacity", "cardiomegaly"]),
        ("Calcified left lower lobe granuloma.", &["left lower lung calcified granuloma"]),
        ("Blunted right costophrenic angle.", &["right blunted costophrenic angle"]),
        ("The heart is obscured, increased opacity.", &["lung opacity"]),
    ]);
}

#[test]
fn a_report_says_a_thing_once() {
    let findings = "FINDINGS: Left effusion. No acute fracture. Old right rib fracture.";
    let impression = "IMPRESSION: Small effusion. No acute disease.";
    check(&[(&format!("{findings}\n{impression}"), &["mild left pleural effusion", "right rib fracture"])]);
    check(&[(
        "Left upper lobe nodule. Left lower lobe nodule.",
        &["left upper lung nodule", "left lower lung nodule"],
    )]);
    check(&[("Possible effusion. Left effusion.", &["left pleural effusion"])]);
    check(&[("No left effusion. Right effusion.", &["-left pleural effusion", "right pleural effusion"])]);
    check(&[("No acute disease.", &["no acute cardiopulmonary abnormality"])]);
}

#[test]
fn sections_that_give_no_evidence() {
    let report = "INDICATION: Pneumonia.\nCOMPARISON: Effusion.\nFINDINGS: Nodule. IMPRESSION: Mass.";
    let evidence = RULES.extract("r", report).evidence;
    let found: Vec<(&str, &str)> = evidence.iter().map(|one| (one.finding.as_str(), one.section.as_str())).collect();
    assert_eq!(found, [("nodule", "findings"), ("mass", "impression")]);
    assert_eq!(evidence[1].quote(report), Some("Mass"));
}
