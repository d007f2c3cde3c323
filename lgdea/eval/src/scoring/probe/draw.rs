//! The training cases of a share.

use std::collections::BTreeMap;

use lgdea_spec::Seed;

use super::SplitCases;
use crate::metric::probe::subset;
use crate::protocol::{ProbeProtocol, Strata, Unit};

/// The training cases that a probe sees at a share, ascending.
pub(super) fn cases(rules: &ProbeProtocol, train: &SplitCases, share: f64) -> Vec<usize> {
    let count = train.truth.nrows();
    let (unit_of, units) = match rules.draw.of {
        Unit::Case => ((0..count).collect(), count),
        Unit::Patient => train.reference.units(),
    };
    let strata = match rules.draw.strata {
        Strata::None => vec![0; units],
        Strata::LabelSet => label_sets(train, &unit_of, units),
    };
    // A protocol has no other shares than those above 0 and at most 1.
    let drawn = subset(&strata, share, Seed(rules.draw.seed)).unwrap_or_default();
    let mut is_drawn = vec![false; units];
    for unit in drawn {
        is_drawn[unit] = true;
    }
    (0..count).filter(|&case| is_drawn[unit_of[case]]).collect()
}

/// The set of labels of each unit as a number. A unit of several cases has what one of them has.
fn label_sets(train: &SplitCases, unit_of: &[usize], units: usize) -> Vec<usize> {
    let mut labels = vec![vec![None; train.truth.ncols()]; units];
    for (row, &unit) in train.truth.rows().into_iter().zip(unit_of) {
        for (known, &label) in labels[unit].iter_mut().zip(row) {
            // None < Some(false) < Some(true).
            *known = label.max(*known);
        }
    }
    let mut number_of = BTreeMap::new();
    let number = |labels: Vec<Option<bool>>| {
        let next = number_of.len();
        *number_of.entry(labels).or_insert(next)
    };
    labels.into_iter().map(number).collect()
}
