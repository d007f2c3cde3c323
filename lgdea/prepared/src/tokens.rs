//! Token ids of several texts, on the host and on the device.

use burn::tensor::{Device, Int, Tensor, TensorData};
use lgdea_model::PAD;

/// Padded token ids.
#[derive(Debug, Clone)]
pub struct Tokens {
    ids: Vec<i32>,
    rows: usize,
    length: usize,
}

impl Tokens {
    /// Pads rows to the longest of them.
    pub fn pad<'a>(rows: impl ExactSizeIterator<Item = &'a [i32]> + Clone) -> Self {
        let length = rows.clone().map(<[i32]>::len).max().unwrap_or(0).max(1);
        let mut ids = vec![PAD; rows.len() * length];
        let count = rows.len();
        for (row, tokens) in rows.enumerate() {
            ids[row * length..row * length + tokens.len()].copy_from_slice(tokens);
        }
        Self { ids, rows: count, length }
    }

    /// Row by row.
    pub fn ids(&self) -> &[i32] {
        &self.ids
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows and their length.
    pub fn shape(&self) -> [usize; 2] {
        [self.rows, self.length]
    }

    /// `[rows, length]`.
    pub fn to_tensor(&self, device: &Device) -> Tensor<2, Int> {
        Tensor::from_data(TensorData::new(self.ids.clone(), self.shape()), device)
    }
}
