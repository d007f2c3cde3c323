//! Sources of the same images: what is added to the first, who decides the split, and what stays apart.

use std::fs;
use std::path::Path;

use lgdea_spec::{ChestxDet10, Data, Fractions, NihCxr14, NihSplit, Padchest, PadchestGr, PadchestLabels};
use lgdea_spec::{PadchestLanguage, Seed, Views};

use super::*;
use crate::{Corpus, DataError, FindingBox, Person, Projection, Report, Sex, StudyLabels, load};

fn film(id: &str, patient: &str, split: Split, image: &str) -> Study {
    let image = (!image.is_empty()).then(|| Picture::file_at(image.into()));
    Study { image, ..Study::new(id, patient, split) }
}

fn boxed(study: Study, finding: &str) -> Study {
    let found = FindingBox::in_pixels(finding, "", [0.0, 0.0, 1.0, 1.0], [2.0, 2.0]);
    Study { boxes: found.into_iter().collect(), ..study }
}

fn joined(first: Vec<Study>, second: Vec<Study>) -> (Vec<Study>, Skipped) {
    let (mut joined, mut skipped) = (Joined::default(), Skipped::default());
    joined.add(Some("set"), first, &mut skipped);
    joined.add(Some("set"), second, &mut skipped);
    (joined.into_studies(), skipped)
}

fn findings(study: &Study) -> Vec<&str> {
    study.boxes.iter().map(|found| found.finding.as_str()).collect()
}

#[test]
fn boxes_of_the_second_are_added_to_the_study_of_the_first() {
    let first =
        vec![boxed(film("a", "p", Split::Train, "one/a.png"), "mass"), film("b", "q", Split::Train, "one/b.png")];
    let second =
        vec![boxed(film("a", "p", Split::Train, "two/a.jpg"), "edema"), film("c", "r", Split::Validation, "two/c.png")];
    let (studies, skipped) = joined(first, second);
    let [a, b, c] = studies.as_slice() else { panic!("{studies:?}") };
    assert_eq!((findings(a), findings(b)), (vec!["mass", "edema"], vec![]));
    assert_eq!(a.image.as_ref().and_then(Picture::file), Some(Path::new("one/a.png")), "the first source's file");
    assert_eq!((c.id.as_str(), c.split), ("c", Split::Validation), "what the second has alone stays as it is");
    assert!(skipped.is_empty(), "{skipped}");
}

#[test]
fn the_first_tells_what_it_knows_and_the_second_the_rest() {
    let report = |text| Report::parse(text);
    let labels = |name| Some(StudyLabels::from_iter([name]));
    let person = |sex, age| Person { sex, age };
    let first = Study {
        report: report("one"),
        person: person(Some(Sex::Female), None),
        projection: Some(Projection::Ap),
        ..film("a", "p", Split::Train, "a.png")
    };
    let second = Study {
        report: report("two"),
        labels: labels("mass"),
        person: person(Some(Sex::Male), Some(50.0)),
        projection: Some(Projection::Pa),
        ..film("a", "p", Split::Train, "a.png")
    };
    let (studies, _) = joined(vec![first.clone()], vec![second.clone()]);
    let [a] = studies.as_slice() else { panic!("{studies:?}") };
    assert_eq!((&a.report, &a.labels), (&report("one"), &labels("mass")));
    assert_eq!((a.person, a.projection), (person(Some(Sex::Female), Some(50.0)), Some(Projection::Ap)));
    let known = Study { labels: labels("edema"), report: None, ..first };
    let (studies, _) = joined(vec![known], vec![second]);
    assert_eq!((&studies[0].labels, &studies[0].report), (&labels("edema"), &report("two")));
}

#[test]
fn what_either_holds_out_for_the_test_is_held_out() {
    let (train, validation, test) = (Split::Train, Split::Validation, Split::Test);
    for (one, two, expected) in [
        (train, train, train),
        (train, validation, train),
        (train, test, test),
        (validation, train, validation),
        (validation, test, test),
        (test, train, test),
        (test, validation, test),
        (test, test, test),
    ] {
        // Patient p has another image in each of the sources.
        let first = vec![film("a", "p", one, "a.png"), film("b", "p", one, "b.png"), film("x", "q", train, "x.png")];
        let second = vec![film("a", "p", two, "a.png"), film("c", "p", two, "c.png")];
        let (studies, skipped) = joined(first, second);
        let splits: Vec<Split> = studies.iter().map(|study| study.split).collect();
        assert_eq!(splits, [expected, expected, train, expected], "{one}, {two}");
        let moved = if one == expected { 0 } else { 2 };
        assert_eq!(skipped.count(SkipReason::MovedToTest), moved, "{one}, {two}");
        crate::split::check_patients(&studies).unwrap();
    }
}

