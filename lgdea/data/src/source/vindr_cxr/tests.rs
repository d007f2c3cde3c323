//! VinDr-CXR: readers who do not agree, both releases, and images that were made smaller.

use std::fs;
use std::path::Path;

use image::GrayImage;
use lgdea_spec::VindrReaders;

use super::*;
use crate::headers::tests::radiograph;
use crate::{Projection, SkipReason, Study};

const TRAIN_LABELS: &str = "image_id,rad_id,Cardiomegaly,Nodule/Mass,ILD,Other diseases,No finding\n\
    a,R1,1,0,0,0,0\na,R2,1,1,0,0,0\na,R3,0,0,0,0,1\n\
    b,R1,0,0,0,0,1\nb,R2,0,0,0,0,1\nb,R3,0,0,1,0,0\n\
    c,R1,1,0,0,0,0\nc,R2,0,1,0,0,0\nc,R3,0,0,1,0,0\n";
const TRAIN_BOXES: &str = "image_id,rad_id,class_name,x_min,y_min,x_max,y_max\n\
    a,R1,Cardiomegaly,10,20,60,40\na,R2,Cardiomegaly,20,20,70,40\na,R2,Nodule/Mass,0,0,10,10\na,R3,No finding,,,,\n\
    b,R3,ILD,0,0,50,50\n";
const TEST_LABELS: &str = "image_id,Cardiomegaly,Nodule/Mass,ILD,Other disease,No finding\nd,0,1,0,1,0\n";
const TEST_BOXES: &str = "image_id,class_name,x_min,y_min,x_max,y_max\nd,Nodule/Mass,50,25,100,50\n";
const KAGGLE: &str = "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max\n\
    a,Cardiomegaly,3,R1,10,20,60,40\na,Cardiomegaly,3,R2,20,20,70,40\na,Nodule/Mass,8,R2,0,0,10,10\na,No finding,14,R3,,,,\n\
    b,No finding,14,R1,,,,\nb,No finding,14,R2,,,,\nb,ILD,5,R3,0,0,50,50\n\
    c,Cardiomegaly,3,R1,1,1,2,2\nc,Nodule/Mass,8,R2,1,1,2,2\nc,ILD,5,R3,1,1,2,2\n";

/// A folder of both releases with images of 100 × 50 pixels.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("annotations/image_labels_train.csv", TRAIN_LABELS),
        ("annotations/annotations_train.csv", TRAIN_BOXES),
        ("annotations/image_labels_test.csv", TEST_LABELS),
        ("annotations/annotations_test.csv", TEST_BOXES),
        ("train.csv", KAGGLE),
    ] {
        write(folder.path(), name, content);
    }
    for name in ["train/a.png", "train/b.png", "train/c.png", "test/d.png"] {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        GrayImage::new(100, 50).save(folder.path().join(name)).unwrap();
    }
    folder
}

fn write(folder: &Path, name: &str, content: &str) {
    fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
    fs::write(folder.join(name), content).unwrap();
}

fn read(folder: &Path, release: VindrRelease, readers: VindrReaders) -> Result<Contents, String> {
    let fractions = Fractions { validation: 0.1, test: 0.2 };
    let settings = VindrCxr { root: folder.display().to_string(), release, readers, fractions };
    settings.read(Seed(0), &|_, _| ()).map_err(|error| error.to_string())
}

fn labels(study: &Study) -> String {
    Vec::from_iter(study.labels.clone().unwrap().present).join(" ")
}

fn all_labels(read: &Contents) -> Vec<String> {
    read.studies.iter().map(labels).collect()
}

/// Boxes as finding, left, upper, width and height in hundredths.
fn boxes(study: &Study) -> Vec<(&str, [i32; 4])> {
    let edges = |found: &crate::FindingBox| {
        [found.x, found.y, found.width, found.height].map(|share| (share * 100.0).round() as i32)
    };
    study.boxes.iter().map(|found| (found.finding.as_str(), edges(found))).collect()
}

