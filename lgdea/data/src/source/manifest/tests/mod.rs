//! Manifests: what is read, what is skipped, and what is refused.

use std::fmt::Write;
use std::fs;

use lgdea_spec::{BoxColumns, Columns, DEEP_PERCENTILES, Fractions, UncertainLabels};
use proptest::prelude::*;

use super::*;
use crate::{Study, split, test_data};

mod boxes;
mod messages;
mod people;
mod unread;

fn columns() -> Columns {
    Columns {
        study: "study".into(),
        patient: "patient".into(),
        image: "image".into(),
        report: "report".into(),
        sections: Vec::new(),
        labels: vec!["labels".into()],
        split: "split".into(),
        view: "view".into(),
        sex: String::new(),
        age: String::new(),
        source: String::new(),
    }
}

fn manifest(root: &Path, studies: &[&str], boxes: &str) -> Manifest {
    Manifest {
        root: root.display().to_string(),
        studies: studies.iter().map(|&file| file.to_owned()).collect(),
        boxes: boxes.to_owned(),
        columns: columns(),
        box_columns: BoxColumns::default(),
        label_separators: "|;".into(),
        uncertain_labels: UncertainLabels::Ignore,
        deep_percentiles: DEEP_PERCENTILES,
        views: Views::FirstFrontal,
        fractions: Fractions { validation: 0.1, test: 0.2 },
    }
}

/// Reads CSV files given as text; `b.csv` holds boxes.
fn read_texts(texts: &[(&str, &[u8])], boxes: &str) -> Result<Contents, DataError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in texts {
        fs::write(folder.path().join(name), text).unwrap();
    }
    image::GrayImage::new(200, 100).save(folder.path().join("header.png")).unwrap();
    let studies: Vec<&str> = texts.iter().map(|&(name, _)| name).filter(|&name| name != "b.csv").collect();
    read(&manifest(folder.path(), &studies, boxes), Seed(1), &|_, _| ())
}

fn read_text(text: &str) -> Result<Contents, DataError> {
    read_texts(&[("s.csv", text.as_bytes())], "")
}

fn error(text: &str) -> String {
    match read_text(text) {
        Ok(source) => panic!("read {:?}", source.studies),
        Err(error) => error.to_string(),
    }
}

const HEADER: &str = "study,patient,image,report,labels,split,view\n";

#[test]
fn files_as_mimic_cxr_and_chexpert_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let master = "Path,subject_id,study_id,ViewPosition,findings,impression,split\n\
        files/a.jpg,10,50,PA,The heart is enlarged.,\"Cardiomegaly, stable.\",train\n\
        files/b.jpg,11,51,AP,,No acute process.,validate\n";
    let labels = "subject_id,study_id,Cardiomegaly,No Finding,Edema\n10,50,1.0,,-1.0\n11,51,0.0,1.0,\n";
    fs::write(folder.path().join("master.csv"), master).unwrap();
    fs::write(folder.path().join("chexpert.csv"), labels).unwrap();
    let mut manifest = manifest(folder.path(), &["master.csv", "chexpert.csv"], "");
    manifest.columns = Columns {
        study: "study_id".into(),
        patient: "subject_id".into(),
        image: "Path".into(),
        report: "report".into(),
        sections: vec!["findings".into(), "impression".into()],
        labels: vec!["Cardiomegaly".into(), "No Finding".into(), "Edema".into()],
        split: "split".into(),
        view: "ViewPosition".into(),
        ..columns()
    };
    let source = read(&manifest, Seed(1), &|_, _| ()).unwrap();
    let [first, second] = source.studies.as_slice() else { panic!("{:?}", source.studies) };
    let sections: Vec<(&str, &str)> =
        first.report.as_ref().unwrap().sections.iter().map(|s| (s.name.as_str(), s.text.as_str())).collect();
    assert_eq!(sections, [("findings", "The heart is enlarged."), ("impression", "Cardiomegaly, stable.")]);
    let labels = first.labels.as_ref().unwrap();
    assert_eq!(labels.present, ["cardiomegaly".to_owned()].into());
    assert_eq!(labels.uncertain, ["edema".to_owned()].into());
    assert_eq!((second.split, second.report.as_ref().unwrap().sections.len()), (Split::Validation, 1));
    assert_eq!(second.labels, Some(StudyLabels::from_iter([NO_FINDING])));

    manifest.columns.sections.push("last_paragraph".into());
    let error = read(&manifest, Seed(1), &|_, _| ()).err().unwrap().to_string();
    assert!(error.contains("last_paragraph") && error.contains("a section of the report"), "{error}");
}

