//! ChestX-Det10: boxes by corners, the official split, and broken files.

use std::fs;

use lgdea_spec::Fractions;
use tempfile::TempDir;

use super::*;
use crate::SkipReason;

const TRAIN: &str = r#"[{"file_name": "00000042_006.png", "syms": ["Fibrosis", "Mass"],
    "boxes": [[256, 512, 768, 1024], [0, 0, 102.4, 204.8]]}, {"file_name": "00000057_000.png", "syms": [], "boxes": []}]"#;
const TEST: &str = r#"[{"file_name": "00000063_001.png", "syms": ["Nodule"], "boxes": [[256, 512, 384, 640]]}]"#;

fn read(train: &str, test: &str) -> Result<Contents, DataError> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("train_data/train_data")).unwrap();
    fs::create_dir(folder.path().join("test_data")).unwrap();
    fs::write(folder.path().join("train_data/train_data/00000042_006.png"), "image").unwrap();
    fs::write(folder.path().join("train.json"), train).unwrap();
    fs::write(folder.path().join("test.json"), test).unwrap();
    settings(&folder).read(Seed(0), &|_, _| ())
}

fn settings(folder: &TempDir) -> ChestxDet10 {
    let fractions = Fractions { validation: 0.0, test: 0.0 };
    ChestxDet10 { root: folder.path().display().to_string(), fractions }
}

#[test]
fn boxes_are_read_by_their_corners() {
    let studies = read(TRAIN, TEST).unwrap().studies;
    let ids: Vec<(&str, &str, Split)> =
        studies.iter().map(|study| (study.id.as_str(), study.patient.as_str(), study.split)).collect();
    let train = Split::Train;
    assert_eq!(
        ids,
        [("00000042_006.png", "42", train), ("00000057_000.png", "57", train), ("00000063_001.png", "63", Split::Test)]
    );
    let first = &studies[0];
    assert_eq!(first.labels, Some(StudyLabels::from_iter(["fibrosis", "mass"])));
    let boxes: Vec<[f32; 4]> = first.boxes.iter().map(|found| [found.x, found.y, found.width, found.height]).collect();
    assert_eq!(boxes, [[0.25, 0.5, 0.5, 0.5], [0.0, 0.0, 0.1, 0.2]]);
    let file = first.image.as_ref().unwrap().file().unwrap();
    assert!(file.ends_with("train_data/train_data/00000042_006.png"), "in a folder of the archive's own");
    assert!(studies[1].labels.as_ref().unwrap().is_empty() && studies[1].boxes.is_empty());
}

#[test]
fn boxes_without_area_are_counted_and_their_findings_kept() {
    for edges in ["[300, 0, 200, 10]", "[5, 5, 5, 9]", "[1100, 0, 1200, 10]", "[-9, -9, -1, -1]"] {
        let contents = read(TRAIN, &TEST.replace("[256, 512, 384, 640]", edges)).unwrap();
        assert_eq!(contents.skipped.count(SkipReason::EmptyBox), 1, "{edges}");
        assert!(contents.studies[2].labels.as_ref().unwrap().present.contains("nodule"));
    }
    let cut = read(TRAIN, &TEST.replace("[256, 512, 384, 640]", "[512, 512, 2000, 640]")).unwrap();
    assert!((cut.studies[2].boxes[0].width - 0.5).abs() < 1e-6);
}

#[test]
fn training_has_no_patient_of_the_test() {
    let contents = read(&TRAIN.replace("00000057_000", "00000063_000"), TEST).unwrap();
    assert_eq!((contents.studies.len(), contents.skipped.count(SkipReason::PatientOfTest)), (2, 1));
}

#[test]
fn broken_files_are_refused_with_their_name() {
    for (broken, part) in [
        (TEST.replace(r#"["Nodule"]"#, r#"["Nodule", "Mass"]"#), "2 findings and 1 boxes"),
        (TEST.replace("Nodule", "--"), "no finding"),
        (TEST.replace("00000063_001.png", "63.0"), "63.0"),
        (TEST.replace("00000063_001.png", ""), "no file name"),
        (TEST.replace("640]", "640, 1]"), "more than ChestX-Det10 has"),
        (TEST.replace("640", "\"640\""), "not what ChestX-Det10 has"),
        (TEST.replace("syms", "labels"), "not what ChestX-Det10 has"),
        (TEST.replace("640", "NaN"), "no JSON"),
        (TEST[..40].to_owned(), "too early"),
        (String::new(), "too early"),
        ("version https://git-lfs.github.com/spec/v1\n".to_owned(), "git lfs pull"),
        ("{}".to_owned(), "not what ChestX-Det10 has"),
    ] {
        let said = read(TRAIN, &broken).unwrap_err().to_string();
        assert!(said.contains(part) && said.contains("test.json") && said.contains("; "), "{broken}: {said}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("train.json"), "[]").unwrap();
    let said = settings(&folder).read(Seed(0), &|_, _| ()).unwrap_err().to_string();
    assert!(said.contains("test.json") && said.contains("ChestX-Det10"), "{said}");
}
