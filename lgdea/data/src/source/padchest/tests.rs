//! PadChest: studies of several images, its layouts, and broken tables.

use std::fs;

use lgdea_spec::{Fractions, PadchestLabels, Views};
use tempfile::TempDir;

use super::*;
use crate::{Projection, Sex, Split};

const HEADER: &str = ",ImageID,ImageDir,StudyDate_DICOM,StudyID,PatientID,\
    PatientBirth,PatientSex_DICOM,Projection,Report,MethodLabel,Labels";

const STUDY: &str = "20536686640136348236148679891455886468";

/// A row: image, study, patient, projection, report, method, labels.
fn row([image, study, patient, projection, report, method, labels]: [&str; 7]) -> String {
    format!("0,{image},3,20140915,{study},{patient},1930.0,F,{projection},{report},{method},\"{labels}\"\n")
}

fn rows() -> String {
    [
        ["a.png", STUDY, "p1", "L", "derram pleural .", "Physician", "['pleural effusion', ' nodule']"],
        ["b.png", STUDY, "p1", "PA", "derram pleural .", "Physician", "['pleural effusion', ' nodule']"],
        ["c.png", "2.0", "p2", "AP_horizontal", "normal .", "RNN_model", "['normal']"],
        ["d.png", "3", "p3", "COSTAL", "", "RNN_model", "['unchanged']"],
        ["e.png", "4", "p4", "EXCLUDE", "normal .", "RNN_model", "['normal']"],
    ]
    .map(row)
    .concat()
}

fn folder(rows: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(TABLE), format!("{HEADER}\n{rows}")).unwrap();
    folder
}

fn settings(folder: &TempDir) -> Padchest {
    Padchest {
        root: folder.path().display().to_string(),
        labels: PadchestLabels::All,
        views: Views::FirstFrontal,
        fractions: Fractions { validation: 0.0, test: 0.0 },
    }
}

fn read(rows: &str) -> Result<Contents, DataError> {
    settings(&folder(rows)).read(Seed(0), &|_, _| ())
}

#[test]
fn studies_have_their_images_their_report_their_person_and_their_labels() {
    let contents = read(&rows()).unwrap();
    let [first, second, third] = contents.studies.as_slice() else { panic!("three studies") };
    assert_eq!((first.id.as_str(), first.patient.as_str(), first.split), (STUDY, "p1", Split::Train));
    assert!(first.image.as_ref().unwrap().file().unwrap().ends_with("3/b.png"));
    assert_eq!(first.report.as_ref().unwrap().text(), "derram pleural .");
    assert_eq!(first.labels, Some(crate::StudyLabels::from_iter(["pleural_effusion", "nodule"])));
    assert_eq!(
        (first.person.sex, first.person.age, first.projection),
        (Some(Sex::Female), Some(84.0), Some(Projection::Pa))
    );
    assert_eq!((second.id.as_str(), second.projection), ("2", Some(Projection::Ap)));
    assert!(third.report.is_none() && third.labels.is_none() && third.image.is_some());
    for (reason, count) in [(SkipReason::LateralView, 1), (SkipReason::OtherImage, 1), (SkipReason::EmptyReport, 1)] {
        assert_eq!(contents.skipped.count(reason), count, "{reason:?}");
    }
}

#[test]
fn labels_of_physicians_alone_are_read_on_demand() {
    let settings = Padchest { labels: PadchestLabels::Physician, ..settings(&folder("")) };
    let folder = folder(&rows());
    let settings = Padchest { root: folder.path().display().to_string(), ..settings };
    let studies = settings.read(Seed(0), &|_, _| ()).unwrap().studies;
    let labelled: Vec<bool> = studies.iter().map(|study| study.labels.is_some()).collect();
    assert_eq!(labelled, [true, false, false]);
}

#[test]
fn the_images_are_found_in_each_layout() {
    for place in ["3/b.png", "images/3/b.png", "images/b.png"] {
        let folder = folder(&rows());
        let path = folder.path().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "image").unwrap();
        let studies = settings(&folder).read(Seed(0), &|_, _| ()).unwrap().studies;
        assert_eq!(studies[0].image.as_ref().unwrap().file(), Some(path.as_path()), "{place}");
    }
}