#[test]
fn a_study_without_any_of_the_findings_is_a_negative_of_all() {
    let text = "study,patient,image,report,labels\na,p,,text,1\nb,q,,text,0\nc,r,,text,\nd,s,,text,-1\n";
    let labels = |text: &str| -> Vec<Option<usize>> {
        read_text(text)
            .unwrap()
            .studies
            .iter()
            .map(|study| study.labels.as_ref().map(|labels| labels.present.len()))
            .collect()
    };
    assert_eq!(labels(text), [Some(1), Some(0), Some(0), Some(0)]);
    let named = "study,patient,image,report,labels\na,p,,text,Edema\nb,q,,text,\n";
    assert_eq!(labels(named), [Some(1), None], "where labels are names, nothing is known without one");
}

#[test]
fn rows_of_a_study_are_joined_across_files() {
    let images = "study,patient,image,view,labels\na,p,a.png,PA,Edema|No Finding\na,p,a_side.png,Lateral,\na,p,a2.png,AP Supine,\nb,q,b.png,LL,Pneumonia\n";
    let reports = "report,study,labels\n\"Lungs, clear.\nNo change.\",a,Pleural Effusion\n ,b,\nOnly text.,c,\n";
    let source = read_texts(&[("i.csv", images.as_bytes()), ("r.csv", reports.as_bytes())], "").unwrap();
    let [a, b, c] = source.studies.as_slice() else { panic!("{:?}", source.studies) };
    assert_eq!(a.image, Some(Picture::file_at(source.root.join("a.png"))));
    assert_eq!(a.report.as_ref().unwrap().text(), "Lungs, clear.\nNo change.");
    assert_eq!(a.labels, Some(StudyLabels::from_iter(["edema", "pleural_effusion"])));
    assert_eq!((a.patient.as_str(), b.patient.as_str(), c.patient.as_str()), ("p", "q", "c"));
    assert_eq!((&b.image, &b.report, &c.image, &c.labels), (&None, &None, &None, &None));
    for (reason, count) in [
        (SkipReason::LateralView, 2),
        (SkipReason::AdditionalImage, 1),
        (SkipReason::EmptyReport, 1),
        (SkipReason::ContradictoryLabels, 1),
    ] {
        assert_eq!(source.skipped.count(reason), count, "{reason:?}");
    }
}

#[test]
fn byte_order_mark_line_ends_separators_and_quotes_do_not_matter() {
    let text = "\u{feff}study;patient;image;report\r\na;p;x.png;\"one; two \"\"three\"\", four\"\r\n";
    let source = read_text(text).unwrap();
    assert_eq!(source.studies[0].report.as_ref().unwrap().text(), "one; two \"three\", four");
    let tabs = read_text("study\tpatient\timage\treport\na\tp\tx.png\tone, two\n").unwrap();
    assert_eq!(tabs.studies[0].report.as_ref().unwrap().text(), "one, two");
}

