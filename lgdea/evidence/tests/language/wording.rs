//! How clinicians word what is there and what is not, one kind per test: each report with the evidence that it gives, absent
//! in `-`, uncertain in `?`.

use crate::read;

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (report, expected) in cases {
        assert_eq!(read(report).join(", "), *expected, "{report:?}");
    }
}

const LISTS: &[(&str, &str)] = &[
    ("No evidence of:\n- pneumothorax\n- effusion", "-pneumothorax, -pleural effusion"),
    (
        "No evidence of:\n• pneumothorax\n• effusion\n\nThe heart is enlarged.",
        "-pneumothorax, -pleural effusion, cardiomegaly",
    ),
    ("No evidence of the following:\n1. Pneumothorax\n2. Effusion\n", "-pneumothorax, -pleural effusion"),
    (
        "No evidence of:\nPneumothorax\nEffusion\nThe heart is enlarged.",
        "-pneumothorax, -pleural effusion, cardiomegaly",
    ),
    (
        "Negative for:\n* pneumothorax\n* left effusion\nCardiomegaly.",
        "-pneumothorax, -left pleural effusion, cardiomegaly",
    ),
    ("No evidence of: 1) pneumothorax 2) effusion", "-pneumothorax, -pleural effusion"),
    ("No evidence of:\na) pneumothorax\nb) effusion", "-pneumothorax, -pleural effusion"),
    ("No:\n- pneumothorax\n- effusion", "-pneumothorax, -pleural effusion"),
    ("Not seen:\n- pneumothorax\n- effusion", "-pneumothorax, -pleural effusion"),
    ("Possible:\n- pneumonia\n- effusion", "?pneumonia, ?pleural effusion"),
    ("Findings:\n- pneumothorax\n- effusion", "pneumothorax, pleural effusion"),
    ("Pertinent negatives: PTX, effusion.", "-pneumothorax, -pleural effusion"),
    (
        "No evidence of:\n- pneumothorax\n- effusion, small nodule is stable",
        "-pneumothorax, -pleural effusion, mild lung nodule",
    ),
    (
        "No acute abnormality, including pneumothorax and effusion.",
        "no acute cardiopulmonary abnormality, -pneumothorax, -pleural effusion",
    ),
    (
        "No acute abnormality such as pneumonia, effusion or edema.",
        "no acute cardiopulmonary abnormality, -pneumonia, -pleural effusion, -pulmonary edema",
    ),
    (
        "No acute process, specifically no effusion or pneumothorax.",
        "no acute cardiopulmonary abnormality, -pleural effusion, -pneumothorax",
    ),
    ("No acute cardiopulmonary process, e.g. pneumonia.", "no acute cardiopulmonary abnormality, -pneumonia"),
    ("No acute disease or effusion.", "no acute cardiopulmonary abnormality, -pleural effusion"),
    ("No abnormality, in particular pneumothorax.", "no acute cardiopulmonary abnormality, -pneumothorax"),
    ("No acute disease, stable effusion.", "pleural effusion"),
    ("No acute disease. Emphysema.", "emphysema"),
    ("No acute process, COPD.", "chronic obstructive pulmonary disease"),
    (
        "Negative for the following:\n• Pneumothorax\n• Left effusion.\nIMPRESSION: Edema.",
        "-pneumothorax, -left pleural effusion, pulmonary edema",
    ),
    (
        "There is no evidence of any of the following findings:\n  1) pneumothorax\n  2) effusion",
        "-pneumothorax, -pleural effusion",
    ),
    (
        "Without evidence of:\n– pneumothorax\n– effusion\nStable edema.",
        "-pneumothorax, -pleural effusion, pulmonary edema",
    ),
    ("No evidence of: - pneumothorax - effusion", "-pneumothorax, -pleural effusion"),
    ("No evidence of: pneumothorax, effusion.", "-pneumothorax, -pleural effusion"),
    ("Absent:\n- pneumothorax\n- effusion", "-pneumothorax, -pleural effusion"),
    ("The following are not seen:\n- pneumothorax\n- effusion", "-pneumothorax, -pleural effusion"),
    (
        "No evidence of:\n- pneumothorax\n- effusion\n\nStable:\n- cardiomegaly",
        "-pneumothorax, -pleural effusion, cardiomegaly",
    ),
    ("Chest x-ray shows:\n- pneumothorax\n- no effusion", "pneumothorax, -pleural effusion"),
    ("Evaluate for:\n- pneumonia\n- effusion\nHeart is enlarged.", "cardiomegaly"),
    (
        "No acute abnormality, such as a large effusion.",
        "no acute cardiopulmonary abnormality, -severe pleural effusion",
    ),
    (
        "No acute findings (including pneumothorax and effusion).",
        "no acute cardiopulmonary abnormality, -pneumothorax, -pleural effusion",
    ),
    ("Nothing acute, including pneumothorax.", "-pneumothorax"),
    ("No pathology like pneumonia or effusion.", "-pneumonia, -pleural effusion"),
    ("No acute cardiopulmonary abnormality. Including stable cardiomegaly.", "cardiomegaly"),
    ("Multiple findings, including effusion and edema.", "pleural effusion, pulmonary edema"),
    ("No change:\n- effusion\n- edema", "pleural effusion, pulmonary edema"),
];

