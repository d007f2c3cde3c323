//! References as data sets are distributed: columns of other names, patients in paths, labels joined in a cell.
#![allow(clippy::unwrap_used, missing_docs)]

use lgdea_fault::chain;
use lgdea_predictions::{Columns, Label, Reference, Regions, SplitReference};

use Label::{Blank, Negative, Positive, Uncertain};

/// Columns by the names of their flags; classes have commas between them.
fn columns(flags: &[(&str, &str)]) -> Columns {
    let of = |flag| flags.iter().find(|(name, _)| *name == flag).map(|(_, column)| column.parse().unwrap());
    let classes = flags.iter().filter(|(name, _)| *name == "classes").flat_map(|(_, names)| names.split(','));
    Columns {
        id: of("id"),
        patient: of("patient"),
        text: of("text"),
        label: of("label"),
        classes: classes.map(str::to_owned).collect(),
        by: flags.iter().filter(|(name, _)| *name == "by").map(|(_, by)| by.parse().unwrap()).collect(),
        split: None,
    }
}

fn with_file<T>(text: &str, of: impl FnOnce(&std::path::Path) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    std::fs::write(&path, text).unwrap();
    of(&path)
}

fn read(text: &str, flags: &[(&str, &str)]) -> Result<Reference, String> {
    with_file(text, |path| Reference::read_as(path, &columns(flags)).map_err(|error| chain(&error)))
}

fn labels(found: &Reference) -> Vec<Label> {
    found.labels.iter().copied().collect()
}

const CHEXPERT: &str = "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Edema,Pleural Effusion\n\
    CheXpert-v1.0/valid/patient64541/study1/view1_frontal.jpg,Male,73,Frontal,AP,0.0,1.0,-1.0\n\
    CheXpert-v1.0/valid/patient64541/study2/view1_frontal.jpg,Male,73,Frontal,AP,,0.0,1.0\n\
    CheXpert-v1.0/valid/patient64542/study1/view1_frontal.jpg,Female,70,Lateral,,1.0,,0.0\n";

#[test]
fn chexperts_labels_are_read_as_they_are_distributed() {
    let flags = [("id", "Path"), ("patient", r"Path:patient\d+"), ("classes", "Edema,pleural_effusion"), ("by", "sex")];
    let found = read(CHEXPERT, &flags).unwrap();
    assert_eq!(found.patients.clone().unwrap(), ["patient64541", "patient64541", "patient64542"]);
    assert_eq!(found.ids[2], "CheXpert-v1.0/valid/patient64542/study1/view1_frontal.jpg");
    assert_eq!(found.classes, ["Edema", "Pleural Effusion"]);
    assert_eq!(labels(&found), [Positive, Uncertain, Negative, Positive, Blank, Negative]);
    assert_eq!(found.groups[0].names, ["Female", "Male"]);
    // A group of the pattern is what counts, and identifiers may be found by one, too.
    let flags = [("id", r"Path:patient\d+/study\d+"), ("patient", r"Path:patient(\d+)"), ("classes", "Edema")];
    let found = read(CHEXPERT, &flags).unwrap();
    assert_eq!(found.ids, ["patient64541/study1", "patient64541/study2", "patient64542/study1"]);
    assert_eq!(found.patients.unwrap()[0], "64541");
}

#[test]
fn labels_of_nih_are_joined_in_a_cell() {
    let text = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,OriginalImage[Width,Height],\n\
        1_000.png,Cardiomegaly|Emphysema,0,1,58,2682,2749,\n\
        1_001.png,No Finding,1,1,58,2894,2729,\n\
        2_000.png,Emphysema,0,2,81,2500,2048,\n";
    let flags = [("id", "Image Index"), ("patient", "patient id"), ("label", "Finding Labels")];
    let found = read(text, &flags).unwrap();
    assert_eq!(found.classes, ["Cardiomegaly", "Emphysema", "No Finding"]);
    let expected = [Positive, Positive, Negative, Negative, Negative, Positive, Negative, Positive, Negative];
    assert_eq!(labels(&found), expected);
    assert_eq!(found.units(), (vec![0, 0, 1], 2));
    let found = read(text, &[&flags[..], &[("classes", "emphysema,Hernia")]].concat()).unwrap();
    assert_eq!(found.classes, ["emphysema", "Hernia"]);
    assert_eq!(labels(&found), [Positive, Negative, Negative, Negative, Positive, Negative]);
}

#[test]
fn mimics_labels_have_patients_and_studies() {
    let text = "subject_id,study_id,Atelectasis,Edema\n10000032,50414267,,1.0\n10000032,53189527,-1.0,0.0\n";
    let found = read(text, &[("id", "study_id"), ("patient", "subject_id")]).unwrap();
    assert_eq!((found.ids.join(" "), found.units().1), ("50414267 53189527".to_owned(), 1));
    assert_eq!(labels(&found), [Blank, Positive, Uncertain, Negative]);
}