#[test]
fn splits_are_given_or_drawn_by_patient() {
    let mut text = HEADER.to_owned();
    for i in 0..400 {
        writeln!(text, "s{i},p{},x.png,text,,,", i / 2).unwrap();
    }
    text.push_str("t1,given,x.png,text,,Val,\nt2,given,x.png,text,,,\n");
    let source = read_text(&text).unwrap();
    assert!(split::check_patients(&source.studies).is_ok());
    let [.., first, second] = source.studies.as_slice() else { panic!("no studies") };
    assert_eq!((first.split, second.split), (Split::Validation, Split::Validation));
    let test = source.studies.iter().filter(|study| study.split == Split::Test).count();
    assert!((50..110).contains(&test), "{test}");
    let fewer = text.lines().take(100).collect::<Vec<_>>().join("\n");
    assert_eq!(
        read_text(&fewer).unwrap().studies.iter().map(|s| s.split).collect::<Vec<_>>(),
        source.studies[..99].iter().map(|s| s.split).collect::<Vec<_>>()
    );
}

#[test]
fn errors_name_file_line_and_remedy() {
    let split = error(&format!("{HEADER}a,p,x.png,text,,tset,\n"));
    assert!(split.contains("s.csv, line 2: split `tset` must be `train`, `validation` or `test`"), "{split}");
    let patient = error(&format!("{HEADER}a,p,x.png,,,,\n\na,q,x.png,,,,\n"));
    assert!(
        patient.contains("line 4: patient `q`, but `p` for the same study in") && patient.contains("line 2; correct"),
        "{patient}"
    );
    let column = error("study,patient,image,raport\na,p,x.png,text\n");
    assert!(
        column.contains("no column `report`")
            && column.contains("`image`, `patient`, `raport`, `study`; did you mean `raport`?"),
        "{column}"
    );
    let view = error("study,patient,image,report,veiw\na,p,x.png,text,L\n");
    assert!(view.contains("no column `view`") && view.contains("did you mean `veiw`?"), "{view}");
    let study = error("id,patient,image,report\na,p,x.png,text\n");
    assert!(study.contains("no column `study` (the study, which every file needs)"), "{study}");
    let ragged = error("study,patient,image,report\na,p,x.png,one, two\n");
    assert!(ragged.contains("line 2: 5 cells where the header has 4"), "{ragged}");
    let twice = error("study,study,patient,image,report\n");
    assert!(twice.contains("two columns are named `study`"), "{twice}");
    assert!(error("").contains("no header"));
    assert!(error("\n\n").contains("no header"));
    let latin = read_texts(&[("s.csv", b"study,patient,image,report\na,p,x.png,\xe9\n")], "").err().unwrap();
    assert!(latin.to_string().contains("line 2: the text is not UTF-8"), "{latin}");
    let absent = read(&manifest(Path::new("."), &["absent.csv"], ""), Seed(1), &|_, _| ()).err().unwrap();
    assert!(absent.to_string().contains("cannot read ./absent.csv"), "{absent}");
}

#[test]
fn a_quotation_mark_that_nothing_ends_is_told() {
    let good = format!("{HEADER}a,p,,\"one\ntwo \"\"three\"\"\",,,\n");
    for (end, line) in [("b,q,,\"cut o", 4), ("b,q,,\"open,,,\nc,r,,text,,,\nd,s,,text,,,\n", 4), ("b,q,,x,,,\"", 4)] {
        let said = error(&format!("{good}{end}"));
        assert!(said.contains(&format!("line {line}: a cell of this row begins with a quotation mark")), "{said}");
    }
    for end in ["", "b,q,,\"x\",,,", "b,q,,5\" tube,,,\n", "b,q,,x,,,\"y\"\n\n"] {
        assert!(read_text(&format!("{good}{end}")).is_ok(), "{end}");
    }
}

#[test]
fn rows_without_a_study_and_contradictions_are_counted() {
    let text = format!("{HEADER},p,x.png,text,,,\na,p,x.png,one,,,\na,p,x.png,one,,,\na,p,x.png,two,,,\n");
    let source = read_text(&text).unwrap();
    assert_eq!(source.skipped.count(SkipReason::RowWithoutStudy), 1);
    assert_eq!(source.skipped.count(SkipReason::ContradictoryReport), 1);
    assert_eq!(source.studies.len(), 1);
}

