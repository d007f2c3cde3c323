//! All run cards, each below the row that its run is of, and what all runs cost.

use serde::Serialize;

use crate::{Collection, Comparison, Run};

use super::card::{Card, Cost, Fact};
use super::logged::Logs;
use super::runs::{RowRuns, by_row};

/// All cards.
#[derive(Serialize)]
pub(super) struct Cards {
    /// How many there are, and each below the row that its run is of.
    count: usize,
    rows: Vec<RowRuns>,
    /// What is so of all runs, of which a card says nothing more.
    common: Vec<Fact>,
    /// What all runs cost, as far as journals tell.
    cost: String,
    /// Of what energy is known.
    energy: String,
}

impl Cards {
    pub(super) fn new(collection: &Collection, comparison: &Comparison, logs: &Logs<'_>) -> Cards {
        let card = |(position, run): (usize, &Run)| {
            let logged = logs.of(&run.place.run_key);
            Card::new(collection, comparison, position, run, logged)
        };
        let (mut cost, mut measured) = (Cost::default(), 0);
        for run in &collection.runs {
            if let Some(logged) = logs.of(&run.place.run_key) {
                cost.add(&Cost::of(run.seconds, logged));
                measured += usize::from(logged.gpu_energy.is_some());
            }
        }
        let energy = match measured {
            0 => "Energy is not measured.".to_owned(),
            _ => format!(
                "Energy is that of whole GPUs while a run was on them, as their driver tells, and known of {measured} of {} \
                 runs.",
                collection.runs.len()
            ),
        };
        let mut cards: Vec<Card> = collection.runs.iter().enumerate().map(card).collect();
        let common = common(&cards);
        for card in &mut cards {
            card.facts.retain(|fact| !common.contains(fact));
        }
        let rows = by_row(collection, comparison, cards);
        Cards { count: collection.runs.len(), rows, common, cost: cost.describe(), energy }
    }
}

/// The facts that all of several cards have.
fn common(cards: &[Card]) -> Vec<Fact> {
    let Some((first, others)) = cards.split_first().filter(|(_, others)| !others.is_empty()) else { return Vec::new() };
    first.facts.iter().filter(|fact| others.iter().all(|card| card.facts.contains(fact))).cloned().collect()
}
