//! A compressed sparse row matrix, just as much of one as the graph needs.

use ndarray::{Array2, ArrayView2, Axis, Zip};

/// Sparse matrix in compressed rows; columns ascend within a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Csr {
    columns: usize,
    row_starts: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

impl Csr {
    /// From entries `(row, column, value)`; entries of the same place are added.
    ///
    /// # Panics
    ///
    /// If an entry lies outside of `rows` × `columns`.
    pub fn from_entries(rows: usize, columns: usize, mut entries: Vec<(u32, u32, f32)>) -> Self {
        entries.sort_unstable_by_key(|&(row, column, _)| (row, column));
        let mut row_starts = vec![0; rows + 1];
        let mut indices = Vec::with_capacity(entries.len());
        let mut values: Vec<f32> = Vec::with_capacity(entries.len());
        let mut previous = None;
        for (row, column, value) in entries {
            assert!((row as usize) < rows && (column as usize) < columns, "entry ({row}, {column}) is outside");
            if previous == Some((row, column)) {
                if let Some(last) = values.last_mut() {
                    *last += value;
                }
            } else {
                indices.push(column);
                values.push(value);
                row_starts[row as usize + 1] += 1;
                previous = Some((row, column));
            }
        }
        for row in 0..rows {
            row_starts[row + 1] += row_starts[row];
        }
        Self { columns, row_starts, indices, values }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.row_starts.len() - 1
    }

    /// Number of stored entries.
    pub fn entries(&self) -> usize {
        self.values.len()
    }

    /// Columns and values of a row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let range = self.row_starts[row]..self.row_starts[row + 1];
        self.indices[range.clone()].iter().map(|&column| column as usize).zip(self.values[range].iter().copied())
    }

    /// The transpose.
    pub fn transpose(&self) -> Self {
        let entries = (0..self.rows())
            .flat_map(|row| self.row(row).map(move |(column, value)| (column as u32, row as u32, value)))
            .collect();
        Self::from_entries(self.columns, self.rows(), entries)
    }

    /// `(W + Wᵀ) / 2`.
    ///
    /// # Panics
    ///
    /// If the matrix is not square.
    pub fn symmetrise(&self) -> Self {
        assert_eq!(self.rows(), self.columns, "only a square matrix can be symmetrised");
        let entries = (0..self.rows())
            .flat_map(|row| {
                self.row(row).flat_map(move |(column, value)| {
                    let half = value * 0.5;
                    [(row as u32, column as u32, half), (column as u32, row as u32, half)]
                })
            })
            .collect();
        Self::from_entries(self.rows(), self.columns, entries)
    }

    /// Scales rows to sum to 1; empty rows stay empty.
    pub fn normalise_rows(mut self) -> Self {
        for row in 0..self.rows() {
            let values = &mut self.values[self.row_starts[row]..self.row_starts[row + 1]];
            let sum: f32 = values.iter().sum();
            if sum > 0.0 {
                for value in values {
                    *value /= sum;
                }
            }
        }
        self
    }

    /// Product with a dense matrix `[columns, width]`, `[rows, width]`.
    ///
    /// # Panics
    ///
    /// If the shapes do not fit.
    pub fn dot(&self, dense: ArrayView2<'_, f32>) -> Array2<f32> {
        assert_eq!(dense.nrows(), self.columns, "shapes do not fit");
        let mut product = Array2::zeros((self.rows(), dense.ncols()));
        Zip::indexed(product.axis_iter_mut(Axis(0))).par_for_each(|row, mut out| {
            for (column, value) in self.row(row) {
                out.scaled_add(value, &dense.row(column));
            }
        });
        product
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn example() -> Csr {
        Csr::from_entries(3, 3, vec![(2, 0, 4.0), (0, 1, 1.0), (0, 1, 1.0), (0, 2, 2.0)])
    }

    #[test]
    fn product_and_transpose_match_the_dense_matrix() {
        let dense = array![[0.0, 2.0, 2.0], [0.0, 0.0, 0.0], [4.0, 0.0, 0.0]];
        let x = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
        assert_eq!(example().dot(x.view()), dense.dot(&x));
        assert_eq!(example().transpose().dot(x.view()), dense.t().dot(&x));
        assert_eq!(example().symmetrise().dot(x.view()), ((&dense + &dense.t()) * 0.5).dot(&x));
    }

    #[test]
    fn rows_sum_to_one_or_are_empty() {
        let matrix = example().normalise_rows();
        let sums: Vec<f32> = (0..3).map(|row| matrix.row(row).map(|(_, value)| value).sum()).collect();
        assert_eq!(sums, [1.0, 0.0, 1.0]);
    }
}