#[test]
fn a_column_switched_off_is_not_missed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.csv"), "study,image\na,x.png\n").unwrap();
    let mut manifest = manifest(folder.path(), &["s.csv"], "");
    manifest.columns.patient = String::new();
    manifest.columns.report = String::new();
    let source = read(&manifest, Seed(1), &|_, _| ()).unwrap();
    assert_eq!(source.studies[0].patient, "a");
}

/// Words for a missing value, as pandas, R and spreadsheets write them.
const MISSING: [&str; 12] = ["nan", "NaN", "None", "null", "NULL", "NA", "N/A", "n/a", "<NA>", "#N/A", "NaT", " nan "];

#[test]
fn missing_values_are_missing_in_every_column() {
    for word in MISSING {
        let text = format!("{HEADER}a,{word},header.png,{word},{word},{word},{word}\n{word},p,x.png,text,,,\n");
        let source = read_text(&text).unwrap();
        let [study] = source.studies.as_slice() else { panic!("{word}: {:?}", source.studies) };
        assert_eq!((study.patient.as_str(), &study.report, &study.labels), ("a", &None, &None), "{word}");
        assert!(study.image.is_some(), "{word}: no view is told");
        let skipped = &source.skipped;
        assert_eq!(skipped.count(SkipReason::EmptyReport), 1, "{word}");
        assert_eq!(skipped.count(SkipReason::RowWithoutStudy), 1, "{word}");
        assert_eq!(skipped.count(SkipReason::StudyWithoutPatient), 1, "{word}");
        assert_eq!(skipped.total(), 3, "{word}: {skipped}");
        let without_image = read_text(&format!("{HEADER}a,p,{word},text,,,\n")).unwrap();
        assert_eq!(without_image.studies[0].image, None, "{word}");
    }
}

#[test]
fn sections_of_missing_values_make_no_report() {
    let folder = tempfile::tempdir().unwrap();
    let text = "study,patient,image,findings,impression\na,p,,nan,nan\nb,p,,nan,Clear.\nc,p,,None,<NA>\n";
    fs::write(folder.path().join("s.csv"), text).unwrap();
    let mut manifest = manifest(folder.path(), &["s.csv"], "");
    manifest.columns.sections = vec!["findings".into(), "impression".into()];
    let source = read(&manifest, Seed(1), &|_, _| ()).unwrap();
    let reports: Vec<Option<String>> =
        source.studies.iter().map(|study| study.report.as_ref().map(Report::text)).collect();
    assert_eq!(reports, [None, Some("IMPRESSION: Clear.".to_owned()), None]);
    assert_eq!(source.skipped.count(SkipReason::EmptyReport), 2);
}

fn labels_as_set(text: &str, change: fn(&mut Manifest)) -> (Vec<Option<StudyLabels>>, Skipped) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.csv"), text).unwrap();
    let mut manifest = manifest(folder.path(), &["s.csv"], "");
    change(&mut manifest);
    let source = read(&manifest, Seed(1), &|_, _| ()).unwrap();
    (source.studies.into_iter().map(|study| study.labels).collect(), source.skipped)
}

#[test]
fn labels_that_look_like_several_are_named_and_a_key_separates_them() {
    let text = "study,patient,image,report,labels\na,p,,text,\"COVID-19, ARDS\"\nb,q,,text,\"COVID-19, ARDS\"\n\
                c,r,,text,COVID-19 + ARDS\nd,s,,text,COVID-19\n";
    let (labels, skipped) = labels_as_set(text, |_| ());
    assert_eq!(labels[0], Some(StudyLabels::from_iter(["covid_19_ards"])));
    assert_eq!(skipped.count(SkipReason::JoinedLabels), 3);
    assert_eq!(skipped.0[&SkipReason::JoinedLabels].examples, ["\"COVID-19, ARDS\"", "\"COVID-19 + ARDS\""]);
    assert!(skipped.to_string().contains("label-separators"), "{skipped}");
    let (labels, skipped) = labels_as_set(text, |manifest| manifest.label_separators = ",+".to_owned());
    let both = Some(StudyLabels::from_iter(["ards", "covid_19"]));
    assert_eq!(labels[..3], [both.clone(), both.clone(), both]);
    assert!(skipped.is_empty(), "{skipped}");
}

