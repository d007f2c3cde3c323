//! What an experiment reads besides its own text.

use serde::Serialize;

use crate::eval::file;
use crate::{Data, Eval, EvaluationSet, Evidence, Experiment, ScoredStudies, Seed};

/// What an experiment reads, as it names it. The identity of an experiment says only that something is read: the digests
/// of all of this belong to the key of a run, whoever derives it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inputs {
    /// Where studies come from.
    pub data: Data,
    /// The seed that splits the data, where a source leaves that to the experiment.
    pub split_seed: Option<Seed>,
    /// Who reads evidence.
    pub evidence: Evidence,
    /// Published weights that the encoders start from, see [`crate::Encoder::pretrained`].
    pub pretrained: Vec<String>,
    /// The file of pairs, see [`crate::Pairing::manifest_file`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pairs: Option<String>,
    /// The file of zero-shot prompts, see [`crate::ZeroShot::prompts_file`].
    pub prompts: Option<String>,
    /// Files of protocols that score.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<String>,
    /// What its evaluation sets read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<SetInputs>,
    /// Whether its studies are scored within strata, so that what divides them determines the result.
    #[serde(skip_serializing_if = "is_false")]
    pub are_divided: bool,
    /// The evaluation sets whose patients training goes without.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// What an evaluation set reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetInputs {
    /// Its name.
    pub name: String,
    /// Where its studies come from; none for those of the experiment.
    pub data: Option<Data>,
    /// Which of them are scored.
    pub studies: ScoredStudies,
    /// The file of zero-shot prompts.
    pub prompts: Option<String>,
    /// Files of protocols that score.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<String>,
    /// Whether its studies are scored within strata.
    #[serde(skip_serializing_if = "is_false")]
    pub are_divided: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl SetInputs {
    /// The seed that sets are split with, whatever the experiment's: all runs are scored on the same studies.
    pub const SEED: Seed = Seed(0);
}

/// Those of protocols that are no shipped ones.
fn files<'e>(protocols: impl Iterator<Item = (&'static str, &'e str)>) -> Vec<String> {
    protocols.filter_map(|(_, protocol)| file(protocol)).map(str::to_owned).collect()
}

impl EvaluationSet {
    fn inputs(&self, name: &str, eval: &Eval) -> SetInputs {
        SetInputs {
            name: name.to_owned(),
            data: self.data.clone(),
            studies: self.studies,
            prompts: self.zero_shot.prompts_file().map(str::to_owned),
            protocols: files(self.protocols()),
            are_divided: !self.within.as_ref().unwrap_or(&eval.within).is_empty(),
        }
    }
}

impl Experiment {
    /// What the experiment reads.
    pub fn inputs(&self) -> Inputs {
        Inputs {
            data: self.data.clone(),
            split_seed: self.data.is_split_by_seed().then_some(self.seed),
            evidence: self.evidence.clone(),
            pretrained: self.encoder.pretrained(),
            pairs: self.pairing.manifest_file().map(str::to_owned),
            prompts: self.eval.zero_shot.prompts_file().map(str::to_owned),
            protocols: files(self.eval.protocols()),
            sets: self.eval.sets.iter().map(|(name, set)| set.inputs(name, &self.eval)).collect(),
            are_divided: !self.eval.within.is_empty(),
            left_out: self.pairing.leave_out.sets.clone(),
        }
    }
}

impl Inputs {
    /// What the same experiment reads with another seed.
    pub fn with_seed(&self, seed: Seed) -> Inputs {
        Inputs { split_seed: self.split_seed.map(|_| seed), ..self.clone() }
    }

    /// The seed that the data are read with: data that no seed splits are the same with any.
    pub fn seed(&self) -> Seed {
        self.split_seed.unwrap_or(Seed(0))
    }

    /// A text that is the same for the same inputs, and for no others.
    ///
    /// # Panics
    /// Never: inputs are made of tables, strings and numbers.
    pub fn key(&self) -> String {
        serde_json::to_string(self).expect("inputs are made of tables, strings and numbers")
    }
}
