//! Each node's nearest neighbours so far.

use std::cmp::Ordering;

/// The most similar nodes of each of a range of nodes: a fixed number of places each, best first, ties in order of the
/// node. What stands in them does not depend on the order in which candidates came.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    rows: usize,
    places: usize,
    similarities: Vec<f32>,
    nodes: Vec<u32>,
}

/// No node stands here yet.
const FREE: u32 = u32::MAX;

impl Neighbours {
    /// Places that each of `nodes` nodes needs for `count` neighbours: there may be fewer other nodes.
    ///
    /// # Panics
    ///
    /// If there are 2³² − 1 nodes or more.
    pub(crate) fn places(nodes: usize, count: usize) -> usize {
        assert!(u32::try_from(nodes).is_ok_and(|nodes| nodes < FREE), "nodes are counted in 32 bits");
        count.min(nodes.saturating_sub(1))
    }

    /// No neighbours yet of `rows` nodes, `places` at the most for each.
    pub(crate) fn none(rows: usize, places: usize) -> Self {
        Self { rows, places, similarities: vec![f32::NEG_INFINITY; rows * places], nodes: vec![FREE; rows * places] }
    }

    /// Joins the neighbours of consecutive ranges of nodes.
    pub(crate) fn join(places: usize, parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::none(0, places);
        for part in parts {
            all.rows += part.rows;
            all.similarities.extend(part.similarities);
            all.nodes.extend(part.nodes);
        }
        all
    }

    /// Number of nodes whose neighbours these are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Neighbours of a node and their similarity, the most similar first.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let range = row * self.places..(row + 1) * self.places;
        let found = self.nodes[range.clone()].iter().copied().zip(self.similarities[range].iter().copied());
        found.take_while(|&(node, _)| node != FREE)
    }

    /// Per node, what the similarity of a candidate must exceed to find a place, if candidates come from `first` on.
    pub(crate) fn thresholds(&self, first: u32) -> Vec<f32> {
        let last = |row: usize| (row + 1) * self.places - 1;
        let threshold = |place: usize| {
            // A node before the candidate wins a tie, another one loses it.
            if self.nodes[place] < first { self.similarities[place] } else { self.similarities[place].next_down() }
        };
        (0..self.rows).map(last).map(threshold).collect()
    }

    /// Gives a candidate its place, if it earns one and has none.
    pub(crate) fn offer(&mut self, row: usize, node: u32, similarity: f32) {
        let places = row * self.places..(row + 1) * self.places;
        let (nodes, similarities) = (&mut self.nodes[places.clone()], &mut self.similarities[places]);
        let Some(last) = nodes.len().checked_sub(1) else { return };
        // Not by `total_cmp`: 0 and −0 are equal to the thresholds.
        let behind =
            |place: usize, nodes: &[u32], similarities: &[f32]| match similarities[place].partial_cmp(&similarity) {
                Some(Ordering::Less) => true,
                Some(Ordering::Equal) => nodes[place] > node,
                _ => false,
            };
        if !behind(last, nodes, similarities) || nodes.contains(&node) {
            return;
        }
        let mut place = last;
        while place > 0 && behind(place - 1, nodes, similarities) {
            nodes[place] = nodes[place - 1];
            similarities[place] = similarities[place - 1];
            place -= 1;
        }
        nodes[place] = node;
        similarities[place] = similarity;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Few distinct similarities, so that most candidates tie.
        #[test]
        fn keeps_the_best_in_whatever_order_they_come(
            candidates in Just((0..30_u32).collect::<Vec<_>>()).prop_shuffle(),
            similarities in prop::collection::vec(-2..3_i8, 30),
            places in 1..12_usize,
        ) {
            let mut kept = Neighbours::none(1, places);
            for &node in &candidates {
                let similarity = f32::from(similarities[node as usize]);
                let enters = similarity > kept.thresholds(node)[0];
                kept.offer(0, node, similarity);
                kept.offer(0, node, similarity);
                prop_assert_eq!(enters, kept.row(0).any(|(other, _)| other == node));
            }
            let mut expected: Vec<(u32, f32)> =
                (0..30).map(|node| (node, f32::from(similarities[node as usize]))).collect();
            expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            prop_assert_eq!(kept.row(0).collect::<Vec<_>>(), &expected[..places]);
        }
    }
}