#[test]
fn columns_of_true_and_false_are_as_those_of_numbers() {
    for [yes, no] in
        [["True", "False"], ["true", "false"], ["TRUE", "FALSE"], ["yes", "no"], ["Y", "N"], ["1", "0"], ["1.0", "0.0"]]
    {
        let text = format!(
            "study,patient,image,report,Edema,Lung Opacity\na,p,,text,{yes},{no}\nb,q,,text,{no},{yes}\nc,r,,text,,nan\n"
        );
        let (labels, skipped) =
            labels_as_set(&text, |manifest| manifest.columns.labels = vec!["Edema".into(), "Lung Opacity".into()]);
        let expected = [&["edema"][..], &["lung_opacity"], &[]].map(|names| Some(names.iter().copied().collect()));
        assert_eq!(labels, expected, "{yes}");
        assert!(skipped.is_empty(), "{skipped}");
    }
    let (labels, _) = labels_as_set("study,patient,image,report,labels\na,p,,text,Edema\nb,q,,text,no\n", |_| ());
    assert_eq!(
        labels,
        [Some(StudyLabels::from_iter(["edema"])), None],
        "a word among names makes no other study negative"
    );
}

fn edema(manifest: &mut Manifest, policy: UncertainLabels) {
    manifest.columns.labels = vec!["Edema".into()];
    manifest.uncertain_labels = policy;
}

#[test]
fn uncertain_labels_follow_the_policy() {
    let text = "study,patient,image,report,Edema\na,p,,text,-1\nb,q,,text,-1.0\nc,r,,text,0.7\nd,s,,text,0\n";
    let read = |change: fn(&mut Manifest)| {
        let (labels, skipped) = labels_as_set(text, change);
        let counts = labels.into_iter().map(|labels| labels.map(|it| (it.present.len(), it.uncertain.len())));
        (counts.map(Option::unwrap).collect::<Vec<_>>(), skipped)
    };
    let (ignored, skipped) = read(|manifest| edema(manifest, UncertainLabels::Ignore));
    assert_eq!(ignored, [(0, 1), (0, 1), (0, 1), (0, 0)]);
    assert_eq!(skipped.0[&SkipReason::UnknownLabel].examples, ["0.7"]);
    let (positive, _) = read(|manifest| edema(manifest, UncertainLabels::Positive));
    assert_eq!(positive, [(1, 0), (1, 0), (0, 1), (0, 0)]);
    let (negative, _) = read(|manifest| edema(manifest, UncertainLabels::Negative));
    assert_eq!(negative, [(0, 0), (0, 0), (0, 1), (0, 0)]);
}

#[test]
fn views_that_are_no_radiograph_are_left_out_and_unknown_ones_named() {
    let text = format!(
        "{HEADER}a,p,1.png,text,,,Axial\nb,q,2.png,text,,,Coronal\nc,r,3.png,text,,,CT\nd,s,4.png,text,,,LAO\n\
         e,t,5.png,text,,,LAO\ne,t,6.png,,,,AP\nf,u,7.png,text,,,nan\n"
    );
    let source = read_text(&text).unwrap();
    let files: Vec<Option<String>> = source
        .studies
        .iter()
        .map(|study| Some(study.image.as_ref()?.file()?.file_name()?.to_string_lossy().into_owned()))
        .collect();
    assert_eq!(
        files,
        [None, None, None, Some("4.png"), Some("6.png"), Some("7.png")].map(|file| file.map(str::to_owned))
    );
    assert_eq!(source.skipped.0[&SkipReason::OtherImage].examples, ["Axial", "Coronal", "CT"]);
    assert_eq!((source.skipped.count(SkipReason::OtherImage), source.skipped.count(SkipReason::UnknownView)), (3, 2));
}

