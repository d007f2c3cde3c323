//! The total loss: the weighted sum of the named terms.

use burn::tensor::Tensor;

use crate::term::{Pass, Term, terms};

/// A term's value before its weight.
#[derive(Debug, Clone)]
pub struct TermValue {
    /// Name of the term, as in the experiment's `[loss]` table.
    pub name: &'static str,
    /// Weight at this step.
    pub weight: f64,
    /// `[1]`.
    pub value: Tensor<1>,
}

/// The terms that act on a pass, and their weighted sum; `None` where no term acts.
pub fn total(pass: &Pass<'_>) -> (Option<Tensor<1>>, Vec<TermValue>) {
    let value = |(name, term): (&'static str, &dyn Term)| {
        let weight = term.schedule().weight_at(pass.step)?;
        Some(TermValue { name, weight, value: term.value(pass)? })
    };
    let values: Vec<TermValue> = terms(&pass.experiment.loss).filter_map(value).collect();
    let sum = values.iter().map(|term| term.value.clone() * term.weight).reduce(|sum, term| sum + term);
    (sum, values)
}
