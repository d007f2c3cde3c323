//! Files as NumPy, safetensors and pandas write them; `formats.py` made those of the folder `files`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};

use lgdea_fault::{AtFault, Fault, chain};
use lgdea_predictions::{Label, Outputs, PredictionError, Reference, Retrieval, Scores};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

/// A file of a folder of its own.
fn written(name: &str, content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn values(scores: &Scores) -> Vec<f64> {
    scores.values.iter().copied().collect()
}

fn refusal<T>(result: Result<T, PredictionError>) -> String {
    let Err(error) = result else { panic!("nothing is refused") };
    assert_eq!(error.fault(), Fault::Input);
    chain(&error)
}

const SCORES: [f64; 6] = [0.5, -1.25, 2.0, 0.0, 0.75, 3.5];

#[test]
fn every_precision_byte_order_layout_and_version_gives_the_same_numbers() {
    let names =
        ["little-f2", "little-f4", "little-f8", "big-f4", "big-f8", "version-1", "version-2", "version-3", "fortran"];
    for name in names {
        let scores = Scores::read(&file(&format!("{name}.npy"))).unwrap();
        assert_eq!((values(&scores), scores.values.dim()), (SCORES.to_vec(), (3, 2, 1)), "{name}");
    }
    let deep = Scores::read(&file("fortran-3d.npy")).unwrap();
    let expected: Vec<f64> = SCORES.iter().flat_map(|&score| [score, score + 1.0]).collect();
    assert_eq!((values(&deep), deep.values.dim()), (expected, (3, 2, 2)));
}

#[test]
fn whole_numbers_and_truth_values_are_numbers() {
    for kind in ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "big-i4"] {
        let scores = Scores::read(&file(&format!("whole-{kind}.npy"))).unwrap();
        assert_eq!(values(&scores), [1.0, 0.0, 0.0, 1.0, 1.0, 1.0], "{kind}");
    }
}

fn reference(text: &str) -> Reference {
    let (_folder, path) = written("reference.csv", text);
    Reference::read(&path).unwrap()
}

#[test]
fn archives_and_safetensors_have_names() {
    let turned = reference("id,edema\nc,1\na,0\nb,1\n");
    let names = ["stored.npz", "deflated.npz", "bytes.npz", "f2.safetensors", "f4.safetensors", "f8.safetensors"];
    for name in names {
        let scores = Scores::read(&file(name)).unwrap();
        assert_eq!(values(&scores), SCORES, "{name}");
        assert_eq!(scores.classes.as_deref().unwrap(), ["Edema", "Pleural Effusion"], "{name}");
        assert_eq!(scores.rows(&turned).unwrap().rows, [2, 0, 1], "{name}");
    }
    let scores = Scores::read(&file("numbers.npz")).unwrap();
    let rows = scores.rows(&reference("id,edema\n30,1\n10,0\n")).unwrap();
    assert_eq!((rows.rows, rows.left_out), (vec![2, 0], 1));
}

#[test]
fn what_is_no_array_of_scores_is_refused_with_what_to_do() {
    for (name, parts) in [
        ("structured.npy", &["structured array", "to_numpy"][..]),
        ("objects.npy", &["Python objects", "astype(str)"]),
        ("complex.npy", &["`c8`", "astype('float32')"]),
        ("long-double.npy", &["`f16`"]),
        ("one-dimension.npy", &["[3]", "[cases, classes]"]),
        ("nan.npy", &["NaN in row 1, column 0"]),
        ("infinite.npy", &["inf in row 2, column 1"]),
        ("object-ids.npz", &["in `ids`", "Python objects"]),
        ("wrong-classes.npz", &["[3, 2]", "the length 1"]),
        ("other-name.npz", &["no array `scores`", "`logits`"]),
        ("nowhere.npy", &["cannot read"]),
        ("formats.pkl", &[".npy, .npz, .safetensors, .parquet and .csv"]),
    ] {
        let said = refusal(Scores::read(&file(name)));
        assert!(said.contains(name) && parts.iter().all(|part| said.contains(part)), "{name}: {said}");
    }
}

