//! Products of matrices on a CPU.

use gemm::Parallelism;

/// Multiplications from which on a product is shared among threads.
const LARGE: usize = 1 << 20;

/// A matrix within numbers, from the first on.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    numbers: &'a [f32],
    rows: usize,
    columns: usize,
    /// From one row to the next, and from one column to the next.
    strides: [usize; 2],
}

impl<'a> Matrix<'a> {
    /// A matrix row by row.
    pub(crate) fn new(numbers: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(numbers.len(), rows * columns, "a matrix of {rows} by {columns}");
        Self { numbers, rows, columns, strides: [columns, 1] }
    }

    /// Rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        let [row, column] = self.strides;
        Self { rows: self.columns, columns: self.rows, strides: [column, row], ..self }
    }
}

/// Sets `product`, row by row, to `one · other`, or adds it to what is there; on this thread.
pub(crate) fn product(product: &mut [f32], one: Matrix<'_>, other: Matrix<'_>, add: bool) {
    multiply(product, one, other, add, Parallelism::None);
}

/// As [`product`], on all threads where it is large.
pub(crate) fn product_by_all(product: &mut [f32], one: Matrix<'_>, other: Matrix<'_>, add: bool) {
    let large = one.rows * one.columns * other.columns >= LARGE;
    multiply(product, one, other, add, if large { Parallelism::Rayon(0) } else { Parallelism::None });
}

fn multiply(product: &mut [f32], one: Matrix<'_>, other: Matrix<'_>, add: bool, threads: Parallelism) {
    assert_eq!(one.columns, other.rows, "matrices that can be multiplied");
    assert_eq!(product.len(), one.rows * other.columns, "a product of their size");
    let stride = |matrix: &Matrix<'_>, side: usize| matrix.strides[side] as isize;
    #[expect(unsafe_code, reason = "gemm takes pointers")]
    // A matrix holds as many numbers as it has rows and columns, and the product has room for as many as it gets.
    unsafe {
        gemm::gemm(
            one.rows,
            other.columns,
            one.columns,
            product.as_mut_ptr(),
            1,
            other.columns as isize,
            add,
            one.numbers.as_ptr(),
            stride(&one, 1),
            stride(&one, 0),
            other.numbers.as_ptr(),
            stride(&other, 1),
            stride(&other, 0),
            1.0_f32,
            1.0_f32,
            false,
            false,
            false,
            threads,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_set_or_added() {
        let (one, other) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, -1.0, 2.0, 1.0, 3.0]);
        let mut found = [7.0; 4];
        product(&mut found, Matrix::new(&one, 2, 3), Matrix::new(&other, 2, 3).transposed(), false);
        assert_eq!(found, [-2.0, 13.0, -2.0, 31.0]);
        product(&mut found, Matrix::new(&one, 2, 3), Matrix::new(&other, 2, 3).transposed(), true);
        assert_eq!(found, [-4.0, 26.0, -4.0, 62.0]);
    }
}
