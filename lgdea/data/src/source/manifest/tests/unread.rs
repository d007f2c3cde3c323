//! What of a table is not read as it is meant, and is told.

use super::*;

fn told(header: &str, rows: &[&str]) -> Skipped {
    let rows: Vec<String> = rows.iter().enumerate().map(|(i, row)| format!("s{i},p{i},,text,{row}\n")).collect();
    read_text(&format!("study,patient,image,report,{header}\n{}", rows.concat())).unwrap().skipped
}

#[test]
fn a_split_under_another_name_is_told() {
    for (header, rows, name) in [
        ("fold", &["train", "test"][..], "fold"),
        ("subset", &["train", "val", "test"], "subset"),
        ("Set name", &["training", "validation"], "Set name"),
        ("dataset", &["Train", "Valid", "Test"], "dataset"),
        ("phase", &["train", "dev"], "phase"),
        ("partition", &["train", ""], "partition"),
        ("kind", &["TRAIN", "TRAIN", "nan"], "kind"),
        ("usage", &["testing", "training"], "usage"),
        ("a", &["train", "test", "train", "test", "held out"], "a"),
        ("age,group", &["40,train", "41,validate"], "group"),
    ] {
        let skipped = told(header, rows);
        assert_eq!(skipped.0[&SkipReason::UnreadSplit].examples, [format!("split = {name:?}")], "{header}");
        assert_eq!(skipped.count(SkipReason::UnreadView), 0, "{header}");
    }
    for (header, rows) in [
        ("fold", &["0", "1"][..]),
        ("fold", &["", ""]),
        ("comment", &["train", "x", "y"]),
        ("split", &["train", "test"]),
        ("age", &["40", "50"]),
    ] {
        assert_eq!(told(header, rows).count(SkipReason::UnreadSplit), 0, "{header} {rows:?}");
    }
}

#[test]
fn a_view_under_another_name_is_told() {
    for (header, rows, name) in [
        ("Position", &["PA", "AP"][..], "Position"),
        ("Film position", &["PA", "LATERAL", ""], "Film position"),
        ("projection", &["frontal", "lateral"], "projection"),
        ("AP/PA", &["AP", "PA", ""], "AP/PA"),
        ("Frontal/Lateral,AP/PA", &["Frontal,AP", "Lateral,", "Frontal,PA"], "Frontal/Lateral"),
        ("position", &["AP Supine", "PA", "LL"], "position"),
        ("orientation", &["postero-anterior", "lateral"], "orientation"),
        ("kind", &["PA", "CT", "Axial"], "kind"),
        ("x", &["PA", "PA", "PA", "PA", "LAO"], "x"),
        ("angle", &["pa", "ap", "lat"], "angle"),
    ] {
        let skipped = told(header, rows);
        assert_eq!(skipped.0[&SkipReason::UnreadView].examples, [format!("view = {name:?}")], "{header}");
    }
    for (header, rows) in [
        ("side", &["L", "R", "L"][..]),
        ("modality", &["CT", "CT"]),
        ("origin", &["files/frontal.png", "files/pa.png"]),
        ("comment", &["PA view of the chest shows a mass", "AP view"]),
        ("view", &["PA", "AP"]),
    ] {
        assert_eq!(told(header, rows).count(SkipReason::UnreadView), 0, "{header} {rows:?}");
    }
}

#[test]
fn a_split_or_view_that_is_switched_off_is_not_missed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.csv"), "study,patient,image,report,fold,pos\na,p,,text,train,PA\n").unwrap();
    let mut manifest = manifest(folder.path(), &["s.csv"], "");
    (manifest.columns.split, manifest.columns.view) = (String::new(), String::new());
    let skipped = read(&manifest, Seed(1), &|_, _| ()).unwrap().skipped;
    assert!(skipped.is_empty(), "{skipped}");
}

#[test]
fn studies_without_a_patient_are_counted() {
    let count = |text: &str| read_text(text).unwrap().skipped.count(SkipReason::StudyWithoutPatient);
    assert_eq!(count(&format!("{HEADER}a,,,text,,,\nb,nan,,text,,,\nc,p,,text,,,\n")), 2);
    assert_eq!(count(&format!("{HEADER}a,,,text,,train,\n")), 1);
    assert_eq!(count(&format!("{HEADER}a,p,,text,,,\na,,,text,,,\n")), 0, "another row tells the patient");
}

#[test]
fn words_in_a_column_of_one_finding_are_told() {
    let read = |rows: &[&str]| {
        let rows: Vec<String> = rows.iter().enumerate().map(|(i, row)| format!("s{i},p{i},,text,{row}\n")).collect();
        labels_as_set(&format!("study,patient,image,report,Edema,Mass\n{}", rows.concat()), |manifest| {
            manifest.columns.labels = vec!["Edema".into(), "Mass".into()];
        })
    };
    let (labels, skipped) = read(&["1,0", "0,1", "possible left base,0"]);
    assert_eq!(skipped.0[&SkipReason::UnknownLabel].examples, ["a text of 18 characters"]);
    let last = labels[2].as_ref().unwrap();
    assert!(last.present.is_empty() && last.uncertain.contains("edema"), "{last:?}");
    for word in ["positive", "present", "mild", "absent", "possible", "uncertain", "neg", "vielleicht", "left base"] {
        let skipped = read(&[&format!("{word},0"), &format!("{word},1")]).1;
        assert_eq!(skipped.count(SkipReason::WordForLabel), 2, "{word}: {skipped}");
        assert!(!skipped.to_string().contains("left base"), "{skipped}");
    }
    let names = "study,patient,image,report,labels\na,p,,text,mild edema\nb,q,,text,no\n";
    assert_eq!(labels_as_set(names, |_| ()).1.count(SkipReason::WordForLabel), 0, "a column of labels holds names");
}

#[test]
fn paths_as_windows_writes_them_are_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("img/a")).unwrap();
    for file in ["img/a/1.png", "img\\odd.png"] {
        image::GrayImage::new(20, 10).save(folder.path().join(file)).unwrap();
    }
    let boxes = "study,image,finding,x,y,w,h\ns0,img\\a\\1.png,Mass,1,1,5,5\ns0,img/a/1.png,Mass,1,1,5,5\n";
    fs::write(folder.path().join("b.csv"), boxes).unwrap();
    let images = ["img\\a\\1.png", "img/a\\1.png", ".\\img\\a\\1.png", "img/a/1.png", "img\\odd.png", "img\\no.png"];
    let rows: Vec<String> = images.iter().enumerate().map(|(i, image)| format!("s{i},p{i},{image},text\n")).collect();
    fs::write(folder.path().join("s.csv"), format!("study,patient,image,report\n{}", rows.concat())).unwrap();
    let source = read(&manifest(folder.path(), &["s.csv"], "b.csv"), Seed(1), &|_, _| ()).unwrap();
    let is_there = |study: &Study| study.image.as_ref().and_then(Picture::file).is_some_and(Path::exists);
    assert_eq!(source.studies.iter().map(is_there).collect::<Vec<_>>(), [true, true, true, true, true, false]);
    assert_eq!(source.studies[0].boxes.len(), 2);
}
