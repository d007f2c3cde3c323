//! Sex and age of patients, and studies that are read with several images.

use lgdea_spec::Data;

use super::*;
use crate::{Corpus, Projection, load, statistics};

const STUDIES: &str = "study,patient,image,report,view,sex,age\n\
    a,p,a1.png,text,PA,F,58\na,p,a2.png,,AP,F,58\na,p,a3.png,,Lateral,F,58\na,p,a4.png,,CT,F,58\n\
    b,q,b1.png,text,LAO,Male,063Y\nb,q,b2.png,,,Male,063Y\nc,r,c1.png,,,,\n";

/// Reads a file of studies, and one of boxes, with settings that are changed.
fn read_with(studies: &str, boxes: &str, change: impl Fn(&mut Manifest)) -> Result<Contents, DataError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.csv"), studies).unwrap();
    fs::write(folder.path().join("b.csv"), boxes).unwrap();
    let mut manifest = manifest(folder.path(), &["s.csv"], if boxes.is_empty() { "" } else { "b.csv" });
    change(&mut manifest);
    read(&manifest, Seed(1), &|_, _| ())
}

fn people(manifest: &mut Manifest) {
    (manifest.columns.sex, manifest.columns.age) = ("sex".to_owned(), "age".to_owned());
}

#[test]
fn sex_and_age_are_read_from_the_columns_that_are_named() {
    let known = |change: fn(&mut Manifest)| -> Vec<(Option<Sex>, Option<f32>)> {
        let contents = read_with(STUDIES, "", change).unwrap();
        contents.studies.iter().map(|study| (study.person.sex, study.person.age)).collect()
    };
    assert_eq!(known(people), [(Some(Sex::Female), Some(58.0)), (Some(Sex::Male), Some(63.0)), (None, None)]);
    assert_eq!(known(|_| ()), [(None, None); 3], "a column that no setting names is not read");
    assert_eq!(known(|manifest| manifest.columns.age = "age".to_owned())[0], (None, Some(58.0)));
}

#[test]
fn what_an_earlier_row_tells_stands_and_later_rows_tell_the_rest() {
    let rows = "study,patient,image,report,sex,age\na,p,1.png,text,,40\na,p,1.png,,F,\na,p,1.png,,M,41\n";
    let person = read_with(rows, "", people).unwrap().studies[0].person;
    assert_eq!(person, Person { sex: Some(Sex::Female), age: Some(40.0) });
}

#[test]
fn a_source_is_what_a_row_says_or_the_file_that_has_no_column_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let told = "study,patient,image,report,source\na,p,1.png,text,North\na,p,1.png,,South\nb,q,2.png,text,\nc,r,3.png,text,South\n";
    fs::write(folder.path().join("told.csv"), told).unwrap();
    fs::write(folder.path().join("pairs.csv"), "study,patient,image,report\nd,s,4.png,text\na,p,1.png,\n").unwrap();
    for file in ["1.png", "2.png", "3.png", "4.png"] {
        fs::write(folder.path().join(file), "an image").unwrap();
    }
    let sources = |files: &[&str], column: &str| -> (Vec<String>, String) {
        let mut manifest = manifest(folder.path(), files, "");
        column.clone_into(&mut manifest.columns.source);
        let corpus = load(&Data { manifest: Some(manifest), ..Data::default() }, Seed(1), &|_, _| ()).unwrap();
        let source = |study: &crate::Study| study.source.as_deref().unwrap_or("?").to_owned();
        (corpus.studies.iter().map(source).collect(), corpus.digest)
    };
    let (both, digest) = sources(&["told.csv", "pairs.csv"], "source");
    assert_eq!(both, ["North", "?", "South", "pairs"]);
    let (unread, plain) = sources(&["told.csv", "pairs.csv"], "");
    assert_eq!(unread, ["manifest"; 4]);
    assert_ne!(digest, plain);
    assert_eq!(sources(&["told.csv"], "source").0[0], "North");
}

#[test]
fn values_that_are_neither_are_counted_and_texts_are_not_shown() {
    for (sex, age, counts) in [
        ("1", "40", [1, 0]),
        ("girl", "40", [1, 0]),
        ("F", "414", [0, 1]),
        ("F", "forty", [0, 1]),
        ("F", "90+", [0, 1]),
        ("F", "1950-01-01", [0, 1]),
        ("O", "40", [0, 0]),
        ("unknown", "nan", [0, 0]),
        ("", "", [0, 0]),
        ("w", "003M", [0, 0]),
        ("Small left effusion", "Clear lungs", [1, 1]),
    ] {
        let rows = format!("study,patient,image,report,sex,age\na,p,1.png,text,{sex},{age}\n");
        let skipped = read_with(&rows, "", people).unwrap().skipped;
        let counted = [SkipReason::UnknownSex, SkipReason::UnknownAge].map(|reason| skipped.count(reason));
        assert_eq!(counted, counts, "{sex}, {age}");
        assert!(!skipped.to_string().contains("ffusion") && !skipped.to_string().contains("lungs"), "{skipped}");
    }
}

#[test]
fn a_column_that_is_named_and_not_there_is_refused() {
    for (sex, age, part) in [("gender", "", "`gender`"), ("", "years", "`years`")] {
        let error = read_with(STUDIES, "", |manifest| {
            (manifest.columns.sex, manifest.columns.age) = (sex.to_owned(), age.to_owned());
        });
        let said = error.err().unwrap().to_string();
        assert!(said.contains(part) && said.contains("leave `columns."), "{said}");
    }
}