#[test]
fn an_examination_of_several_images_has_the_boxes_on_the_right_one() {
    let several = || {
        let further = Study { examination: "e".to_owned(), ..film("e/two", "p", Split::Train, "two.png") };
        vec![boxed(film("e", "p", Split::Train, "one.png"), "mass"), further]
    };
    let (studies, _) = joined(several(), vec![boxed(film("e", "p", Split::Train, "gr/two.png"), "edema")]);
    assert_eq!((findings(&studies[0]), findings(&studies[1])), (vec!["mass"], vec!["edema"]));
    // The image with the second's boxes is not read: it is, then, and boxes on the other are counted.
    let (studies, skipped) = joined(several(), vec![boxed(film("e", "p", Split::Train, "gr/three.png"), "edema")]);
    assert_eq!((findings(&studies[0]), studies.len()), (vec!["edema"], 2));
    assert_eq!(studies[0].image.as_ref().and_then(Picture::file), Some(Path::new("gr/three.png")));
    assert_eq!(skipped.count(SkipReason::BoxOnOtherImage), 1);
}

#[test]
fn a_study_whose_image_is_not_there_is_read_with_the_seconds() {
    let first = Study { report: Report::parse("text"), ..film("a", "p", Split::Train, "") };
    let (studies, _) = joined(vec![first], vec![boxed(film("a", "p", Split::Train, "gr/a.png"), "mass")]);
    assert!(studies.len() == 1 && studies[0].image.is_some() && findings(&studies[0]) == ["mass"]);
    let (studies, _) = joined(vec![film("a", "p", Split::Train, "a.png")], vec![film("a", "p", Split::Train, "")]);
    assert_eq!(studies[0].image.as_ref().and_then(Picture::file), Some(Path::new("a.png")));
}

