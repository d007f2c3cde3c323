//! Arrays with names, to be written as Python reads them: `.npz`, or safetensors.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use ndarray::ArrayView2;
use safetensors::tensor::{Dtype, View};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::named::Kind;
use crate::{PredictionError, npy, whole};

/// Arrays with names, in the order in which they are written.
#[derive(Debug, Clone, Default)]
pub struct Arrays<'a>(Vec<(&'static str, Values<'a>)>);

/// What an array holds.
#[derive(Debug, Clone)]
enum Values<'a> {
    Single(ArrayView2<'a, f32>),
    Double(ArrayView2<'a, f64>),
    Texts(Cow<'a, [String]>),
    Text(String),
}

impl<'a> Arrays<'a> {
    /// Adds numbers of 32 bits.
    pub fn single(&mut self, name: &'static str, values: ArrayView2<'a, f32>) {
        self.0.push((name, Values::Single(values)));
    }

    /// Adds numbers of 64 bits.
    pub fn double(&mut self, name: &'static str, values: ArrayView2<'a, f64>) {
        self.0.push((name, Values::Double(values)));
    }

    /// Adds a list of texts.
    pub fn texts(&mut self, name: &'static str, values: impl Into<Cow<'a, [String]>>) {
        self.0.push((name, Values::Texts(values.into())));
    }

    /// Adds one text.
    pub fn text(&mut self, name: &'static str, value: String) {
        self.0.push((name, Values::Text(value)));
    }

    /// Whether a file of this name can be written: its name ends in `.npz` or `.safetensors`.
    ///
    /// # Errors
    /// It cannot.
    pub fn can_be(path: &Path) -> Result<(), PredictionError> {
        match Kind::of(path) {
            Ok(Kind::Npz | Kind::Safetensors) => Ok(()),
            _ => Err(PredictionError::unusable(
                path,
                "its name ends in neither .npz nor .safetensors, which are written; name it so",
            )),
        }
    }

    /// Writes an `.npz` of uncompressed arrays, or safetensors, which have texts in the metadata, lists of them as JSON. `replace`:
    /// also where there is a file already.
    ///
    /// # Errors
    /// The file cannot be written, or have this name.
    pub fn write(&self, path: &Path, replace: bool) -> Result<(), PredictionError> {
        Self::can_be(path)?;
        let as_tensors = Kind::of(path)? == Kind::Safetensors;
        whole::write(path, replace, |draft| if as_tensors { self.safetensors(draft) } else { self.npz(draft) })
    }

    fn npz(&self, draft: &Path) -> io::Result<()> {
        let mut archive = ZipWriter::new(BufWriter::new(File::create(draft)?));
        // As NumPy does: an array may have more than 4 GiB.
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
        for (name, values) in &self.0 {
            archive.start_file(format!("{name}.npy"), options)?;
            values.npy(&mut BufWriter::new(&mut archive))?;
        }
        archive.finish()?.flush()
    }

    fn safetensors(&self, draft: &Path) -> io::Result<()> {
        let mut metadata = HashMap::new();
        let mut tensors = Vec::new();
        for (name, values) in &self.0 {
            match values {
                Values::Text(text) => drop(metadata.insert((*name).to_owned(), text.clone())),
                Values::Texts(texts) => drop(metadata.insert((*name).to_owned(), serde_json::to_string(texts)?)),
                numbers => tensors.push((*name, numbers)),
            }
        }
        safetensors::serialize_to_file(tensors, Some(metadata), draft).map_err(io::Error::other)
    }
}

impl Values<'_> {
    /// Writes itself as a `.npy`.
    fn npy(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Values::Single(values) => {
                out.write_all(&npy::header("<f4", values.shape()))?;
                values.iter().try_for_each(|value| out.write_all(&value.to_le_bytes()))?;
            }
            Values::Double(values) => {
                out.write_all(&npy::header("<f8", values.shape()))?;
                values.iter().try_for_each(|value| out.write_all(&value.to_le_bytes()))?;
            }
            Values::Texts(texts) => characters(texts, &[texts.len()], out)?,
            Values::Text(text) => characters(std::slice::from_ref(text), &[], out)?,
        }
        out.flush()
    }
}

/// Texts in UTF-32, each filled up with zeros to the longest.
fn characters(texts: &[String], shape: &[usize], out: &mut impl Write) -> io::Result<()> {
    let longest = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    out.write_all(&npy::header(&format!("<U{longest}"), shape))?;
    for text in texts {
        let mut filled = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(longest);
        filled.try_for_each(|character| out.write_all(&character.to_le_bytes()))?;
    }
    Ok(())
}

/// Numbers as a tensor.
impl View for &Values<'_> {
    fn dtype(&self) -> Dtype {
        if matches!(self, Values::Single(_)) { Dtype::F32 } else { Dtype::F64 }
    }

    fn shape(&self) -> &[usize] {
        match self {
            Values::Single(values) => values.shape(),
            Values::Double(values) => values.shape(),
            Values::Texts(_) | Values::Text(_) => &[],
        }
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match self {
            Values::Single(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Values::Double(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Values::Texts(_) | Values::Text(_) => Cow::Borrowed(&[]),
        }
    }

    fn data_len(&self) -> usize {
        let width = if matches!(self, Values::Single(_)) { 4 } else { 8 };
        View::shape(self).iter().product::<usize>() * width
    }
}