#[test]
fn a_finding_counts_where_most_readers_saw_it_and_its_boxes_with_it() {
    for release in [VindrRelease::Physionet, VindrRelease::Kaggle] {
        let read = read(folder().path(), release, VindrReaders::Majority).unwrap();
        assert_eq!(all_labels(&read)[..3], ["cardiomegaly", "no_finding", ""], "{release:?}");
        let expected = [("cardiomegaly", [10, 40, 50, 40]), ("cardiomegaly", [20, 40, 50, 40])];
        assert_eq!(boxes(&read.studies[0]), expected, "{release:?}");
        assert!(read.studies[1].boxes.is_empty() && read.studies[2].boxes.is_empty());
        // The mass in `a` and the lung disease in `b`; Kaggle's table has boxes in `c`, too.
        let outvoted = if release == VindrRelease::Kaggle { 5 } else { 2 };
        assert_eq!(read.skipped.count(SkipReason::OutvotedBox), outvoted, "{release:?}");
    }
}

#[test]
fn a_finding_counts_where_any_reader_saw_it() {
    for release in [VindrRelease::Physionet, VindrRelease::Kaggle] {
        let read = read(folder().path(), release, VindrReaders::Any).unwrap();
        let expected = [
            "cardiomegaly nodule_mass",
            "interstitial_lung_disease",
            "cardiomegaly interstitial_lung_disease nodule_mass",
        ];
        assert_eq!(all_labels(&read)[..3], expected, "{release:?}");
        assert_eq!((read.studies[0].boxes.len(), read.studies[1].boxes.len()), (3, 1));
        assert!(read.skipped.is_empty(), "{}", read.skipped);
    }
}

#[test]
fn the_test_is_its_consensus_and_calls_its_findings_as_the_training_does() {
    for release in [VindrRelease::Physionet, VindrRelease::PhysionetTest] {
        let read = read(folder().path(), release, VindrReaders::Majority).unwrap();
        let study = read.studies.last().unwrap();
        assert_eq!((study.split, labels(study).as_str()), (Split::Test, "nodule_mass other_diseases"));
        assert_eq!(boxes(study), [("nodule_mass", [50, 50, 50, 50])]);
        assert_eq!(read.studies.len(), if release == VindrRelease::PhysionetTest { 1 } else { 4 });
    }
}

#[test]
fn a_reader_who_tells_twice_counts_once() {
    let folder = folder();
    write(
        folder.path(),
        "train.csv",
        &KAGGLE.replace("a,No finding,14,R3", "a,Nodule/Mass,8,R2,1,1,9,9\na,No finding,14,R3"),
    );
    let read = read(folder.path(), VindrRelease::Kaggle, VindrReaders::Majority).unwrap();
    assert_eq!(labels(&read.studies[0]), "cardiomegaly");
}

#[test]
fn half_of_the_readers_are_no_majority() {
    let folder = folder();
    let rows = "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max\n\
        a,Cardiomegaly,3,R1,10,20,60,40\na,No finding,14,R2,,,,\n";
    write(folder.path(), "train.csv", rows);
    let read = read(folder.path(), VindrRelease::Kaggle, VindrReaders::Majority).unwrap();
    assert_eq!(all_labels(&read), [""]);
}