/// A header of version 1 with this dictionary, and values of eight bytes.
fn npy(dictionary: &str, values: usize) -> Vec<u8> {
    let length = u16::try_from(dictionary.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", length.as_slice(), dictionary.as_bytes(), &vec![0; 8 * values]].concat()
}

#[test]
fn broken_arrays_are_refused_and_nothing_panics() {
    let whole = std::fs::read(file("fortran.npy")).unwrap();
    for length in 0..whole.len() {
        let (_folder, path) = written("p.npy", &whole[..length]);
        refusal(Scores::read(&path));
    }
    let dictionary =
        |descr: &str, shape: &str| format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({shape})}}\n");
    for (descr, shape) in [
        ("'<f8'", "4294967296, 4294967296, 4294967296"),
        ("'<f8'", "99999999999999999999999, 2"),
        ("'<f8'", "1000000, 1000000"),
        ("'<f8'", "-1, 2"),
        ("'<f0'", "1000000000, 2"),
        ("'<U0'", "1000000000"),
        ("'<U9999999999999999999'", "2"),
        ("'<f8'", "2 x 2"),
        ("'O'", "2, 2"),
        ("'|V8'", "2, 2"),
        ("'<M8[ns]'", "2, 2"),
        ("[('a', '<f8')]", "4"),
        ("'<f8", "2, 2"),
        ("''", "2, 2"),
    ] {
        let (_folder, path) = written("p.npy", npy(&dictionary(descr, shape), 4));
        refusal(Scores::read(&path));
    }
    for bytes in [
        &b"\x93NUMPY\x02\x00\xff\xff\xff\xff{"[..],
        b"\x93NUMPY\x04\x00",
        b"\x93NUMPY\x09\x00\x00\x00",
        b"PK\x03\x04",
        b"",
    ] {
        for name in ["p.npy", "p.npz", "p.safetensors"] {
            let (_folder, path) = written(name, bytes);
            refusal(Scores::read(&path));
        }
    }
    for name in ["deflated.npz", "f4.safetensors"] {
        let whole = std::fs::read(file(name)).unwrap();
        for length in (0..whole.len()).step_by(7) {
            let (_folder, path) = written(name, &whole[..length]);
            refusal(Scores::read(&path));
        }
    }
}

#[test]
fn tables_are_read_as_pandas_and_excel_write_them() {
    for text in [
        "id,edema,mass\na,0.5,-1.25\nb,2,0\nc,0.75,3.5\n",
        "\u{feff}id,edema,mass\r\na,0.5,-1.25\r\nb,2.0,0\r\nc,7.5e-1,3.5\r\n",
        ",id,edema,mass\n0,a,0.5,-1.25\n1,b,2,0\n2,c,0.75,3.5\n",
        "edema,ID,mass\n0.5,a,-1.25\n 2 ,b,0\n0.75,c,\"3.5\"\n",
    ] {
        let (_folder, path) = written("p.csv", text);
        let scores = Scores::read(&path).unwrap();
        assert_eq!(
            (values(&scores), scores.classes.as_deref()),
            (SCORES.to_vec(), Some(&["edema".into(), "mass".into()][..]))
        );
    }
}

#[test]
fn tables_that_cannot_be_used_are_refused_with_their_line_and_without_their_text() {
    let quokka = "a report of a quokka";
    for (text, parts) in [
        ("", &["line 1", "header"][..]),
        ("name,edema\na,1\n", &["there is no column", "`id`"]),
        ("id,edema,edema\na,1,1\n", &["line 1", "`edema`", "twice"]),
        ("id,edema\na,0.5\nb,a report of a quokka\n", &["line 3", "`edema`", "no number"]),
        ("id,edema\na,0.5\nb,\n", &["line 3", "no number"]),
        ("id,edema\na,nan\n", &["line 2", "no number"]),
        // As Python's csv module and Excel write them.
        ("id,edema\r\na,0.5\r\nb,x\r\n", &["line 3", "no number"]),
        ("id;edema\na;0.5\nb;x\n", &["line 3", "no number"]),
        ("id,edema\na,0.5\nb,-inf\n", &["line 3", "-inf"]),
        ("id,edema\na,0.5,a report of a quokka\n", &["line 2", "3 cells"]),
        ("id,edema\n\"a\nb\",0.5\nc,x\n", &["line 4", "no number"]),
    ] {
        let (_folder, path) = written("p.csv", text);
        let said = refusal(Scores::read(&path));
        assert!(parts.iter().all(|part| said.contains(part)) && !said.contains(quokka), "{text:?}: {said}");
    }
    let (_folder, path) = written("p.csv", b"id,edema\na,\xff\n");
    let said = refusal(Scores::read(&path));
    assert!(said.contains("line 2") && said.contains("UTF-8"), "{said}");
}

