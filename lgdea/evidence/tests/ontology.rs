//! Ontologies of the user's own, and what is refused.
#![allow(clippy::unwrap_used)]

use std::io::Write;

use lgdea_evidence::{EvidenceError, Ontology, Rules};

fn load(toml: &str) -> Result<Ontology, EvidenceError> {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    file.write_all(toml.as_bytes()).unwrap();
    Ontology::named_or_path(file.path().to_str().unwrap())
}

const FINDING: &str = "[[finding]]\nname = \"cavity\"\nlabel = \"cavity\"\nsite = \"lung\"\nsynonyms = [\"cavity\"]\n";

#[test]
fn a_file_extends_the_shipped_ontology() {
    let ontology =
        load(&format!("name = \"mine\"\nversion = 2\nextends = \"chest\"\n{FINDING}parent = \"lung_lesion\"")).unwrap();
    assert_eq!(ontology.model(), "mine/2");
    assert_ne!(ontology.digest(), Ontology::named_or_path("chest").unwrap().digest());
    let evidence = Rules::new(&ontology).extract("r", "No effusion. Left upper lobe cavities.").evidence;
    let texts: Vec<&str> = evidence.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(texts, ["pleural effusion", "left upper lung cavity"]);
    let wanted = ["lung_opacity".to_owned()].into();
    assert_eq!(ontology.roll_up("cavity", &wanted), Some("lung_opacity"));
}

#[test]
fn a_file_may_stand_alone() {
    let ontology = load(&format!("name = \"mine\"\nversion = 1\n{FINDING}")).unwrap();
    assert_eq!(ontology.finding_names().collect::<Vec<_>>(), ["cavity"]);
    assert_eq!(ontology.label("cavity"), Some("cavity"));
    assert_eq!(Rules::new(&ontology).extract("r", "No effusion. A cavity.").evidence.len(), 1);
}

#[test]
fn mistakes_are_named() {
    let head = "name = \"mine\"\nversion = 1\n";
    let cases = [
        (head.to_owned(), "no [[finding]] is given"),
        (format!("{head}{FINDING}{FINDING}"), "\"cavity\" is given twice"),
        (format!("{head}{FINDING}parent = \"hole\""), "its parent \"hole\" is not a finding"),
        (format!("{head}{FINDING}parent = \"cavity\""), "its own ancestor"),
        (format!("{head}extends = \"brain\"\n{FINDING}"), "extends \"brain\", which is not shipped; known: chest"),
        (format!("{head}{FINDING}").replace("name = \"cavity\"", "name = \"A b\""), "snake_case"),
        (format!("{head}{FINDING}").replace("[\"cavity\"]", "[]"), "neither synonyms nor signs"),
        (format!("{head}{FINDING}").replace("[\"cavity\"]", "[\"-\"]"), "a term has no letter, digit or sign: \"-\""),
        (format!("{head}{FINDING}colour = 1"), "unknown field `colour`"),
        (format!("{head}[cues]\nmaybe = [\"x\"]\n{FINDING}"), "unknown variant `maybe`"),
        ("name = ".to_owned(), "line 1"),
    ];
    for (toml, expected) in cases {
        let error = load(&toml).unwrap_err().to_string();
        assert!(error.contains(expected), "{toml}\n{error}");
    }
    let error = Ontology::named_or_path("cheast").unwrap_err().to_string();
    assert!(error.contains("\"cheast\"") && error.contains("chest"), "{error}");
}

#[test]
fn shipped_findings_hold_the_common_label_sets() {
    let ontology = Ontology::named_or_path("chest").unwrap();
    let names: Vec<&str> = ontology.finding_names().collect();
    for finding in [
        // CheXpert
        "no_finding",
        "enlarged_cardiomediastinum",
        "cardiomegaly",
        "lung_opacity",
        "lung_lesion",
        "edema",
        "consolidation",
        "pneumonia",
        "atelectasis",
        "pneumothorax",
        "pleural_effusion",
        "pleural_other",
        "fracture",
        "support_devices",
        // NIH ChestX-ray14 and MS-CXR
        "infiltration",
        "mass",
        "nodule",
        "emphysema",
        "fibrosis",
        "hiatal_hernia",
        "pleural_thickening",
        // others
        "airspace_disease",
        "granuloma",
        "calcified_granuloma",
        "scoliosis",
        "degenerative_spine",
        "hyperinflation",
        "tortuous_aorta",
        "calcified_aorta",
        "old_granulomatous_disease",
    ] {
        assert!(names.contains(&finding), "{finding}");
    }
}