#[test]
fn boxes_on_smaller_images_need_the_sizes_of_the_original_ones() {
    let smaller = folder();
    write(smaller.path(), "train.csv", &KAGGLE.replace("10,20,60,40", "1000,2000,2000,4000"));
    let error = read(smaller.path(), VindrRelease::Kaggle, VindrReaders::Majority).unwrap_err();
    assert!(
        error.contains("line 2: the box leaves its image of 100 × 50 pixels") && error.contains("train_meta.csv"),
        "{error}"
    );
    write(smaller.path(), "train_meta.csv", "image_id,dim0,dim1\na,5000,4000\nb,5000,4000\n");
    let from_meta = read(smaller.path(), VindrRelease::Kaggle, VindrReaders::Majority).unwrap();
    assert_eq!(boxes(&from_meta.studies[0])[0], ("cardiomegaly", [25, 40, 25, 40]));
    let wide =
        KAGGLE.replace("y_max\n", "y_max,width,height\n").replace("10,20,60,40", "1000,2000,2000,4000,4000,5000");
    let sized = |line: &str| {
        let is_full = line.matches(',').count() == 9;
        if is_full { line.to_owned() } else { format!("{line},4000,5000") }
    };
    write(smaller.path(), "train.csv", &wide.lines().map(|line| sized(line) + "\n").collect::<String>());
    fs::remove_file(smaller.path().join("train_meta.csv")).unwrap();
    let from_columns = read(smaller.path(), VindrRelease::Kaggle, VindrReaders::Majority).unwrap();
    assert_eq!(boxes(&from_columns.studies[0])[0], ("cardiomegaly", [25, 40, 25, 40]));
}

#[test]
fn a_box_a_little_over_the_edge_is_cut() {
    let folder = folder();
    write(folder.path(), "train.csv", &KAGGLE.replace("10,20,60,40", "50,25,101,50.5"));
    let read = read(folder.path(), VindrRelease::Kaggle, VindrReaders::Majority).unwrap();
    assert_eq!(boxes(&read.studies[0])[0], ("cardiomegaly", [50, 50, 50, 50]));
}

#[test]
fn boxes_that_cannot_be_used_are_counted() {
    let folder = folder();
    fs::remove_file(folder.path().join("train/b.png")).unwrap();
    let rows = "a,Cardiomegaly,3,R1,60,20,10,40\na,Cardiomegaly,3,R1,,,,\n";
    write(folder.path(), "train.csv", &format!("{KAGGLE}{rows}"));
    let read = read(folder.path(), VindrRelease::Kaggle, VindrReaders::Any).unwrap();
    for reason in [SkipReason::EmptyBox, SkipReason::RowWithoutBox, SkipReason::BoxWithoutImage] {
        assert_eq!(read.skipped.count(reason), 1, "{reason:?}");
    }
    let other = self::folder();
    write(other.path(), "annotations/annotations_test.csv", &format!("{TEST_BOXES}e,ILD,0,0,1,1\n"));
    let read = self::read(other.path(), VindrRelease::PhysionetTest, VindrReaders::Any).unwrap();
    assert_eq!(read.skipped.count(SkipReason::BoxWithoutImage), 1);
}

