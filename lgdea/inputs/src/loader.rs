//! Reads what experiments name.

use std::collections::HashMap;

use lgdea_data::{Corpus, PairingManifest};
use lgdea_eval::prompts::PromptSet;
use lgdea_evidence::Provider;
use lgdea_spec::{Inputs, SetInputs};

use crate::{Digests, InputsError, LoadedSet, sets};

/// Reads inputs one after the other; published weights that several of them name are hashed once.
#[derive(Debug, Default)]
pub struct Loader {
    weights: HashMap<Vec<String>, String>,
}

/// What a run reads; cheap to load, so that a finished run is recognised before its images are decoded and its reports are
/// read.
pub struct Loaded {
    /// The studies, without those of training that evaluation sets keep out of it.
    pub corpus: Corpus,
    /// The evaluation sets, without the patients of training.
    pub sets: Vec<LoadedSet>,
    /// Who reads their evidence.
    pub provider: Provider,
    /// Hashes of all inputs.
    pub digests: Digests,
}

impl Loader {
    /// Reads inputs. `progress` is called with the items of the data that are done, and their number.
    ///
    /// # Errors
    /// Something is not there, or not what it should be.
    pub fn load(&mut self, inputs: &Inputs, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<Loaded, InputsError> {
        let provider = Provider::new(&inputs.evidence)?;
        let mut corpus = lgdea_data::load(&inputs.data, inputs.seed(), progress)?;
        let load = |set: &SetInputs| LoadedSet::load(set, inputs, &corpus, progress);
        let mut sets = inputs.sets.iter().map(load).collect::<Result<Vec<_>, _>>()?;
        let left_out = sets.iter().filter(|set| inputs.left_out.contains(&set.name));
        let digests = Digests {
            data: data_digest(&corpus, inputs.pairs.as_deref(), &sets::digest(left_out))?,
            evidence: provider.digest(),
            weights: self.weights(&inputs.pretrained)?,
            prompts: PromptSet::digest_of_file(inputs.prompts.as_deref())?,
            sets: sets::digest(&sets),
        };
        sets::keep_apart(&inputs.data, &mut corpus, &mut sets, &inputs.left_out)?;
        Ok(Loaded { corpus, sets, provider, digests })
    }

    fn weights(&mut self, pretrained: &[String]) -> Result<String, InputsError> {
        if let Some(known) = self.weights.get(pretrained) {
            return Ok(known.clone());
        }
        let digest = lgdea_data::pretrained::digest(pretrained)?;
        self.weights.insert(pretrained.to_vec(), digest.clone());
        Ok(digest)
    }
}

/// Hash of the data, of the pairs that are given with them, and of the evaluation sets whose patients are left out of them.
fn data_digest(corpus: &Corpus, pairs: Option<&str>, left_out: &str) -> Result<String, InputsError> {
    let mut digest = corpus.digest.clone();
    if let Some(pairs) = pairs {
        digest = joined("lgdea data with given pairs, version 1", [&digest, &PairingManifest::read(pairs)?.digest]);
    }
    if !left_out.is_empty() {
        digest = joined("lgdea data without evaluation sets, version 1", [&digest, left_out]);
    }
    Ok(digest)
}

/// Hash of two hashes.
fn joined(context: &str, digests: [&str; 2]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for digest in digests {
        hasher.update(digest.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
