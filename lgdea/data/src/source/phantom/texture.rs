//! Smooth random fields and soft edges.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// A smooth random field over the image: a grid of normal values, interpolated. It is the same at any image size.
pub(super) struct Field {
    grid: Vec<f32>,
    side: usize,
}

impl Field {
    /// A field of `side × side` grid points with a standard deviation of `amplitude` at them.
    pub(super) fn sample(rng: &mut ChaCha8Rng, side: usize, amplitude: f32) -> Field {
        let draw = |_| amplitude * rng.sample::<f32, _>(StandardNormal);
        Field { grid: (0..side * side).map(draw).collect(), side }
    }

    /// The field's value at image coordinates in [−1, 1].
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        let cell = |position: f32| {
            let scaled = f32::midpoint(position, 1.0) * (self.side - 1) as f32;
            let index = (scaled.max(0.0) as usize).min(self.side - 2);
            (index, scaled - index as f32)
        };
        let ((column, across), (row, down)) = (cell(x), cell(y));
        let value = |row: usize| {
            let start = row * self.side + column;
            self.grid[start] * (1.0 - across) + self.grid[start + 1] * across
        };
        value(row) * (1.0 - down) + value(row + 1) * down
    }
}

/// Logistic step from 0 to 1; `value` is the distance to the edge times its steepness.
pub(super) fn step(value: f32) -> f32 {
    if value > 12.0 {
        1.0
    } else if value < -12.0 {
        0.0
    } else {
        (1.0 + (-value).exp()).recip()
    }
}

/// Bell curve `exp(−distance²)`.
pub(super) fn bell(distance: f32) -> f32 {
    let squared = distance * distance;
    if squared > 12.0 { 0.0 } else { (-squared).exp() }
}
