//! PadChest-GR: sentences with several boxes and without, two languages, and broken files.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::Sex;

const JSON: &str = r#"[
    {"StudyID": "11", "ImageID": "11_a.png", "findings": [
        {"sentence_en": "Pleural thickening.", "sentence_es": "Engrosamiento pleural.", "abnormal": true,
         "boxes": [[0.1, 0.2, 0.3, 0.4], [0.6, 0.2, 0.8, 0.4]], "extra_boxes": [[0, 0, 1, 1]],
         "labels": ["pleural thickening", "nodule"], "locations": ["apical"], "progression": "stable"},
        {"sentence_en": "Scoliosis.", "sentence_es": "Escoliosis.", "abnormal": true, "boxes": [], "labels": ["scoliosis"]},
        {"sentence_en": "No effusion.", "sentence_es": "Sin derrame.", "abnormal": false},
        {"sentence_en": "Unnamed.", "sentence_es": null, "abnormal": true, "boxes": [[0.5, 0.5, 1, 1]], "labels": null}]},
    {"StudyID": "12", "ImageID": "12_b.png", "findings": [
        {"sentence_en": "Normal.", "sentence_es": "Normal.", "abnormal": false, "labels": ["Normal"]}]},
    {"StudyID": "13", "ImageID": "13_c.png", "findings": []}]"#;

const MASTER: &str = "StudyID,ImageID,label,split,PatientID,PatientSex_DICOM,PatientAge\n\
    11,11_a.png,pleural thickening,train,1,F,64\n11,11_a.png,scoliosis,train,1,F,64\n\
    12,12_b.png,Normal,validation,2,M,51.0\n13,13_c.png,,test,3,,\n";

fn folder(json: &str, master: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(REPORTS), json).unwrap();
    fs::write(folder.path().join(TABLE), master).unwrap();
    folder
}

fn read_in(folder: &TempDir, language: PadchestLanguage) -> Result<Contents, DataError> {
    PadchestGr { root: folder.path().display().to_string(), language }.read(Seed(0), &|_, _| ())
}

fn read(json: &str, master: &str) -> Result<Contents, DataError> {
    read_in(&folder(json, master), PadchestLanguage::En)
}

#[test]
fn each_sentence_grounds_its_boxes() {
    let contents = read(JSON, MASTER).unwrap();
    let first = &contents.studies[0];
    let boxes: Vec<(&str, &str, [f32; 4])> = first
        .boxes
        .iter()
        .map(|found| (found.finding.as_str(), found.phrase.as_str(), [found.x, found.y, found.width, found.height]))
        .collect();
    let [one, two, three] = boxes.as_slice() else { panic!("three boxes") };
    assert_eq!((one.0, one.1, two.1), ("pleural_thickening", "Pleural thickening.", "Pleural thickening."));
    for (edge, expected) in one.2.iter().chain(&two.2).zip([0.1, 0.2, 0.2, 0.2, 0.6, 0.2, 0.2, 0.2]) {
        assert!((edge - expected).abs() < 1e-6);
    }
    assert_eq!(*three, ("other_entities", "Unnamed.", [0.5, 0.5, 0.5, 0.5]));
    assert_eq!(first.labels, Some(StudyLabels::from_iter(["pleural_thickening", "nodule", "scoliosis"])));
    assert_eq!(contents.skipped.count(SkipReason::SentenceWithoutBox), 1);
    assert_eq!(contents.studies[1].labels, Some(StudyLabels::from_iter([NO_FINDING])));
}

#[test]
fn reports_and_phrases_are_in_the_language_asked_for() {
    let folder = folder(JSON, MASTER);
    for (language, report, phrase, unnamed) in [
        (
            PadchestLanguage::En,
            "Pleural thickening. Scoliosis. No effusion. Unnamed.",
            "Pleural thickening.",
            "Unnamed.",
        ),
        (
            PadchestLanguage::Es,
            "Engrosamiento pleural. Escoliosis. Sin derrame.",
            "Engrosamiento pleural.",
            // A sentence that is not translated.
            "other entities",
        ),
    ] {
        let studies = read_in(&folder, language).unwrap().studies;
        assert_eq!(studies[0].report.as_ref().unwrap().text(), report);
        assert_eq!((studies[0].boxes[0].phrase.as_str(), studies[0].boxes[2].phrase.as_str()), (phrase, unnamed));
    }
}

