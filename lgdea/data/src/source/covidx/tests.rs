//! `COVIDx`: the lists of all releases, and lines that are none.

use std::fs;

use super::*;
use crate::Study;

const SHARES: Fractions = Fractions { validation: 0.0, test: 0.0 };

/// Reads lists for training, validation and test; an empty one is not set.
fn read([train, validation, test]: [&str; 3], fractions: Fractions) -> Result<Contents, String> {
    let folder = tempfile::tempdir().unwrap();
    let list = |name: &str, content: &str| {
        fs::write(folder.path().join(name), content).unwrap();
        if content.is_empty() { String::new() } else { name.to_owned() }
    };
    let settings = Covidx {
        root: folder.path().display().to_string(),
        train_list: list("train.txt", train),
        validation_list: list("val.txt", validation),
        test_list: list("test.txt", test),
        fractions,
    };
    settings.read(Seed(0), &|_, _| ()).map_err(|error| error.to_string())
}

fn told(study: &Study) -> (&str, &str, Split, String) {
    let labels = Vec::from_iter(study.labels.clone().unwrap().present).join(" ");
    (&study.id, &study.patient, study.split, labels)
}

#[test]
fn lists_of_all_releases_are_read() {
    for (line, id, patient, labels) in [
        ("5 ARDSSevere.png negative cohen", "train/ARDSSevere.png", "cohen/5", ""),
        ("9 a.jpg positive bimcv", "train/a.jpg", "bimcv/9", "covid_19"),
        ("SITE2-000265 M-1.png COVID-19 ricord", "train/M-1.png", "ricord/SITE2-000265", "covid_19"),
        ("47c7 47c7.png normal rsna", "train/47c7.png", "rsna/47c7", "no_finding"),
        ("47c7 47c7.png normal", "train/47c7.png", "47c7", "no_finding"),
        ("3 SARS-1.jpeg pneumonia cohen", "train/SARS-1.jpeg", "cohen/3", "pneumonia"),
        ("7 COVID (1).png COVID-19 sirm", "train/COVID (1).png", "sirm/7", "covid_19"),
        ("  9\ta.jpg  Positive   bimcv ", "train/a.jpg", "bimcv/9", "covid_19"),
    ] {
        let read = read([&format!("\n{line}\r\n\n"), "", ""], SHARES).unwrap();
        let expected = (id, patient, Split::Train, labels.to_owned());
        assert_eq!(read.studies.iter().map(told).collect::<Vec<_>>(), [expected], "{line}");
    }
}

#[test]
fn each_list_is_a_split_with_its_folder_and_a_file_may_be_called_alike_in_two() {
    let read = read(["1 a.png positive x", "2 a.png negative x", "3 a.png positive x"], SHARES).unwrap();
    let splits: Vec<(&str, Split)> = read.studies.iter().map(|study| (study.id.as_str(), study.split)).collect();
    assert_eq!(splits, [("train/a.png", Split::Train), ("val/a.png", Split::Validation), ("test/a.png", Split::Test)]);
    let file = |study: &Study| study.image.as_ref().unwrap().file().unwrap().to_owned();
    assert_eq!(file(&read.studies[1]), read.root.join("val/a.png"));
}

#[test]
fn shares_are_drawn_by_patient_where_there_is_no_list() {
    let train = (0..1000).map(|i| format!("{} {i}.png positive x", i / 2)).collect::<Vec<_>>().join("\n");
    let count = |read: &Contents, split| read.studies.iter().filter(|study| study.split == split).count();
    let drawn = read([&train, "", ""], Fractions { validation: 0.2, test: 0.3 }).unwrap();
    assert!((120..280).contains(&count(&drawn, Split::Validation)) && (220..380).contains(&count(&drawn, Split::Test)));
    for pair in drawn.studies.chunks(2) {
        assert_eq!(pair[0].split, pair[1].split);
    }
    let listed =
        read([&train, "a b.png positive y", "c d.png positive y"], Fractions { validation: 0.2, test: 0.3 }).unwrap();
    assert_eq!((count(&listed, Split::Validation), count(&listed, Split::Test)), (1, 1));
}

#[test]
fn patients_of_different_sources_are_different_and_one_of_the_same_source_is_not_divided() {
    let read = read(["1 a.png positive x", "", "1 b.png positive y"], SHARES).unwrap();
    assert_ne!(read.studies[0].patient, read.studies[1].patient);
    let divided = self::read(["1 a.png positive x", "", "1 b.png positive x"], SHARES).unwrap();
    assert!(crate::split::check_patients(&divided.studies).is_err());
}

#[test]
fn a_line_that_is_repeated_counts_once_and_one_that_contradicts_is_refused() {
    let read = read(["1 a.png positive x\n1 a.png positive x\n", "", ""], SHARES).unwrap();
    assert_eq!(read.studies.len(), 1);
    let error = self::read(["1 a.png positive x\n1 a.png negative x\n", "", ""], SHARES).unwrap_err();
    assert!(error.contains("line 2: image `a.png` has another class in line 1; "), "{error}");
}

#[test]
fn what_is_no_line_of_a_list_is_an_error_that_shows_no_report() {
    for (text, part) in [
        ("1 a.png positive x\n2 b.png\n", "line 2: `a text of 7 characters`"),
        ("1\n", "line 1: `1`"),
        ("\n \n", "line 1: no image is listed"),
        ("1 a.png covid x\n", "line 1: `a text of"),
        ("patientid filename class source\n", "line 1: `a text of"),
        ("1,a.png,positive,x\n", "line 1: `a text of 18 characters`"),
        ("1 positive x\n", "line 1: `a text of 12 characters`"),
        ("There is a small left effusion without pneumothorax.\n", "line 1: `a text of"),
    ] {
        let error = read([text, "", ""], SHARES).unwrap_err();
        assert!(error.contains(part) && error.contains("; ") && !error.contains("effusion"), "{error}");
    }
}

#[test]
fn a_list_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (root, train) = (folder.path().display().to_string(), "train.txt".to_owned());
    let (validation_list, test_list) = (String::new(), String::new());
    let settings = Covidx { root, train_list: train, validation_list, test_list, fractions: SHARES };
    let error = settings.read(Seed(0), &|_, _| ()).unwrap_err().to_string();
    assert!(error.contains("no train.txt, which COVIDx has; "), "{error}");
}
