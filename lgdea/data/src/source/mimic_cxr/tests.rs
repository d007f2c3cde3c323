//! MIMIC-CXR as its files are, and as they should not be.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use lgdea_spec::{MimicImages, MimicLabels, MimicSection, UncertainLabels, Views};
use tempfile::TempDir;

use super::*;
use crate::{FindingBox, Projection, Report, Sex, Study, StudyLabels};

const METADATA: &str = "mimic-cxr-2.0.0-metadata.csv";
const SPLIT: &str = "mimic-cxr-2.0.0-split.csv";
const LABELS: &str = "mimic-cxr-2.0.0-chexpert.csv";
const SECTIONED: &str = "mimic_cxr_sectioned.csv";
const BOXES: &str = "MS_CXR_Local_Alignment_v1.1.0.csv";
/// Images of the example.
const FIRST: &str = "0a1b0001-00000000-00000000-00000000-00000001";
const LATERAL: &str = "0a1b0001-00000000-00000000-00000000-00000002";
const THIRD: &str = "0a1b0003-00000000-00000000-00000000-00000001";

/// The example in a folder of its own, with the settings that read it.
struct Made {
    folder: TempDir,
    settings: MimicCxr,
}

fn made() -> Made {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/source/mimic_cxr/example"), folder.path());
    let settings = MimicCxr {
        root: folder.path().display().to_string(),
        images: MimicImages::Jpg,
        tables: String::new(),
        reports: String::new(),
        sections: vec![MimicSection::Findings, MimicSection::Impression],
        labels: MimicLabels::Chexpert,
        uncertain_labels: UncertainLabels::Ignore,
        views: Views::FirstFrontal,
        boxes: String::new(),
        patients: String::new(),
    };
    Made { folder, settings }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Made {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn at(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), content).unwrap();
    }

    /// Replaces a text in a file, which must have it.
    fn replace(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} lacks {from}");
        self.write(name, text.replace(from, to));
    }

    fn append(&self, name: &str, text: &str) {
        self.write(name, fs::read_to_string(self.path(name)).unwrap() + text);
    }

    fn with_boxes(mut self) -> Made {
        self.settings.boxes = self.at(BOXES);
        self
    }

    fn read(&self) -> Contents {
        self.tried().unwrap_or_else(|error| panic!("{error}"))
    }

    fn tried(&self) -> Result<Contents, DataError> {
        self.settings.read(Seed(0), &|_, _| ())
    }

    fn refusal(&self) -> String {
        let said = self.tried().map(|contents| contents.studies.len()).unwrap_err().to_string();
        assert!(said.contains("; "), "{said}");
        said
    }

    /// The report of each study.
    fn reports(&self) -> Vec<String> {
        self.read().studies.iter().map(|study| study.report.as_ref().map_or(String::new(), Report::text)).collect()
    }
}

fn ids(contents: &Contents) -> Vec<&str> {
    contents.studies.iter().map(|study| study.id.as_str()).collect()
}

fn file(study: &Study) -> String {
    study.image.as_ref().and_then(|image| image.file()).map_or(String::new(), |path| path.display().to_string())
}

