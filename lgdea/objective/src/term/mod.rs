//! The loss terms of the method and of those that it is compared with, one a file.

use burn::tensor::Tensor;
use lgdea_spec::loss::TermSettings;
use lgdea_spec::{Experiment, Loss, for_each_term};

use crate::{Forward, Targets};

/// What a term may read of a joint step.
#[derive(Debug, Clone, Copy)]
pub struct Pass<'a> {
    /// What came out of the model.
    pub forward: &'a Forward,
    /// What it is to reach.
    pub targets: &'a Targets,
    /// All settings; a term reads its own from `self`.
    pub experiment: &'a Experiment,
    /// The step, counted from 0.
    pub step: usize,
}

/// A loss term: a pure function of a pass, implemented by the term's settings. The equation, and where it deviates from the
/// published one, is the documentation of the term's module.
pub trait Term: TermSettings {
    /// The term's value before its weight, `[1]`; `None` where the pass lacks what the term needs.
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>>;
}

macro_rules! declare {
    ($($name:literal => $module:ident: $settings:ident,)*) => {
        $(pub mod $module;)*

        /// All terms by their names in the `[loss]` table, in the order in which they are summed.
        pub fn terms(loss: &Loss) -> impl Iterator<Item = (&'static str, &dyn Term)> {
            [$(($name, &loss.$module as &dyn Term)),*].into_iter()
        }
    };
}

for_each_term!(declare);
