//! What is written is read again as it was.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

use lgdea_data::Split;
use lgdea_predictions::{
    Arrays, Features, Label, Outputs, PredictionError, Reference, Retrieval, Scores, SplitReference,
};
use ndarray::{Array2, array};

const IDS: [&str; 3] = ["a, \"quoted\"", "β-2", "c"];

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn reference() -> Reference {
    Reference {
        path: "reference.csv".into(),
        ids: texts(&IDS),
        patients: Some(texts(&["p", "p", "q"])),
        texts: Some(texts(&["t", "", "t"])),
        classes: texts(&["edema", "no_finding"]),
        labels: array![
            [Label::Positive, Label::Negative],
            [Label::Uncertain, Label::Positive],
            [Label::Blank, Label::Blank]
        ],
        groups: Vec::new(),
        notes: Vec::new(),
    }
}

fn write(arrays: &Arrays<'_>, path: &Path) {
    arrays.write(path, false).unwrap();
}

#[test]
fn arrays_are_read_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let ids = texts(&IDS);
    let image = array![[0.1_f32, -2.5], [f32::MIN_POSITIVE, 3.0], [0.0, 1e30]];
    // Columns of a larger matrix, which do not lie side by side.
    let wide = Array2::from_shape_fn((2, 6), |(row, column)| (row * 6 + column) as f32 / 7.0);
    let text = wide.t();
    let text = text.slice(ndarray::s![..;2, ..]);
    let scores = array![[1.0 / 3.0, 2.0], [-0.0, 1e-300], [5.5, f64::MAX]];
    let mut arrays = Arrays::default();
    arrays.single("image", image.view());
    arrays.single("text", text);
    arrays.double("scores", scores.view());
    arrays.texts("ids", &ids[..]);
    arrays.texts("classes", texts(&["edema", "no_finding"]));
    arrays.texts("nothing", Vec::<String>::new());
    arrays.text("meta", "{\"run\": \"π\"}".to_owned());
    for name in ["a.npz", "a.safetensors", "b.NPZ"] {
        let path = folder.path().join(name);
        write(&arrays, &path);
        let (outputs, rows) = Retrieval::read(&path, None).unwrap().of(&reference()).unwrap();
        assert_eq!(outputs, Outputs::Embeddings { images: image.clone(), texts: text.to_owned() });
        assert!(rows.iter().all(|rows| rows.left_out == 0 && !rows.by_order), "{rows:?}");
        assert_eq!(Features::read(&path).unwrap().of(&reference()).unwrap().0, image);
        let read = Scores::read(&path).unwrap();
        assert_eq!(read.values.index_axis(ndarray::Axis(2), 0), scores, "{name}");
        assert_eq!(read.classes, Some(texts(&["edema", "no_finding"])));
    }
    let bytes = ["a.npz", "b.NPZ"].map(|name| std::fs::read(folder.path().join(name)).unwrap());
    assert_eq!(bytes[0], bytes[1], "the same arrays are the same bytes");
}

#[test]
fn arrays_without_a_row_are_written_too() {
    let folder = tempfile::tempdir().unwrap();
    let empty = Array2::<f32>::zeros((0, 4));
    let mut arrays = Arrays::default();
    arrays.single("features", empty.view());
    arrays.texts("ids", Vec::<String>::new());
    for name in ["a.npz", "a.safetensors"] {
        write(&arrays, &folder.path().join(name));
        assert!(Features::read(&folder.path().join(name)).is_ok());
    }
}

#[test]
fn a_reference_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let (mut written, path) = (reference(), folder.path().join("reference.csv"));
    written.path.clone_from(&path);
    written.write(&path, &[("split", texts(&["test"; 3]))], false).unwrap();
    assert_eq!(Reference::read(&path).unwrap(), written, "one split is that of all");
    written
        .write(&path, &[("split", texts(&["train", "train", "test"])), ("age", texts(&["40", "", "7"]))], true)
        .unwrap();
    let read = SplitReference::read(&path).unwrap();
    assert_eq!((&read.all, read.cases(Split::Test)), (&written, vec![2]));
    let several = Reference::read(&path).unwrap_err().to_string();
    assert!(several.contains("column `split` has several"), "{several}");
}

#[test]
fn what_is_there_is_kept_unless_it_is_to_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    std::fs::write(&path, "mine").unwrap();
    let arrays = Arrays::default();
    assert!(matches!(arrays.write(&path, false), Err(PredictionError::Write { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    arrays.write(&path, true).unwrap();
    assert_ne!(std::fs::read(&path).unwrap(), b"mine");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "no draft stays: {left:?}");
    assert!(matches!(arrays.write(&folder.path().join("none/a.npz"), false), Err(PredictionError::Write { .. })));
    let unknown = arrays.write(&folder.path().join("a.npy"), false).unwrap_err().to_string();
    assert!(unknown.contains("neither .npz nor .safetensors"), "{unknown}");
}

#[test]
fn classes_called_as_other_columns_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut clashing = reference();
    clashing.classes[1] = "Text".to_owned();
    let error =
        clashing.write(&folder.path().join("r.csv"), &[("split", texts(&["test"; 3]))], false).unwrap_err().to_string();
    assert!(error.contains("`Text`") && error.contains("another name"), "{error}");
}
