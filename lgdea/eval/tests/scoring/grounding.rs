//! Heat maps by the protocols of grounding, against NumPy and SciPy: `grounding.py` made the maps and what is expected.

use std::collections::{BTreeMap, BTreeSet};

use lgdea_eval::EvalError;
use lgdea_eval::protocol::{Protocol, Rules};
use lgdea_eval::scoring::{self, Scored};
use lgdea_fault::{AtFault, Fault, chain};
use lgdea_predictions::{HeatMaps, Regions};

use crate::{Written, file};

/// The shipped protocols of grounding.
pub(crate) const PROTOCOLS: [&str; 7] = [
    "grounding/lgdea-v1",
    "ms-cxr/biovil-v1",
    "ms-cxr/maco-v1",
    "ms-cxr/radzero-v1",
    "chestx-det10/radzero-v1",
    "rsna/medklip-v1",
    "padchest-gr/v1",
];

fn rules_of(protocol: &str) -> lgdea_eval::protocol::GroundingProtocol {
    match Protocol::named_or_path(protocol).unwrap().rules {
        Rules::Grounding(rules) => rules,
        other => panic!("{protocol} is of {}", other.task()),
    }
}

/// Scores the maps of the folder by a table of boxes.
fn scored(protocol: &str, boxes: &str) -> Result<Scored, EvalError> {
    let written = Written::new(&[("boxes.csv", boxes)]);
    let regions = Regions::read(&written.path("boxes.csv"))?;
    scoring::grounding(&rules_of(protocol), &HeatMaps::read(&file("maps.npz"))?, &regions)
}

fn boxes() -> String {
    std::fs::read_to_string(file("boxes.csv")).unwrap()
}

#[test]
fn every_protocol_gives_what_scipy_gives() {
    let expected: BTreeMap<String, BTreeMap<String, f64>> =
        serde_json::from_str(include_str!("files/grounding.json")).unwrap();
    let tried: Vec<&str> = expected.keys().map(String::as_str).collect();
    assert_eq!(BTreeSet::from_iter(tried), BTreeSet::from(PROTOCOLS));
    for (protocol, expected) in expected {
        let found = scored(&protocol, &boxes()).unwrap().evaluation(rules_of(&protocol).interval).scores;
        for name in found.keys().filter(|name| name.matches('/').count() == 1 || name.ends_with("/edema")) {
            let (value, wanted) = (found[name].value, expected[name]);
            assert!((value - wanted).abs() < 1e-5, "{protocol}: {name} {value} {wanted}");
        }
        assert!(found.keys().any(|name| name.ends_with("/edema")), "{protocol}");
    }
}

#[test]
fn boxes_that_leave_their_image_and_few_patients_are_told() {
    const HEAD: &str = "id,patient,x,y,width,height,image_width,image_height\n";
    let scored = scored("grounding/lgdea-v1", &format!("{HEAD}p0,q,10,10,35,20,40,40\np1,q,1,1,9,9,40,40\n")).unwrap();
    let told = "1 of 2 boxes leave their image and are cut";
    assert!(scored.warnings.iter().any(|warning| warning.contains(told)), "{:?}", scored.warnings);
    assert!(scored.warnings.iter().any(|told| told.contains("over 1 patients")), "{:?}", scored.warnings);
    let interval = Protocol::named_or_path("grounding/lgdea-v1").unwrap().interval();
    assert!(scored.evaluation(interval).scores.values().all(|score| score.interval.is_none()));
}

#[test]
fn references_that_cannot_be_used_are_refused_with_their_line() {
    const HEAD: &str = "id,patient,x,y,width,height,image_width,image_height\n";
    for (table, parts) in [
        ("id,x,y,width\na,0,0,1\n".to_owned(), &["no column `height`"][..]),
        (format!("{HEAD}p0,q,1,1,0,5,40,40\n"), &["line 2", "no area"]),
        (format!("{HEAD}p0,q,1,1,,5,40,40\n"), &["line 2", "`width` has no number"]),
        (format!("{HEAD}p0,q,50,1,5,5,40,40\n"), &["line 2", "outside"]),
        (format!("{HEAD}p0,q,1,1,5,5,0,40\n"), &["line 2", "`image_width`"]),
        (format!("{HEAD}p0,q,1,1,5,5,40,40\np0,r,1,1,5,5,40,40\n"), &["line 2 and line 3", "two patients"]),
        (format!("{HEAD}p0,q,1,1,5,5,40,40\np0,q,,,,,40,40\n"), &["line 2 and line 3", "no box"]),
        (format!("{HEAD}p0,q,,,,,40,40\n"), &["no phrase has a box"]),
        (format!("{HEAD}z,q,1,1,5,5,40,40\n"), &["lacks 1 of the 1", "`z`"]),
        ("id,x,y,width,height\np0,10,20,30,40\n".to_owned(), &["line 2", "shares"]),
        (HEAD.to_owned(), &["no phrase"]),
    ] {
        let error = scored("grounding/lgdea-v1", &table).err().unwrap();
        let said = chain(&error);
        assert_eq!(error.fault(), Fault::Input);
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    }
}

#[test]
fn protocols_ask_for_what_they_need() {
    let shares = "id,x,y,width,height\np0,0.1,0.2,0.3,0.4\n";
    for (protocol, part) in [
        ("ms-cxr/radzero-v1", "image_width"),
        ("padchest-gr/v1", "image_width"),
        ("chestx-det10/radzero-v1", "`class`"),
        ("ms-cxr/biovil-v1", "`class`"),
    ] {
        let said = chain(&scored(protocol, shares).err().unwrap());
        assert!(said.contains(part), "{said}");
    }
    assert!(scored("grounding/lgdea-v1", shares).is_ok());
}

#[test]
fn maps_are_no_table() {
    let written = Written::new(&[("maps.csv", "id,a\np0,1\n")]);
    assert!(chain(&HeatMaps::read(&written.path("maps.csv")).unwrap_err()).contains("three dimensions"));
}