#[test]
fn names_that_mean_missing_elsewhere_are_classes_and_texts() {
    let found = read("id,label\na,None\nb,NA\nc,\nd,nan\n", &[]).unwrap();
    assert_eq!(found.classes, ["NA", "None"]);
    let expected = [Negative, Positive, Positive, Negative, Blank, Blank, Blank, Blank];
    assert_eq!(labels(&found), expected);
    let found = read("id,text\na,None\nb,NA\n", &[]).unwrap();
    assert_eq!(found.texts.unwrap(), ["None", "NA"]);
    let regions = |text: &str| with_file(text, |path| Regions::read(path).unwrap().classes.unwrap());
    assert_eq!(regions("id,class,x,y,width,height\na,None,0,0,1,1\n"), ["None"]);
}

#[test]
fn truth_values_are_labels() {
    let found = read("id,a,b\nx,True,FALSE\ny,1.0,0.0\nz,true,NA\n", &[]).unwrap();
    assert_eq!(labels(&found), [Positive, Negative, Positive, Negative, Positive, Blank]);
}

#[test]
fn what_subgroups_are_made_of_is_no_class() {
    let text = "id,Sex,age,view,Source,edema\na,M,40,PA,nih,1\nb,F,,AP,nih,0\n";
    assert_eq!(read(text, &[]).unwrap().classes, ["edema"]);
    assert_eq!(read("id,view,edema\na,1,0\n", &[("classes", "view")]).unwrap().classes, ["view"]);
}

#[test]
fn splits_and_regions_have_own_columns_too() {
    let text = "image,person,part,split,Edema\na,p,x,train,1\nb,q,y,test,0\n";
    let named = columns(&[("id", "image"), ("patient", "person"), ("classes", "Edema")]);
    let found = with_file(text, |path| SplitReference::read_as(path, &named).unwrap());
    assert_eq!(
        (found.all.classes, found.all.patients.unwrap()),
        (vec!["Edema".to_owned()], vec!["p".into(), "q".into()])
    );
    let text = "phrase,person,category_name,x,y,width,height\np1,a,Edema,0,0,0.5,0.5\np1,a,Edema,0.5,0.5,0.5,0.5\n";
    let named = columns(&[("id", "phrase"), ("patient", "person"), ("label", "category_name")]);
    let found = with_file(text, |path| Regions::read_as(path, &named).unwrap());
    assert_eq!(
        (found.phrases.ids.len(), found.boxes[0].len(), found.classes.unwrap()),
        (1, 2, vec!["Edema".to_owned()])
    );
}

#[test]
fn what_columns_lack_is_told_with_what_to_do_and_without_texts() {
    let report = "id,report,Edema\na,the heart of a quokka is large,1\n";
    let long = format!("id,report\na,{}\n", "a quokka ".repeat(10));
    for (text, flags, parts) in [
        (
            CHEXPERT,
            &[("id", "Path")][..],
            &["line 2", "`Frontal/Lateral`", "neither 1, 0, -1 nor nothing", "--classes"][..],
        ),
        (CHEXPERT, &[("id", "Image")], &["no column `Image`", "`Path`"]),
        (CHEXPERT, &[("id", "Path"), ("patient", "Paht:x")], &["no column `Paht:x`", "`Path`"]),
        (CHEXPERT, &[("id", "Path"), ("patient", "Path:person")], &["line 2", "finds nothing", "`Path`"]),
        (CHEXPERT, &[("id", "Path"), ("patient", "AP/PA"), ("classes", "Edema")], &["line 4", "`AP/PA` is empty"]),
        (CHEXPERT, &[("id", "Path"), ("classes", "Hernia")], &["no column `Hernia`", "--label"]),
        (CHEXPERT, &[("id", "Sex"), ("classes", "Edema")], &["line 2 and line 3", "`Male`"]),
        (CHEXPERT, &[], &["no column `id`", "`Path`", "--id"]),
        ("id,label\na,Edema\nb,\"Edema, Mass\"\n", &[], &["`Edema, Mass`", "several classes", "`|`"]),
        (
            "id,label\na,Edema\n",
            &[("label", "label"), ("classes", "Edeam,Mass")],
            &["the class `Edeam`", "`Edema` is there"],
        ),
        (report, &[], &["line 2", "`report`", "--classes"]),
        (report, &[("label", "reports")], &["no column `reports`"]),
        (&long, &[("label", "report")], &["line 2", "more than 60 characters"]),
        ("id,label,edema\na,mass,1\n", &[], &["`label` and others", "`edema`", "--label"]),
    ] {
        let said = read(text, flags).unwrap_err();
        assert!(parts.iter().all(|part| said.contains(part)) && !said.contains("quokka"), "{flags:?}: {said}");
    }
    assert!(read(report, &[("classes", "edema")]).is_ok());
    for (column, part) in [("", "names no column"), (":x", "names no column"), ("Path:(", "unclosed group")] {
        let said = column.parse::<lgdea_predictions::Column>().unwrap_err();
        assert!(said.contains(part) && said.lines().count() == 1, "{said}");
    }
    // A column may be called so as a whole.
    assert_eq!(read("a:b,edema\nx,1\n", &[("id", "a:b")]).unwrap().ids, ["x"]);
}