#[test]
fn what_announces_a_list_is_said_of_each_item() {
    check(LISTS);
}

const NEIGHBOURS: &[(&str, &str)] = &[
    ("No pneumothorax associated with the known rib fractures.", "-pneumothorax, rib fracture"),
    ("No effusion adjacent to the consolidation.", "-pleural effusion, consolidation"),
    ("No effusion next to the nodule.", "-pleural effusion, lung nodule"),
    ("No pneumothorax or effusion associated with rib fractures.", "-pneumothorax, -pleural effusion, rib fracture"),
    ("No edema in the setting of cardiomegaly.", "-pulmonary edema, cardiomegaly"),
    ("No effusion accompanying the consolidation.", "-pleural effusion, consolidation"),
    ("No pneumothorax around the chest tube.", "-pneumothorax, support devices"),
    ("No pneumothorax following PICC placement.", "-pneumothorax, support devices"),
    ("No pneumothorax with known rib fractures.", "-pneumothorax, rib fracture"),
    ("No calcification within the nodule.", "-calcification, lung nodule"),
    ("No features associated with pneumonia.", "-pneumonia"),
    ("No rib fracture with associated pneumothorax.", "-rib fracture, -pneumothorax"),
    ("No effusion or associated consolidation.", "-pleural effusion, -consolidation"),
    ("No pneumothorax in relation to the rib fracture.", "-pneumothorax, rib fracture"),
    ("No effusion adjacent to or consolidation in the lung.", "-pleural effusion, -consolidation"),
    ("Possible effusion adjacent to the consolidation.", "?pleural effusion, ?consolidation"),
    ("No evidence of effusion surrounding the nodule.", "-pleural effusion, lung nodule"),
    ("No pneumothorax is seen adjacent to the left rib fractures.", "-pneumothorax, left rib fracture"),
    ("No edema related to the known cardiomegaly.", "-pulmonary edema, cardiomegaly"),
    ("No effusion beneath the right base opacity.", "-pleural effusion, right lower lung opacity"),
    ("No pneumothorax s/p chest tube placement.", "-pneumothorax, support devices"),
    ("There is no effusion associated with the pneumonia.", "-pleural effusion, pneumonia"),
    ("Without effusion surrounding the mass.", "-pleural effusion, lung mass"),
    (
        "No consolidation, effusion adjacent to nodule or edema.",
        "-consolidation, -pleural effusion, lung nodule, -pulmonary edema",
    ),
    ("No findings associated with edema.", "-pulmonary edema"),
];

#[test]
fn what_a_denied_finding_stands_beside_is_there() {
    check(NEIGHBOURS);
}

