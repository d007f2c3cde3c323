//! Evaluation sets as they are read, and how they are kept apart from training.

use std::collections::HashSet;
use std::path::Path;

use lgdea_data::{Corpus, DataError, Known, Picture, Split, Study};
use lgdea_eval::protocol::digest_of_files;
use lgdea_spec::{Data, Inputs, Seed, SetInputs, agreeing, counted};

use crate::InputsError;

/// An evaluation set that was read.
#[derive(Debug)]
pub struct LoadedSet {
    /// Its name.
    pub name: String,
    /// Its studies that are scored, and what was left out.
    pub corpus: Corpus,
    /// Where they come from.
    pub data: Data,
    /// Whether they are scored within strata.
    pub are_divided: bool,
}

/// Studies, by their positions, that are left out so that no patient is trained on and scored.
#[derive(Debug)]
pub struct Apart {
    /// Of the training.
    pub training: HashSet<usize>,
    /// Of each set.
    pub sets: Vec<HashSet<usize>>,
}

impl LoadedSet {
    /// The sets that inputs name, whose experiment has this corpus; `read` reads data that are split with a seed.
    ///
    /// # Errors
    /// A set cannot be read, or no study of it is of the split that is scored.
    pub(crate) fn all(
        inputs: &Inputs,
        corpus: &Corpus,
        mut read: impl FnMut(&Data, Seed) -> Result<Corpus, DataError>,
    ) -> Result<Vec<LoadedSet>, InputsError> {
        let load = |set: &SetInputs| {
            let read = set.data.as_ref().map_or_else(|| Ok(corpus.clone()), |data| read(data, SetInputs::SEED));
            let at_fault = |error: DataError| InputsError::Set { name: set.name.clone(), source: error.into() };
            LoadedSet::new(set, inputs, read.map_err(at_fault)?)
        };
        inputs.sets.iter().map(load).collect()
    }

    /// What is scored of the corpus that a set of an experiment names.
    ///
    /// # Errors
    /// No study is of the split that is scored.
    fn new(set: &SetInputs, inputs: &Inputs, mut corpus: Corpus) -> Result<LoadedSet, InputsError> {
        let SetInputs { name, data, studies, are_divided, .. } = set;
        let all = corpus.studies.len();
        corpus.studies.retain(|study| study.split.is_scored(*studies));
        if corpus.studies.is_empty() {
            return Err(InputsError::NothingScored {
                name: name.clone(),
                reason: format!("none of its {all} studies is of the split that it scores"),
                remedy: "take others: `studies = \"all\"` scores all of them",
            });
        }
        let data = data.as_ref().unwrap_or(&inputs.data).clone();
        Ok(LoadedSet { name: name.clone(), corpus, data, are_divided: *are_divided })
    }
}

/// Hash of sets and of their data, as these are known; empty where there are none. `as_scored`: with what determines their scores
/// alone, and not who is in them.
pub(crate) fn digest<'s>(
    sets: impl IntoIterator<Item = (&'s SetInputs, &'s Known)>,
    as_scored: bool,
) -> Result<String, InputsError> {
    let mut hasher = blake3::Hasher::new_derive_key("lgdea evaluation sets, version 1");
    let mut is_empty = true;
    for (SetInputs { name, studies, prompts, protocols, are_divided, .. }, known) in sets {
        is_empty = false;
        let prompts = digest_of_files(prompts.as_deref(), protocols)?;
        let studies = format!("{studies:?}");
        let divisions = Some(&known.divisions).filter(|_| *are_divided && as_scored);
        for part in [name, &known.digest, &studies, &prompts].into_iter().chain(divisions) {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
    }
    Ok(if is_empty { String::new() } else { hasher.finalize().to_hex().to_string() })
}

impl Apart {
    /// What is left out of a corpus and of sets: training goes without the patients of the sets that the inputs leave out; of the
    /// others, studies of patients that training has are not scored.
    ///
    /// # Errors
    /// Nothing of a set remains.
    pub fn new(inputs: &Inputs, corpus: &Corpus, sets: &[&LoadedSet]) -> Result<Apart, InputsError> {
        let shares = |set: &LoadedSet| inputs.data.shares_patients(&set.data);
        let left_out = sets.iter().filter(|set| inputs.left_out.contains(&set.name) && shares(set));
        let kept_out = Seen::of(left_out.flat_map(|set| &set.corpus.studies));
        let goes = |study: &Study| study.split == Split::Train && kept_out.has(study);
        let training = positions(corpus, goes);
        let trained = Seen::of(corpus.studies.iter().filter(|study| study.split == Split::Train && !goes(study)));
        let of_set = |set: &&LoadedSet| {
            if !shares(set) {
                return Ok(HashSet::new());
            }
            let out = positions(&set.corpus, |study| trained.has(study));
            if out.len() < set.corpus.studies.len() {
                return Ok(out);
            }
            Err(InputsError::NothingScored {
                name: set.name.clone(),
                reason: format!(
                    "its {} {} of patients that training has, too",
                    counted(out.len(), "study"),
                    agreeing(out.len(), "is", "are")
                ),
                remedy: "name the set in `pairing.leave-out.sets`: then training goes without these patients",
            })
        };
        Ok(Apart { training, sets: sets.iter().map(of_set).collect::<Result<_, _>>()? })
    }
}

/// What studies are known again by in other data: their patients, their image files, and where no patient is named themselves.
struct Seen<'a> {
    patients: HashSet<&'a str>,
    studies: HashSet<&'a str>,
    images: HashSet<&'a Path>,
}

impl<'a> Seen<'a> {
    fn of(studies: impl Iterator<Item = &'a Study>) -> Seen<'a> {
        let mut seen = Seen { patients: HashSet::new(), studies: HashSet::new(), images: HashSet::new() };
        for study in studies {
            seen.patients.insert(plain(&study.patient));
            seen.studies.insert(plain(&study.id));
            seen.images.extend(study.image.as_ref().and_then(Picture::file));
        }
        seen
    }

    fn has(&self, study: &Study) -> bool {
        // A study without a patient counts as one of its own, which is called as the study.
        let has_patient = study.patient != study.id && study.patient != study.examination;
        self.patients.contains(plain(&study.patient))
            || !has_patient && self.studies.contains(plain(&study.id))
            || study.image.as_ref().and_then(Picture::file).is_some_and(|image| self.images.contains(image))
    }
}

/// An identifier however a publisher, a folder or a spreadsheet writes its number: `p10000032`, `10000032.0` and `00010000032` are
/// one. Others are left as they are.
fn plain(identifier: &str) -> &str {
    let number = identifier.strip_suffix(".0").unwrap_or(identifier);
    let number = number.strip_prefix(['p', 'P', 's', 'S']).unwrap_or(number);
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return identifier;
    }
    match number.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    }
}

fn positions(corpus: &Corpus, is_wanted: impl Fn(&Study) -> bool) -> HashSet<usize> {
    (0..corpus.studies.len()).filter(|&study| is_wanted(&corpus.studies[study])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_known_however_they_are_written() {
        for same in ["p10000032", "P10000032", "10000032", "10000032.0", "0010000032", "s10000032"] {
            assert_eq!(plain(same), "10000032", "{same}");
        }
        for kept in ["patient00002", "q7", "1.2.840", "", "p", "7a"] {
            assert_eq!(plain(kept), kept);
        }
        assert_eq!(plain("000"), "0");
    }
}
