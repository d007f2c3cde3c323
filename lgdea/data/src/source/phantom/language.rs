//! The words of the phantom's reports.
//!
//! In templates, `{severity}` is an adjective (or nothing), `{severely}` its adverb, `{side}` left or right, `{zone}` upper,
//! mid or lower, and `{lobe}` the lobe there.

use super::device::Device;
use super::findings::{Disease, Severity};

/// Five ways to state a finding.
pub(super) fn statements(disease: Disease) -> [&'static str; 5] {
    match disease {
        Disease::Cardiomegaly => CARDIOMEGALY,
        Disease::Edema => EDEMA,
        Disease::Effusion => EFFUSION,
        Disease::Pneumothorax => PNEUMOTHORAX,
        Disease::Consolidation => CONSOLIDATION,
        Disease::Atelectasis => ATELECTASIS,
        Disease::Nodule => NODULE,
        Disease::Opacity => OPACITY,
    }
}

const CARDIOMEGALY: [&str; 5] = [
    "{severity} cardiomegaly",
    "the heart is {severely} enlarged",
    "{severity} enlargement of the cardiac silhouette",
    "increased cardiothoracic ratio",
    "the cardiac silhouette is {severely} widened",
];
const EDEMA: [&str; 5] = [
    "{severity} pulmonary edema",
    "{severity} perihilar vascular congestion",
    "bilateral interstitial markings are {severely} increased",
    "vascular engorgement with cephalization",
    "{severity} edema in both lungs",
];
const EFFUSION: [&str; 5] = [
    "{severity} {side} pleural effusion",
    "blunting of the {side} costophrenic angle",
    "{severity} {side} sided pleural fluid",
    "{severity} layering fluid in the {side} hemithorax",
    "{severity} effusion on the {side}",
];
const PNEUMOTHORAX: [&str; 5] = [
    "{severity} {side} pneumothorax",
    "{severity} {side} apical pneumothorax",
    "visible visceral pleural line on the {side}",
    "pleural air on the {side} without lung markings",
    "{severity} pneumothorax on the {side}",
];
const CONSOLIDATION: [&str; 5] = [
    "{severity} {side} {lobe} consolidation",
    "airspace disease in the {side} {zone} lung",
    "dense consolidation with air bronchograms in the {side} {zone} zone",
    "{side} {zone} lung pneumonia",
    "{severity} consolidative process in the {side} {zone} lung",
];
const ATELECTASIS: [&str; 5] = [
    "{severity} {side} {lobe} atelectasis",
    "linear band in the {side} {zone} lung from volume loss",
    "platelike atelectasis at the {side} {zone} zone",
    "{severity} subsegmental collapse in the {side} {zone} lung",
    "{side} {zone} lung discoid atelectasis",
];
const NODULE: [&str; 5] = [
    "{severity} {side} {lobe} nodule",
    "rounded density in the {side} {zone} lung",
    "{severity} nodular focus in the {side} {zone} zone",
    "well circumscribed lesion in the {side} {zone} lung",
    "pulmonary nodule on the {side} in the {zone} zone",
];
const OPACITY: [&str; 5] = [
    "{severity} hazy opacity in the {side} {zone} lung",
    "ill defined {side} {zone} opacity",
    "vague increased attenuation in the {side} {zone} zone",
    "{severity} {side} {zone} lung opacity",
    "faint haze overlying the {side} {zone} lung",
];

/// Ways to deny a finding.
pub(super) fn denials(disease: Disease) -> &'static [&'static str] {
    match disease {
        Disease::Cardiomegaly => {
            &["the heart size is normal", "no cardiomegaly", "cardiac silhouette is within normal limits"]
        }
        Disease::Edema => &["no pulmonary edema", "no vascular congestion", "pulmonary vasculature is normal"],
        Disease::Effusion => &[
            "no pleural effusion",
            "no {side} pleural effusion",
            "costophrenic angles are sharp",
            "there is no evidence of pleural fluid",
        ],
        Disease::Pneumothorax => &["no pneumothorax", "no evidence of pneumothorax", "no {side} pneumothorax is seen"],
        Disease::Consolidation => &["no focal consolidation", "no airspace consolidation", "no evidence of pneumonia"],
        Disease::Atelectasis => &["no atelectasis", "no lobar collapse"],
        Disease::Nodule => &["no suspicious nodule", "no pulmonary nodule identified"],
        Disease::Opacity => &["no focal opacity", "lungs are clear of opacity"],
    }
}

/// Adjectives of severity, and of size for what has one.
pub(super) fn severities(disease: Disease, severity: Severity) -> &'static [&'static str] {
    if disease == Disease::Nodule {
        return severity.of([&["small", "tiny"][..], &["", "moderate sized"], &["large", "dominant"]]);
    }
    severity.of([
        &["mild", "small", "minimal", "slight"][..],
        &["moderate", ""],
        &["severe", "large", "extensive", "marked"],
    ])
}

/// Adverbs of severity.
pub(super) fn severely(severity: Severity) -> &'static [&'static str] {
    severity.of([&["mildly", "minimally", "slightly"][..], &["moderately", ""], &["severely", "markedly"]])
}

/// What may precede a statement without a verb.
pub(super) const OPENINGS: [&str; 6] = ["there is", "", "", "again seen is", "new", "stable"];

/// What is said of a device.
pub(super) fn device(device: &Device) -> &'static [&'static str] {
    match device {
        Device::CentralLine(super::anatomy::Side::Left) => {
            &["left PICC terminates in the SVC", "left central line tip in the mid SVC"]
        }
        Device::CentralLine(super::anatomy::Side::Right) => {
            &["right PICC terminates in the SVC", "right central line tip in the low SVC"]
        }
        Device::Pacemaker => &["left chest pacemaker with leads in place", "pacemaker leads are intact"],
        Device::EndotrachealTube => &["endotracheal tube above the carina", "ET tube in standard position"],
        Device::Leads(_) => &["monitoring leads overlie the chest", "external leads are noted"],
        Device::SternalWires => &["median sternotomy wires are intact", "sternal wires are aligned"],
    }
}

pub(super) const PORTABLE: &str = "single portable AP view of the chest";

pub(super) const TECHNIQUES: [&str; 3] =
    ["frontal view of the chest was obtained", "PA view of the chest", "AP upright radiograph of the chest"];

pub(super) const COMPARISONS: [&str; 4] = [
    "comparison is made with the prior study",
    "no prior study available for comparison",
    "compared to the previous radiograph",
    "in comparison with study of yesterday",
];

pub(super) const INDICATIONS: [&str; 7] = [
    "history of cough and fever",
    "shortness of breath",
    "patient with chest pain",
    "evaluate for acute process",
    "status post fall with pain",
    "follow up examination",
    "evaluate line placement",
];

/// What has nothing to do with the findings.
pub(super) const BYSTANDERS: [&str; 8] = [
    "osseous structures are unremarkable",
    "no acute osseous abnormality",
    "degenerative changes of the spine",
    "bony structures are intact",
    "the upper abdomen is unremarkable",
    "mediastinal contours are stable",
    "the aorta is tortuous",
    "hilar contours are normal",
];

pub(super) const CLOSINGS: [&str; 5] = [
    "findings discussed with the referring physician",
    "recommend clinical correlation",
    "follow up is recommended as needed",
    "no significant interval change otherwise",
    "signed electronically by the radiologist",
];

pub(super) const NORMAL: [&str; 4] = [
    "no acute cardiopulmonary abnormality",
    "no acute cardiopulmonary process",
    "lungs are clear",
    "normal chest radiograph",
];