const NEXT_STATEMENTS: &[(&str, &str)] = &[
    ("No edema, with cardiomegaly.", "-pulmonary edema, cardiomegaly"),
    ("No effusion, with stable consolidation.", "-pleural effusion, consolidation"),
    ("no effusion there is cardiomegaly", "-pleural effusion, cardiomegaly"),
    ("no effusion or pneumothorax heart is enlarged", "-pleural effusion, -pneumothorax, cardiomegaly"),
    ("no effusion no pneumothorax there is edema", "-pleural effusion, -pneumothorax, pulmonary edema"),
    ("no PTX + small effusion", "-pneumothorax, mild pleural effusion"),
    ("no PTX & small effusion", "-pneumothorax, mild pleural effusion"),
    ("no PTX / small effusion", "-pneumothorax, mild pleural effusion"),
    ("no PTX > small effusion", "-pneumothorax, mild pleural effusion"),
    ("no PTX -> effusion", "-pneumothorax, pleural effusion"),
    ("no PTX +effusion", "-pneumothorax, pleural effusion"),
    ("no PTX + effusion", "-pneumothorax, -pleural effusion"),
    ("no PTX & effusion", "-pneumothorax, -pleural effusion"),
    ("no PTX/effusion", "-pneumothorax, -pleural effusion"),
    ("no nodule > 6 mm or effusion", "-lung nodule, -pleural effusion"),
    ("No edema, now with effusion.", "-pulmonary edema, pleural effusion"),
    (
        "No effusion, consolidation with air bronchograms, or nodule.",
        "-pleural effusion, -consolidation, -airspace disease, -lung nodule",
    ),
    ("no effusion patient has cardiomegaly", "-pleural effusion, cardiomegaly"),
    ("no effusion we see cardiomegaly", "-pleural effusion, cardiomegaly"),
    ("No consolidation, with mild edema.", "-consolidation, mild pulmonary edema"),
    ("No consolidation, with small effusion and edema.", "-consolidation, mild pleural effusion, pulmonary edema"),
    ("no consolidation no effusion heart is enlarged", "-consolidation, -pleural effusion, cardiomegaly"),
    ("no consolidation lungs are clear heart is normal", "-consolidation, -lung opacity, -cardiomegaly"),
    ("no effusion, + edema", "-pleural effusion, pulmonary edema"),
    ("no effusion/edema/PTX", "-pleural effusion, -pulmonary edema, -pneumothorax"),
    ("no effusion + edema + PTX", "-pleural effusion, -pulmonary edema, -pneumothorax"),
    ("no effusion there's edema", "-pleural effusion, pulmonary edema"),
    ("L>R effusions", "bilateral pleural effusion"),
];

#[test]
fn a_statement_after_a_denial_is_its_own() {
    check(NEXT_STATEMENTS);
}

const DENIED_DENIALS: &[(&str, &str)] = &[
    ("No absence of effusion.", "pleural effusion"),
    ("The lungs are not without effusion.", "pleural effusion"),
    ("Cannot exclude effusion.", "?pleural effusion"),
    ("Not free of effusion.", "pleural effusion"),
    ("The right base isn't free of effusion.", "right lower lung pleural effusion"),
    ("Effusion is not absent.", "pleural effusion"),
    ("Not negative for effusion.", "pleural effusion"),
    ("No lack of effusion.", "pleural effusion"),
    ("Lungs are never clear of effusion.", "pleural effusion"),
    ("Lungs are not entirely free of effusion.", "pleural effusion"),
    ("Cannot say there is no effusion.", "?pleural effusion"),
    ("Effusion cannot be denied.", "pleural effusion"),
    ("No effusion nor no edema.", "-pleural effusion, -pulmonary edema"),
    ("There is never an absence of effusion.", "pleural effusion"),
    ("The chest is not devoid of effusion.", "pleural effusion"),
    ("The lungs aren't without edema.", "pulmonary edema"),
    ("Cannot rule out edema.", "?pulmonary edema"),
    ("Does not rule out edema.", "?pulmonary edema"),
    ("Edema is not ruled out.", "?pulmonary edema"),
    ("Edema isn't absent.", "pulmonary edema"),
    ("Edema has not been excluded.", "?pulmonary edema"),
    ("There is no effusion and not without edema.", "-pleural effusion, pulmonary edema"),
    ("Not clear of edema.", "pulmonary edema"),
];

#[test]
fn a_denied_denial_is_none() {
    check(DENIED_DENIALS);
}

