//! Reads what experiments name.

use std::collections::HashMap;

use lgdea_data::{Corpus, PairingManifest};
use lgdea_eval::prompts::PromptSet;
use lgdea_evidence::Provider;
use lgdea_spec::Inputs;

use crate::{Digests, InputsError};

/// Reads inputs one after the other; published weights that several of them name are hashed once.
#[derive(Debug, Default)]
pub struct Loader {
    weights: HashMap<Vec<String>, String>,
}

/// What a run reads; cheap to load, so that a finished run is recognised before its images are decoded and its reports are
/// read.
pub struct Loaded {
    /// The studies.
    pub corpus: Corpus,
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
        let corpus = lgdea_data::load(&inputs.data, inputs.seed(), progress)?;
        let digests = Digests {
            data: data_digest(&corpus, inputs.pairs.as_deref())?,
            evidence: provider.digest(),
            weights: self.weights(&inputs.pretrained)?,
            prompts: PromptSet::digest_of_file(inputs.prompts.as_deref())?,
        };
        Ok(Loaded { corpus, provider, digests })
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

/// Hash of the data and of the pairs that are given with them.
fn data_digest(corpus: &Corpus, pairs: Option<&str>) -> Result<String, InputsError> {
    let Some(pairs) = pairs else { return Ok(corpus.digest.clone()) };
    let mut hasher = blake3::Hasher::new_derive_key("lgdea data with given pairs, version 1");
    hasher.update(corpus.digest.as_bytes());
    hasher.update(PairingManifest::read(pairs)?.digest.as_bytes());
    Ok(hasher.finalize().to_hex().to_string())
}