#[test]
fn the_set_is_read_as_it_is_distributed() {
    let mut made = made().with_boxes();
    made.settings.patients = made.at("patients.csv");
    let contents = made.read();
    let [first, second, third] = contents.studies.as_slice() else { panic!("{:?}", ids(&contents)) };
    assert_eq!(ids(&contents), ["50000001", "50000002", "50000003"]);
    assert_eq!([first.split, second.split, third.split], [Split::Train, Split::Validation, Split::Test]);
    assert_eq!((first.patient.as_str(), first.projection), ("10000001", Some(Projection::Pa)));
    assert_eq!(file(first), made.at(&format!("files/p10/p10000001/s50000001/{FIRST}.jpg")));
    assert_eq!(second.projection, Some(Projection::Ap), "by its procedure");
    let labels = second.labels.as_ref().unwrap();
    assert_eq!(labels.present, StudyLabels::from_iter(["cardiomegaly", "support_devices"]).present);
    assert_eq!(labels.uncertain, StudyLabels::from_iter(["edema"]).present);
    let text = first.report.as_ref().unwrap().text();
    assert_eq!(
        text,
        "FINDINGS: The lungs are clear.\n Heart size is normal.\nIMPRESSION: No acute cardiopulmonary process."
    );
    assert_eq!((first.person.sex, first.person.age), (Some(Sex::Female), Some(52.0)));
    assert_eq!((second.person.sex, second.person.age), (Some(Sex::Male), Some(73.0)));
    let [found, _] = third.boxes.as_slice() else { panic!("{:?}", third.boxes) };
    assert_eq!((found.finding.as_str(), found.phrase.as_str()), ("pleural_effusion", "small left pleural effusion"));
    let shares = [found.x, found.y, found.width, found.height];
    assert!(
        shares.iter().zip([0.5, 0.5, 0.25, 0.25]).all(|(found, expected)| (found - expected).abs() < 1e-6),
        "{found:?}"
    );
    assert_eq!(contents.skipped.to_string(), "1 × lateral view (50000001)");
}

#[test]
fn numbers_are_read_with_and_without_letter_and_as_pandas_writes_them() {
    let expected = ids(&made().read()).join(" ");
    for (name, from, to) in [
        (SECTIONED, "s5000000", "5000000"),
        (METADATA, ",10000001,50000001,", ",p10000001,s50000001,"),
        (METADATA, ",10000001,50000001,", ",10000001.0,50000001.0,"),
        (SPLIT, ",50000001,10000001,", ",s50000001,p10000001,"),
        (SPLIT, ",50000001,", ",50000001.0,"),
        (LABELS, "10000001,50000001,", "p10000001,s50000001,"),
        (LABELS, "10000001,50000001,", "10000001.0,50000001.0,"),
        (SECTIONED, "s50000001", "S50000001"),
    ] {
        let made = made();
        made.replace(name, from, to);
        let contents = made.read();
        assert_eq!(ids(&contents).join(" "), expected, "{name}: {to}");
        assert!(contents.studies.iter().all(|study| study.report.is_some() && study.labels.is_some()), "{name}: {to}");
    }
    for (name, from, to) in [
        (METADATA, ",50000001,", ",x50000001,"),
        (METADATA, ",50000001,", ",,"),
        (METADATA, ",10000001,", ",1e7,"),
        (SPLIT, ",50000001,", ",50000001.5,"),
        (LABELS, ",50000001,", ",-50000001,"),
        (SECTIONED, "s50000001", "The lungs are clear and the heart is normal"),
    ] {
        let made = made();
        made.replace(name, from, to);
        let said = made.refusal();
        assert!(said.contains(name) && said.contains("is no number") && !said.contains("lungs"), "{said}");
    }
}

#[test]
fn packed_tables_are_found_and_those_of_another_folder() {
    let mut made = made();
    for name in [METADATA, SPLIT, LABELS, SECTIONED] {
        let file = fs::File::create(made.path(&format!("{name}.gz"))).unwrap();
        let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        packed.write_all(&fs::read(made.path(name)).unwrap()).unwrap();
        packed.finish().unwrap();
        fs::remove_file(made.path(name)).unwrap();
    }
    assert_eq!(made.read().studies.len(), 3);
    fs::create_dir(made.path("elsewhere")).unwrap();
    for name in [METADATA, SPLIT, LABELS].map(|name| format!("{name}.gz")) {
        fs::rename(made.path(&name), made.path("elsewhere").join(&name)).unwrap();
    }
    assert!(made.refusal().contains(METADATA));
    made.settings.tables = made.at("elsewhere");
    assert_eq!(made.read().studies.len(), 3);
}

