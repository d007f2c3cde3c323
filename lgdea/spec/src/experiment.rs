//! The experiment: one field for each top-level table.

use std::collections::BTreeMap;

use crate::error::Problem;
use crate::rules::Findings;
use crate::tree::Node;
use crate::{Data, Device, Encoder, Eval, Evidence, EvidenceSpace, Graph, Loss, Notify, Pairing, Seed, Tracker, Train};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One experiment: what to train, on which data, and how it is evaluated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Experiment {
    /// Name of the run and part of its folder's: letters, digits, `-`, `_` and `.`, the first a letter or digit. The
    /// file's name without `.toml` where none is given.
    #[schemars(length(max = 100), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"))]
    pub name: String,
    /// One or two sentences on what the experiment is for.
    pub description: String,
    /// The one seed from which every random stream is derived.
    pub seed: Seed,
    /// Free-form labels, shown in the tracker; they do not change the run's identity.
    pub tags: BTreeMap<String, String>,
    /// Where studies come from: one sub-table per source; several sources are joined.
    pub data: Data,
    /// Which training studies may be used as image–report pairs.
    pub pairing: Pairing,
    /// Image and text encoder and the width of their shared embedding.
    pub encoder: Encoder,
    /// Who reads the reports' diagnostic evidence.
    pub evidence: Evidence,
    /// Prototypes and lesion queries: the space in which evidence phrases and lesion cues meet.
    pub evidence_space: EvidenceSpace,
    /// Relation graph: how evidence spreads from pairs to unpaired images.
    pub graph: Graph,
    /// Loss terms by name; a weight of 0 switches a term off.
    pub loss: Loss,
    /// Optimisation.
    pub train: Train,
    /// Evaluation tasks on the held-out splits.
    pub eval: Eval,
    /// Where tensors live.
    pub device: Device,
    /// Where results are shown; the journal on disk is always written.
    pub tracker: Tracker,
    /// Who is told of the end. It may hold a secret address: no run keeps it.
    #[serde(skip_serializing)]
    pub notify: Notify,
}

impl Experiment {
    /// The same training, with those evaluation sets alone whose patients it goes without: what reads no more than training does
    /// need not read the others.
    #[must_use]
    pub fn without_scored_sets(&self) -> Experiment {
        let mut experiment = self.clone();
        experiment.eval.sets.retain(|name, _| self.pairing.leave_out.sets.contains(name));
        experiment
    }

    /// The rules over several keys that it breaks, each with its place in the tree that it was read from.
    pub(crate) fn broken_rules(&self, tree: &Node) -> Vec<Problem> {
        let mut findings = Findings::new(tree);
        self.data.check("data", &mut findings);
        self.pairing.check(&self.eval, &mut findings);
        self.encoder.check(&mut findings);
        self.graph.check(&self.encoder, &mut findings);
        self.loss.check(&mut findings);
        self.train.check(&self.encoder, &self.eval, &mut findings);
        self.eval.check(&mut findings);
        findings.into_problems()
    }
}

type TableError = serde_path_to_error::Error<toml::de::Error>;

/// Reading and writing an experiment's top-level keys one by one.
macro_rules! tables {
    ($($key:literal => $field:ident),* $(,)?) => {
        impl Experiment {
            /// Replaces the value of a top-level key; an unknown key is left alone.
            pub(crate) fn set_table(&mut self, key: &str, node: &Node) -> Result<(), TableError> {
                match key {
                    $($key => self.$field = match Deserialize::deserialize(node.to_value()) {
                        Ok(value) => value,
                        // Once more, to learn where it does not fit.
                        Err(_) => serde_path_to_error::deserialize(node.to_value())?,
                    },)*
                    _ => {}
                }
                Ok(())
            }

            /// Takes the value of a top-level key from another experiment; an unknown key is left alone.
            pub(crate) fn copy_table(&mut self, key: &str, from: &Experiment) {
                match key {
                    $($key => self.$field.clone_from(&from.$field),)*
                    _ => {}
                }
            }

            /// The value of a top-level key as JSON; null for an unknown key.
            pub(crate) fn table(&self, key: &str) -> serde_json::Result<serde_json::Value> {
                match key {
                    $($key => serde_json::to_value(&self.$field),)*
                    _ => Ok(serde_json::Value::Null),
                }
            }

            /// The top-level keys in the order of their names.
            pub(crate) const TABLES: &[&str] = &[$($key),*];
        }
    };
}

tables! {
    "data" => data,
    "description" => description,
    "device" => device,
    "encoder" => encoder,
    "eval" => eval,
    "evidence" => evidence,
    "evidence-space" => evidence_space,
    "graph" => graph,
    "loss" => loss,
    "name" => name,
    "notify" => notify,
    "pairing" => pairing,
    "seed" => seed,
    "tags" => tags,
    "tracker" => tracker,
    "train" => train,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn every_key_is_a_table_and_they_are_in_order() {
        let mut keys: Vec<&str> = Schema::root().names().filter(|key| *key != "extends").collect();
        keys.sort_unstable();
        assert_eq!(keys, Experiment::TABLES);
    }
}