#[test]
fn the_table_gives_patients_splits_and_people() {
    let contents = read(JSON, MASTER).unwrap();
    let splits: Vec<(&str, Split)> = contents.studies.iter().map(|one| (one.patient.as_str(), one.split)).collect();
    assert_eq!(splits, [("1", Split::Train), ("2", Split::Validation), ("3", Split::Test)]);
    assert_eq!(contents.studies[0].person, Person { sex: Some(Sex::Female), age: Some(64.0) });
    assert_eq!(contents.studies[2].person, Person::default());
    assert_eq!((contents.studies[2].report.clone(), contents.skipped.count(SkipReason::EmptyReport)), (None, 1));
}

#[test]
fn the_images_are_found_in_each_layout() {
    for place in IMAGES {
        let folder = folder(JSON, MASTER);
        let path = folder.path().join(place).join("11_a.png");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "image").unwrap();
        let studies = read_in(&folder, PadchestLanguage::En).unwrap().studies;
        assert_eq!(studies[0].image.as_ref().unwrap().file(), Some(path.as_path()));
    }
}

#[test]
fn boxes_are_cut_at_the_edges_and_those_without_area_counted() {
    let with = |edges: &str| read(&JSON.replace("[0.5, 0.5, 1, 1]", edges), MASTER).unwrap();
    assert!((with("[0.5, 0.5, 1.5, 2]").studies[0].boxes[2].width - 0.5).abs() < 1e-6);
    for edges in ["[0.5, 0.5, 0.5, 1]", "[0.9, 0.5, 0.1, 1]", "[2, 2, 3, 3]"] {
        assert_eq!(with(edges).skipped.count(SkipReason::EmptyBox), 1, "{edges}");
    }
}

#[test]
fn broken_files_are_refused_with_their_name_and_without_their_text() {
    for (json, master, part) in [
        (JSON.replace("\"12\"", "\"99\""), MASTER.to_owned(), "`99` is not in master_table.csv"),
        (JSON.replace("0.4]", "0.4, 1]"), MASTER.to_owned(), "grounded_reports"),
        (JSON.replace("\"findings\"", "\"sentences\""), MASTER.to_owned(), "not what PadChest-GR has"),
        (JSON.replace("\"Scoliosis.\"", "[\"Scoliosis.\"]"), MASTER.to_owned(), "line 6"),
        (JSON[..300].to_owned(), MASTER.to_owned(), "too early"),
        (String::new(), MASTER.to_owned(), "grounded_reports"),
        ("version https://git-lfs.github.com/spec/v1\n".to_owned(), MASTER.to_owned(), "git lfs pull"),
        (JSON.to_owned(), MASTER.replace("validation", "dev2"), "line 4: split = `dev2`"),
        (JSON.to_owned(), MASTER.replace("\n12,", "\n12.0,"), "StudyID = `12.0`"),
        (JSON.to_owned(), MASTER.replace(",2,M", ",2.1e+38,M"), "PatientID"),
        (JSON.to_owned(), MASTER.replace(",3,,", ",,,"), "PatientID"),
        (JSON.to_owned(), MASTER.replace("PatientID", "Patient"), "no column `PatientID`"),
        (JSON.to_owned(), MASTER.replace("split", "set"), "no column `split`"),
        (JSON.to_owned(), "version https://git-lfs.github.com/spec/v1\n".to_owned(), "git lfs pull"),
    ] {
        let said = read(&json, &master).unwrap_err().to_string();
        assert!(said.contains(part) && said.contains("; "), "{part}: {said}");
        assert!(!said.contains("thickening") && !said.contains("Scoliosis"), "{said}");
    }
    for lacking in [REPORTS, TABLE] {
        let folder = folder(JSON, MASTER);
        fs::remove_file(folder.path().join(lacking)).unwrap();
        let said = read_in(&folder, PadchestLanguage::En).unwrap_err().to_string();
        assert!(said.contains(lacking) && said.contains("PadChest-GR"), "{said}");
    }
}