#[test]
fn views_come_from_all_columns_that_tell_them() {
    let whole = ",CHEST (PORTABLE AP),,2022,1736,21510312,93000.0,CHEST (PORTABLE AP),,Recumbent";
    for (procedure, position, other, code, view) in [
        ("CHEST (PA AND LAT)", "PA", "", "", "PA"),
        ("CHEST (PA AND LAT)", "LL", "", "postero-anterior", "LL"),
        ("CHEST (PA AND LAT)", "", "", "postero-anterior", "postero-anterior"),
        ("CHEST (PA AND LAT)", "", "", "", ""),
        ("CHEST (PORTABLE AP)", "", "", "", "CHEST (PORTABLE AP)"),
        ("", "", "CHEST (PORTABLE AP)", "", "CHEST (PORTABLE AP)"),
        ("CHEST, PORTABLE", "", "", "", ""),
        ("Chest lat", "", "", "", "Chest lat"),
        ("CHEST PORT. LINE PLACEMENT", "", "CHEST (PORTABLE AP)", "", ""),
        ("KNEE, AP/OBL", "", "", "", listed::NOT_OF_CHEST),
        ("ABDOMEN, PORTABLE", "", "", "", listed::NOT_OF_CHEST),
        ("ABDOMEN, PORTABLE", "AP", "", "", "AP"),
        ("TRAUMA #2 (AP CXR AND PELVIS PORT)", "", "", "", "TRAUMA #2 (AP CXR AND PELVIS PORT)"),
        ("", "", "", "", ""),
    ] {
        let made = made();
        made.replace(METADATA, whole, &format!(",\"{procedure}\",{position},1,1,21510312,1,\"{other}\",{code},"));
        let tables = Folder::open("data.mimic-cxr.root", &made.settings.root).unwrap();
        let mut skipped = Skipped::default();
        let listed = listed::read(&tables, &tables, MimicImages::Jpg, boxes::Boxes::new(), None, &mut skipped).unwrap();
        assert_eq!(listed.items()[1].films[0].view, view, "{procedure} {position} {other} {code}");
    }
}

#[test]
fn metadata_without_the_columns_of_procedures_are_read() {
    let made = made();
    made.write(METADATA, format!("subject_id,study_id,dicom_id,ViewPosition\n10000001,50000001,{FIRST},AP\n"));
    assert_eq!(ids(&made.read()), ["50000001"]);
    made.write(METADATA, format!("subject_id,study_id,dicom_id\n10000001,50000001,{FIRST}\n"));
    let said = made.refusal();
    assert!(said.contains("ViewPosition") && said.contains(METADATA), "{said}");
}

#[test]
fn images_are_dicom_files_on_demand_and_further_ones_have_studies() {
    let mut made = made();
    made.settings.images = MimicImages::Dicom;
    made.settings.views = Views::WithLaterals;
    let contents = made.read();
    assert_eq!(ids(&contents), ["50000001", &format!("50000001/{LATERAL}"), "50000002", "50000003"]);
    assert!(contents.studies.iter().all(|study| file(study).contains(".dcm") && study.report.is_some()));
}

#[test]
fn labels_are_those_that_are_named_or_none() {
    let mut made = made();
    let negbio = fs::read_to_string(made.path(LABELS)).unwrap().replace(",-1.0,", ",1.0,");
    made.write("mimic-cxr-2.0.0-negbio.csv", negbio);
    made.settings.labels = MimicLabels::Negbio;
    assert!(made.read().studies[1].labels.as_ref().unwrap().present.contains("edema"));
    made.settings.labels = MimicLabels::None;
    assert!(made.read().studies.iter().all(|study| study.labels.is_none()));
    made.settings.labels = MimicLabels::Chexpert;
    for (uncertain, present) in [(UncertainLabels::Positive, true), (UncertainLabels::Negative, false)] {
        made.settings.uncertain_labels = uncertain;
        let labels = made.read().studies[1].labels.clone().unwrap();
        assert_eq!((labels.present.contains("edema"), labels.uncertain.len()), (present, 0));
    }
    made.replace(LABELS, "10000003,50000003,,,,,,,,1.0,,1.0,,,,\n", "");
    assert_eq!(made.read().studies[2].labels, None, "a study that the labels lack");
    made.replace(LABELS, "-1.0", "2");
    assert_eq!(made.read().skipped.count(SkipReason::UnknownLabel), 1);
    made.replace(LABELS, ",2,", ",perhaps,");
    let said = made.refusal();
    assert!(said.contains("Edema = `perhaps`") && said.contains("line 3"), "{said}");
}

