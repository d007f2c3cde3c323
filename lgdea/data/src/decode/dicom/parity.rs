//! Our reading beside pydicom's, pixel by pixel.
//!
//! `tests/dicom/parity.py FOLDER` says how both are run.
#![allow(clippy::print_stdout)]

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::form::Form;
use super::tests::read;
use super::*;

/// What pydicom says about one file.
#[derive(Deserialize)]
struct Entry {
    name: String,
    /// The DICOM file.
    file: String,
    /// Stored values, little-endian numbers of 64 bits; none where pydicom does not read the file.
    stored: Option<String>,
    /// Values after the tables and windows, likewise.
    values: Option<String>,
}

fn numbers(folder: &Path, name: &str) -> Vec<f64> {
    let bytes = fs::read(folder.join(name)).unwrap();
    bytes.as_chunks().0.iter().map(|&number| f64::from_le_bytes(number)).collect()
}

fn largest(ours: impl Iterator<Item = f64>, theirs: &[f64]) -> f64 {
    ours.zip(theirs).map(|(our, their)| (our - their).abs()).fold(0.0, f64::max)
}

/// The largest differences of stored and of shown values.
fn differences(folder: &Path, entry: &Entry, bytes: &[u8]) -> Result<[f64; 2], SkipReason> {
    let source = Source::open(bytes)?;
    let data = DataSet::read(&source)?;
    let form = Form::of(&data)?;
    let image = read(bytes)?;
    let stored = numbers(folder, entry.stored.as_ref().unwrap());
    let values = numbers(folder, entry.values.as_ref().unwrap());
    assert_eq!((image.stored.len(), image.stored.len()), (stored.len(), values.len()), "{}", entry.name);
    let is_signed_grey = matches!(form.colours, form::Colours::Grey | form::Colours::InvertedGrey);
    let number = |&bits: &u16| f64::from(if is_signed_grey { form.number(bits) } else { i32::from(bits) });
    let shown = |&bits: &u16| image.shades.values[usize::from(bits)];
    Ok([largest(image.stored.iter().map(number), &stored), largest(image.stored.iter().map(shown), &values)])
}

#[test]
#[ignore = "needs pydicom: see tests/dicom/parity.py"]
fn every_file_of_pydicom_is_read_as_pydicom_reads_it() {
    let folder = std::env::var("LGDEA_DICOM_PARITY").expect("LGDEA_DICOM_PARITY names the folder that parity.py wrote");
    let folder = Path::new(&folder);
    let entries: Vec<Entry> = serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap();
    let (mut identical, mut close, mut different, mut refused, mut both) = (0, 0, Vec::new(), 0, 0);
    for entry in &entries {
        let bytes = fs::read(&entry.file).unwrap();
        if entry.stored.is_none() {
            let ours = read(&bytes).err();
            both += usize::from(ours.is_some());
            println!("{}: not by pydicom; we: {:?}", entry.name, ours.map(SkipReason::describe));
            continue;
        }
        match differences(folder, entry, &bytes) {
            Ok([0.0, shown]) if shown < 1e-9 => identical += 1,
            // Decoders of lossy formats round, and enlarge the parts of colours, each in its own way.
            Ok([stored, shown]) if (1.0..=2.0).contains(&stored) => {
                println!("{}: stored differ by {stored}, shown by {shown}", entry.name);
                close += 1;
            }
            Ok([stored, shown]) => different.push(format!("{}: stored {stored}, shown {shown}", entry.name)),
            Err(reason) => {
                println!("{}: {}", entry.name, reason.describe());
                refused += 1;
            }
        }
    }
    println!(
        "{} files: {identical} identical, {close} within 2, {} different, {refused} refused by us alone, {both} by both",
        entries.len(),
        different.len()
    );
    assert!(different.is_empty(), "{different:#?}");
}
