//! RSNA's pneumonia challenge: what its two tables say together, and tables that make no sense.

use std::fs;
use std::path::Path;

use lgdea_spec::Fractions;

use super::*;
use crate::headers::tests::radiograph;
use crate::{Picture, Projection, Sex, SkipReason, Study};

const LABELS: &str = "patientId,x,y,width,height,Target\na,,,,,0\nb,,,,,0\nc,256,512,128,256,1\nc,512,0,512,512,1\n";
const CLASSES: &str = "patientId,class\na,Normal\nb,No Lung Opacity / Not Normal\nc,Lung Opacity\nc,Lung Opacity\n";

fn read(labels: &str, classes: &str, prepare: impl Fn(&Path)) -> Result<Contents, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("stage_2_train_labels.csv"), labels).unwrap();
    fs::write(folder.path().join("stage_2_detailed_class_info.csv"), classes).unwrap();
    fs::create_dir(folder.path().join("stage_2_train_images")).unwrap();
    prepare(folder.path());
    let settings = RsnaPneumonia {
        root: folder.path().display().to_string(),
        images: "stage_2_train_images".to_owned(),
        fractions: Fractions { validation: 0.15, test: 0.15 },
    };
    settings.read(Seed(0), &|_, _| ()).map_err(|error| error.to_string())
}

fn labels(study: &Study) -> Vec<&str> {
    study.labels.as_ref().unwrap().present.iter().map(String::as_str).collect()
}

#[test]
fn rows_of_an_image_are_its_boxes_and_the_class_tells_normal_from_other_images() {
    let read = read(LABELS, CLASSES, |_| ()).unwrap();
    assert!(read.skipped.is_empty(), "{}", read.skipped);
    let [a, b, c] = &read.studies[..] else { panic!("{:?}", read.studies) };
    assert_eq!((labels(a), labels(b), labels(c)), (vec![NO_FINDING], vec![], vec![PNEUMONIA]));
    assert!(a.boxes.is_empty() && b.boxes.is_empty());
    let edges: Vec<[f32; 4]> = c.boxes.iter().map(|found| [found.x, found.y, found.width, found.height]).collect();
    assert_eq!(edges, [[0.25, 0.5, 0.125, 0.25], [0.5, 0.0, 0.5, 0.5]]);
    assert!(c.boxes.iter().all(|found| found.finding == PNEUMONIA && found.phrase == PNEUMONIA));
}

#[test]
fn images_are_found_as_kaggle_has_them_and_as_people_convert_them() {
    for name in ["a.dcm", "a.png", "a.jpg", "a.jpeg", "deeper/a.dcm"] {
        let made = |root: &Path| {
            let path = root.join("stage_2_train_images").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        };
        let read = read(LABELS, CLASSES, made).unwrap();
        let found = Picture::file_at(read.root.join("stage_2_train_images").join(name));
        assert_eq!(read.studies[0].image, Some(found), "{name}");
    }
}

#[test]
fn numbers_may_be_written_as_pandas_writes_them() {
    let labels = LABELS.replace(",0\n", ",0.0\n").replace(",1\n", ",1.0\n").replace(",,,,", ",nan,nan,nan,nan");
    assert_eq!(read(&labels, CLASSES, |_| ()).unwrap().studies[2].boxes.len(), 2);
}

#[test]
fn a_box_outside_of_its_image_is_counted() {
    let read = read(&LABELS.replace("512,0,512,512", "1024,0,512,512"), CLASSES, |_| ()).unwrap();
    assert_eq!((read.studies[2].boxes.len(), read.skipped.count(SkipReason::EmptyBox)), (1, 1));
}

#[test]
fn what_makes_no_sense_is_an_error_with_its_line() {
    for (labels, classes, part) in [
        (LABELS.replace("b,,,,,0", "b,,,,,2"), CLASSES.to_owned(), "line 3: Target = `2`"),
        (LABELS.replace("b,,,,,0", "b,,,,,"), CLASSES.to_owned(), "line 3: Target = ``"),
        (LABELS.replace("b,,,,,0", "b,,,,,-1"), CLASSES.to_owned(), "line 3: Target = `-1`"),
        (LABELS.replace("b,,,,,0", ",,,,,0"), CLASSES.to_owned(), "line 3: no `patientId`"),
        (LABELS.replace("b,,,,,0", "d,,,,,0"), CLASSES.to_owned(), "line 3: image `d` has no class"),
        (LABELS.replace("a,,,,,0", "a,1,1,1,1,1"), CLASSES.to_owned(), "line 2: Target says something else"),
        (LABELS.replace("c,512,0,512,512,1", "c,,,,,0"), CLASSES.to_owned(), "line 5: Target says something else"),
        (LABELS.replace("256,512,128,256", ",,,"), CLASSES.to_owned(), "line 4: x = ``"),
        (LABELS.replace("256,512,128,256", "256,512,wide,256"), CLASSES.to_owned(), "line 4: width = `wide`"),
        (LABELS.replace("Target", "target"), CLASSES.to_owned(), "did you mean `target`"),
        (LABELS.to_owned(), CLASSES.replace("a,Normal", "a,normal?"), "line 2: class `normal?`"),
        (LABELS.to_owned(), format!("{CLASSES}a,Lung Opacity\n"), "line 6: image `a` has two classes"),
        (LABELS.to_owned(), CLASSES.replace("patientId", "id"), "no column `patientId`"),
    ] {
        let error = read(&labels, &classes, |_| ()).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = read(LABELS, CLASSES, |root| fs::remove_dir(root.join("stage_2_train_images")).unwrap()).unwrap_err();
    assert!(error.contains("folder stage_2_train_images"), "{error}");
}

#[test]
fn sex_age_and_view_are_those_of_the_headers() {
    let made = |root: &Path| {
        let write = |id: &str, told| {
            let path = root.join("stage_2_train_images").join(format!("{id}.dcm"));
            fs::write(path, radiograph(told)).unwrap();
        };
        write("a", ["a", "F", "51", "PA"]);
        write("b", ["b", "M", "148", "AP"]);
        fs::write(root.join("stage_2_train_images/c.dcm"), "broken").unwrap();
    };
    let read = read(LABELS, CLASSES, made).unwrap();
    let told: Vec<_> =
        read.studies.iter().map(|study| (study.person.sex, study.person.age, study.projection)).collect();
    assert_eq!(
        told,
        [
            (Some(Sex::Female), Some(51.0), Some(Projection::Pa)),
            (Some(Sex::Male), None, Some(Projection::Ap)),
            (None, None, None)
        ]
    );
    assert!(read.studies.iter().all(|study| study.patient == study.id));
    assert_eq!((read.studies[2].boxes.len(), read.skipped.count(SkipReason::UnreadHeader)), (2, 1));
}