#[test]
fn patients_with_a_box_are_for_the_test_alone() {
    let made = made().with_boxes();
    made.replace(SPLIT, ",test", ",train");
    // Another study of the same patient, without boxes.
    made.append(METADATA, "0a1b0004,10000003,50000004,CHEST (PORTABLE AP),AP,1,1,21210102,1,,,\n");
    made.append(SPLIT, "0a1b0004,50000004,10000003,train\n");
    let contents = made.read();
    let splits: Vec<Split> = contents.studies.iter().map(|study| study.split).collect();
    assert_eq!(splits, [Split::Train, Split::Validation, Split::Test, Split::Test]);
    assert_eq!(contents.skipped.count(SkipReason::MovedToTest), 2);
    let without = Made { settings: MimicCxr { boxes: String::new(), ..made.settings.clone() }, ..made };
    assert_eq!(without.read().studies[2].split, Split::Train);
}

#[test]
fn the_image_with_boxes_is_read_and_boxes_elsewhere_are_counted() {
    let made = made().with_boxes();
    made.append(METADATA, "0a1b0004,10000002,50000002,CHEST (PORTABLE AP),AP,1,1,21510312,1,,,\n");
    made.append(METADATA, "0a1b0005,10000002,50000002,CHEST (PORTABLE AP),AP,1,1,21510312,1,,,\n");
    let row = |image: &str, edges: &str| format!("{image},Edema,mild edema,files/x.jpg,{edges},200,100,val\n");
    for (image, edges) in [
        ("0a1b0005", "10,20,30,40"),
        ("0a1b0005", "50,20,30,40"),
        (LATERAL, "10,20,30,40"),
        ("0a1b0009", "10,20,30,40"),
        ("0a1b0009", "10,20,30,50"),
        (FIRST, "200,20,30,40"),
        (FIRST, ",,,"),
    ] {
        made.append(BOXES, &row(image, edges));
    }
    let contents = made.read();
    assert!(file(&contents.studies[1]).ends_with("0a1b0005.jpg"), "{}", file(&contents.studies[1]));
    let phrases: Vec<&str> = contents.studies[1].boxes.iter().map(|found| found.phrase.as_str()).collect();
    assert_eq!(phrases, ["mild edema", "mild edema"]);
    for (reason, count) in [
        (SkipReason::BoxWithoutImage, 2),
        (SkipReason::BoxOnOtherImage, 1),
        (SkipReason::EmptyBox, 1),
        (SkipReason::RowWithoutBox, 1),
    ] {
        assert_eq!(contents.skipped.count(reason), count, "{reason:?}: {}", contents.skipped);
    }
}

/// MS-CXR's JSON with an annotation.
fn coco(annotation: &str) -> String {
    format!(
        r#"{{"info": {{}}, "images": [{{"id": 7, "file_name": "{THIRD}.jpg", "path": "files/p10/x.jpg",
        "width": 3056, "height": 2544, "num_annotations": 1}}],
        "categories": [{{"id": 8, "name": "Pleural Effusion", "supercategory": ""}}], "annotations": [{annotation}]}}"#
    )
}

