//! NIH ChestX-ray14: the official split, boxes, people, and files that are not what they should be.

use std::fs;

use lgdea_spec::Fractions;

use super::*;
use crate::{Projection, Sex, SkipReason, StudyLabels};

const ENTRIES: &str = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,\
    OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],\n\
    1_0.png,Cardiomegaly|Pleural_Thickening,0,1,058Y,M,PA,2682,2749,0.143,0.143,\n\
    1_1.png,No Finding,1,1,58,M,AP,2894,2729,0.143,0.143,\n\
    2_0.png,Infiltration,0,2,414,F,PA,2500,2048,0.171,0.171,\n";
const BOXES: &str = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n2_0.png,Infiltrate,256.0,512.0,512.0,256.0,,,\n";

/// The studies of a folder whose tables are changed: `change` has the name of a file and its text.
fn read(set: impl Fn(&mut NihCxr14), change: impl Fn(&str, &str) -> Option<String>) -> Result<Contents, DataError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("Data_Entry_2017.csv", ENTRIES),
        ("BBox_List_2017.csv", BOXES),
        ("train_val_list.txt", "1_0.png\n1_1.png\n"),
        ("test_list.txt", "2_0.png\n"),
    ] {
        if let Some(text) = change(name, text) {
            fs::write(folder.path().join(name), text).unwrap();
        }
    }
    fs::create_dir_all(folder.path().join("images_012/images")).unwrap();
    fs::write(folder.path().join("images_012/images/2_0.png"), "image").unwrap();
    let fractions = Fractions { validation: 0.0, test: 0.0 };
    let root = folder.path().display().to_string();
    let mut settings = NihCxr14 { root, split: NihSplit::Official, boxes: true, fractions };
    set(&mut settings);
    settings.read(Seed(0), &|_, _| ())
}

/// The text of one file replaced.
fn with(file: &'static str, from: &'static str, to: &'static str) -> impl Fn(&str, &str) -> Option<String> {
    move |name, text| Some(if name == file { text.replace(from, to) } else { text.to_owned() })
}

#[test]
fn images_are_studies_with_labels_people_and_views() {
    let studies = read(|_| (), with("", "", "")).unwrap().studies;
    let splits: Vec<Split> = studies.iter().map(|study| study.split).collect();
    assert_eq!(splits, [Split::Train, Split::Train, Split::Test]);
    let [first, second, third] = studies.as_slice() else { panic!("three studies") };
    assert_eq!(first.labels, Some(StudyLabels::from_iter(["cardiomegaly", "pleural_thickening"])));
    assert_eq!(second.labels, Some(StudyLabels::from_iter(["no_finding"])));
    assert_eq!(first.person, Person { sex: Some(Sex::Male), age: Some(58.0) });
    assert_eq!(third.person, Person { sex: Some(Sex::Female), age: None }, "414 years");
    assert_eq!([first.projection, second.projection], [Some(Projection::Pa), Some(Projection::Ap)]);
    assert!(third.image.as_ref().unwrap().file().unwrap().ends_with("images_012/images/2_0.png"));
}

#[test]
fn boxes_are_in_pixels_of_the_original_image() {
    let found = read(|_| (), with("", "", "")).unwrap().studies[2].boxes[0].clone();
    assert_eq!((found.finding.as_str(), found.phrase.as_str()), ("infiltration", "infiltration"));
    assert_eq!(
        [found.x, found.y, found.width, found.height].map(|share| (share * 100.0).round() as i32),
        [25, 50, 50, 25]
    );
    let elsewhere = read(|_| (), with("BBox_List_2017.csv", "2_0", "9_9")).unwrap();
    assert_eq!(elsewhere.skipped.count(SkipReason::BoxWithoutImage), 1);
    assert!(read(|settings| settings.boxes = false, with("", "", "")).unwrap().studies[2].boxes.is_empty());
}

#[test]
fn a_patient_of_both_lists_keeps_both_splits_so_that_the_error_names_them() {
    let studies = read(|_| (), with("Data_Entry_2017.csv", "0,2,414", "0,1,58")).unwrap().studies;
    assert_eq!([studies[0].split, studies[2].split], [Split::Train, Split::Test]);
    assert!(crate::split::check_patients(&studies).is_err());
}

#[test]
fn what_is_missing_or_in_no_list_is_named_with_what_to_do() {
    let without = |file: &'static str| move |name: &str, text: &str| (name != file).then(|| text.to_owned());
    let unlisted = |from, to| read(|_| (), with("test_list.txt", from, to));
    for (failed, parts) in [
        (read(|_| (), without("Data_Entry_2017.csv")), ["Data_Entry_2017.csv", "Data_Entry_2017_v2020.csv"]),
        (read(|_| (), without("test_list.txt")), ["test_list.txt", "unpacked"]),
        (read(|_| (), without("BBox_List_2017.csv")), ["BBox_List_2017.csv", "unpacked"]),
        (unlisted("2_0.png", ""), ["`2_0.png` is in none", "split = \"drawn\""]),
        (unlisted("2_0.png", "2_0.png 1_0.png"), ["`1_0.png` is in both", "line 2"]),
        (
            read(|_| (), with("Data_Entry_2017.csv", "Finding Labels", "Findings")),
            ["`Finding Labels`", "as it is distributed"],
        ),
        (
            read(|_| (), with("BBox_List_2017.csv", "256.0,512.0", "x,512.0")),
            ["BBox_List_2017.csv, line 2", "must be a number"],
        ),
    ] {
        let said = failed.unwrap_err().to_string();
        assert!(parts.iter().all(|part| said.contains(part)), "{parts:?}: {said}");
    }
    read(|settings| settings.split = NihSplit::Drawn, without("test_list.txt")).unwrap();
}