/// Identifiers of studies, and names of their images.
fn images(contents: &Contents) -> Vec<(String, String)> {
    let file = |study: &Study| study.image.as_ref()?.file()?.file_name()?.to_str().map(str::to_owned);
    contents.studies.iter().map(|study| (study.id.clone(), file(study).unwrap_or_default())).collect()
}

#[test]
fn views_say_which_images_of_a_study_are_read() {
    for (views, expected) in [
        (Views::FirstFrontal, &[("a", "a1.png"), ("b", "b2.png"), ("c", "c1.png")][..]),
        (Views::AllFrontal, &[("a", "a1.png"), ("a/a2.png", "a2.png"), ("b", "b2.png"), ("c", "c1.png")]),
        (
            Views::WithLaterals,
            &[("a", "a1.png"), ("a/a2.png", "a2.png"), ("a/a3.png", "a3.png"), ("b", "b2.png"), ("c", "c1.png")],
        ),
    ] {
        let contents = read_with(STUDIES, "", |manifest| manifest.views = views).unwrap();
        let expected: Vec<(String, String)> =
            expected.iter().map(|&(id, file)| (id.to_owned(), file.to_owned())).collect();
        assert_eq!(images(&contents), expected, "{views:?}");
        let of_a = contents.studies.iter().filter(|study| study.examination == "a");
        assert!(of_a.clone().all(|study| study.report.is_some() && study.patient == "p"), "{views:?}");
        assert_eq!(contents.skipped.count(SkipReason::OtherImage), 1, "{views:?}");
    }
    let laterals = read_with(STUDIES, "", |manifest| manifest.views = Views::WithLaterals).unwrap();
    let told: Vec<Option<Projection>> = laterals.studies.iter().map(|study| study.projection).collect();
    let (pa, ap, lateral) = (Some(Projection::Pa), Some(Projection::Ap), Some(Projection::Lateral));
    assert_eq!(told, [pa, ap, lateral, None, None]);
}

#[test]
fn boxes_lie_on_the_image_that_they_name_or_on_the_first() {
    let boxes = "study,image,finding,x,y,w,h,image_width,image_height\n\
        a,a2.png,Mass,0,0,1,1,2,2\na,a3.png,Mass,0,0,1,1,2,2\na,,Edema,0,0,1,1,2,2\nb,b1.png,Mass,0,0,1,1,2,2\n";
    let of = |views| {
        let contents = read_with(STUDIES, boxes, |manifest| manifest.views = views).unwrap();
        let boxed = contents.studies.iter().filter(|study| !study.boxes.is_empty());
        let named = boxed.map(|study| format!("{} {}", study.id, study.boxes[0].finding)).collect::<Vec<_>>();
        (named.join(", "), contents.skipped.count(SkipReason::BoxOnOtherImage))
    };
    assert_eq!(of(Views::FirstFrontal), ("a edema".to_owned(), 3));
    assert_eq!(of(Views::AllFrontal), ("a edema, a/a2.png mass".to_owned(), 2));
    assert_eq!(of(Views::WithLaterals), ("a edema, a/a2.png mass, a/a3.png mass".to_owned(), 1));
}

/// A corpus whose images are there.
fn corpus(change: impl Fn(&mut Manifest), studies: &str) -> Corpus {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.csv"), studies).unwrap();
    for name in ["a1", "a2", "a3", "a4", "b1", "b2", "c1"] {
        fs::write(folder.path().join(format!("{name}.png")), "image").unwrap();
    }
    let mut manifest = manifest(folder.path(), &["s.csv"], "");
    change(&mut manifest);
    load(&Data { manifest: Some(manifest), ..Data::default() }, Seed(1), &|_, _| ()).unwrap()
}

#[test]
fn the_digest_follows_sex_age_and_views_where_they_are_asked_for() {
    let digest = |change: fn(&mut Manifest), studies: &str| corpus(change, studies).digest;
    let all: fn(&mut Manifest) = |manifest| manifest.views = Views::AllFrontal;
    let upright = STUDIES.replace("a1.png,text,PA", "a1.png,text,AP");
    assert_eq!(digest(|_| (), STUDIES), digest(|_| (), &upright), "as before views were told");
    assert_eq!(digest(|_| (), STUDIES), digest(|_| (), &STUDIES.replace("58", "59")));
    for (change, studies) in [
        (people as fn(&mut Manifest), STUDIES.replace("58", "59")),
        (people, STUDIES.replace("Male", "F")),
        (people, upright.clone()),
        (all, upright),
    ] {
        assert_ne!(digest(change, STUDIES), digest(change, &studies));
    }
    assert_ne!(digest(all, STUDIES), digest(|_| (), STUDIES));
}

#[test]
fn statistics_show_views_and_people() {
    let found = statistics(&corpus(people, STUDIES));
    let total = |counts: &std::collections::BTreeMap<Split, usize>| counts.values().sum::<usize>();
    assert_eq!((total(&found.sexes["female"]), total(&found.sexes["male"]), total(&found.sexes["unknown"])), (1, 1, 1));
    assert_eq!((total(&found.ages["50–59"]), total(&found.views["PA"]), total(&found.views["unknown"])), (1, 1, 2));
}
