//! CheXpert: its files wherever they come from, its test that is distributed apart, the subset 5x200, and broken files.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use lgdea_spec::{Fractions, UncertainLabels, Views};
use tempfile::TempDir;

use super::*;
use crate::{Projection, Sex, SkipReason, Study};

const HEADER: &str = "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,\
    Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices";

/// An empty row of findings but for those named by their places.
fn findings(said: &[(usize, &str)]) -> String {
    let cell = |place| said.iter().find(|(named, _)| *named == place).map_or("", |(_, cell)| cell);
    (0..14).map(cell).collect::<Vec<_>>().join(",")
}

/// Places of findings.
const CARDIOMEGALY: usize = 2;
const EDEMA: usize = 5;
const DEVICES: usize = 13;

fn write(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A folder with a training split of some rows: path, what is said of the image, findings.
fn folder(rows: &[(&str, &str, String)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut table = format!("{HEADER}\n");
    for (path, about, findings) in rows {
        writeln!(table, "CheXpert-v1.0/train/{path},{about},{findings}").unwrap();
        write(&folder, &format!("train/{path}"), "image");
    }
    write(&folder, "train.csv", table);
    folder
}

fn settings(folder: &Path) -> Chexpert {
    Chexpert {
        root: folder.display().to_string(),
        splits: vec![ChexpertSplit::Train],
        subset: ChexpertSubset::Whole,
        subset_list: String::new(),
        masks: String::new(),
        uncertain_labels: UncertainLabels::Ignore,
        views: Views::FirstFrontal,
        fractions: Fractions { validation: 0.0, test: 0.0 },
    }
}

fn read(settings: &Chexpert) -> Result<Contents, DataError> {
    settings.read(Seed(0), &|_, _| ())
}

fn refusal(settings: &Chexpert) -> String {
    read(settings).unwrap_err().to_string()
}

fn labels(study: &Study) -> Vec<&str> {
    study.labels.as_ref().unwrap().present.iter().map(String::as_str).collect()
}

fn two_views() -> TempDir {
    folder(&[
        ("patient00001/study1/view1_lateral.jpg", "Male,41,Lateral,", findings(&[(EDEMA, "1.0")])),
        ("patient00001/study1/view2_frontal.jpg", "Male,41,Frontal,AP", findings(&[(EDEMA, "1.0")])),
        ("patient00001/study1/view3_frontal.jpg", "Male,41,Frontal,PA", findings(&[(EDEMA, "1.0")])),
        (
            "patient00002/study1/view1_frontal.jpg",
            "Female,0,Frontal,PA",
            findings(&[(EDEMA, "-1.0"), (DEVICES, "0.0")]),
        ),
    ])
}

#[test]
fn studies_have_their_views_their_person_and_their_labels() {
    let folder = two_views();
    let contents = read(&settings(folder.path())).unwrap();
    let [first, second] = contents.studies.as_slice() else { panic!("two studies") };
    assert_eq!((first.id.as_str(), first.patient.as_str()), ("patient00001/study1", "patient00001"));
    assert_eq!(
        (first.projection, first.person.sex, first.person.age),
        (Some(Projection::Ap), Some(Sex::Male), Some(41.0))
    );
    assert_eq!(labels(first), ["edema"]);
    assert!(labels(second).is_empty() && second.labels.as_ref().unwrap().uncertain.contains("edema"));
    assert_eq!(contents.skipped.count(SkipReason::LateralView), 1);
    assert_eq!(contents.skipped.count(SkipReason::AdditionalImage), 1);
    let ids = |views| -> Vec<String> {
        let settings = Chexpert { views, ..settings(folder.path()) };
        read(&settings).unwrap().studies.into_iter().map(|study| study.id).collect()
    };
    assert_eq!(ids(Views::AllFrontal).len(), 3);
    assert_eq!(
        ids(Views::WithLaterals)[..3],
        ["patient00001/study1", "patient00001/study1/view3_frontal", "patient00001/study1/view1_lateral"]
    );
}

#[test]
fn uncertain_findings_are_what_the_settings_say() {
    let folder = two_views();
    let second = |uncertain_labels| {
        read(&Chexpert { uncertain_labels, ..settings(folder.path()) }).unwrap().studies[1].labels.clone().unwrap()
    };
    assert!(second(UncertainLabels::Positive).present.contains("edema"));
    assert!(second(UncertainLabels::Negative).is_empty());
}

#[test]
fn the_images_are_found_in_each_layout_that_is_distributed() {
    let (row, findings) = ("patient00001/study1/view1_frontal.jpg", findings(&[]));
    let row_of = |prefix: &str| format!("{HEADER}\n{prefix}{row},Male,41,Frontal,AP,{findings}\n");
    for (prefix, table, image) in [
        ("CheXpert-v1.0-small/train/", "train.csv", "train/"),
        ("CheXpert-v1.0-small/train/", "CheXpert-v1.0-small/train.csv", "CheXpert-v1.0-small/train/"),
        ("CheXpert-v1.0/train/", "train.csv", "train/"),
        (
            "CheXpert-v1.0/train/",
            "CheXpert-v1.0 batch 1 (validate & csv)/train.csv",
            "CheXpert-v1.0 batch 2 (train 1)/",
        ),
        (
            "CheXpert-v1.0/train/",
            "CheXpert-v1.0 batch 1 (validate & csv)/train.csv",
            "CheXpert-v1.0 batch 4 (train 3)/train/",
        ),
        ("train/", "train.csv", "train/"),
        ("", "train.csv", "train/"),
        ("", "train.csv", ""),
        (r"CheXpert-v1.0\train/", "train.csv", "train/"),
        ("/somewhere/else/", "train.csv", "train/"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(&folder, table, row_of(prefix));
        write(&folder, &format!("{image}{row}"), "image");
        let studies = read(&settings(folder.path())).unwrap().studies;
        let file = studies[0].image.as_ref().unwrap().file().unwrap();
        assert!(file.is_file(), "{prefix} {table} {image}: {}", file.display());
    }
}

#[test]
fn the_test_is_read_from_each_file_that_has_it() {
    let short = format!("Path{}", &HEADER[HEADER.find(",No Finding").unwrap()..]);
    let row = findings(&[(CARDIOMEGALY, "1")]);
    let image = "test/patient64741/study1/view1_frontal.jpg";
    for (name, table) in [
        ("test.csv", format!("{HEADER}\nCheXpert-v1.0/{image},Male,60,Frontal,AP,{row}\n")),
        ("test_labels.csv", format!("{short}\n{image},{row}\n")),
        ("CheXpert/test_labels.csv", format!("{short}\n{image},{row}\n")),
        (
            "groundtruth.csv",
            format!("{}\nCheXpert-v1.0/test/patient64741/study1,{row}\n", short.replace("Path", "Study")),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(&folder, name, table);
        let parent = if name.starts_with("CheXpert/") { "CheXpert/" } else { "" };
        write(&folder, &format!("{parent}{image}"), "image");
        write(&folder, &format!("{parent}test/patient64741/study1/view2_lateral.jpg"), "image");
        let studies = read(&Chexpert { splits: vec![ChexpertSplit::Test], ..settings(folder.path()) }).unwrap().studies;
        assert_eq!((studies.len(), studies[0].split), (1, Split::Test), "{name}");
        assert_eq!(labels(&studies[0]), ["cardiomegaly"], "{name}");
        assert!(studies[0].image.as_ref().unwrap().file().unwrap().ends_with("view1_frontal.jpg"), "{name}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let folder = two_views();
    for (splits, part) in [
        (vec![ChexpertSplit::Train, ChexpertSplit::Valid], "valid.csv or val_labels.csv"),
        (vec![ChexpertSplit::Test], "test.csv or test_labels.csv or groundtruth.csv"),
    ] {
        let said = refusal(&Chexpert { splits, ..settings(folder.path()) });
        assert!(said.contains(part) && said.contains(folder.path().to_str().unwrap()), "{said}");
    }
}

#[test]
fn a_share_of_the_training_patients_is_held_out_on_demand() {
    let rows: Vec<(String, &str, String)> = (0..200)
        .map(|i| (format!("patient{i:05}/study1/view1_frontal.jpg"), "Male,41,Frontal,AP", findings(&[])))
        .collect();
    let rows: Vec<(&str, &str, String)> =
        rows.iter().map(|(path, about, findings)| (path.as_str(), *about, findings.clone())).collect();
    let folder = folder(&rows);
    let split = |fractions| {
        let studies = read(&Chexpert { fractions, ..settings(folder.path()) }).unwrap().studies;
        [Split::Train, Split::Validation, Split::Test]
            .map(|split| studies.iter().filter(|one| one.split == split).count())
    };
    assert_eq!(split(Fractions { validation: 0.0, test: 0.0 }), [200, 0, 0]);
    let [train, validation, test] = split(Fractions { validation: 0.2, test: 0.2 });
    assert!(train > 90 && validation > 15 && test > 15, "{train} {validation} {test}");
}

#[test]
fn the_listed_images_are_the_test_and_their_patients_leave_training() {
    let folder = two_views();
    write(
        &folder,
        "train.csv",
        fs::read_to_string(folder.path().join("train.csv")).unwrap()
            + &format!(
                "CheXpert-v1.0/train/patient00001/study2/view1_frontal.jpg,Male,42,Frontal,AP,{}\n",
                findings(&[])
            ),
    );
    let with = |list: &str| {
        write(&folder, "list.csv", list);
        let list = folder.path().join("list.csv").display().to_string();
        Chexpert { subset: ChexpertSubset::FiveTimes200, subset_list: list, ..settings(folder.path()) }
    };
    for (list, image) in [
        ("Path\nCheXpert-v1.0-small/train/patient00001/study1/view3_frontal.jpg\n", "view3_frontal.jpg"),
        (",Path,Edema\n7,CheXpert-v1.0/train/patient00001/study1/view2_frontal.jpg,1.0\n", "view2_frontal.jpg"),
        ("Path\npatient00001/study1\n", "view2_frontal.jpg"),
    ] {
        let contents = read(&with(list)).unwrap();
        let studies: Vec<(&str, Split)> = contents.studies.iter().map(|one| (one.id.as_str(), one.split)).collect();
        assert_eq!(studies, [("patient00001/study1", Split::Test), ("patient00002/study1", Split::Train)]);
        assert!(contents.studies[0].image.as_ref().unwrap().file().unwrap().ends_with(image), "{list}");
        assert_eq!(contents.skipped.count(SkipReason::PatientOfTest), 1);
    }
    for (list, part) in [
        ("Path\nCheXpert-v1.0/train/patient00009/study1/view1_frontal.jpg\n", "line 2"),
        ("Path\nCheXpert-v1.0/train/patient00001/study1/view9_frontal.jpg\n", "line 2"),
        ("Path\n12345.0\n", "12345.0"),
        ("Image\nCheXpert-v1.0/train/patient00001/study1/view2_frontal.jpg\n", "Path"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n", "git lfs pull"),
    ] {
        let said = refusal(&with(list));
        assert!(said.contains(part) && said.contains("list.csv") && said.contains("; "), "{said}");
    }
}

/// A training split with `each` images of each finding of the subset, and some that it must not take.
fn large(each: usize) -> TempDir {
    let mut rows = Vec::new();
    for finding in [8, CARDIOMEGALY, 6, EDEMA, 10] {
        for number in 0..each {
            let patient = finding * 1000 + number;
            rows.push((format!("patient{patient:05}/study1/view1_frontal.jpg"), findings(&[(finding, "1.0")])));
            let with = if number % 2 == 0 { (DEVICES, "1.0") } else { (12, "-1.0") };
            rows.push((format!("patient{patient:05}/study2/view1_frontal.jpg"), findings(&[(finding, "1.0"), with])));
        }
    }
    let rows = rows.iter().map(|(path, findings)| format!("CheXpert-v1.0/train/{path},Male,41,Frontal,AP,{findings}"));
    let table: Vec<String> = std::iter::once(HEADER.to_owned()).chain(rows).collect();
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "train.csv", table.join("\n") + "\n");
    folder
}

#[test]
fn without_a_list_two_hundred_of_each_are_drawn_by_the_seed() {
    let folder = large(203);
    let drawn = |seed| -> Contents {
        let settings = Chexpert { subset: ChexpertSubset::FiveTimes200, ..settings(folder.path()) };
        settings.read(Seed(seed), &|_, _| ()).unwrap()
    };
    let test = |contents: &Contents| -> Vec<String> {
        contents.studies.iter().filter(|study| study.split == Split::Test).map(|study| study.id.clone()).collect()
    };
    let contents = drawn(1);
    for finding in ["atelectasis", "cardiomegaly", "consolidation", "edema", "pleural_effusion"] {
        let has = |study: &&Study| study.split == Split::Test && labels(study) == [finding];
        assert_eq!(contents.studies.iter().filter(has).count(), 200, "{finding}");
    }
    assert_eq!((test(&contents).len(), contents.skipped.count(SkipReason::PatientOfTest)), (1000, 1000));
    assert_eq!(test(&contents), test(&drawn(1)));
    assert_ne!(test(&contents), test(&drawn(2)));
}

#[test]
fn too_few_images_for_a_draw_are_told() {
    let folder = large(199);
    let said = refusal(&Chexpert { subset: ChexpertSubset::FiveTimes200, ..settings(folder.path()) });
    assert!(said.contains("199 studies") && said.contains("Atelectasis") && said.contains("subset-list"), "{said}");
}

#[test]
fn masks_are_read_on_their_images() {
    let folder = two_views();
    write(&folder, "valid.csv", fs::read(folder.path().join("train.csv")).unwrap());
    write(&folder, "train.csv", format!("{HEADER}\n"));
    let with = |json: &str| {
        write(&folder, "masks/gt_segmentations_val.json", json);
        let masks = folder.path().join("masks").display().to_string();
        Chexpert { splits: vec![ChexpertSplit::Valid], masks, ..settings(folder.path()) }
    };
    let contents = read(&with(
        r#"{"patient00001_study1_view3_frontal": {"Airspace Opacity": {"size": [2, 4], "counts": "31101"},
            "Edema": {"size": [2, 4], "counts": "8"}}, "patient00009_study1_view1_frontal": {}}"#,
    ))
    .unwrap();
    let study = &contents.studies[0];
    assert!(
        study.image.as_ref().unwrap().file().unwrap().ends_with("view3_frontal.jpg"),
        "the image with masks is read"
    );
    let [found] = study.boxes.as_slice() else { panic!("one mask") };
    assert_eq!((found.finding.as_str(), found.phrase.as_str()), ("lung_opacity", "lung opacity"));
    assert_eq!(
        [found.x, found.y, found.width, found.height].map(|share| (share * 100.0).round() as i32),
        [25, 50, 50, 50]
    );
    assert!(found.mask.as_ref().unwrap().covers(0.5, 0.75));
    assert_eq!(contents.skipped.count(SkipReason::BoxWithoutImage), 1);
    for (json, part) in [
        (r#"{"patient00001_study1_view3_frontal": {"Edema": {"size": [2, 4], "counts": "3110"}}}"#, "Edema"),
        (r#"{"patient00001_study1_view3_frontal": {"Edema": {"size": [4, 4], "counts": "31101"}}}"#, "Edema"),
        (r#"{"patient00001_study1_view3_frontal": {"Edema": {"size": [2, 4], "counts": "31~01"}}}"#, "is broken"),
        (r#"{"patient00001_study1_view3_frontal": {"Edema": "31101"}}"#, "CheXlocalize"),
        (r#"{"patient00001_study1_view3_frontal": {"Edema""#, "too early"),
        ("version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    ] {
        let said = refusal(&with(json));
        assert!(said.contains(part) && said.contains("gt_segmentations_val.json") && said.contains("; "), "{said}");
    }
}

#[test]
fn broken_tables_are_refused_with_their_place() {
    let folder = two_views();
    let whole = fs::read_to_string(folder.path().join("train.csv")).unwrap();
    for (broken, part) in [
        (whole.replace("Path,", "Image,"), "Path"),
        (whole.replace("Edema,", "Oedema,"), "Edema"),
        (whole.replace("Frontal/Lateral,", "View,"), "Frontal/Lateral"),
        (whole.replace("Sex,", "Gender,"), "Sex"),
        (whole.replace("patient00001/study1/view2", "1.0/study1/view2"), "line 3"),
        (whole.replace("view3_frontal", "view2_frontal"), "line 4"),
        (whole.replace("-1.0", "maybe"), "Edema = `maybe`"),
        (whole.replace(",Male,41,Lateral,", ",Male,41,Lateral"), "line 2"),
        (whole.replace("Male", "M\u{0}le"), "train.csv"),
        (String::new(), "train.csv"),
    ] {
        write(&folder, "train.csv", &broken);
        let said = refusal(&settings(folder.path()));
        assert!(said.contains(part) && said.contains("train.csv") && said.contains("; "), "{part}: {said}");
    }
    let mut bytes = whole.into_bytes();
    bytes.push(0xe9);
    write(&folder, "train.csv", bytes);
    assert!(refusal(&settings(folder.path())).contains("train.csv"));
}

#[test]
fn numbers_that_are_no_labels_are_counted() {
    let row = findings(&[(EDEMA, "0.5"), (CARDIOMEGALY, "1")]);
    let folder = folder(&[("patient00001/study1/view1_frontal.jpg", "Unknown,200,Frontal,AP", row)]);
    let contents = read(&settings(folder.path())).unwrap();
    assert_eq!(contents.skipped.count(SkipReason::UnknownLabel), 1);
    assert_eq!(labels(&contents.studies[0]), ["cardiomegaly"]);
    assert_eq!(contents.studies[0].person, crate::Person::default());
}