proptest! {
    #[test]
    fn no_file_panics(text in "([a-z,;\"|\n\r\t]|study,|patient,|image,|report\n|\u{feff}){0,80}", boxes in "([0-9,.\"\n-]|study,finding,x,y,w,h\n|nan){0,60}") {
        let texts = [("s.csv", text.as_bytes()), ("b.csv", boxes.as_bytes())];
        let _ = read_texts(&texts, "b.csv");
        let with_header = format!("{HEADER}{text}");
        let with_boxes = format!("study,finding,x,y,w,h\n{boxes}");
        let _ = read_texts(&[("s.csv", with_header.as_bytes()), ("b.csv", with_boxes.as_bytes())], "b.csv");
    }
}

#[test]
fn the_real_mini_corpus_is_read() {
    let Some(root) = test_data::root() else { return };
    let mut manifest = manifest(&root.join("cxr_mini"), &["images.csv", "pairs.csv"], "boxes.csv");
    manifest.columns.study = "image_id".into();
    manifest.columns.patient = "patient_id".into();
    manifest.columns.image = "path".into();
    manifest.columns.labels = vec!["labels".into(), "finding".into()];
    let source = read(&manifest, Seed(0), &|_, _| ()).unwrap();
    let count = |has: fn(&&Study) -> bool| source.studies.iter().filter(has).count();
    assert_eq!(source.studies.len(), 848);
    assert_eq!(count(|study| study.image.is_some()), 843);
    assert_eq!(count(|study| study.report.is_some()), 74);
    assert_eq!(source.skipped.count(SkipReason::LateralView), 5);
    assert_eq!(source.studies.iter().map(|study| study.boxes.len()).sum::<usize>(), 37);
    assert!(count(|study| study.labels.as_ref().is_some_and(|labels| labels.present.contains(NO_FINDING))) > 350);
    assert_eq!(source.skipped.total(), 5, "{}", source.skipped);
}

#[test]
fn tables_of_several_origins_have_columns_of_their_own_and_images_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    for (origin, header) in [("ours", "study,patient,image,report,view"), ("theirs", "uid,subject,file,report")] {
        let origin = folder.path().join(origin);
        fs::create_dir_all(origin.join("images")).unwrap();
        let (id, view) =
            (origin.file_name().unwrap().to_str().unwrap(), if header.contains("view") { ",PA" } else { "" });
        image::GrayImage::new(8, 8).save(origin.join("images/x.png")).unwrap();
        fs::write(origin.join("s.csv"), format!("{header}\n{id},p-{id},images/x.png,clear{view}\n")).unwrap();
    }
    let mut manifest = manifest(folder.path(), &["ours/s.csv", "theirs/s.csv"], "");
    manifest.columns.study = "study | uid".into();
    manifest.columns.patient = "subject|patient".into();
    manifest.columns.image = "image|file".into();
    let contents = read(&manifest, Seed(1), &|_, _| ()).unwrap();
    let found: Vec<(&str, &str)> = contents.studies.iter().map(|study| (&*study.id, &*study.patient)).collect();
    assert_eq!(found, [("ours", "p-ours"), ("theirs", "p-theirs")]);
    for study in &contents.studies {
        let path = study.image.as_ref().unwrap().file().unwrap();
        assert_eq!(path, folder.path().join(&study.id).join("images/x.png"));
    }
    manifest.columns.patient = "person|human".into();
    let problem = read(&manifest, Seed(1), &|_, _| ()).unwrap_err().to_string();
    assert!(problem.contains("person|human"), "{problem}");
}
