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
fn a_finding_of_a_shipped_name_says_what_it_does_to_it() {
    let head = "name = \"mine\"\nversion = 1\nextends = \"chest\"\n[[finding]]\nname = \"edema\"\n";
    let own = "label = \"wet lung\"\nsite = \"lung\"\nsynonyms = [\"wet lung\"]\n";
    let read = |toml: &str, report: &str| -> Vec<String> {
        let evidence = Rules::new(&load(toml).unwrap()).extract("r", report).evidence;
        evidence.into_iter().map(|one| one.text).collect()
    };

    let refused = load(&format!("{head}{own}")).unwrap_err().to_string();
    for part in [", line 5: finding \"edema\" is one of \"chest\"", "existing = \"extend\"", "existing = \"replace\""] {
        assert!(refused.contains(part), "{refused}");
    }
    let extend = format!("{head}existing = \"extend\"\nsynonyms = [\"wet lung\"]\n");
    assert_eq!(read(&extend, "Wet lung."), ["pulmonary edema"]);
    assert_eq!(read(&extend, "Edema."), ["pulmonary edema"]);
    assert_eq!(load(&extend).unwrap().roll_up("edema", &["lung_opacity".to_owned()].into()), Some("lung_opacity"));
    let replace = format!("{head}existing = \"replace\"\n{own}");
    assert_eq!(read(&replace, "Wet lung."), ["wet lung"]);
    assert_eq!(read(&replace, "Edema."), Vec::<String>::new());
    let renamed = format!("{head}existing = \"extend\"\nlabel = \"wet lung\"\n");
    assert_eq!(read(&renamed, "Edema."), ["wet lung"]);
    let misspelt = load(&extend.replace("edema", "edemma")).unwrap_err().to_string();
    assert!(
        misspelt.contains("line 5: there is no finding \"edemma\"") && misspelt.contains("mean \"edema\"?"),
        "{misspelt}"
    );
}

#[test]
fn cues_of_every_kind_may_be_added() {
    let head = "name = \"mine\"\nversion = 1\nextends = \"chest\"\n[cues]\n";
    let polarity = |cues: &str, report: &str| {
        let evidence = Rules::new(&load(&format!("{head}{cues}\n")).unwrap()).extract("r", report).evidence;
        evidence.last().map(|one| format!("{:?}", one.polarity))
    };
    for (cues, report, before, after) in [
        ("negation-forward = [\"zilch\"]", "Zilch effusion.", Some("Present"), Some("Absent")),
        ("negation-backward = [\"a no show\"]", "Effusion is a no show.", Some("Present"), Some("Absent")),
        ("negation-verb = [\"ne'er\"]", "Effusion is ne'er seen.", Some("Present"), Some("Absent")),
        ("negation-value = [\"zilch\"]", "Effusion: zilch.", Some("Present"), Some("Absent")),
        ("observation = [\"spotted\"]", "Effusion is not spotted.", Some("Present"), Some("Absent")),
        ("resolution-forward = [\"vanishing of\"]", "Vanishing of the effusion.", Some("Present"), Some("Absent")),
        ("resolution-backward = [\"evaporated\"]", "Effusion has evaporated.", Some("Present"), Some("Absent")),
        ("exclusion-forward = [\"dismiss\"]", "Cannot dismiss effusion.", Some("Absent"), Some("Uncertain")),
        ("exclusion-backward = [\"dismissed\"]", "Effusion cannot be dismissed.", Some("Present"), Some("Uncertain")),
        ("weakening = [\"halfway\"]", "Effusion has halfway resolved.", Some("Absent"), Some("Present")),
        ("change = [\"advance\"]", "No advance of the effusion.", Some("Absent"), Some("Present")),
        ("earlier = [\"in march\"]", "Effusion not seen in March.", Some("Absent"), Some("Present")),
        ("recurrence = [\"revived\"]", "Effusion had resolved, then revived.", Some("Absent"), Some("Present")),
        ("removal-forward = [\"theft of\"]", "Theft of the PICC.", Some("Present"), Some("Absent")),
        ("removal-backward = [\"confiscated\"]", "PICC was confiscated.", Some("Present"), Some("Absent")),
        ("box-checked = [\"{x}\"]", "Effusion {x} no", Some("Present"), Some("Absent")),
        ("box-empty = [\"{ }\"]", "Effusion { }", Some("Present"), Some("Absent")),
        ("relation = [\"a mile off\"]", "No nodule a mile off the effusion.", Some("Absent"), Some("Present")),
        ("instance = [\"viz\"]", "No acute disease, viz effusion.", Some("Present"), Some("Absent")),
        ("uncertain-forward = [\"mayhap\"]", "Mayhap effusion.", Some("Present"), Some("Uncertain")),
        ("uncertain-backward = [\"is a maybe one\"]", "Effusion is a maybe one.", Some("Present"), Some("Uncertain")),
        ("hypothetical = [\"scan for\"]", "Scan for effusion.", Some("Present"), None),
        ("pseudo = [\"no small\"]", "No small effusion.", Some("Absent"), Some("Present")),
        ("terminator = [\"alas\"]", "No nodule alas effusion.", Some("Absent"), Some("Present")),
        ("denial-terminator = [\"in view of\"]", "No nodule in view of effusion.", Some("Absent"), Some("Present")),
        ("exception = [\"outside of\"]", "No effusion outside of the left base.", Some("Absent"), Some("Present")),
        ("separator = [\"~\"]", "Effusion ~ no", Some("Present"), Some("Absent")),
        ("affirmation = [\"sizable\"]", "No nodule, sizable effusion.", Some("Absent"), Some("Present")),
    ] {
        let plain = polarity("", report);
        assert_eq!(plain.as_deref(), before, "without {cues}: {report}");
        assert_eq!(polarity(cues, report).as_deref(), after, "with {cues}: {report}");
    }
}

