//! Reads what experiments name.

use std::collections::HashMap;

use lgdea_cache::Cache;
use lgdea_data::{Corpus, DataError, Known, PairingManifest};
use lgdea_eval::protocol::digest_of_files;
use lgdea_evidence::Provider;
use lgdea_spec::{Data, Inputs, Seed, SetInputs};

use crate::{Digests, InputsError, LoadedSet, sets};

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
    /// The evaluation sets.
    pub sets: Vec<LoadedSet>,
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
        let provider = Provider::new(&inputs.evidence)?;
        let mut all = Vec::new();
        for (data, seed) in read_by(inputs) {
            all.push(match self.known(data, seed).cloned() {
                Some(known) => known,
                None => self.read(data, seed, progress)?.1,
            });
        }
        let digests = self.digests(inputs, &all, &provider)?;
        Ok(Surveyed { data: all.swap_remove(0), digests })
    }

    /// As [`Loader::survey`], without reading data: `None` where nothing is known of some of them as they are.
    ///
    /// # Errors
    /// As [`Loader::load`]'s.
    pub fn recall(&mut self, inputs: &Inputs) -> Result<Option<Surveyed>, InputsError> {
        let known: Option<Vec<Known>> =
            read_by(inputs).into_iter().map(|(data, seed)| self.known(data, seed).cloned()).collect();
        let Some(mut all) = known else { return Ok(None) };
        let digests = self.digests(inputs, &all, &Provider::new(&inputs.evidence)?)?;
        Ok(Some(Surveyed { data: all.swap_remove(0), digests }))
    }

    /// Reads inputs. `progress` is called with the items of the data that are done, and their number.
    ///
    /// # Errors
    /// Something is not there, or not what it should be.
    pub fn load(&mut self, inputs: &Inputs, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<Loaded, InputsError> {
        let provider = Provider::new(&inputs.evidence)?;
        let corpus = self.corpus(&inputs.data, inputs.seed(), progress)?;
        let sets = LoadedSet::all(inputs, &corpus, |data, seed| self.corpus(data, seed, progress))?;
        let all: Vec<Known> =
            std::iter::once(&corpus).chain(sets.iter().map(|set| &set.corpus)).map(Known::of).collect();
        let digests = self.digests(inputs, &all, &provider)?;
        Ok(Loaded { corpus, sets, provider, digests })
    }

    /// The studies of data.
    fn corpus(
        &mut self,
        data: &Data,
        seed: Seed,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Corpus, DataError> {
        // What is known already need not be kept again.
        if self.cache.is_none() || self.known(data, seed).is_some() {
            return lgdea_data::load(data, seed, progress);
        }
        Ok(self.read(data, seed, progress)?.0)
    }

    /// Reads data of which nothing is known.
    fn read(
        &mut self,
        data: &Data,
        seed: Seed,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<(Corpus, Known), DataError> {
        let (corpus, known) = if let Some(cache) = &self.cache {
            Known::read(data, seed, cache, progress)?
        } else {
            let corpus = lgdea_data::load(data, seed, progress)?;
            let known = Known::of(&corpus);
            (corpus, known)
        };
        self.data.push((data.clone(), seed, known.clone()));
        Ok((corpus, known))
    }

    /// What is known of data, here or in the cache.
    fn known(&mut self, data: &Data, seed: Seed) -> Option<&Known> {
        let is_of = |(known, of, _): &(Data, Seed, Known)| known == data && *of == seed;
        if !self.data.iter().any(is_of) {
            let known = Known::kept(data, seed, self.cache.as_ref()?)?;
            self.data.push((data.clone(), seed, known));
        }
        self.data.iter().find(|known| is_of(known)).map(|(_, _, known)| known)
    }

    /// Hashes of inputs, whose data are known: those of the experiment, and of each set.
    fn digests(&mut self, inputs: &Inputs, known: &[Known], provider: &Provider) -> Result<Digests, InputsError> {
        let sets = inputs.sets.iter().zip(&known[1..]);
        let left_out = sets.clone().filter(|(set, _)| inputs.left_out.contains(&set.name));
        Ok(Digests {
            data: data_digest(&known[0].digest, inputs.pairs.as_deref(), &sets::digest(left_out, false)?)?,
            evidence: provider.digest(),
            weights: self.weights(&inputs.pretrained)?,
            prompts: digest_of_files(inputs.prompts.as_deref(), &inputs.protocols)?,
            scored: scored(inputs, &known[0], &sets::digest(sets, true)?),
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

/// The data that inputs name, each with the seed that it is read with: those of the experiment, and of each set.
fn read_by(inputs: &Inputs) -> Vec<(&Data, Seed)> {
    let own = (&inputs.data, inputs.seed());
    let of_sets = inputs.sets.iter().map(|set| set.data.as_ref().map_or(own, |data| (data, SetInputs::SEED)));
    std::iter::once(own).chain(of_sets).collect()
}

/// Hash of the data, by their digest, of the pairs that are given with them, and of the evaluation sets whose patients are left
/// out of them.
fn data_digest(data: &str, pairs: Option<&str>, left_out: &str) -> Result<String, InputsError> {
    let mut digest = data.to_owned();
    if let Some(pairs) = pairs {
        digest = joined("lgdea data with given pairs, version 1", [&digest, &PairingManifest::read(pairs)?.digest]);
    }
    if !left_out.is_empty() {
        digest = joined("lgdea data without evaluation sets, version 1", [&digest, left_out]);
    }
    Ok(digest)
}

/// Hash of what is scored besides the data themselves: evaluation sets, by their digest, and what divides the studies where they are
/// scored within strata; empty for nothing.
fn scored(inputs: &Inputs, known: &Known, sets: &str) -> String {
    if inputs.are_divided {
        joined("lgdea data scored within strata, version 1", [sets, &known.divisions])
    } else {
        sets.to_owned()
    }
}

/// Hash of two hashes.
fn joined(context: &str, digests: [&str; 2]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for digest in digests {
        hasher.update(digest.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::thread;
    use std::time::Duration;

    use lgdea_spec::{Experiment, Resolved};

    use super::*;

    /// Longer than a change of a file may go without a sign.
    const SETTLED: Duration = Duration::from_millis(3100);
    const ROWS: &str = "study,patient,report,split\ns0,p0,There is edema.,train\ns1,p1,No edema.,test\n";

    fn place() -> (tempfile::TempDir, Experiment) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("studies.csv"), ROWS).unwrap();
        let settings = [
            format!("data.manifest.root={}", folder.path().display()),
            "data.manifest.studies=[\"studies.csv\"]".to_owned(),
            "data.manifest.columns.image=\"\"".to_owned(),
        ];
        let experiment = Resolved::from_overrides(&settings).unwrap().experiment;
        (folder, experiment)
    }

    fn loader(folder: &Path) -> Loader {
        Loader::new(Cache::of_results(&folder.join("results")))
    }

    fn kept(folder: &Path) -> Vec<PathBuf> {
        let files = fs::read_dir(folder.join("results/cache/data")).into_iter().flatten();
        files.map(|file| file.unwrap().path()).collect()
    }

    fn silent(_: usize, _: usize) {}

    #[test]
    fn what_is_recalled_is_what_is_loaded() {
        let (folder, experiment) = place();
        let inputs = experiment.inputs();
        let loaded = Loader::default().load(&inputs, &silent).unwrap();
        assert!(loader(folder.path()).recall(&inputs).unwrap().is_none());
        let young = loader(folder.path()).survey(&inputs, &silent).unwrap();
        assert_eq!(young.digests, loaded.digests);
        assert!(kept(folder.path()).is_empty(), "the file may change once more without a sign");
        thread::sleep(SETTLED);
        for _ in 0..2 {
            let surveyed = loader(folder.path()).survey(&inputs, &silent).unwrap();
            assert_eq!(surveyed.digests, loaded.digests);
            let recalled = loader(folder.path()).recall(&inputs).unwrap().unwrap();
            assert_eq!((recalled.digests, &recalled.data), (surveyed.digests, &surveyed.data));
        }
        // A loader that read for a plan reads again for a run.
        let mut both = loader(folder.path());
        both.survey(&inputs, &silent).unwrap();
        fs::write(folder.path().join("studies.csv"), ROWS.replace("edema", "EDEMA")).unwrap();
        let changed = both.load(&inputs, &silent).unwrap();
        assert_ne!(changed.digests, loaded.digests);
        assert!(loader(folder.path()).recall(&inputs).unwrap().is_none());
        assert_eq!(loader(folder.path()).survey(&inputs, &silent).unwrap().digests, changed.digests);
    }

    #[test]
    fn what_divides_studies_determines_a_run_that_is_scored_within_strata_and_no_training() {
        let folder = tempfile::tempdir().unwrap();
        let keys = |view: &str, flag: &str| {
            let rows = format!(
                "study,patient,report,split,view\ns0,p0,There is edema.,train,PA\ns1,p1,No edema.,test,{view}\n"
            );
            fs::write(folder.path().join("studies.csv"), rows).unwrap();
            let settings = [
                format!("data.manifest.root={}", folder.path().display()),
                "data.manifest.studies=[\"studies.csv\"]".to_owned(),
                "data.manifest.columns.image=\"\"".to_owned(),
                flag.to_owned(),
            ];
            let experiment = Resolved::from_overrides(&settings).unwrap().experiment;
            let digests = Loader::default().load(&experiment.inputs(), &silent).unwrap().digests;
            (digests.run_key(&experiment), digests.training_key(&experiment))
        };
        let within = "eval.within=['source', 'view']";
        assert_eq!(keys("PA", "seed=0"), keys("AP", "seed=0"), "nothing is scored by view");
        assert_ne!(keys("PA", within).0, keys("PA", "seed=0").0);
        assert_eq!(keys("PA", within).1, keys("PA", "seed=0").1);
    }

    #[test]
    fn what_cannot_be_read_of_the_cache_is_made_anew() {
        let (folder, experiment) = place();
        let inputs = experiment.inputs();
        thread::sleep(SETTLED);
        let digests = loader(folder.path()).survey(&inputs, &silent).unwrap().digests;
        let [file] = kept(folder.path()).try_into().unwrap();
        let whole = fs::read_to_string(&file).unwrap();
        let torn = &whole[..whole.len() / 2];
        let other_program = whole.replace("\"program\":\"", "\"program\":\"0");
        let other_answers = whole.replace("\"answers\":\"", "\"answers\":\"0");
        for broken in ["", "{}", "null", torn, &other_program, &other_answers] {
            fs::write(&file, broken).unwrap();
            assert!(loader(folder.path()).recall(&inputs).unwrap().is_none(), "{broken}");
            assert_eq!(loader(folder.path()).survey(&inputs, &silent).unwrap().digests, digests, "{broken}");
            assert_eq!(fs::read_to_string(&file).unwrap(), whole, "{broken}");
        }
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert_eq!(loader(folder.path()).survey(&inputs, &silent).unwrap().digests, digests, "a folder in its place");
        fs::remove_dir_all(folder.path().join("results")).unwrap();
        fs::write(folder.path().join("results"), "no folder").unwrap();
        assert_eq!(loader(folder.path()).survey(&inputs, &silent).unwrap().digests, digests, "no cache at all");
    }

    #[test]
    fn several_that_read_at_once_agree() {
        let (folder, experiment) = place();
        let inputs = experiment.inputs();
        thread::sleep(SETTLED);
        let expected = Loader::default().load(&inputs, &silent).unwrap().digests;
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        let surveyed = loader(folder.path()).survey(&inputs, &silent).unwrap();
                        assert_eq!(surveyed.digests, expected);
                    }
                });
            }
        });
        assert_eq!(kept(folder.path()).len(), 1, "no draft is left");
    }

    #[test]
    fn other_settings_are_other_data_and_other_readers_are_not() {
        let (folder, experiment) = place();
        thread::sleep(SETTLED);
        let inputs = experiment.inputs();
        loader(folder.path()).survey(&inputs, &silent).unwrap();
        let mut other = experiment.clone();
        other.data.manifest.as_mut().unwrap().columns.report = String::new();
        assert!(loader(folder.path()).recall(&other.inputs()).unwrap().is_none());
        let other = Inputs { pretrained: Vec::new(), prompts: None, ..inputs };
        assert!(loader(folder.path()).recall(&other).unwrap().is_some());
        // The phantom reads no file, so that there is nothing to keep.
        let phantom = Resolved::from_overrides(&[]).unwrap().experiment.inputs();
        loader(folder.path()).survey(&phantom, &silent).unwrap();
        assert_eq!(kept(folder.path()).len(), 1);
    }
}
