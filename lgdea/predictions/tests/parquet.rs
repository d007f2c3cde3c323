//! Parquet files as pandas and Polars write them; `formats.py` made those of the folder `files`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};

use lgdea_fault::chain;
use lgdea_predictions::{Features, Label, Outputs, PredictionError, Reference, Retrieval, Scores};

const SCORES: [f64; 6] = [0.5, -1.25, 2.0, 0.0, 0.75, 3.5];

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(format!("{name}.parquet"))
}

fn refusal<T>(result: Result<T, PredictionError>) -> String {
    chain(&result.err().expect("nothing is refused"))
}

#[test]
fn scores_are_read_whoever_wrote_and_packed_them() {
    for name in ["pandas-snappy", "pandas-gzip", "pandas-lz4", "pandas-zstd", "pandas-None", "pandas-index", "polars"] {
        let scores = Scores::read(&file(name)).unwrap();
        assert_eq!(scores.values.iter().copied().collect::<Vec<_>>(), SCORES, "{name}");
        assert_eq!(scores.classes.as_deref().unwrap(), ["Edema", "Pleural Effusion"], "{name}");
        let rows = scores.rows(&Reference::read(&file("reference")).unwrap()).unwrap();
        assert_eq!((rows.rows, rows.by_order), (vec![0, 1, 2], false), "{name}");
    }
    let unpacked = refusal(Scores::read(&file("pandas-brotli")));
    assert!(unpacked.contains("Brotli") && unpacked.contains("compression"), "{unpacked}");
}

#[test]
fn lists_of_numbers_are_embeddings_and_features() {
    let cases = Reference::read(&file("reference")).unwrap();
    let expected = ndarray::array![[0.5, -1.25], [2.0, 0.0], [0.75, 3.5]];
    for name in ["lists", "arrays"] {
        let (outputs, _) = Retrieval::read(&file(name), None).unwrap().of(&cases).unwrap();
        assert_eq!(outputs, Outputs::Embeddings { images: expected.clone(), texts: expected.clone() }, "{name}");
        let (features, rows) = Features::read(&file(name)).unwrap().of(&cases).unwrap();
        assert_eq!((features, rows.rows), (expected.clone(), vec![0, 1, 2]), "{name}");
    }
}

#[test]
fn a_reference_has_whole_numbers_truth_values_and_what_is_missing() {
    use Label::{Blank, Negative, Positive, Uncertain};
    let found = Reference::read(&file("reference")).unwrap();
    assert_eq!(found.classes, ["Edema", "Pleural Effusion"]);
    let labels: Vec<Label> = found.labels.iter().copied().collect();
    assert_eq!(labels, [Positive, Positive, Blank, Blank, Uncertain, Negative]);
    assert_eq!(found.patients.unwrap(), ["1", "1", "2"]);
    assert_eq!(found.texts.unwrap(), ["t", "", "u"]);
    let of_names = Reference::read(&file("names")).unwrap();
    assert_eq!(of_names.classes, ["Edema", "Pleural Effusion"]);
    let labels: Vec<Label> = of_names.labels.iter().copied().collect();
    assert_eq!(labels, [Blank, Blank, Positive, Negative, Positive, Positive], "an empty list says nothing");
}

#[test]
fn what_is_no_table_is_refused_with_its_row_and_column() {
    let uneven = refusal(Features::read(&file("uneven")));
    assert!(uneven.contains("line 3") && uneven.contains("`image`") && uneven.contains("a list of 1"), "{uneven}");
    let nested = refusal(Features::read(&file("nested")));
    assert!(nested.contains("`image`") && nested.contains("lists of numbers"), "{nested}");
}

#[test]
fn broken_files_are_refused_and_nothing_panics() {
    let whole = std::fs::read(file("lists")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.parquet");
    for length in (0..whole.len()).step_by(13) {
        std::fs::write(&path, &whole[..length]).unwrap();
        refusal(Features::read(&path));
    }
    for at in 4..whole.len() {
        for value in [0x00, 0x7f, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            std::fs::write(&path, &bytes).unwrap();
            drop(Features::read(&path));
        }
    }
}