#[test]
fn a_full_stop_after_an_abbreviation_of_ones_own_ends_no_sentence() {
    let own = "name = \"mine\"\nversion = 1\nextends = \"chest\"\nabbreviations = [\"obv.\"]\n";
    let report = "No obv. effusion.";
    let read = |ontology: &Ontology| format!("{:?}", Rules::new(ontology).extract("r", report).evidence[0].polarity);
    assert_eq!(read(&Ontology::named_or_path("chest").unwrap()), "Present");
    assert_eq!(read(&load(own).unwrap()), "Absent");
}

#[test]
fn mistakes_are_named() {
    let head = "name = \"mine\"\nversion = 1\n";
    let chest = format!("{head}extends = \"chest\"\n");
    let cases = [
        (head.to_owned(), ": no [[finding]] is given"),
        (format!("{head}{FINDING}{FINDING}"), ", line 9: finding \"cavity\" is given twice"),
        (
            format!("{head}{FINDING}parent = \"hole\""),
            ", line 4: finding \"cavity\": its parent \"hole\" is not a finding",
        ),
        (format!("{chest}{FINDING}parent = \"lung_leson\""), "did you mean \"lung_lesion\"?"),
        (format!("{head}{FINDING}parent = \"cavity\""), "its own ancestor"),
        (
            format!("{head}extends = \"brain\"\n{FINDING}"),
            ", line 3: extends \"brain\", which is not shipped; known: chest",
        ),
        (
            format!("{head}{FINDING}").replace("name = \"cavity\"", "name = \"A b\""),
            ", line 4: finding \"A b\": a name is snake_case",
        ),
        (
            format!("{head}{FINDING}").replace("[\"cavity\"]", "[]"),
            ", line 4: finding \"cavity\": it has neither synonyms nor signs",
        ),
        (
            format!("{head}{FINDING}").replace("[\"cavity\"]", "[\"-\"]"),
            ", line 7: a term has no letter, digit or sign: \"-\"",
        ),
        (format!("{head}{FINDING}").replace("label = \"cavity\"\n", ""), ", line 4: finding \"cavity\" has no `label`"),
        (format!("{head}{FINDING}").replace("site = \"lung\"\n", ""), ", line 4: finding \"cavity\" has no `site`"),
        (format!("{head}{FINDING}colour = 1"), ", line 8: unknown field `colour`"),
        (format!("{head}{FINDING}synonym = []"), "did you mean `synonyms`?"),
        (format!("{head}[cues]\nmaybe = [\"x\"]\n{FINDING}"), ", line 4: unknown variant `maybe`"),
        (format!("{head}[cues]\nnegation_forward = [\"x\"]\n{FINDING}"), "did you mean `negation-forward`?"),
        (
            format!("{chest}{FINDING}").replace("site = \"lung\"", "site = \"lungs\""),
            ", line 7: \"chest\" has no site \"lungs\"; did you mean \"lung\"?",
        ),
        (format!("{chest}{FINDING}").replace("site = \"lung\"", "site = \"knee\""), "a new site needs a [[location]]"),
        (format!("{head}{FINDING}existing = \"merge\""), ", line 8: unknown variant `merge`"),
        (format!("{head}{FINDING}existing = \"extend\""), "there is no finding \"cavity\" to extend"),
        ("name = ".to_owned(), ", line 1: "),
    ];
    for (toml, expected) in cases {
        let error = load(&toml).unwrap_err().to_string();
        assert!(error.contains(expected), "{toml}\n{error}");
        assert!(error.starts_with('/') || error.contains(".toml"), "the file is not named: {error}");
    }
    let error = Ontology::named_or_path("cheast").unwrap_err().to_string();
    assert!(error.contains("\"cheast\"") && error.contains("chest"), "{error}");
}

#[test]
fn a_site_is_new_where_a_location_names_it() {
    let location = "[[location]]\nname = \"patella\"\nsites = [\"knee\"]\nterms = [\"patella\"]\n";
    let finding = FINDING.replace("site = \"lung\"", "site = \"knee\"");
    let ontology = load(&format!("name = \"mine\"\nversion = 1\nextends = \"chest\"\n{location}{finding}")).unwrap();
    assert_eq!(Rules::new(&ontology).extract("r", "Patella cavity.").evidence[0].location, ["patella"]);
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
