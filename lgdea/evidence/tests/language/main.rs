//! How reports speak, one phenomenon per test: each sentence with the evidence that it gives, absent in `-`, uncertain
//! in `?`.
#![allow(clippy::unwrap_used)]

mod wording;

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

/// Each report with the polarity of one finding in it.
#[track_caller]
fn all(polarity: Option<Polarity>, finding: &str, reports: &[&str]) {
    for report in reports {
        let evidence = RULES.extract("r", report).evidence;
        let found: Vec<Polarity> =
            evidence.iter().filter(|one| one.finding == finding).map(|one| one.polarity).collect();
        assert_eq!(found, Vec::from_iter(polarity), "{report:?}");
    }
}

const ABSENT: Option<Polarity> = Some(Polarity::Absent);
const PRESENT: Option<Polarity> = Some(Polarity::Present);
const UNCERTAIN: Option<Polarity> = Some(Polarity::Uncertain);

#[test]
fn values_of_forms() {
    all(
        ABSENT,
        "pneumothorax",
        &[
            "Pneumothorax: none.",
            "Pneumothorax: No",
            "Pneumothorax - no.",
            "Pneumothorax – nil",
            "Pneumothorax = absent",
            "Pneumothorax | none | Effusion | small",
            "Pneumothorax absent.",
            "Pneumothorax negative; effusion small.",
            "Pneumothorax: none seen",
            "Pneumothorax: not present",
            "Pneumothorax (none)",
            "Pneumothorax, left: none",
            "Pneumothorax ........ no",
            "Pneumothorax? None.",
            "Pneumothorax -ve",
            "Pneumothorax: no Effusion: yes",
            "Nodule/pneumothorax: none",
            "PNEUMOTHORAX: There is no pneumothorax.",
            "Pneumothorax: resolved",
            "Pneumothorax: excluded.",
            "[ ] Pneumothorax [x] Effusion",
            "TECHNIQUE: AP.\nPNEUMOTHORAX: None.\nEFFUSION: Small.",
        ],
    );
    check(&[
        ("Pleural effusion: small, left. Pneumothorax: none.", &["mild left pleural effusion", "-pneumothorax"]),
        ("Effusion nil pneumothorax nil.", &["-pleural effusion", "-pneumothorax"]),
        (
            "PLEURA: No effusion. LUNGS: clear. HEART: enlarged.",
            &["-pleural effusion", "-lung opacity", "cardiomegaly"],
        ),
        ("LLL pneumonia - no effusion.", &["left lower lung pneumonia", "-pleural effusion"]),
        ("Effusion: no change, small left.", &["mild left pleural effusion"]),
        ("Effusion: possible, small. Edema: cannot exclude.", &["?mild pleural effusion", "?pulmonary edema"]),
        ("Cardiomegaly: heart size is normal.", &["-cardiomegaly"]),
        ("Nodule 0.5 cm. Effusion 0.", &["lung nodule", "-pleural effusion"]),
        ("Hypoinflation with no visible active process.", &["low lung volumes"]),
    ]);
}

#[test]
fn denied_verbs_and_clinicians_denials() {
    all(
        ABSENT,
        "pleural_effusion",
        &[
            "There isn't an effusion.",
            "There isn’t an effusion.",
            "There isnt an effusion.",
            "The film doesn't show an effusion.",
            "Effusion hasn't been identified.",
            "Effusions aren't clearly visualised.",
            "Effusion can't be seen.",
            "Effusion is no longer definitely seen.",
            "Effusion has been excluded.",
            "Effusion is ruled out.",
            "W/o effusion.",
            "w/out effusion",
            "Neg. for effusion.",
            "-ve for effusion",
            "Devoid of effusion.",
            "Nothing to suggest effusion.",
            "No evidence on this film of effusion.",
            "Nil effusion.",
            "No e/o effusion.",
            "Denied effusion.",
            "Absence of any effusion.",
            "Effusion did not develop.",
        ],
    );
}

#[test]
fn denied_exclusions_are_doubts() {
    all(
        UNCERTAIN,
        "pneumonia",
        &[
            "Can't exclude pneumonia.",
            "Cannot definitively exclude pneumonia.",
            "Can not completely rule out pneumonia.",
            "Couldn't rule out pneumonia.",
            "Pneumonia is not ruled out.",
            "Pneumonia has not been ruled out.",
            "Pneumonia hasn't been definitively excluded.",
            "Pneumonia cannot be entirely excluded.",
            "The film does not exclude pneumonia.",
            "Unable to exclude pneumonia.",
            "It is difficult to exclude pneumonia.",
            "Pneumonia is difficult to exclude.",
            "?pneumonia",
            "Pneumonia?",
            "Query pneumonia.",
            "Opacity s/o pneumonia.",
        ],
    );
    all(None, "pneumonia", &["CT to exclude pneumonia.", "R/o pneumonia.", "Rule out pneumonia."]);
}