const EARLIER: &[(&str, &str)] = &[
    ("The effusion had resolved and has now returned.", "pleural effusion"),
    ("The effusion had cleared but has recurred.", "pleural effusion"),
    ("Effusion resolved, then reaccumulated.", "pleural effusion"),
    ("Previously resolved effusion has reappeared.", "pleural effusion"),
    ("The edema resolved and has not returned.", "-pulmonary edema"),
    ("The edema has resolved without recurrence.", "-pulmonary edema"),
    ("No edema previously.", ""),
    ("Previously no edema, now mild edema.", "mild pulmonary edema"),
    ("previously no edema, now edema", "pulmonary edema"),
    ("No edema on the prior study.", ""),
    ("No edema as before.", "-pulmonary edema"),
    ("Edema was previously absent.", "pulmonary edema"),
    ("No previously seen nodule.", "-lung nodule"),
    ("The effusion was drained completely but is back.", "pleural effusion"),
    ("The effusion had resolved, and the nodule has returned.", "-pleural effusion, lung nodule"),
    ("The effusion, which had resolved, has recurred.", "pleural effusion"),
    ("Edema cleared then returned.", "pulmonary edema"),
    ("Effusion previously resolved, now reaccumulated.", "pleural effusion"),
    ("Pneumothorax has not recurred.", "-pneumothorax"),
    ("No recurrence of pneumothorax.", "-pneumothorax"),
    ("No recurrent pneumothorax.", "-pneumothorax"),
    ("Formerly no effusion, now small effusion.", "mild pleural effusion"),
    ("No effusion on the prior exam. Small effusion today.", "mild pleural effusion"),
    ("There was no edema yesterday.", ""),
];

#[test]
fn what_is_back_is_there_and_what_was_absent_earlier_says_nothing() {
    check(EARLIER);
}

const GONE: &[(&str, &str)] = &[
    ("The pneumothorax has subsided.", "-pneumothorax"),
    ("The collapsed lung has re-expanded.", "-atelectasis"),
    ("The left pneumothorax is no longer there.", "-left pneumothorax"),
    ("Effusion is no longer seen.", "-pleural effusion"),
    ("Effusion has disappeared.", "-pleural effusion"),
    ("Pneumothorax, now evacuated.", "-pneumothorax"),
    ("Effusion drained completely.", "-pleural effusion"),
    ("The effusion has been completely drained.", "-pleural effusion"),
    ("The effusion has been partially drained.", "pleural effusion"),
    ("The edema has abated.", "-pulmonary edema"),
    ("The edema has not subsided.", "pulmonary edema"),
    ("Edema has cleared up.", "-pulmonary edema"),
    ("The infiltrate has vanished.", "-infiltrate"),
    ("Interval evacuation of the hemothorax.", "-pleural effusion"),
    ("Complete drainage of the effusion.", "-pleural effusion"),
    ("The effusion is not there anymore.", "-pleural effusion"),
    ("Edema has gone away.", "-pulmonary edema"),
    ("The pneumothorax has been reabsorbed.", "-pneumothorax"),
    ("Effusion has almost disappeared.", "pleural effusion"),
    ("Effusion is no more.", "-pleural effusion"),
    ("The previously seen nodule is gone.", "-lung nodule"),
    ("Pneumothorax has completely re-expanded.", "-pneumothorax"),
    ("Edema has totally cleared.", "-pulmonary edema"),
    ("Left effusion is not there.", "-left pleural effusion"),
    ("Effusion incompletely drained.", "pleural effusion"),
    ("Edema subsided.", "-pulmonary edema"),
    ("Effusion is no longer visible.", "-pleural effusion"),
    ("Edema has dissipated.", "-pulmonary edema"),
    ("Partial re-expansion of the collapsed lung.", "atelectasis"),
    ("Re-expansion edema.", "pulmonary edema"),
];

#[test]
fn what_is_gone_is_absent() {
    check(GONE);
}