#[test]
fn sources_of_other_images_stay_apart() {
    let (mut joined, mut skipped) = (Joined::default(), Skipped::default());
    for (set, id) in [(None, "a"), (Some("one"), "b"), (None, "a"), (Some("two"), "b"), (Some("one"), "b")] {
        joined.add(set, vec![film(id, id, Split::Train, "x.png")], &mut skipped);
    }
    let ids: Vec<String> = joined.into_studies().into_iter().map(|study| study.id).collect();
    assert_eq!(ids, ["a", "b", "a", "b"], "only the last is of images that are there");
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

const NO_SHARES: Fractions = Fractions { validation: 0.0, test: 0.0 };

fn nih_and_det10(folder: &Path) -> Data {
    let entries = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position\n\
        00000042_006.png,Effusion,6,42,50,F,PA\n00000042_007.png,No Finding,7,42,50,F,PA\n00000063_001.png,Mass,1,63,40,M,AP\n";
    write(folder, "nih/Data_Entry_2017.csv", entries);
    write(folder, "nih/train_val_list.txt", "00000042_006.png 00000042_007.png 00000063_001.png");
    write(folder, "nih/test_list.txt", "");
    let train = r#"[{"file_name": "00000042_006.png", "syms": ["Fibrosis"], "boxes": [[0, 0, 512, 512]]}]"#;
    let test = r#"[{"file_name": "00000063_001.png", "syms": ["Nodule"], "boxes": [[0, 0, 512, 512]]}]"#;
    write(folder, "det/train.json", train);
    write(folder, "det/test.json", test);
    for name in ["00000042_006", "00000042_007", "00000063_001"] {
        write(folder, &format!("nih/images/{name}.png"), "image");
    }
    write(folder, "det/train_data/00000042_006.png", "image");
    write(folder, "det/test_data/00000063_001.png", "image");
    let root = |name: &str| folder.join(name).display().to_string();
    let nih = NihCxr14 { root: root("nih"), split: NihSplit::Official, boxes: false, fractions: NO_SHARES };
    let det10 = ChestxDet10 { root: root("det"), fractions: NO_SHARES };
    Data { nih_cxr14: Some(nih), chestx_det10: Some(det10), ..Data::default() }
}

fn loaded(data: &Data) -> Result<Corpus, DataError> {
    load(data, Seed(0), &|_, _| ())
}

#[test]
fn boxes_of_chestx_det10_are_added_to_nih() {
    let folder = tempfile::tempdir().unwrap();
    let data = nih_and_det10(folder.path());
    let corpus = loaded(&data).unwrap();
    let told: Vec<(&str, Vec<&str>, Split)> =
        corpus.studies.iter().map(|study| (study.id.as_str(), findings(study), study.split)).collect();
    let expected = [
        ("00000042_006.png", vec!["fibrosis"], Split::Train),
        ("00000042_007.png", vec![], Split::Train),
        ("00000063_001.png", vec!["nodule"], Split::Test),
    ];
    assert_eq!(told, expected);
    let labels = corpus.studies[0].labels.as_ref().unwrap();
    assert_eq!(labels.present, ["pleural_effusion".to_owned()].into(), "NIH's labels stay");
    let unknown: Vec<&str> = labels.uncertain.iter().map(String::as_str).collect();
    assert_eq!(unknown, ["fibrosis", "nodule"], "NIH's table names neither");
    assert_eq!(corpus.skipped.count(SkipReason::MovedToTest), 1);
    // Either source changes the digest.
    for change in ["nih/images/00000042_007.png", "det/test_data/00000063_001.png"] {
        fs::write(folder.path().join(change), "another image").unwrap();
        let changed = loaded(&data).unwrap().digest;
        assert_ne!(changed, corpus.digest, "{change}");
        fs::write(folder.path().join(change), "image").unwrap();
        assert_eq!(loaded(&data).unwrap().digest, corpus.digest);
    }
}

fn padchest_and_gr(folder: &Path, views: Views) -> Data {
    let header = ",ImageID,ImageDir,StudyDate_DICOM,StudyID,PatientID,PatientBirth,PatientSex_DICOM,Projection,Report,MethodLabel,Labels";
    let row = |image: &str, study: &str, patient: &str| {
        format!(
            "0,{image},0,20140915,{study},{patient},1930.0,F,PA,derram pleural .,RNN_model,\"['pleural effusion']\"\n"
        )
    };
    let rows = [("11_a.png", "11", "1"), ("11_b.png", "11", "1"), ("12_c.png", "12", "2"), ("13_d.png", "13", "3")];
    let rows: String = rows.iter().map(|&(image, study, patient)| row(image, study, patient)).collect();
    write(folder, "padchest/PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv", &format!("{header}\n{rows}"));
    let grounded = r#"[{"StudyID": "11", "ImageID": "11_b.png", "findings": [{"sentence_en": "Effusion.", "sentence_es": "Derrame.",
        "abnormal": true, "boxes": [[0.1, 0.1, 0.5, 0.5]], "labels": ["pleural effusion"]}]},
        {"StudyID": "12", "ImageID": "12_c.png", "findings": [{"sentence_en": "Normal.", "abnormal": false, "labels": ["Normal"]}]}]"#;
    write(folder, "gr/grounded_reports_20240819.json", grounded);
    let master = "StudyID,PatientID,split,PatientSex_DICOM,PatientAge\n11,1,test,F,84\n12,2,train,F,84\n";
    write(folder, "gr/master_table.csv", master);
    for name in ["padchest/0/11_a", "padchest/0/11_b", "padchest/0/12_c", "padchest/0/13_d"] {
        write(folder, &format!("{name}.png"), "image");
    }
    for name in ["11_b", "12_c"] {
        write(folder, &format!("gr/PadChest_GR/{name}.png"), "image");
    }
    let root = |name: &str| folder.join(name).display().to_string();
    let padchest = Padchest { root: root("padchest"), labels: PadchestLabels::All, views, fractions: NO_SHARES };
    let gr = PadchestGr { root: root("gr"), language: PadchestLanguage::En };
    Data { padchest: Some(padchest), padchest_gr: Some(gr), ..Data::default() }
}

#[test]
fn boxes_of_padchest_gr_are_added_to_padchest() {
    let folder = tempfile::tempdir().unwrap();
    let of = |views| loaded(&padchest_and_gr(folder.path(), views)).unwrap();
    let corpus = of(Views::FirstFrontal);
    let told: Vec<(&str, Vec<&str>, Split)> =
        corpus.studies.iter().map(|study| (study.id.as_str(), findings(study), study.split)).collect();
    let effusion = || vec!["pleural_effusion"];
    assert_eq!(told, [("11", effusion(), Split::Test), ("12", vec![], Split::Train), ("13", vec![], Split::Train)]);
    let first = &corpus.studies[0];
    assert!(first.image.as_ref().unwrap().file().unwrap().ends_with("gr/PadChest_GR/11_b.png"), "the image with boxes");
    assert_eq!(first.report, Report::parse("derram pleural ."), "the reports are in one language");
    assert_eq!(first.boxes[0].phrase, "Effusion.");
    let corpus = of(Views::AllFrontal);
    let told: Vec<(&str, Vec<&str>)> =
        corpus.studies.iter().map(|study| (study.id.as_str(), findings(study))).collect();
    assert_eq!(told, [("11", vec![]), ("11/11_b", effusion()), ("12", vec![]), ("13", vec![])]);
    assert!(corpus.studies.iter().take(2).all(|study| study.split == Split::Test));
}
