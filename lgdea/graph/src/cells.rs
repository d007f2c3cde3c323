//! Cells of similar rows, by k-means with matrix products.

use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::tile::blocks;

/// Rows that the centres learn from, a cell.
const LEARNED_FROM: usize = 64;
/// Lloyd's iterations. Cells need not be the best ones, only be compact.
const ITERATIONS: usize = 10;

/// Rows in order of their cell.
pub(crate) struct Cells {
    /// Row of each place, `[rows]`; ascending within a cell.
    pub(crate) order: Vec<usize>,
    /// Places of each cell; may be empty.
    pub(crate) places: Vec<Range<usize>>,
    /// `[cells, width]`.
    pub(crate) centres: Array2<f32>,
}

impl Cells {
    /// `count` cells of the rows of `points`. The centres start from and learn from evenly spaced rows: no chance is
    /// involved, and the number of threads changes nothing.
    pub(crate) fn new(points: ArrayView2<'_, f32>, count: usize) -> Self {
        let spaced = |wanted: usize| -> Vec<usize> {
            let wanted = wanted.min(points.nrows());
            (0..wanted).map(|place| place * points.nrows() / wanted).collect()
        };
        let mut centres = points.select(Axis(0), &spaced(count));
        let sample = points.select(Axis(0), &spaced(count * LEARNED_FROM));
        for _ in 0..ITERATIONS {
            let cell_of = nearest(sample.view(), &centres);
            move_to_means(&mut centres, &sample, &cell_of);
        }
        Self::sorted(&nearest(points, &centres), centres)
    }

    fn sorted(cell_of: &[usize], centres: Array2<f32>) -> Self {
        let mut order: Vec<usize> = (0..cell_of.len()).collect();
        order.sort_by_key(|&row| cell_of[row]);
        let start = |cell: usize| order.partition_point(|&row| cell_of[row] < cell);
        let places = (0..centres.nrows()).map(|cell| start(cell)..start(cell + 1)).collect();
        Self { order, places, centres }
    }

    /// The cells whose centres are nearest to that of `cell`, itself included, nearest first.
    pub(crate) fn around(&self, cell: usize, count: usize) -> Vec<usize> {
        let own = self.centres.row(cell);
        let distance = |other: usize| (&self.centres.row(other) - &own).mapv(|x| x * x).sum();
        let filled = (0..self.centres.nrows()).filter(|&other| !self.places[other].is_empty());
        let mut cells: Vec<(f32, usize)> = filled.map(|other| (distance(other), other)).collect();
        cells.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        cells.into_iter().take(count).map(|(_, other)| other).collect()
    }
}

/// The nearest centre of each point; the first of equally near ones.
fn nearest(points: ArrayView2<'_, f32>, centres: &Array2<f32>) -> Vec<usize> {
    let half_squares: Array1<f32> = centres.outer_iter().map(|centre| centre.dot(&centre) / 2.0).collect();
    let blocks: Vec<Range<usize>> = blocks(0..points.nrows()).collect();
    let of_block = |block: Range<usize>| {
        let block = points.slice(s![block, ..]);
        // ‖x − c‖² = ‖x‖² − 2 (x · c − ‖c‖² / 2)
        let closeness = block.dot(&centres.t()) - &half_squares;
        let first = (0, f32::NEG_INFINITY);
        let best = |best: (usize, f32), one: (usize, &f32)| if *one.1 > best.1 { (one.0, *one.1) } else { best };
        closeness.outer_iter().map(|row| row.iter().enumerate().fold(first, best).0).collect::<Vec<_>>()
    };
    blocks.into_par_iter().map(of_block).collect::<Vec<_>>().concat()
}

/// Centres without points stay.
fn move_to_means(centres: &mut Array2<f32>, points: &Array2<f32>, cell_of: &[usize]) {
    let mut sums = Array2::<f32>::zeros(centres.raw_dim());
    let mut counts = vec![0_usize; centres.nrows()];
    for (point, &cell) in points.outer_iter().zip(cell_of) {
        sums.row_mut(cell).scaled_add(1.0, &point);
        counts[cell] += 1;
    }
    for ((mut centre, sum), &count) in centres.outer_iter_mut().zip(sums.outer_iter()).zip(&counts) {
        if count > 0 {
            centre.assign(&(&sum / count as f32));
        }
    }
}