#[test]
fn what_has_not_changed_is_there() {
    all(
        PRESENT,
        "pleural_effusion",
        &[
            "There is no relevant change in the extent of the left effusion.",
            "No substantial interval change in effusion.",
            "Without any appreciable change in effusions.",
            "No significant interval increase in the left effusion.",
            "No real decrease in the effusion.",
            "No interval improvement of the effusion.",
            "No evidence of worsening of the effusion.",
            "No progression of effusion.",
            "No radiographic regression of the effusion.",
            "The effusion shows no sign of improvement.",
            "The effusion has not changed.",
            "No nodule or significant change in effusion.",
            "No worsening effusion.",
            "No doubt effusion.",
            "Not only nodule but also effusion.",
            "No more than a small effusion.",
            "No change: effusion, edema.",
        ],
    );
    all(
        ABSENT,
        "pleural_effusion",
        &[
            "No change or effusion.",
            "No change in the lungs, nodule or effusion.",
            "No interval development of effusion.",
            "No new or enlarging effusion.",
        ],
    );
}

#[test]
fn resolved_or_not() {
    all(
        PRESENT,
        "edema",
        &[
            "The edema has not resolved.",
            "The edema has not fully resolved.",
            "Edema hasn’t completely cleared.",
            "Near-complete resolution of the edema.",
            "Partial interval clearing of edema.",
            "Incomplete resolution of edema.",
            "Edema has nearly resolved.",
            "Edema has almost completely resolved.",
            "Partially resolved edema.",
            "No resolution of the edema.",
            "Edema, largely resolved.",
            "Edema has not yet disappeared.",
            "Edema. Follow up to ensure resolution.",
        ],
    );
    all(
        ABSENT,
        "edema",
        &[
            "Interval resolution of edema.",
            "Complete resolution of the edema.",
            "The edema has resolved.",
            "Edema has completely resolved.",
            "Edema has since cleared.",
            "Edema is no longer seen.",
            "Resolved edema.",
            "Edema with interval resolution.",
            "No longer any edema.",
            "Nodule persists, edema has resolved.",
        ],
    );
}

#[test]
fn denials_end_at_breaks() {
    all(
        PRESENT,
        "pleural_effusion",
        &[
            "No pneumothorax - small left effusion.",
            "No pneumothorax – left effusion.",
            "No pneumothorax—left effusion.",
            "No pneumothorax -- left effusion.",
            "No pneumothorax (small left effusion).",
            "No pneumothorax [left effusion].",
            "• No pneumothorax\n• small left effusion",
            "• No pneumothorax • left effusion",
            "- no pneumothorax\n- left effusion",
            "o No pneumothorax\no left effusion",
            "1) No pneumothorax 2) Left effusion",
            "a) no pneumothorax b) left effusion",
            "1. No pneumothorax 2. Left effusion",
            "No pneumothorax; left effusion",
            "No pneumothorax: left effusion",
            "No pneumothorax... left effusion",
            "No pneumothorax | left effusion",
            "No pneumothorax despite a left effusion.",
            "No pneumothorax given the effusion.",
            "No abnormality aside from an effusion.",
            "No abnormality other than effusion.",
            "No abnormality with the exception of effusion.",
            "No pneumothorax although there may well be effusion.",
            "No pneumothorax, only effusion.",
            "No pneumothorax, left effusion persists.",
            "No pneumothorax and a small effusion.",
            "No effusion save for the left base.",
        ],
    );
    all(
        ABSENT,
        "pleural_effusion",
        &[
            "No pneumothorax/effusion.",
            "No pneumothorax (PTX) or effusion.",
            "No mild - moderate effusion.",
            "No evidence of: nodule, effusion.",
            "No left-sided effusion.",
        ],
    );
}

#[test]
fn characters_of_word_processors() {
    check(&[
        ("\u{feff}No pneumothorax. Small left effusion.", &["-pneumothorax", "mild left pleural effusion"]),
        ("\u{feff}History: pneumonia.\nFindings: edema.", &["pulmonary edema"]),
        ("No\u{a0}pneumo\u{ad}thorax.", &["-pneumothorax"]),
        ("No\u{2060} ef\u{200b}fusion.", &["-pleural effusion"]),
        ("No in\u{fb01}ltrate.", &["-infiltrate"]),
        ("There isn\u{2019}t “edema”.", &["-pulmonary edema"]),
        ("Left\u{2011}sided effusion.", &["left pleural effusion"]),
    ]);
    let report = "\u{feff}No pneumo\u{ad}thorax, no inﬁltrate.";
    let evidence = RULES.extract("r", report).evidence;
    let quotes: Vec<Option<&str>> = evidence.iter().map(|one| one.quote(report)).collect();
    assert_eq!(quotes, [Some("pneumo\u{ad}thorax"), Some("inﬁltrate")]);
}

#[test]
fn abbreviations_of_the_chest() {
    check(&[
        ("No PTX or PNA.", &["-pneumothorax", "-pneumonia"]),
        ("CHF? Small b/l effusions.", &["?pulmonary vascular congestion", "mild bilateral pleural effusion"]),
        ("Lt. effusion, rt. PTX.", &["left pleural effusion", "right pneumothorax"]),
        ("L effusion. R basal atelectasis.", &["left pleural effusion", "right lower lung atelectasis"]),
        ("RUL consolidation c/w PNA.", &["right upper lung consolidation", "right upper lung pneumonia"]),
        ("ETT, NGT and Lt. PICC in situ, no PTX.", &["support devices", "-pneumothorax"]),
        ("Bilat. effusions.", &["bilateral pleural effusion"]),
        ("No # seen. Image #2.", &["-fracture"]),
        ("LLZ opacity, RLZ nodule.", &["left lower lung opacity", "right lower lung nodule"]),
        ("Nodule vs. scar, e.g. on the left. No mass.", &["left lung nodule", "?left fibrosis", "-lung mass"]),
    ]);
}