const SHORTHAND: &[(&str, &str)] = &[
    ("-PTX -PNA", "-pneumothorax, -pneumonia"),
    ("-PTX, -PNA, +effusion", "-pneumothorax, -pneumonia, pleural effusion"),
    ("CXR: -PTX -PNA +CM", "-pneumothorax, -pneumonia"),
    ("+effusion -PTX", "pleural effusion, -pneumothorax"),
    ("-effusion\n-PTX", "pleural effusion, pneumothorax"),
    ("No PTX -small effusion", "-pneumothorax, mild pleural effusion"),
    ("Ø effusion", "-pleural effusion"),
    ("∅ PTX, ∅ effusion", "-pneumothorax, -pleural effusion"),
    ("Øptx", "-pneumothorax"),
    ("✗ effusion", "-pleural effusion"),
    ("✘ effusion ✓ nodule", "-pleural effusion, lung nodule"),
    ("Effusion: ✗", "-pleural effusion"),
    ("neg: effusion, ptx", "-pleural effusion, -pneumothorax"),
    ("Negative: effusion, ptx.", "-pleural effusion, -pneumothorax"),
    ("neg effusion, neg ptx", "-pleural effusion, -pneumothorax"),
    ("CXR neg. Small effusion.", "mild pleural effusion"),
    ("EFFUSION: [x] yes [ ] no", "pleural effusion"),
    ("EFFUSION: [ ] yes [x] no", "-pleural effusion"),
    ("Effusion [x] yes [ ] no\nPneumothorax [ ] yes [x] no", "pleural effusion, -pneumothorax"),
    ("Effusion: (x) yes ( ) no", "pleural effusion"),
    ("Effusion: ( ) yes (x) no", "-pleural effusion"),
    ("Effusion: [x] no [ ] yes", "-pleural effusion"),
    ("Effusion: [ ] no [x] yes", "pleural effusion"),
    ("Effusion: ☐ yes ☒ no", "-pleural effusion"),
    ("Effusion: yes [x] no [ ]", "pleural effusion"),
    ("Effusion: yes [ ] no [x]", "-pleural effusion"),
    ("Effusion [ ] Pneumothorax [x]", "-pleural effusion, pneumothorax"),
    ("[ ] Pneumothorax [x] Effusion", "-pneumothorax, pleural effusion"),
    ("[ ] Pneumothorax\n[x] Effusion", "-pneumothorax, pleural effusion"),
    ("-PNA +PTX -eff", "-pneumonia, pneumothorax, -pleural effusion"),
    ("CXR: -CHF, -PNA", "-pulmonary vascular congestion, -pneumonia"),
    ("ø PTX ø PNA", "-pneumothorax, -pneumonia"),
    ("❌ effusion", "-pleural effusion"),
    ("Neg: PTX/effusion", "-pneumothorax, -pleural effusion"),
    ("neg.: PTX, effusion", "-pneumothorax, -pleural effusion"),
    ("PTX neg, effusion small", "-pneumothorax, mild pleural effusion"),
    ("PTX: [ ] no [ ] yes", ""),
    ("PTX [X] No [ ] Yes", "-pneumothorax"),
    ("EFFUSION: [X] YES [ ] NO\nPTX: [ ] YES [X] NO", "pleural effusion, -pneumothorax"),
    ("EFFUSION: [x]yes [ ]no", "pleural effusion"),
    ("EFFUSION: [ ]yes [x]no", "-pleural effusion"),
    ("Effusion: [ ] present [x] absent", "-pleural effusion"),
    ("Effusion: [x] present [ ] absent", "pleural effusion"),
    ("Effusion: ☑ Yes ☐ No", "pleural effusion"),
    ("Effusion [ ] yes [x] no, Edema [x] yes [ ] no", "-pleural effusion, pulmonary edema"),
    ("Effusion: yes ☐ no ☑", "-pleural effusion"),
];

#[test]
fn shorthand_and_boxes() {
    check(SHORTHAND);
}

