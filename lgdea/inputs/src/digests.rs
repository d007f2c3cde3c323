//! Digests of inputs, and the key that they and an experiment make.

use lgdea_spec::Experiment;

use crate::key::{KeyParts, code_of};

/// Hashes of all that an experiment reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// Of the data.
    pub(crate) data: String,
    /// Of who reads the evidence.
    pub(crate) evidence: String,
    /// Of published weights; empty for none.
    pub(crate) weights: String,
    /// Of a file of zero-shot prompts; empty for none.
    pub(crate) prompts: String,
    /// Of what is scored besides: the evaluation sets, and what divides studies; empty for nothing.
    pub(crate) scored: String,
}

impl Digests {
    /// The key of an experiment's run on these inputs, computed by `code` ([`code`]). `experiment` is
    /// [`Experiment::identity`].
    pub fn key(&self, experiment: &str, code: &str) -> String {
        let Digests { data, evidence, weights, prompts, scored } = self;
        KeyParts { experiment, data, evidence, weights, prompts, code, scored }.key()
    }

    /// The key of an experiment's run on these inputs and on the device that it names.
    pub fn run_key(&self, experiment: &Experiment) -> String {
        self.key(&experiment.identity(), &code(&experiment.device.name))
    }

    /// The key of the weights that an experiment's training ends with.
    pub fn training_key(&self, experiment: &Experiment) -> String {
        let mut digests = Digests { scored: String::new(), ..self.clone() };
        if !experiment.prompts_teach() {
            digests.prompts.clear();
        }
        digests.key(&experiment.training_identity(), &code(&experiment.device.name))
    }
}

/// What computes runs: this version of lgdea on the kind of a device.
pub fn code(device: &str) -> String {
    code_of(env!("CARGO_PKG_VERSION"), device)
}
