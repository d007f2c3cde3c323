//! What `check` says of data that a run would refuse, or would read otherwise than they are meant.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::Write;
use std::fs;

use lgdea_inputs::check::{read, told};
use lgdea_spec::Resolved;

/// Problems and notes of ten studies, of which the image files of some are there; `change` is made to the table.
fn said(images: usize, change: impl Fn(&str) -> String, set: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut table = "study,patient,image,report,labels,split\n".to_owned();
    for number in 0..10 {
        writeln!(table, "s{number},p{number},{number}.png,Quokka lungs are clear {number}.,No Finding,train").unwrap();
        if number < images {
            fs::write(folder.path().join(format!("{number}.png")), "an image").unwrap();
        }
    }
    fs::write(folder.path().join("s.csv"), change(&table)).unwrap();
    let mut overrides = vec![
        format!("data.manifest.root={:?}", folder.path().display().to_string()),
        "data.manifest.studies=['s.csv']".to_owned(),
        "eval.zero-shot.enabled=false".to_owned(),
    ];
    overrides.extend(set.iter().map(|&text| text.to_owned()));
    let resolved = Resolved::from_overrides(&overrides).unwrap();
    let (problems, mut notes) = told(&resolved, &read(&resolved.experiment.inputs(), &|_, _| ()));
    // All studies are for training.
    notes.retain(|note| !note.contains("it is not scored"));
    // With what to do.
    let problems: Vec<String> = problems.iter().map(|problem| format!("{problem:?}")).collect();
    let said = (problems.join("\n"), notes.join("\n"));
    assert!(!said.0.contains("Quokka") && !said.1.contains("Quokka"), "{said:?}");
    said
}

fn same(table: &str) -> String {
    table.to_owned()
}

#[test]
fn images_that_are_not_there_are_counted() {
    assert_eq!(said(10, same, &[]), (String::new(), String::new()));
    let (problems, notes) = said(3, same, &[]);
    assert!(problems.is_empty() && notes.contains("7 of 10 images are missing, the first is "), "{notes}");
    assert!(notes.contains("3.png") && !notes.contains("image file not found"), "{notes}");
    let (problems, _) = said(0, same, &[]);
    assert!(problems.contains("nothing to pair") && problems.contains("10 of 10 images are missing"), "{problems}");
}

#[test]
fn data_without_pairs_are_refused_as_a_run_refuses_them() {
    let (problems, _) = said(10, same, &["data.manifest.columns.report=\"\""]);
    assert!(problems.contains("nothing to pair") && problems.contains("no study has a report"), "{problems}");
    let (problems, _) = said(10, same, &["data.manifest.columns.image=\"\""]);
    assert!(problems.contains("(0 have an image, 10 a report)"), "{problems}");
    let (problems, _) = said(10, |table| table.replace("train", "test"), &[]);
    assert!(problems.contains("no study is for training"), "{problems}");
}

#[test]
fn what_a_run_leaves_out_is_told() {
    let fold = |table: &str| table.replace("split", "fold");
    assert!(said(10, fold, &[]).1.contains("split = \"fold\""));
    let nobody = |table: &str| table.replace("p7", "nan");
    assert!(said(10, nobody, &[]).1.contains("1 × study without a patient"));
    let lists = |table: &str| table.replace("No Finding", "\"Edema, Mass\"");
    let (_, notes) = said(10, lists, &[]);
    assert!(notes.contains("label that looks like several") && notes.contains("Edema, Mass"), "{notes}");
}

#[test]
fn columns_of_strata_that_no_scored_image_tells_are_named() {
    let held_out = |table: &str| table.replace("clear 8.,No Finding,train", "clear 8.,No Finding,test");
    let flags = ["eval.splits=['test']", "eval.within=['view', 'source', 'sex']", "eval.set.own.within=['age:60']"];
    let (problems, notes) = said(10, held_out, &flags);
    assert!(problems.is_empty(), "{problems}");
    for told in [
        "divides by view, but no image of the test split",
        "divides by sex",
        "by age, but no image of the evaluation set `own`",
    ] {
        assert!(notes.contains(told), "{told}: {notes}");
    }
    assert!(!notes.contains("divides by source"), "{notes}");
    let (_, notes) = said(10, held_out, &["eval.splits=['test']"]);
    assert!(!notes.contains("eval.within"), "{notes}");
}