#[test]
fn ages_are_those_at_the_time_of_the_image() {
    for (birth, date, years) in
        [("1930.0", "20140915", Some(84)), ("1930", "2014-09-15", Some(84)), ("2014", "20140915", Some(0))]
    {
        assert_eq!(age(birth, date), years, "{birth} {date}");
    }
    for (birth, date) in [("", "20140915"), ("1930", ""), ("1930", "sept"), ("nan", "20140915"), ("1930", "äöü")] {
        assert_eq!(age(birth, date), None, "{birth} {date}");
    }
}

#[test]
fn identifiers_that_were_made_numbers_are_given_back_or_refused() {
    for (cell, expected) in [("12.0", "12"), ("0", "0"), (STUDY, STUDY), ("54.0", "54"), ("3e5f", "3e5f"), ("", "")] {
        assert_eq!(id(cell).unwrap(), expected);
    }
    for cell in ["2.05366866401363e+37", "2.05E+37", "1.5e10"] {
        assert!(id(cell).unwrap_err().contains("; "), "{cell}");
    }
}

#[test]
fn rows_without_identifiers_and_images_listed_twice_are_counted() {
    let lacking =
        row(["f.png", "", "p5", "PA", "x", "RNN_model", "[]"]) + &row(["", "6", "p6", "PA", "x", "RNN_model", "[]"]);
    let contents = read(&(rows() + &lacking)).unwrap();
    assert_eq!((contents.skipped.count(SkipReason::RowWithoutStudy), contents.studies.len()), (2, 3));
    let twice = read(&(rows() + &row(["b.png", STUDY, "p1", "PA", "x", "Physician", "[]"]))).unwrap();
    assert_eq!(twice.skipped.count(SkipReason::AdditionalImage), 1);
}

#[test]
fn broken_tables_are_refused_with_their_place_and_without_their_text() {
    for (broken, part) in [
        (rows().replace("2.0,p2", "2.05366866401363e+37,p2"), "line 4"),
        (rows().replace(",p2,", ",8.4e+35,"), "PatientID"),
        (rows().replace("b.png", "../b.png"), "line 3"),
        (rows().replacen("p1", "p7", 1), "two patients"),
        (rows().replace("derram pleural .", "derram, pleural"), "line 2"),
    ] {
        let said = read(&broken).unwrap_err().to_string();
        assert!(said.contains(part) && said.contains("PADCHEST") && said.contains("; "), "{part}: {said}");
        assert!(!said.contains("derram"), "{said}");
    }
    for column in ["ImageID", "ImageDir", "StudyID", "PatientID", "Projection", "Report", "MethodLabel", "Labels"] {
        let folder = folder(&rows());
        let path = folder.path().join(TABLE);
        fs::write(&path, fs::read_to_string(&path).unwrap().replace(&format!(",{column}"), ",Other")).unwrap();
        let said = settings(&folder).read(Seed(0), &|_, _| ()).unwrap_err().to_string();
        assert!(said.contains(&format!("no column `{column}`")) && said.contains("PadChest"), "{said}");
    }
    let empty = tempfile::tempdir().unwrap();
    let said = settings(&empty).read(Seed(0), &|_, _| ()).unwrap_err().to_string();
    assert!(said.contains(TABLE), "{said}");
}

#[test]
fn the_table_is_read_packed_as_it_is_distributed() {
    let folder = folder("");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, format!("{HEADER}\n{}", rows()).as_bytes()).unwrap();
    let bytes = packed.finish().unwrap();
    fs::remove_file(folder.path().join(TABLE)).unwrap();
    fs::write(folder.path().join(format!("{TABLE}.gz")), &bytes).unwrap();
    assert_eq!(settings(&folder).read(Seed(0), &|_, _| ()).unwrap().studies.len(), 3);
    fs::write(folder.path().join(format!("{TABLE}.gz")), &bytes[..bytes.len() / 2]).unwrap();
    let said = settings(&folder).read(Seed(0), &|_, _| ()).unwrap_err().to_string();
    assert!(said.contains("PADCHEST") && said.contains("; "), "{said}");
}
