//! What a model says of images and texts: embeddings of both, or their similarities.

use std::path::{Path, PathBuf};

use ndarray::Array2;

use crate::ids::Ids;
use crate::named::{self, Kind, Named};
use crate::table::Table;
use crate::{PredictionError, Reference, Rows};

/// What a model says of images and texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrieval {
    path: PathBuf,
    text_path: PathBuf,
    ids: Ids,
    text_ids: Ids,
    outputs: Outputs,
}

/// Embeddings or similarities. Finite.
#[derive(Debug, Clone, PartialEq)]
pub enum Outputs {
    /// A row each.
    Embeddings {
        /// `[images, width]`.
        images: Array2<f32>,
        /// `[texts, width]`.
        texts: Array2<f32>,
    },
    /// `[images, texts]`, more where they are more alike.
    Similarity {
        /// As images look for texts.
        of_images: Array2<f32>,
        /// As texts look for images, where that is another one.
        of_texts: Option<Array2<f32>>,
    },
}

impl Outputs {
    /// Similarities that are the same both ways, `[images, texts]`.
    pub fn similarity(of_both: Array2<f32>) -> Self {
        Self::Similarity { of_images: of_both, of_texts: None }
    }
}

/// The rows of one file.
pub(crate) struct Side {
    pub(crate) ids: Option<Vec<String>>,
    /// Names of a table's columns.
    columns: Option<Vec<String>>,
    pub(crate) values: Array2<f32>,
}

impl Retrieval {
    /// Reads a file with the arrays `image` and `text`, or `similarity`; `ids` are those of images, and of texts unless there
    /// are `text_ids`. A single array is the similarities of images (rows) and texts (columns), or, where the texts'
    /// embeddings lie in the file `texts`, the images' embeddings. So is a table, unless it has the columns `image_0`,
    /// `image_1`, … and `text_0`, `text_1`, ….
    pub fn read(path: &Path, texts: Option<&Path>) -> Result<Self, PredictionError> {
        if let Some(text_path) = texts {
            let (image, text) = (Side::read(path, &["image"])?, Side::read(text_path, &["text"])?);
            let outputs = Outputs::Embeddings { images: image.values, texts: text.values };
            let (path, text_path) = (path.to_owned(), text_path.to_owned());
            return Self { path, text_path, ids: image.ids.into(), text_ids: text.ids.into(), outputs }.checked();
        }
        let kind = Kind::of(path)?;
        let single = match kind {
            Kind::Table => {
                let table = Table::read(path)?;
                if let Some((images, texts)) = table.numbered("image").zip(table.numbered("text")) {
                    let unusable = |problem: String| PredictionError::unusable(path, problem);
                    let matrix = |columns: &[usize]| table.matrix(columns).map_err(unusable);
                    let outputs = Outputs::Embeddings { images: matrix(&images)?, texts: matrix(&texts)? };
                    return Self::of_one_file(path, Some(table.ids.clone()), Some(table.ids), outputs).checked();
                }
                if table.numbered("image").is_some() {
                    let problem = "it has embeddings of images (`image_0`, …) and none of texts; add `text_0`, …, or give their file by \
                                   --texts";
                    return Err(PredictionError::unusable(path, problem));
                }
                Some(Side::of_table(path, table, &["similarity"])?)
            }
            Kind::Npy => Some(Side::read(path, &["similarity"])?),
            Kind::Npz | Kind::Safetensors => None,
        };
        if let Some(Side { ids, columns, values }) = single {
            return Ok(Self::of_one_file(path, ids, columns, Outputs::similarity(values)));
        }
        let mut arrays = named::read(path, kind, "similarity")?;
        let read = |arrays: &mut Named| {
            let ids = named::names(arrays, "ids")?;
            let text_ids = named::names(arrays, "text_ids")?.or_else(|| ids.clone());
            let mut matrix = |name| named::take(arrays, name).and_then(|array| array.two_dimensional(name));
            let outputs = match matrix("similarity") {
                Ok(similarity) => Outputs::similarity(similarity),
                Err(problem) if problem.starts_with("it has no array") => {
                    Outputs::Embeddings { images: matrix("image")?, texts: matrix("text")? }
                }
                Err(problem) => return Err(problem),
            };
            Ok((ids, text_ids, outputs))
        };
        let (ids, text_ids, outputs) = read(&mut arrays).map_err(|problem| PredictionError::unusable(path, problem))?;
        Self::of_one_file(path, ids, text_ids, outputs).checked()
    }

