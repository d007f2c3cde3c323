//! Arrays on the host: from and to tensors, row by row.

use burn::tensor::{Device, Tensor, TensorData};
use ndarray::{Array1, Array2, Array3, ArrayView1, Axis, concatenate};

/// A host matrix of a tensor.
pub fn matrix(tensor: Tensor<2>) -> Array2<f32> {
    let [rows, columns] = tensor.dims();
    let values: Vec<f32> = tensor.into_data().iter::<f32>().collect();
    let mut matrix = Array2::zeros((rows, columns));
    matrix.iter_mut().zip(values).for_each(|(place, value)| *place = value);
    matrix
}

/// A host array of a tensor.
pub fn cube(tensor: Tensor<3>) -> Array3<f32> {
    let [depth, rows, columns] = tensor.dims();
    let values: Vec<f32> = tensor.into_data().iter::<f32>().collect();
    let mut cube = Array3::zeros((depth, rows, columns));
    cube.iter_mut().zip(values).for_each(|(place, value)| *place = value);
    cube
}

/// A tensor of a host matrix.
pub fn tensor(matrix: &Array2<f32>, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = matrix.iter().copied().collect();
    Tensor::from_data(TensorData::new(values, [matrix.nrows(), matrix.ncols()]), device)
}

/// Position and value of the greatest of a row's values, the first of equal ones.
pub fn greatest(row: ArrayView1<'_, f32>) -> (usize, f32) {
    let first = (0, f32::NEG_INFINITY);
    row.iter().copied().enumerate().fold(first, |best, one| if one.1 > best.1 { one } else { best })
}

/// Mean of some rows of a matrix, such as those of a report's phrases; 0 where there are none.
pub fn mean_of_rows(matrix: &Array2<f32>, rows: impl ExactSizeIterator<Item = usize>) -> Array1<f32> {
    let count = rows.len().max(1) as f32;
    let mut mean = Array1::zeros(matrix.ncols());
    for row in rows {
        mean += &matrix.row(row);
    }
    mean / count
}

/// Chunks one below the other.
pub fn stack(chunks: Vec<Array2<f32>>) -> Array2<f32> {
    let views: Vec<_> = chunks.iter().map(|chunk| chunk.view()).collect();
    // Chunks of one model are equally wide; there are none where there is nothing to embed.
    concatenate(Axis(0), &views).unwrap_or_else(|_| Array2::zeros((0, 0)))
}