#[test]
fn labels_are_what_the_columns_say() {
    use Label::{Blank, Negative, Positive, Uncertain};
    let found = reference("id,patient,text,Edema,Mass\na,p,t,1,0\nb,p,u,-1,\nc,q,t,1.0,-1.0\n");
    assert_eq!(
        found.labels.iter().copied().collect::<Vec<_>>(),
        [Positive, Negative, Uncertain, Blank, Positive, Uncertain]
    );
    assert_eq!(found.classes, ["Edema", "Mass"]);
    assert_eq!(found.units(), (vec![0, 0, 1], 2));
    assert_eq!(found.texts.unwrap(), ["t", "u", "t"]);
    let of_one = reference("id,label\na,mass\nb,edema\nc,\n");
    assert_eq!(of_one.classes, ["edema", "mass"]);
    assert_eq!(
        of_one.labels.iter().copied().collect::<Vec<_>>(),
        [Negative, Positive, Positive, Negative, Blank, Blank]
    );
    assert_eq!((of_one.units(), of_one.texts), ((vec![0, 1, 2], 3), None));
}

#[test]
fn a_reference_that_cannot_be_used_is_refused_without_its_texts() {
    for (text, parts) in [
        ("id,edema\n", &["no case"][..]),
        ("id,edema\na,1\nb,0\na,0\n", &["line 2 and line 4", "`a`"]),
        ("id,edema\n,1\n", &["line 2", "`id` is empty"]),
        ("id,patient,edema\na,p,1\nb,,0\n", &["line 3", "`patient` is empty"]),
        ("id,edema\na,1\nb,2\n", &["line 3", "`edema`"]),
        ("id,edema\na,0.5\n", &["line 2", "neither 1, 0, -1 nor nothing"]),
        ("id,report\na,a quokka\n", &["line 2", "`report`"]),
        ("id,label,edema\na,mass,1\n", &["`label` and others", "`edema`"]),
        ("id,text,text\na,b,c\n", &["line 1", "twice"]),
    ] {
        let (_folder, path) = written("reference.csv", text);
        let said = refusal(Reference::read(&path));
        assert!(parts.iter().all(|part| said.contains(part)) && !said.contains("quokka"), "{text:?}: {said}");
    }
}

#[test]
fn numbers_that_pandas_made_of_identifiers_are_these_numbers() {
    let found = reference("id,patient,edema\n50000.0,7.0,1\n50001.0,8.0,0\n");
    assert_eq!((found.ids, found.patients), (vec!["50000".into(), "50001".into()], Some(vec!["7".into(), "8".into()])));
    // Not where one of them is another number.
    let found = reference("id,patient,edema\n1.0,7.0,1\n1.5,8.0,0\n");
    assert_eq!(found.ids, ["1.0", "1.5"]);
}