    fn of_one_file(path: &Path, ids: impl Into<Ids>, text_ids: impl Into<Ids>, outputs: Outputs) -> Self {
        Self { path: path.to_owned(), text_path: path.to_owned(), ids: ids.into(), text_ids: text_ids.into(), outputs }
    }

    fn checked(self) -> Result<Self, PredictionError> {
        match &self.outputs {
            Outputs::Embeddings { images, texts } if images.ncols() != texts.ncols() => {
                let problem = format!(
                    "images have the shape {:?}, texts {:?}; both must be of one width: save what lies in the common space",
                    images.shape(),
                    texts.shape()
                );
                Err(PredictionError::unusable(&self.text_path, problem))
            }
            _ => Ok(self),
        }
    }

    /// [`Outputs::Similarity`] of a reference's images (rows) and texts (columns) in its order, finite; `path` is what it comes from.
    pub fn of_cases(path: &Path, of_images: Array2<f32>, of_texts: Option<Array2<f32>>) -> Self {
        let outputs = Outputs::Similarity { of_images, of_texts };
        Self::of_one_file(path, Ids::OfReference, Ids::OfReference, outputs)
    }

    /// What the model says of the reference's cases, in their order; and the rows of images and texts that it is of.
    pub fn of(&self, reference: &Reference) -> Result<(Outputs, [Rows; 2]), PredictionError> {
        let (images, texts) = match &self.outputs {
            Outputs::Embeddings { images, texts } => (images.nrows(), texts.nrows()),
            Outputs::Similarity { of_images, .. } => of_images.dim(),
        };
        let image_rows = Rows::find(&self.path, "images", &self.ids, images, reference)?;
        let text_rows = Rows::find(&self.text_path, "texts", &self.text_ids, texts, reference)?;
        let rows = |from: &Array2<f32>, rows: &Rows| from.select(ndarray::Axis(0), &rows.rows);
        let outputs = match &self.outputs {
            Outputs::Embeddings { images, texts } => {
                Outputs::Embeddings { images: rows(images, &image_rows), texts: rows(texts, &text_rows) }
            }
            Outputs::Similarity { of_images, of_texts } => {
                let of_cases = |similarity| rows(similarity, &image_rows).select(ndarray::Axis(1), &text_rows.rows);
                Outputs::Similarity { of_images: of_cases(of_images), of_texts: of_texts.as_ref().map(of_cases) }
            }
        };
        Ok((outputs, [image_rows, text_rows]))
    }
}

impl Side {
    /// Reads a table, a single array, or the first array of these names that is there.
    pub(crate) fn read(path: &Path, names: &[&str]) -> Result<Self, PredictionError> {
        let unusable = |problem: String| PredictionError::unusable(path, problem);
        let kind = Kind::of(path)?;
        if kind == Kind::Table {
            return Self::of_table(path, Table::read(path)?, names);
        }
        let mut arrays = named::read(path, kind, names[0])?;
        let name = names.iter().find(|&&name| arrays.contains_key(name)).unwrap_or(&names[0]);
        let ids = named::names(&mut arrays, "ids").map_err(unusable)?;
        let values = named::take(&mut arrays, name).and_then(|array| array.two_dimensional(name)).map_err(unusable)?;
        Ok(Self { ids, columns: None, values })
    }
    /// The numbered columns of the first of these names that has some; where none has, all columns.
    fn of_table(path: &Path, table: Table, names: &[&str]) -> Result<Self, PredictionError> {
        let all = || (0..table.columns.len()).collect();
        let columns: Vec<usize> = names.iter().find_map(|name| table.numbered(name)).unwrap_or_else(all);
        let values = table.matrix(&columns).map_err(|problem| PredictionError::unusable(path, problem))?;
        let columns = columns.into_iter().map(|at| table.columns[at].clone()).collect();
        Ok(Self { ids: Some(table.ids), columns: Some(columns), values })
    }
}
