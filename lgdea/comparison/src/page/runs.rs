//! The runs behind each row: what every seed has of each metric, and the card of its run.

use std::collections::HashMap;

use serde::Serialize;

use crate::view::grid::signed;
use crate::{Cell, Collection, ComparedRow, Comparison, Metric};

use super::card::Card;
use super::summary::describe;
use super::table::place_of_runs;

/// The runs of a row.
#[derive(Serialize)]
pub(super) struct RowRuns {
    label: String,
    setting: String,
    /// The metrics, each with the place that a number of a table leads to.
    metrics: Vec<(String, String)>,
    seeds: Vec<Seed>,
    cards: Vec<Card>,
}

/// A seed, the position of its run's card, and of each metric its value and difference to the base.
#[derive(Serialize)]
struct Seed {
    number: u64,
    card: usize,
    values: Vec<(String, String)>,
}

/// The runs of each row with their cards, and last those that are of none, where there are some.
pub(super) fn by_row(collection: &Collection, comparison: &Comparison, cards: Vec<Card>) -> Vec<RowRuns> {
    let runs = collection.runs.iter().map(|run| run.place.run_key.as_str());
    let mut cards: HashMap<&str, Card> = runs.zip(cards).collect();
    let mut rows: Vec<RowRuns> = comparison
        .rows
        .iter()
        .enumerate()
        .map(|(position, row)| RowRuns::new(comparison, position, row, &mut cards))
        .collect();
    let mut others: Vec<Card> = cards.into_values().collect();
    others.sort_by_key(|card| card.position);
    if !others.is_empty() {
        let label = "runs of no row".to_owned();
        rows.push(RowRuns { label, setting: String::new(), metrics: vec![], seeds: vec![], cards: others });
    }
    rows
}

impl RowRuns {
    fn new(comparison: &Comparison, position: usize, row: &ComparedRow, cards: &mut HashMap<&str, Card>) -> RowRuns {
        let metrics = comparison.metrics.iter().enumerate();
        let metrics = metrics.map(|(metric, of)| (of.label.clone(), place_of_runs([position, metric])));
        let cards: Vec<Card> = row.run_keys.iter().filter_map(|key| cards.remove(key.as_str())).collect();
        let values = |seed: u64| {
            let each = row.cells.iter().zip(&comparison.metrics);
            each.map(|(cell, metric)| value(cell, metric, seed)).collect()
        };
        let seeds = cards.iter().map(|card| Seed { number: card.seed, card: card.position, values: values(card.seed) });
        RowRuns {
            label: row.label(),
            setting: describe(comparison, row),
            metrics: metrics.collect(),
            seeds: seeds.collect(),
            cards,
        }
    }
}

/// The value of a seed and its difference to the base's; empty where there is none.
fn value(cell: &Cell, metric: &Metric, seed: u64) -> (String, String) {
    let value = cell.values.get(&seed).map(|value| metric.show(*value));
    let difference = cell.difference.as_ref().and_then(|difference| {
        let position = difference.seeds.iter().position(|of| *of == seed)?;
        Some(signed(metric, difference.values[position]))
    });
    (value.unwrap_or_default(), difference.unwrap_or_default())
}
