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
    /// From each row's columns and values, in any order.
    ///
    /// # Panics
    ///
    /// If a column is not below `columns`, or stands twice in a row.
    pub fn from_rows<R: IntoIterator<Item = (u32, f32)>>(columns: usize, rows: impl IntoIterator<Item = R>) -> Self {
        let mut matrix = Self { columns, row_starts: vec![0], indices: Vec::new(), values: Vec::new() };
        let mut entries = Vec::new();
        for row in rows {
            entries.clear();
            entries.extend(row);
            entries.sort_unstable_by_key(|&(column, _)| column);
            assert!(entries.is_sorted_by(|a, b| a.0 < b.0), "a column stands twice in a row");
            assert!(entries.last().is_none_or(|last| (last.0 as usize) < columns), "a column is outside");
            matrix.push_row(entries.iter().copied());
        }
        matrix
    }

    /// Appends a row whose columns ascend.
    fn push_row(&mut self, entries: impl IntoIterator<Item = (u32, f32)>) {
        for (column, value) in entries {
            self.indices.push(column);
            self.values.push(value);
        }
        self.row_starts.push(self.indices.len());
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.row_starts.len() - 1
    }

    /// Number of stored entries.
    pub fn entries(&self) -> usize {
        self.values.len()
    }

    /// Columns, ascending, and values of a row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let range = self.row_starts[row]..self.row_starts[row + 1];
        self.indices[range.clone()].iter().map(|&column| column as usize).zip(self.values[range].iter().copied())
    }

    /// The transpose, by counting the entries of each column.
    pub fn transpose(&self) -> Self {
        let mut row_starts = vec![0; self.columns + 1];
        for &column in &self.indices {
            row_starts[column as usize + 1] += 1;
        }
        for column in 0..self.columns {
            row_starts[column + 1] += row_starts[column];
        }
        let mut free = row_starts.clone();
        let (mut indices, mut values) = (vec![0; self.entries()], vec![0.0; self.entries()]);
        for row in 0..self.rows() {
            for (column, value) in self.row(row) {
                indices[free[column]] = row as u32;
                values[free[column]] = value;
                free[column] += 1;
            }
        }
        Self { columns: self.rows(), row_starts, indices, values }
    }

    /// `(W + Wᵀ) / 2`, its rows merged from those of both.
    ///
    /// # Panics
    ///
    /// If the matrix is not square.
    pub fn symmetrise(&self) -> Self {
        assert_eq!(self.rows(), self.columns, "only a square matrix can be symmetrised");
        let transpose = self.transpose();
        let mut sum = Self {
            columns: self.columns,
            row_starts: vec![0],
            indices: Vec::with_capacity(2 * self.entries()),
            values: Vec::with_capacity(2 * self.entries()),
        };
        for row in 0..self.rows() {
            let (mut own, mut other) = (self.row(row).peekable(), transpose.row(row).peekable());
            sum.push_row(std::iter::from_fn(|| {
                let (own, other) = match (own.peek(), other.peek()) {
                    (Some(a), Some(b)) if a.0 == b.0 => (own.next(), other.next()),
                    (Some(a), Some(b)) if a.0 > b.0 => (None, other.next()),
                    (None, _) => (None, other.next()),
                    (Some(_), _) => (own.next(), None),
                };
                let value = own.map_or(0.0, |entry| entry.1) + other.map_or(0.0, |entry| entry.1);
                own.or(other).map(|(column, _)| (column as u32, value * 0.5))
            }));
        }
        sum
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
        Csr::from_rows(3, [vec![(2, 2.0), (1, 2.0)], vec![], vec![(0, 4.0)]])
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
