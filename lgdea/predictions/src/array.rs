//! An array of numbers or texts, whatever file it comes from.

use ndarray::{Array2, Array3, ArrayD, IxDyn};

/// Up to where all whole numbers are numbers of double precision.
const WHOLE: f64 = 9.0e15;

/// An array.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Array {
    /// Floating-point numbers.
    Floats(ArrayD<f64>),
    /// Whole numbers and truth values.
    Integers(ArrayD<i64>),
    /// Texts.
    Texts(ArrayD<String>),
}

impl Array {
    pub(crate) fn shape(&self) -> &[usize] {
        match self {
            Array::Floats(values) => values.shape(),
            Array::Integers(values) => values.shape(),
            Array::Texts(values) => values.shape(),
        }
    }

    /// The numbers as floating-point ones; none where it has texts.
    fn floats(self) -> Option<ArrayD<f64>> {
        match self {
            Array::Floats(values) => Some(values),
            Array::Integers(values) => Some(values.mapv(|value| value as f64)),
            Array::Texts(_) => None,
        }
    }

    /// `[rows, columns, depth]`, of depth 1 where it has two dimensions; or what is wrong.
    pub(crate) fn three_dimensional(self, what: &str) -> Result<Array3<f64>, String> {
        let mut shape = self.shape().to_vec();
        if shape.len() == 2 {
            shape.push(1);
        }
        let [rows, columns, depth] = shape[..] else {
            return Err(format!("`{what}` has the shape {:?}, but [cases, classes] is needed", self.shape()));
        };
        let values = self.floats().ok_or_else(|| format!("`{what}` has texts, but numbers are needed"))?;
        if let Some((place, value)) = values.indexed_iter().find(|(_, value)| !value.is_finite()) {
            let (row, column) = (place[0], place[1]);
            return Err(format!(
                "`{what}` has {value} in row {row}, column {column} (both from 0): remove the case, or mend the model"
            ));
        }
        let (values, _) = values.into_raw_vec_and_offset();
        Array3::from_shape_vec((rows, columns, depth), values).map_err(|error| error.to_string())
    }

    /// `[rows, columns]` in single precision; or what is wrong.
    pub(crate) fn two_dimensional(self, what: &str) -> Result<Array2<f32>, String> {
        if self.shape().len() != 2 {
            return Err(format!("`{what}` has the shape {:?}, but two dimensions are needed", self.shape()));
        }
        let values = self.three_dimensional(what)?;
        let (rows, columns, _) = values.dim();
        if let Some(((row, column, _), value)) =
            values.indexed_iter().find(|(_, value)| value.abs() > f64::from(f32::MAX))
        {
            return Err(format!("`{what}` has {value:e} in row {row}, column {column}, which is too large"));
        }
        let values = values.into_iter().map(|value| value as f32).collect();
        Array2::from_shape_vec((rows, columns), values).map_err(|error| error.to_string())
    }

    /// `[phrases, rows, columns]` in single precision, with at least one row and column; or what is wrong.
    pub(crate) fn maps(self, what: &str) -> Result<Array3<f32>, String> {
        let [phrases, rows, columns] = self.shape()[..] else {
            return Err(format!("`{what}` has the shape {:?}, but [phrases, rows, columns] is needed", self.shape()));
        };
        if rows == 0 || columns == 0 {
            return Err(format!("`{what}` has the shape {:?}: a map has at least one row and column", self.shape()));
        }
        let values = self.floats().ok_or_else(|| format!("`{what}` has texts, but numbers are needed"))?;
        if let Some((place, value)) = values.indexed_iter().find(|(_, value)| !(**value as f32).is_finite()) {
            let (phrase, row, column) = (place[0], place[1], place[2]);
            return Err(format!(
                "`{what}` has {value} in map {phrase}, row {row}, column {column} (all from 0): write a number; for pixels that \
                 the model does not see, its least value"
            ));
        }
        let values = values.into_iter().map(|value| value as f32).collect();
        Array3::from_shape_vec((phrases, rows, columns), values).map_err(|error| error.to_string())
    }

    /// A list of names; whole numbers are written out. Or what is wrong.
    pub(crate) fn names(self, what: &str) -> Result<Vec<String>, String> {
        if self.shape().len() != 1 {
            return Err(format!("`{what}` has the shape {:?}, but one dimension is needed", self.shape()));
        }
        match self {
            Array::Texts(values) => Ok(values.into_iter().map(|text| text.trim().to_owned()).collect()),
            Array::Integers(values) => Ok(values.into_iter().map(|number| number.to_string()).collect()),
            Array::Floats(values) if values.iter().all(|value| value.fract() == 0.0 && value.abs() < WHOLE) => {
                Ok(values.into_iter().map(|value| format!("{value:.0}")).collect())
            }
            Array::Floats(_) => Err(format!("`{what}` has fractions; save texts (`.astype(str)`) or whole numbers")),
        }
    }
}

/// Values in the order of a file as an array in row-major order; none where they are not as many as the shape says.
pub(crate) fn shaped<T: Clone>(shape: &[usize], column_major: bool, values: Vec<T>) -> Option<ArrayD<T>> {
    use ndarray::ShapeBuilder;
    let array = ArrayD::from_shape_vec(IxDyn(shape).set_f(column_major), values).ok()?;
    Some(if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() })
}