#[test]
fn rows_that_do_not_fit_the_reference_are_refused() {
    let (_folder, path) = written("p.csv", "id,edema\na,1\nb,2\na,3\n");
    let said = refusal(Scores::read(&path).unwrap().rows(&reference("id,edema\na,1\n")));
    assert!(said.contains("rows 0 and 2") && said.contains("`a`"), "{said}");
    let scores = Scores::read(&file("stored.npz")).unwrap();
    let said = refusal(scores.rows(&reference("id,edema\na,1\nx,0\ny,1\n")));
    assert!(said.contains("lacks 2 of the 3 cases") && said.contains("`x`") && said.contains("such as `b`"), "{said}");
    let nameless = Scores::read(&file("fortran.npy")).unwrap();
    let said = refusal(nameless.rows(&reference("id,edema\na,1\nb,0\n")));
    assert!(said.contains("3 rows of scores") && said.contains("2 cases"), "{said}");
    let rows = nameless.rows(&reference("id,edema\nx,1\ny,0\nz,1\n")).unwrap();
    assert_eq!((rows.rows, rows.by_order), (vec![0, 1, 2], true));
}

#[test]
fn embeddings_come_in_one_file_or_in_two_and_similarities_alone() {
    let cases = reference("id\nb\na\n");
    let (_image, image) = written("image.csv", "id,0,1\na,1,0\nb,0,1\nc,5,5\n");
    let (_text, text) = written("text.csv", "id,0,1\nb,0,2\na,2,0\n");
    let (outputs, rows) = Retrieval::read(&image, Some(&text)).unwrap().of(&cases).unwrap();
    let Outputs::Embeddings { images, texts } = outputs else { panic!("no embeddings") };
    assert_eq!(
        (images, texts, rows.map(|rows| rows.left_out)),
        (ndarray::array![[0.0, 1.0], [1.0, 0.0]], ndarray::array![[0.0, 2.0], [2.0, 0.0]], [1, 0])
    );

    let (_folder, path) = written("similarity.csv", "id,a,b\na,1,2\nb,3,4\n");
    let (outputs, _) = Retrieval::read(&path, None).unwrap().of(&cases).unwrap();
    assert_eq!(outputs, Outputs::similarity(ndarray::array![[4.0, 3.0], [2.0, 1.0]]));

    let (_half, half) = written("half.csv", "id,image_0,image_1\na,1,2\nb,3,4\n");
    let said = refusal(Retrieval::read(&half, None));
    assert!(said.contains("none of texts") && said.contains("--texts"), "{said}");

    let (_narrow, narrow) = written("text.csv", "id,0\nb,0\na,2\n");
    let said = refusal(Retrieval::read(&image, Some(&narrow)));
    assert!(said.contains("[3, 2]") && said.contains("[2, 1]"), "{said}");
    let (_large, large) = written("text.csv", "id,0,1\nb,1e300,0\na,2,0\n");
    assert!(refusal(Retrieval::read(&image, Some(&large))).contains("too large"));
    let said = refusal(Retrieval::read(&file("stored.npz"), None));
    assert!(said.contains("no array `image`"), "{said}");
}

/// A safetensors file of two rows of scores, with this list of identifiers in its metadata.
fn with_metadata(name: &str, list: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let header = format!(
        r#"{{"__metadata__":{{"{name}":{}}},"scores":{{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}}}"#,
        serde_json::to_string(list).unwrap()
    );
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend([0.25_f32, 0.75].iter().flat_map(|value| value.to_le_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.safetensors");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

#[test]
fn lists_of_names_in_metadata_are_read_or_refused_and_never_passed_over() {
    let truth = reference("id,edema\n50000002,1\n50000001,0\n");
    let (_folder, path) = with_metadata("ids", "[50000001, 50000002]");
    assert_eq!(Scores::read(&path).unwrap().rows(&truth).unwrap().rows, [1, 0]);
    for list in ["['a', 'b']", "a,b", "{}", "[1.5, 2]"] {
        let (_folder, path) = with_metadata("ids", list);
        let said = refusal(Scores::read(&path));
        assert!(said.contains("`ids`") && said.contains("json.dumps"), "{list}: {said}");
    }
    for nearly in ["id", "IDs", "Ids"] {
        let (_folder, path) = with_metadata(nearly, r#"["a", "b"]"#);
        let said = refusal(Scores::read(&path));
        assert!(said.contains(&format!("`{nearly}`")) && said.contains("call it `ids`"), "{said}");
    }
    let (_folder, path) = with_metadata("format", "pt");
    assert!(Scores::read(&path).unwrap().rows(&truth).unwrap().by_order);
}
