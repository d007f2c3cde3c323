//! Evaluation sets as they are read, and how they are kept apart from training.

use std::collections::HashSet;

use lgdea_data::table::shown_id;
use lgdea_data::{Corpus, SkipReason, Split, Study};
use lgdea_eval::prompts::PromptSet;
use lgdea_spec::{Data, Inputs, ScoredStudies, Seed, SetInputs};

use crate::InputsError;

/// An evaluation set that was read.
#[derive(Debug)]
pub struct LoadedSet {
    /// Its name.
    pub name: String,
    /// Its studies that are scored, and what was left out.
    pub corpus: Corpus,
    /// Where they come from.
    data: Data,
    studies: ScoredStudies,
    /// Digest of its file of zero-shot prompts; empty for none.
    prompts: String,
}

impl LoadedSet {
    /// Reads a set of an experiment that reads `inputs` and has this corpus.
    ///
    /// A set is split with the same seed whatever the experiment's, so that all runs are scored on the same studies.
    ///
    /// # Errors
    /// It cannot be read, or no study of it is of the split that is scored.
    pub(crate) fn load(
        set: &SetInputs,
        inputs: &Inputs,
        corpus: &Corpus,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<LoadedSet, InputsError> {
        let SetInputs { name, data, studies, prompts } = set;
        let mut read = match data {
            None => corpus.clone(),
            Some(data) => lgdea_data::load(data, Seed(0), progress)
                .map_err(|source| InputsError::Set { name: name.clone(), source: source.into() })?,
        };
        let all = read.studies.len();
        read.studies.retain(|study| studies.has(study));
        if read.studies.is_empty() {
            return Err(InputsError::NothingScored {
                name: name.clone(),
                reason: format!("none of its {all} studies is of the split that it scores"),
                remedy: "take others: `studies = \"all\"` scores all of them",
            });
        }
        let data = data.as_ref().unwrap_or(&inputs.data).clone();
        let prompts = PromptSet::digest_of_file(prompts.as_deref())?;
        Ok(LoadedSet { name: name.clone(), corpus: read, data, studies: *studies, prompts })
    }

    /// Adds what tells this set from others.
    fn hash(&self, hasher: &mut blake3::Hasher) {
        for part in [&self.name, &self.corpus.digest, &format!("{:?}", self.studies), &self.prompts] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
    }

    fn patients(&self) -> HashSet<&str> {
        self.corpus.studies.iter().map(|study| study.patient.as_str()).collect()
    }
}

trait Scores {
    /// Whether a study is scored.
    fn has(self, study: &Study) -> bool;
}

impl Scores for ScoredStudies {
    fn has(self, study: &Study) -> bool {
        match self {
            ScoredStudies::Test => study.split == Split::Test,
            ScoredStudies::Validation => study.split == Split::Validation,
            ScoredStudies::All => true,
        }
    }
}

/// Hash of sets; empty where there are none.
pub(crate) fn digest<'s>(sets: impl IntoIterator<Item = &'s LoadedSet>) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("lgdea evaluation sets, version 1");
    let mut is_empty = true;
    for set in sets {
        is_empty = false;
        set.hash(&mut hasher);
    }
    if is_empty { String::new() } else { hasher.finalize().to_hex().to_string() }
}

/// Sees to it that no patient is trained on and scored: training goes without those of the sets that are named in `left_out`; of
/// the others the studies of patients that training has are not scored. Both are counted.
///
/// # Errors
/// Nothing of a set remains.
pub(crate) fn keep_apart(
    data: &Data,
    corpus: &mut Corpus,
    sets: &mut [LoadedSet],
    left_out: &[String],
) -> Result<(), InputsError> {
    for set in sets.iter().filter(|set| left_out.contains(&set.name) && data.shares_patients(&set.data)) {
        let patients = set.patients();
        take_out(corpus, SkipReason::PatientOfEvaluationSet, |study| {
            study.split == Split::Train && patients.contains(study.patient.as_str())
        });
    }
    let trained: HashSet<String> =
        corpus.studies.iter().filter(|study| study.split == Split::Train).map(|study| study.patient.clone()).collect();
    for set in sets.iter_mut().filter(|set| data.shares_patients(&set.data)) {
        let all = set.corpus.studies.len();
        take_out(&mut set.corpus, SkipReason::PatientOfTraining, |study| trained.contains(&study.patient));
        if set.corpus.studies.is_empty() {
            return Err(InputsError::NothingScored {
                name: set.name.clone(),
                reason: format!("its {all} studies are of patients that training has, too"),
                remedy: "name the set in `pairing.leave-out.sets`: then training goes without these patients",
            });
        }
    }
    Ok(())
}

/// Takes the studies that `is_out` out of a corpus, and counts them.
fn take_out(corpus: &mut Corpus, reason: SkipReason, is_out: impl Fn(&Study) -> bool) {
    let Corpus { studies, skipped, .. } = corpus;
    studies.retain(|study| {
        let goes = is_out(study);
        if goes {
            skipped.add(reason, shown_id(&study.id));
        }
        !goes
    });
}
