//! CXR-LT: the tables of both years, findings that a table does not tell of, and rows that make no sense.

use std::fs;
use std::path::Path;

use lgdea_spec::{CxrLtChallenge, Views};

use super::*;
use crate::{Split, Study};

const HEADER: &str = "dicom_id,subject_id,study_id,ViewPosition,ViewCodeSequence_CodeMeaning,fpath";
const TRAIN: &str = "files/p10/p10/s50/a.jpg,1,0,0\nb,10,50,LATERAL,lateral,files/p10/p10/s50/b.jpg,1,0,0\n\
    c,10,51,,postero-anterior,files/p10/p10/s51/c.jpg,0,1,0\n";

/// A folder of tables; the first row of each follows the header.
fn folder(tables: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in tables {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn of_2023() -> Vec<(&'static str, String)> {
    let header = HEADER.replace("fpath", "path");
    let table = |rows: &str| format!("{header},Edema,No Finding,Calcification of the Aorta\n{rows}");
    vec![
        ("train.csv", table(&format!("a,10,50,AP,antero-posterior,{TRAIN}"))),
        ("development.csv", table("d,11,60,PA,,files/d.jpg,0,0,1\n")),
        ("test.csv", table("e,12,70,PA,,files/e.jpg,0,1,0\n")),
    ]
}

fn read(folder: &Path, challenge: CxrLtChallenge, views: Views) -> Result<Contents, String> {
    let root = folder.display().to_string();
    let settings = CxrLt { tables: root.clone(), root, challenge, views };
    settings.read(Seed(0), &|_, _| ()).map_err(|error| error.to_string())
}

fn told(study: &Study) -> (&str, Split, String) {
    let labels = study.labels.clone().unwrap();
    let words = labels.present.iter().cloned().chain(labels.uncertain.iter().map(|finding| format!("?{finding}")));
    (&study.id, study.split, words.collect::<Vec<_>>().join(" "))
}

fn all_told(read: &Contents) -> Vec<(&str, Split, String)> {
    read.studies.iter().map(told).collect()
}

#[test]
fn a_study_has_its_labels_its_split_and_its_frontal_image() {
    let read = read(folder(&of_2023()).path(), CxrLtChallenge::Of2023, Views::FirstFrontal).unwrap();
    let expected = [
        ("50", Split::Train, "edema"),
        ("51", Split::Train, "no_finding"),
        ("60", Split::Validation, "calcification_of_the_aorta"),
        ("70", Split::Test, "no_finding"),
    ];
    assert_eq!(all_told(&read), expected.map(|(id, split, labels)| (id, split, labels.to_owned())));
    assert_eq!(read.skipped.count(crate::SkipReason::LateralView), 1);
    let projections: Vec<_> = read.studies.iter().map(|study| study.projection.map(|view| view.to_string())).collect();
    assert_eq!(projections, [Some("AP"), Some("PA"), Some("PA"), Some("PA")].map(|view| view.map(str::to_owned)));
    let file = read.studies[0].image.as_ref().unwrap().file().unwrap();
    assert_eq!(file, read.root.join("files/p10/p10/s50/a.jpg"));
}

#[test]
fn lateral_images_are_studies_with_the_labels_of_theirs() {
    let read = read(folder(&of_2023()).path(), CxrLtChallenge::Of2023, Views::WithLaterals).unwrap();
    let ids: Vec<&str> = read.studies.iter().map(|study| study.id.as_str()).collect();
    assert_eq!(ids, ["50", "50/b", "51", "60", "70"]);
    assert_eq!(read.studies[0].labels, read.studies[1].labels);
}

#[test]
fn what_a_table_has_no_column_for_is_not_known_of_its_studies() {
    let tables = |task: &str, test: &str, label: &str| {
        folder(&[
            ("train_labeled.csv", format!("{HEADER},Edema,Normal,Round(ed) Atelectasis\na,10,50,AP,,a.jpg,1,0,1\n")),
            (&format!("development_labeled_{task}.csv"), format!("{HEADER},{test}\nd,11,60,PA,,d.jpg,{label}\n")),
            (&format!("test_labeled_{task}.csv"), format!("{HEADER},{test}\ne,12,70,PA,,e.jpg,{label}\n")),
        ])
    };
    let task1 = read(
        tables("task1", "Edema,Normal,Round(ed) Atelectasis", "0,1,0").path(),
        CxrLtChallenge::Task1,
        Views::FirstFrontal,
    )
    .unwrap();
    assert_eq!(all_told(&task1)[0], ("50", Split::Train, "edema rounded_atelectasis".to_owned()));
    assert_eq!(all_told(&task1)[2], ("70", Split::Test, "no_finding".to_owned()));
    let task2 =
        read(tables("task2", "Normal,Edema", "1,0").path(), CxrLtChallenge::Task2, Views::FirstFrontal).unwrap();
    assert_eq!(all_told(&task2)[2], ("70", Split::Test, "no_finding ?rounded_atelectasis".to_owned()));
    let task3 = read(tables("task3", "Bulla", "1").path(), CxrLtChallenge::Task3, Views::FirstFrontal).unwrap();
    assert_eq!(all_told(&task3)[0], ("50", Split::Train, "edema rounded_atelectasis ?bulla".to_owned()));
    assert_eq!(all_told(&task3)[2], ("70", Split::Test, "bulla ?edema ?no_finding ?rounded_atelectasis".to_owned()));
}

#[test]
fn one_table_may_hold_all_splits() {
    let rows = "a,10,50,AP,,a.jpg,train,1\nb,11,51,AP,,b.jpg,development,0\nc,12,52,AP,,c.jpg,test,\nd,13,53,AP,,d.jpg,validate,0.5\n";
    let folder = folder(&[("labels.csv", format!("{HEADER},split,Edema\n{rows}"))]);
    let read = read(folder.path(), CxrLtChallenge::Of2024, Views::FirstFrontal).unwrap();
    let expected = [
        ("50", Split::Train, "edema"),
        ("51", Split::Validation, ""),
        ("52", Split::Test, "?edema"),
        ("53", Split::Validation, "?edema"),
    ];
    assert_eq!(all_told(&read), expected.map(|(id, split, labels)| (id, split, labels.to_owned())));
    assert_eq!(read.skipped.count(crate::SkipReason::UnknownLabel), 1);
}

#[test]
fn numbers_may_be_written_as_pandas_writes_them() {
    let mut tables = of_2023();
    tables[1].1 = tables[1].1.replace("d,11,60", "d,11.0,60.0").replace("0,0,1", "0.0,0.0,1.0");
    let read = read(folder(&tables).path(), CxrLtChallenge::Of2023, Views::FirstFrontal).unwrap();
    assert_eq!(all_told(&read)[2], ("60", Split::Validation, "calcification_of_the_aorta".to_owned()));
    assert_eq!(read.studies[2].patient, "11");
}

#[test]
fn what_makes_no_sense_is_an_error_with_its_line() {
    for (old, new, part) in [
        (
            "d,11,60,PA,,files/d.jpg,0,0,1",
            "d,11,60,PA,,files/d.jpg,0,0,seen",
            "line 2: Calcification of the Aorta = `seen`",
        ),
        ("d,11,60,PA,,files/d.jpg,0,0,1", "d,11,60,PA,,,0,0,1", "line 2: no path of the image"),
        ("d,11,60,PA", ",11,60,PA", "line 2: no `dicom_id`"),
        ("d,11,60,PA", "d,,60,PA", "line 2: no `subject_id`"),
        ("d,11,60,PA", "d,11,,PA", "line 2: no `study_id`"),
        ("d,11,60,PA", "d,11,50,PA", "line 2: study `50` has another patient or split"),
        ("d,11,60,PA", "d,10,50,PA", "line 2: study `50` has another patient or split"),
        ("path", "file", "no column `fpath`"),
        ("study_id", "study", "no column `study_id`"),
    ] {
        let mut tables = of_2023();
        tables[1].1 = tables[1].1.replace(old, new);
        let error = read(folder(&tables).path(), CxrLtChallenge::Of2023, Views::FirstFrontal).unwrap_err();
        assert!(error.contains(part) && error.contains("development.csv") && error.contains("; "), "{error}");
    }
    let folder = folder(&[("labels.csv", format!("{HEADER},split,Edema\na,10,50,AP,,a.jpg,held out,1\n"))]);
    let error = read(folder.path(), CxrLtChallenge::Of2024, Views::FirstFrontal).unwrap_err();
    assert!(error.contains("line 2: split = `a text of 8 characters`"), "{error}");
}

#[test]
fn a_table_without_labels_or_one_that_is_not_there_is_named() {
    let mut tables = of_2023();
    tables[2].1 = format!("{HEADER}\ne,12,70,PA,,files/e.jpg\n");
    let error = read(folder(&tables).path(), CxrLtChallenge::Of2023, Views::FirstFrontal).unwrap_err();
    assert!(error.contains("test.csv, line 1: no column of a finding"), "{error}");
    tables.pop();
    let error = read(folder(&tables).path(), CxrLtChallenge::Of2023, Views::FirstFrontal).unwrap_err();
    assert!(error.contains("no test.csv, which CXR-LT has; "), "{error}");
}
