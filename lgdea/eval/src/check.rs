//! What every task asks of its inputs.

use ndarray::ArrayView2;

use crate::EvalError;

pub(crate) fn shape(what: &str, found: &[usize], expected: &[usize]) -> Result<(), EvalError> {
    if found == expected {
        return Ok(());
    }
    Err(EvalError::Shape { what: what.to_owned(), expected: expected.to_vec(), found: found.to_vec() })
}

/// Refuses NaN and infinities.
pub(crate) fn finite(what: &str, values: ArrayView2<'_, f32>) -> Result<(), EvalError> {
    match values.indexed_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some(((row, _), &value)) => Err(EvalError::NotFinite { what: what.to_owned(), row, value }),
    }
}
