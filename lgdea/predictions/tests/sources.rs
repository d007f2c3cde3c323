//! References that are the studies of a source.

#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::panic)]

use std::fs;
use std::path::PathBuf;

use image::GrayImage;
use lgdea_data::Split;
use lgdea_fault::chain;
use lgdea_predictions::{Cases, Columns, Label, Reference, Regions, SplitReference, write_cases};
use tempfile::TempDir;

const STUDIES: &str = "\
study,patient,image,report,labels,split,sex
a,p1,a.png,Small right effusion.,pleural effusion,train,F
b,p2,b.png,Clear.,no finding,test,M
c,p3,c.png,,pneumonia,test,F
d,p4,,No image of it.,no finding,test,F
";
const BOXES: &str = "study,finding,phrase,x,y,w,h\nc,pneumonia,Left  Base,2,4,8,6\nc,pneumonia,left  base,0,0,2,2\n";

/// A folder with a data set, and a file that names it.
fn source(toml: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("studies.csv", STUDIES), ("boxes.csv", BOXES), ("studies.toml", toml)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    for name in ["a", "b", "c"] {
        GrayImage::new(20, 16).save(folder.path().join(format!("{name}.png"))).unwrap();
    }
    let path = folder.path().join("studies.toml");
    (folder, path)
}

const DATA: &str = "[data.manifest]\nroot = '.'\nstudies = ['studies.csv']\nboxes = 'boxes.csv'\n[data.manifest.columns]\nsex = 'sex'\n";

fn of(split: Option<Split>) -> Columns {
    Columns { split, ..Columns::default() }
}

#[test]
fn labelled_images_are_cases_with_what_the_source_knows_of_them() {
    let (_folder, path) = source(DATA);
    let by = vec!["sex".parse().unwrap()];
    let found = Reference::read_as(&path, &Columns { by, ..of(Some(Split::Test)) }).unwrap();
    assert_eq!(
        (&found.ids[..], found.patients.as_deref()),
        (&["b".into(), "c".into()][..], Some(&["p2".into(), "p3".into()][..]))
    );
    assert_eq!(found.classes, ["no_finding", "pleural_effusion", "pneumonia"]);
    assert_eq!(found.labels.row(1).to_vec(), [Label::Negative, Label::Negative, Label::Positive]);
    assert_eq!(found.groups[0].names, ["female", "male"]);
    let all = SplitReference::read(&path).unwrap();
    assert_eq!((all.cases(Split::Train), all.cases(Split::Test)), (vec![0], vec![1, 2]));
}

#[test]
fn cases_are_written_as_the_table_that_they_are() {
    let (folder, path) = source(DATA);
    let out = folder.path().join("cases.csv");
    for (cases, split, rows) in
        [(Cases::Labelled, None, 3), (Cases::Labelled, Some(Split::Test), 2), (Cases::Boxes, None, 2)]
    {
        assert_eq!(write_cases(&path, cases, split, &out, true).unwrap(), rows);
    }
    assert_eq!(Regions::read(&out).unwrap().phrases.ids, Regions::read(&path).unwrap().phrases.ids);
    assert!(write_cases(&path, Cases::Pairs, None, &out, false).is_err(), "a file is there");
    let said = chain(&write_cases(&out, Cases::Pairs, None, &out, true).unwrap_err());
    assert!(said.contains("no .toml"), "{said}");
}

#[test]
fn pairs_are_images_with_a_report() {
    let (_folder, path) = source(DATA);
    let found = Reference::read_pairs(&path, &of(Some(Split::Test))).unwrap();
    assert_eq!((found.ids, found.texts), (vec!["b".to_owned()], Some(vec!["Clear.".to_owned()])));
}

#[test]
fn a_phrase_is_called_by_its_study_and_words_and_its_boxes_are_pixels() {
    let (_folder, path) = source(DATA);
    let found = Regions::read(&path).unwrap();
    assert_eq!((found.phrases.ids, found.sizes), (vec!["c/left base".to_owned()], Some(vec![[20, 16]])));
    assert_eq!(found.boxes, [[[0.1, 0.25, 0.4, 0.375], [0.0, 0.0, 0.1, 0.125]]]);
    assert_eq!(found.classes.unwrap(), ["pneumonia"]);
    // Pictures without a size of their own have boxes in shares.
    let (_folder, phantom) = source("[data.phantom]\nstudies = 40\n");
    let found = Regions::read_as(&phantom, &of(Some(Split::Test))).unwrap();
    assert!(found.sizes.is_none() && !found.boxes.is_empty());
}

#[test]
fn an_evaluation_set_is_of_the_studies_that_it_scores() {
    let (_folder, path) = source(&DATA.replace("[data", "[eval.set.own.data"));
    assert_eq!(Reference::read_as(&path, &of(None)).unwrap().ids, ["b", "c"]);
}

#[test]
fn what_cannot_be_scored_is_refused() {
    let refusal = |toml: &str, columns: &Columns| {
        let (_folder, path) = source(toml);
        chain(&Reference::read_as(&path, columns).unwrap_err())
    };
    assert!(refusal(DATA, &of(None)).contains("name one by --split"));
    assert!(refusal(DATA, &of(Some(Split::Validation))).contains("none of its cases is of the split validation"));
    let named = Columns { id: Some("image".parse().unwrap()), ..Columns::default() };
    assert!(refusal(DATA, &named).contains("leave --id out"));
    assert!(refusal("[data.manifest]\nroot = '.'\nstudies = ['none.csv']\n", &of(None)).contains("none.csv"));
    assert!(refusal("seed = 1\n", &of(None)).contains("evaluation set"));
    let unlabelled = DATA.replace("studies.csv", "plain.csv");
    let (folder, path) = source(&unlabelled);
    fs::write(folder.path().join("plain.csv"), "study,patient,image,report,sex\na,p1,a.png,Clear.,F\n").unwrap();
    fs::write(folder.path().join("boxes.csv"), BOXES.replace("\nc,", "\na,")).unwrap();
    let problem = chain(&Reference::read_as(&path, &of(None)).unwrap_err());
    assert!(problem.contains("has labels") || problem.contains("several"), "{problem}");
}
