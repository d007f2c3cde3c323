//! Reads what experiments name.

use std::collections::HashMap;

use lgdea_cache::Cache;
use lgdea_data::{Corpus, Known, PairingManifest};
use lgdea_eval::prompts::PromptSet;
use lgdea_evidence::Provider;
use lgdea_spec::{Data, Inputs, Seed};

use crate::{Digests, InputsError};

/// Reads inputs one after the other; what several of them name is read once where its digest is enough.
#[derive(Debug, Default)]
pub struct Loader {
    cache: Option<Cache>,
    weights: HashMap<Vec<String>, String>,
    /// What is known of data, with their settings and their seed.
    data: Vec<(Data, Seed, Known)>,
}

/// What a run reads.
pub struct Loaded {
    /// The studies.
    pub corpus: Corpus,
    /// Who reads their evidence.
    pub provider: Provider,
    /// Hashes of all inputs.
    pub digests: Digests,
}

/// What keys and plans need of what a run reads.
pub struct Surveyed {
    /// What is known of the data.
    pub data: Known,
    /// Hashes of all inputs.
    pub digests: Digests,
}

impl Loader {
    /// A loader that keeps in `cache` what it knows of data, and takes from there what an earlier process knew of data that are as
    /// they were.
    pub fn new(cache: Cache) -> Loader {
        Loader { cache: Some(cache), ..Loader::default() }
    }

    /// What keys and plans need of inputs, without reading data whose digest is known. `progress` is called as by
    /// [`Loader::load`], where data are read.
    ///
    /// # Errors
    /// As [`Loader::load`]'s.
    pub fn survey(
        &mut self,
        inputs: &Inputs,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Surveyed, InputsError> {
        match self.recall(inputs)? {
            Some(surveyed) => Ok(surveyed),
            None => {
                let (_, data) = self.read(inputs, progress)?;
                let digests = self.digests(inputs, &data.digest, &Provider::new(&inputs.evidence)?)?;
                Ok(Surveyed { data, digests })
            }
        }
    }

    /// As [`Loader::survey`], without reading data: `None` where nothing is known of them as they are.
    ///
    /// # Errors
    /// As [`Loader::load`]'s.
    pub fn recall(&mut self, inputs: &Inputs) -> Result<Option<Surveyed>, InputsError> {
        let Some(data) = self.known(inputs).cloned() else { return Ok(None) };
        let digests = self.digests(inputs, &data.digest, &Provider::new(&inputs.evidence)?)?;
        Ok(Some(Surveyed { data, digests }))
    }

    /// Reads inputs. `progress` is called with the items of the data that are done, and their number.
    ///
    /// # Errors
    /// Something is not there, or not what it should be.
    pub fn load(&mut self, inputs: &Inputs, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<Loaded, InputsError> {
        let provider = Provider::new(&inputs.evidence)?;
        // What is known already need not be kept again.
        let corpus = if self.cache.is_none() || self.known(inputs).is_some() {
            lgdea_data::load(&inputs.data, inputs.seed(), progress)?
        } else {
            self.read(inputs, progress)?.0
        };
        let digests = self.digests(inputs, &corpus.digest, &provider)?;
        Ok(Loaded { corpus, provider, digests })
    }

    /// Reads data of which nothing is known.
    fn read(
        &mut self,
        inputs: &Inputs,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<(Corpus, Known), InputsError> {
        let (corpus, known) = match &self.cache {
            Some(cache) => Known::read(&inputs.data, inputs.seed(), cache, progress)?,
            None => {
                let corpus = lgdea_data::load(&inputs.data, inputs.seed(), progress)?;
                let known = Known::of(&corpus);
                (corpus, known)
            }
        };
        self.data.push((inputs.data.clone(), inputs.seed(), known.clone()));
        Ok((corpus, known))
    }

    /// What is known of data, here or in the cache.
    fn known(&mut self, inputs: &Inputs) -> Option<&Known> {
        let is_of = |(data, seed, _): &(Data, Seed, Known)| *data == inputs.data && *seed == inputs.seed();
        if !self.data.iter().any(is_of) {
            let known = Known::kept(&inputs.data, inputs.seed(), self.cache.as_ref()?)?;
            self.data.push((inputs.data.clone(), inputs.seed(), known));
        }
        self.data.iter().find(|known| is_of(known)).map(|(_, _, known)| known)
    }

    fn digests(&mut self, inputs: &Inputs, data: &str, provider: &Provider) -> Result<Digests, InputsError> {
        Ok(Digests {
            data: data_digest(data, inputs.pairs.as_deref())?,
            evidence: provider.digest(),
            weights: self.weights(&inputs.pretrained)?,
            prompts: PromptSet::digest_of_file(inputs.prompts.as_deref())?,
        })
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

/// Hash of the data, by their digest, and of the pairs that are given with them.
fn data_digest(data: &str, pairs: Option<&str>) -> Result<String, InputsError> {
    let Some(pairs) = pairs else { return Ok(data.to_owned()) };
    let mut hasher = blake3::Hasher::new_derive_key("lgdea data with given pairs, version 1");
    hasher.update(data.as_bytes());
    hasher.update(PairingManifest::read(pairs)?.digest.as_bytes());
    Ok(hasher.finalize().to_hex().to_string())
}
