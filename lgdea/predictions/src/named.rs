//! A file of arrays with names: `.npz`, safetensors, or a single `.npy`.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;

use half::{bf16, f16};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::PredictionError;
use crate::array::{Array, shaped};
use crate::npy;

/// The lists of names that are read.
const NAMES: [&str; 3] = ["ids", "text_ids", "classes"];

/// Arrays by name.
pub(crate) type Named = BTreeMap<String, Array>;

/// What kind of file it is, by the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Npy,
    Npz,
    Safetensors,
    /// CSV or Parquet.
    Table,
}

impl Kind {
    pub(crate) fn of(path: &Path) -> Result<Self, PredictionError> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            Some("npy") => Ok(Self::Npy),
            Some("npz") => Ok(Self::Npz),
            Some("safetensors") => Ok(Self::Safetensors),
            Some("csv" | "parquet") => Ok(Self::Table),
            _ => Err(PredictionError::unusable(
                path,
                "its name ends in none of .npy, .npz, .safetensors, .parquet and .csv, which are read; save it as one of them",
            )),
        }
    }
}

pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, PredictionError> {
    std::fs::read(path).map_err(|source| PredictionError::Read { path: path.to_owned(), source })
}

/// The arrays of a file; that of a `.npy` is called `single`.
pub(crate) fn read(path: &Path, kind: Kind, single: &str) -> Result<Named, PredictionError> {
    let bytes = read_bytes(path)?;
    let arrays = match kind {
        Kind::Npy => npy::parse(&bytes).map(|array| Named::from([(single.to_owned(), array)])),
        Kind::Npz => npz(&bytes),
        Kind::Safetensors => safetensors(&bytes),
        Kind::Table => Err("it is a table, not arrays".to_owned()),
    };
    arrays.map_err(|problem| PredictionError::unusable(path, problem))
}

/// Takes an array that must be there.
pub(crate) fn take(arrays: &mut Named, name: &str) -> Result<Array, String> {
    let names: Vec<String> = arrays.keys().map(|name| format!("`{name}`")).collect();
    arrays.remove(name).ok_or_else(|| match &names[..] {
        [] => format!("it has no array `{name}`, nor any other; save one"),
        _ => format!("it has no array `{name}` among {}; add it, or give it this name", names.join(", ")),
    })
}

/// Takes a list of names that may be there, under this name alone: what is called nearly so is refused.
pub(crate) fn names(arrays: &mut Named, name: &str) -> Result<Option<Vec<String>>, String> {
    let singular = match name {
        "classes" => "class",
        others => others.trim_end_matches('s'),
    };
    let nearly = |other: &&String| [name, singular].contains(&other.trim().to_lowercase().replace('-', "_").as_str());
    if let Some(other) = arrays.keys().find(nearly).filter(|_| !arrays.contains_key(name)) {
        return Err(format!("it has an array `{other}`, which is not read; call it `{name}`, or leave it out"));
    }
    arrays.remove(name).map(|array| array.names(name)).transpose()
}

fn npz(bytes: &[u8]) -> Result<Named, String> {
    let broken = |error: &dyn std::fmt::Display| format!("it is no archive that can be read ({error}); save it again");
    if !bytes.starts_with(b"PK") {
        let what = if bytes.is_empty() { "it is empty" } else { "it is no archive of NumPy, whatever its name says" };
        return Err(format!("{what}; save it by np.savez"));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let mut arrays = Named::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| broken(&error))?;
        let name = entry.name().map_err(|error| broken(&error))?.into_owned();
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|error| broken(&error))?;
        let array = npy::parse(&content).map_err(|problem| format!("in `{name}`: {problem}"))?;
        arrays.insert(name, array);
    }
    Ok(arrays)
}

/// Tensors; and the lists of names that the file's metadata has, each as a JSON list.
fn safetensors(bytes: &[u8]) -> Result<Named, String> {
    let broken =
        |error: &dyn std::fmt::Display| format!("it is no safetensors file that can be read: {error}; save it again");
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| broken(&error))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| broken(&error))?;
    let mut arrays = Named::new();
    for (name, tensor) in tensors.iter() {
        arrays.insert(name.to_owned(), of_tensor(name, &tensor)?);
    }
    for (name, text) in header.metadata().iter().flatten() {
        // What else the metadata says (`format`) is no list.
        match list(text) {
            Some(names) => {
                let shape = [names.len()];
                arrays.extend(shaped(&shape, false, names).map(|names| (name.clone(), Array::Texts(names))));
            }
            None if NAMES.contains(&name.as_str()) => {
                return Err(format!(
                    "`{name}` of its metadata is no JSON list of names; save json.dumps(list_of_names)"
                ));
            }
            None => {}
        }
    }
    Ok(arrays)
}

/// The names of a JSON list, of texts or whole numbers.
fn list(text: &str) -> Option<Vec<String>> {
    let values: Vec<serde_json::Value> = serde_json::from_str(text).ok()?;
    let name = |value: serde_json::Value| match value {
        serde_json::Value::String(name) => Some(name),
        serde_json::Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    };
    values.into_iter().map(name).collect()
}

fn of_tensor(name: &str, tensor: &TensorView<'_>) -> Result<Array, String> {
    let shape = tensor.shape();
    let floats = |width: usize, of: fn(&[u8]) -> f64| {
        shaped(shape, false, tensor.data().chunks_exact(width).map(of).collect()).map(Array::Floats)
    };
    let integers = |width: usize, of: fn(&[u8]) -> i64| {
        shaped(shape, false, tensor.data().chunks_exact(width).map(of).collect()).map(Array::Integers)
    };
    let found = match tensor.dtype() {
        Dtype::F16 => floats(2, |one| f16::from_le_bytes([one[0], one[1]]).to_f64()),
        Dtype::BF16 => floats(2, |one| bf16::from_le_bytes([one[0], one[1]]).to_f64()),
        Dtype::F32 => floats(4, |one| f64::from(f32::from_le_bytes([one[0], one[1], one[2], one[3]]))),
        Dtype::F64 => floats(8, |one| f64::from_le_bytes(one.try_into().unwrap_or_default())),
        Dtype::BOOL | Dtype::U8 => integers(1, |one| i64::from(one[0])),
        Dtype::I32 => integers(4, |one| i64::from(i32::from_le_bytes([one[0], one[1], one[2], one[3]]))),
        Dtype::I64 => integers(8, |one| i64::from_le_bytes(one.try_into().unwrap_or_default())),
        other => return Err(format!("`{name}` has values of type {other:?}; save `.float()`")),
    };
    found.ok_or_else(|| format!("`{name}` has not as many values as its shape {shape:?} says; save it again"))
}