const HEDGES: &[(&str, &str)] = &[
    ("Unlikely edema.", "-pulmonary edema"),
    ("Edema doubtful.", "?pulmonary edema"),
    ("Edema equivocal.", "?pulmonary edema"),
    ("Edema: equivocal.", "?pulmonary edema"),
    ("Edema uncertain.", "?pulmonary edema"),
    ("Edema dubious.", "?pulmonary edema"),
    ("Dubious edema.", "?pulmonary edema"),
    ("Doubtful edema.", "?pulmonary edema"),
    ("Edema not certain.", "?pulmonary edema"),
    ("Edema improbable.", "-pulmonary edema"),
    ("Improbable edema.", "-pulmonary edema"),
    ("Edema conceivable.", "?pulmonary edema"),
    ("Suspect edema.", "?pulmonary edema"),
    ("Edema unlikely.", "-pulmonary edema"),
    ("Effusion unlikely, edema.", "-pleural effusion, pulmonary edema"),
    ("Edema cannot be confirmed.", "?pulmonary edema"),
    ("Effusion, doubtful edema.", "pleural effusion, ?pulmonary edema"),
    ("Edema, unlikely pneumonia.", "pulmonary edema, -pneumonia"),
    ("Edema is improbable.", "-pulmonary edema"),
    ("Pneumonia possible.", "?pneumonia"),
    ("Pneumonia questionable.", "?pneumonia"),
    ("Effusion: doubtful", "?pleural effusion"),
    ("Equivocal edema.", "?pulmonary edema"),
    ("Edema in question.", "?pulmonary edema"),
    ("Unconfirmed pneumonia.", "?pneumonia"),
    ("Nodule of uncertain significance.", "lung nodule"),
    ("Edema (equivocal).", "?pulmonary edema"),
    ("Edema, equivocal.", "?pulmonary edema"),
    ("Edema, doubtful. Effusion.", "?pulmonary edema, pleural effusion"),
    ("Unlikely to be edema.", "-pulmonary edema"),
    ("Conceivable pneumonia.", "?pneumonia"),
];

#[test]
fn hedges_stand_on_either_side() {
    check(HEDGES);
}

const SECTIONS: &[(&str, &str)] = &[
    ("INDICATION: Pneumonia.\nThe heart is enlarged.", "cardiomegaly"),
    ("HPI: pneumonia\nHeart is enlarged.", "cardiomegaly"),
    ("Clinical Hx: Pneumonia.\nFINDINGS: Edema.", "pulmonary edema"),
    ("**Indication:** Pneumonia\n**Findings:** Edema.", "pulmonary edema"),
    ("**Indication**: Pneumonia\n**Findings**: Edema.", "pulmonary edema"),
    ("## Indication\nPneumonia\n## Findings\nEdema.", "pulmonary edema"),
    ("INDICATION\nPneumonia\nFINDINGS\nEdema.", "pulmonary edema"),
    ("Indication\nPneumonia.\n\nThe heart is enlarged.", "cardiomegaly"),
    ("Indication: Pneumonia.\nTechnique: Portable.\nEdema. No effusion.", "pulmonary edema, -pleural effusion"),
    ("HISTORY: cough and\nfever, pneumonia.\nThe heart is enlarged.", "cardiomegaly"),
    ("HISTORY: Cough.\nOld pneumonia.\nFINDINGS: Edema.", "pulmonary edema"),
    ("CLINICAL HISTORY/INDICATION: pneumonia\nFINDINGS: Edema.", "pulmonary edema"),
    ("History of Present Illness: pneumonia.\nImpression: edema", "pulmonary edema"),
    ("The effusion is smaller than on the previous\nexamination\nwith edema.", "pleural effusion, pulmonary edema"),
    ("Chief complaint: pneumonia\nIMPRESSION: Edema", "pulmonary edema"),
    ("Reason: pneumonia\nThe heart is enlarged. Effusion.", "cardiomegaly, pleural effusion"),
    ("CC: pneumonia\nHeart is enlarged.", "cardiomegaly"),
    ("### HISTORY\nPneumonia.\n### IMPRESSION\nEdema.", "pulmonary edema"),
    ("Impression\nEdema.", "pulmonary edema"),
    ("Technique: AP portable.\nComparison: None.\nSmall effusion.", "mild pleural effusion"),
    ("EXAM: Chest\nINDICATION: pneumonia\nCardiomegaly is stable.", "cardiomegaly"),
    ("Clinical details: pneumonia.\nCardiomegaly.", "cardiomegaly"),
    ("__Indication__: pneumonia\n__Impression__: edema", "pulmonary edema"),
    ("INDICATION: Pneumonia. FINDINGS: Edema.", "pulmonary edema"),
    ("INDICATION: Pneumonia.", ""),
    ("History:\nPneumonia.\nEdema is present.", "pulmonary edema"),
];