#[test]
fn the_json_of_the_boxes_says_what_the_table_says() {
    let boxes = |made: &Made| -> Vec<FindingBox> { made.read().studies[2].boxes.clone() };
    let mut made = made().with_boxes();
    let expected = boxes(&made);
    let annotation = |edges: &str| {
        let rest = r#""id": 1, "image_id": 7, "category_id": 8, "width": 3056, "height": 2544"#;
        format!(r#"{{{rest}, "label_text": "small left pleural effusion", "bbox": [{edges}]}}"#)
    };
    let both = format!("{}, {}", annotation("1528, 1272, 764, 636"), annotation("100, 200, 300.0, 400.0"));
    made.write("boxes.json", coco(&both));
    made.settings.boxes = made.at("boxes.json");
    assert_eq!(boxes(&made), expected);
}

#[test]
fn broken_boxes_are_named_and_no_phrase_is_shown() {
    let mut made = made();
    made.settings.boxes = made.at("boxes");
    let annotation =
        r#"{"image_id": 7, "category_id": 8, "label_text": "a small effusion", "bbox": [1528, 1272, 764, 636]}"#;
    let table = fs::read_to_string(made.path(BOXES)).unwrap().replace("small left pleural", "a small");
    for (content, part) in [
        (coco(annotation).replace("[1528,", "[\"a small effusion\","), "no JSON with the images"),
        (coco(annotation).replace("\"image_id\": 7", "\"image_id\": 6"), "that is not there"),
        (coco(annotation).replace("\"category_id\": 8", "\"category_id\": 9"), "that is not there"),
        (coco(annotation).replace("\"width\": 3056", "\"width\": 0"), "above 0"),
        (coco(annotation).replace("Pleural Effusion", ""), "a finding"),
        (coco(annotation)[..200].to_owned(), "no JSON with the images"),
        (table.replace("category_name", "category"), "category_name"),
        (table.replace(",1528,", ",a small effusion on the left,"), "x = `a text of"),
        (table.replace(",1528,", ",inf,"), "must be a number"),
        (table.replace(",3056,", ",0,"), "above 0"),
        (table.replace(",3056,", ",,"), "must be a number"),
        (table.replace("Pleural Effusion", ""), "a finding"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\n".to_owned(), "git lfs pull"),
    ] {
        made.write("boxes", content);
        let said = made.refusal();
        assert!(said.contains(part) && said.contains(&made.settings.boxes) && !said.contains("a small"), "{said}");
    }
}

#[test]
fn the_tables_must_belong_together() {
    for (name, from, to, part) in [
        (SPLIT, ",50000002,10000002,validate", ",50000009,10000002,validate", "1 study of the metadata is in no split"),
        (SPLIT, "00000002,50000001,10000001,train", "00000002,50000001,10000001,test", "in test, and in train above"),
        (SPLIT, "validate", "holdout", "split = `holdout`"),
        (SPLIT, "validate", "", "split = ``"),
        (SPLIT, ",split\n", ",part\n", "no column `split`"),
        (METADATA, "00000002,10000001,", "00000002,10000002,", "is of patient `10000002`, and of `10000001` above"),
        (METADATA, LATERAL, FIRST, "is listed twice"),
        (METADATA, THIRD, "", "no `dicom_id`"),
        (METADATA, "study_id", "study", "no column `study_id`"),
        (LABELS, "study_id", "study", "no column `study_id`"),
    ] {
        let made = made();
        made.replace(name, from, to);
        let said = made.refusal();
        assert!(said.contains(part) && said.contains(name), "{said}");
    }
    for name in [METADATA, SPLIT, LABELS] {
        let made = made();
        fs::remove_file(made.path(name)).unwrap();
        let said = made.refusal();
        assert!(said.contains(name), "{said}");
    }
}

#[test]
fn ages_are_those_of_the_image_s_year() {
    let mut made = made();
    made.settings.patients = made.at("patients.csv");
    let age = |made: &Made| made.read().studies[1].person.age;
    assert_eq!(age(&made), Some(73.0));
    for (from, to, expected) in [
        (",70,2148,", ",70.0,2148.0,", Some(73.0)),
        (",70,2148,", ",,2148,", None),
        (",70,2148,", ",70,,", None),
        (",70,2148,", ",1,2155,", None),
        ("10000002,", "10000009,", None),
    ] {
        let text = fs::read_to_string(made.path("patients.csv")).unwrap();
        made.replace("patients.csv", from, to);
        assert_eq!(age(&made), expected, "{to}");
        made.write("patients.csv", text);
    }
    made.replace(METADATA, "21510312", "");
    assert_eq!(age(&made), None);
    made.replace(METADATA, "StudyDate", "Date");
    assert!(made.refusal().contains("StudyDate"));
}

mod reports;