#[test]
fn what_makes_no_sense_is_an_error_with_its_line() {
    for (file, content, part) in [
        ("image_labels_train.csv", TRAIN_LABELS.replace("rad_id", "reader"), "no column `rad_id`"),
        ("image_labels_train.csv", TRAIN_LABELS.replace("a,R1", ",R1"), "line 2: no `image_id`"),
        ("image_labels_train.csv", TRAIN_LABELS.replace("a,R1", "a,"), "line 2: no `rad_id`"),
        ("image_labels_train.csv", TRAIN_LABELS.replace("a,R1,1", "a,R1,2"), "line 2: Cardiomegaly = `2`"),
        ("image_labels_train.csv", TRAIN_LABELS.replace("a,R1,1", "a,R1,-1"), "line 2: Cardiomegaly = `-1`"),
        ("image_labels_train.csv", TRAIN_LABELS.replace("a,R1,1", "a,R1,seen"), "line 2: Cardiomegaly = `seen`"),
        ("image_labels_test.csv", TEST_LABELS.replace("image_id", "id"), "no column `image_id`"),
        ("annotations_train.csv", TRAIN_BOXES.replace("60,40", "60,low"), "line 2: y_max = `low`"),
        ("annotations_train.csv", TRAIN_BOXES.replace("10,20,60,40", ",20,60,40"), "line 2: x_min = ``"),
        ("annotations_test.csv", TEST_BOXES.replace("x_max", "x_end"), "no column `x_max`"),
    ] {
        let folder = folder();
        write(folder.path(), &format!("annotations/{file}"), &content);
        let error = read(folder.path(), VindrRelease::Physionet, VindrReaders::Majority).unwrap_err();
        assert!(error.contains(part) && error.contains(file) && error.contains("; "), "{error}");
    }
    for (content, part) in [
        (KAGGLE.replace("a,Cardiomegaly,3,R1", "a,Cardiomegaly,3,"), "line 2: no `rad_id`"),
        (KAGGLE.replace("a,Cardiomegaly,3,R1", "a,,3,R1"), "line 2: no `class_name`"),
        (KAGGLE.replace("a,Cardiomegaly,3,R1", ",Cardiomegaly,3,R1"), "line 2: no `image_id`"),
    ] {
        let folder = folder();
        write(folder.path(), "train.csv", &content);
        let error = read(folder.path(), VindrRelease::Kaggle, VindrReaders::Majority).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn files_that_the_release_has_and_the_folder_lacks_are_named() {
    for (file, release) in [
        ("annotations/image_labels_train.csv", VindrRelease::Physionet),
        ("annotations/annotations_train.csv", VindrRelease::Physionet),
        ("annotations/image_labels_test.csv", VindrRelease::PhysionetTest),
        ("train.csv", VindrRelease::Kaggle),
    ] {
        let folder = folder();
        fs::remove_file(folder.path().join(file)).unwrap();
        let error = read(folder.path(), release, VindrReaders::Majority).unwrap_err();
        assert!(error.contains(file), "{error}");
    }
}

#[test]
fn tables_may_lie_beside_the_images_and_hold_the_index_of_pandas() {
    let folder = folder();
    fs::rename(folder.path().join("annotations/annotations_test.csv"), folder.path().join("annotations_test.csv"))
        .unwrap();
    let indexed =
        TEST_LABELS.replace("image_id", ",image_id").replace("\nd,", "\n0,d,").replace("0,1,0,1,0", "0.0,1.0,,True,0");
    write(folder.path(), "annotations/image_labels_test.csv", &indexed);
    let read = read(folder.path(), VindrRelease::PhysionetTest, VindrReaders::Majority).unwrap();
    assert_eq!(all_labels(&read), ["nodule_mass other_diseases"]);
    assert_eq!(read.studies[0].boxes.len(), 1);
}

#[test]
fn headers_tell_people_and_no_patient_of_the_test_is_trained_on() {
    let folder = folder();
    for (name, told) in [
        ("train/a", ["p1", "F", "058Y", ""]),
        ("train/b", ["p2", "M", "", "LL"]),
        ("train/c", ["p3", "", "000Y", ""]),
        ("test/d", ["p2", "M", "", ""]),
    ] {
        fs::remove_file(folder.path().join(format!("{name}.png"))).unwrap();
        fs::write(folder.path().join(format!("{name}.dicom")), radiograph(told)).unwrap();
    }
    write(folder.path(), "train_meta.csv", "image_id,dim0,dim1\na,50,100\nb,50,100\nc,50,100\n");
    write(folder.path(), "test_meta.csv", "image_id,dim0,dim1\nd,50,100\n");
    let read = read(folder.path(), VindrRelease::Physionet, VindrReaders::Majority).unwrap();
    let told: Vec<_> = read.studies.iter().map(|study| (study.id.as_str(), study.patient.as_str())).collect();
    assert_eq!(told, [("a", "p1"), ("c", "p3"), ("d", "p2")]);
    assert_eq!(read.skipped.count(SkipReason::PatientOfTest), 1);
    assert_eq!((read.studies[0].person.age, read.studies[1].person.age), (Some(58.0), None));
    assert!(read.studies.iter().all(|study| study.projection == Some(Projection::Pa)), "as the set says");
}