#[test]
fn a_body_after_headers_without_findings_is_read() {
    check(SECTIONS);
}

const SIDES_AND_DEVICES: &[(&str, &str)] = &[
    ("Right effusion, left lung clear.", "right pleural effusion, -left lung opacity"),
    ("Effusion: L small, R none.", "mild left pleural effusion, -right pleural effusion"),
    ("Effusion: left none, right small.", "-left pleural effusion, mild right pleural effusion"),
    ("Effusion: none on the left, small on the right.", "-left pleural effusion, mild right pleural effusion"),
    ("Pneumothorax: R - none, L - small.", "-right pneumothorax, mild left pneumothorax"),
    ("Effusion: left yes, right no", "left pleural effusion, -right pleural effusion"),
    ("Small right effusion, none on the left.", "mild right pleural effusion, -left pleural effusion"),
    ("Effusion: left small; right none.", "mild left pleural effusion, -right pleural effusion"),
    ("Effusion: left and right small.", "mild bilateral pleural effusion"),
    ("Left effusion, right clear.", "left pleural effusion"),
    ("Left lung clear, right lung has effusion.", "-left lung opacity, right pleural effusion"),
    ("ETT removed.", "-support devices"),
    ("Chest tube pulled.", "-support devices"),
    ("The chest tube has been removed.", "-support devices"),
    ("The chest tube has not been removed.", "support devices"),
    ("Interval removal of the chest tube.", "-support devices"),
    ("ETT and NGT have been removed.", "-support devices"),
    ("ETT removed, NGT in place.", "support devices"),
    ("Small pneumothorax, chest tube removed.", "mild pneumothorax, -support devices"),
    ("Small pneumothorax after removal of the chest tube.", "mild pneumothorax, -support devices"),
    ("Status post removal of chest tube with small pneumothorax.", "-support devices, mild pneumothorax"),
    ("PICC should be removed.", "support devices"),
    ("ETT pulled back 2 cm.", "support devices"),
    ("PICC was discontinued.", "-support devices"),
    ("Left effusion, right lung is clear.", "left pleural effusion, -right lung opacity"),
    ("Left lung is clear. Right lower lobe pneumonia.", "-left lung opacity, right lower lung pneumonia"),
    (
        "Pneumothorax: left small, right none. Effusion: none.",
        "mild left pneumothorax, -right pneumothorax, -pleural effusion",
    ),
    ("Effusion: right - moderate; left - none", "moderate right pleural effusion, -left pleural effusion"),
    ("Effusion: R yes, L no.", "right pleural effusion, -left pleural effusion"),
    ("Effusion: right none, left none.", "-right pleural effusion, -left pleural effusion"),
    ("Effusion: small L, none R.", "mild left pleural effusion, -right pleural effusion"),
    ("Moderate left pneumothorax, none on the right.", "moderate left pneumothorax, -right pneumothorax"),
    ("Right effusion, left hemithorax clear.", "right pleural effusion"),
    ("Opacity in the left lung, right lung clear.", "left lung opacity, -right lung opacity"),
    ("No effusion in the left lung.", "-left pleural effusion"),
    ("Effusion in left lung has resolved.", "-left pleural effusion"),
    ("PICC line removed.", "-support devices"),
    ("Pacemaker has been explanted.", "-support devices"),
    ("ETT and NG tube removed.", "-support devices"),
    ("NGT has been pulled.", "-support devices"),
    ("Chest tubes out.", "support devices"),
    ("Interval chest tube removal.", "-support devices"),
    ("Chest tube not yet removed.", "support devices"),
    ("Right chest tube removed, no pneumothorax.", "-support devices, -pneumothorax"),
    ("No pneumothorax after chest tube removal.", "-pneumothorax, -support devices"),
];

#[test]
fn each_side_has_its_own_value_and_devices_may_be_out() {
    check(SIDES_AND_DEVICES);
}
