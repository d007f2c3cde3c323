//! What a run of an experiment would be refused for, all of it at once, each with its place in the experiment.

use lgdea_data::{Corpus, Split, Study, pretrained};
use lgdea_eval::Coverage;
use lgdea_eval::prompts::PromptSet;
use lgdea_evidence::{EvidenceError, Provider};
use lgdea_fault::chain;
use lgdea_spec::{Evidence, HeldOut, Problem, Resolved, Seed, WordPieces};

/// What is wrong with the small files that an experiment names: its ontology and the prompt of its language model, zero-shot
/// prompts, published weights.
pub fn references(resolved: &Resolved) -> Vec<Problem> {
    let experiment = &resolved.experiment;
    let mut problems = Vec::new();
    if let Err(error) = Provider::new(&experiment.evidence) {
        let key = evidence_key(&experiment.evidence, &error);
        problems.push(resolved.problem(&key, chain(&error), ""));
    }
    let zero_shot = &experiment.eval.zero_shot;
    if zero_shot.enabled
        && let Err(error) = PromptSet::named_or_path(&zero_shot.prompts)
    {
        problems.push(resolved.problem("eval.zero-shot.prompts", chain(&error), ""));
    }
    let image = &experiment.encoder.image;
    let text = &experiment.encoder.text;
    let mut weights = Vec::new();
    if let Some((path, _)) = image.weights() {
        weights.push((format!("encoder.image.{}.weights", image.name()), path, true));
    }
    if let WordPieces::Published { model, pretrained } = text.word_pieces() {
        weights.push((format!("encoder.text.{}.model", text.name()), model, pretrained));
    }
    for (key, path, is_loaded) in weights {
        let loaded =
            |_| if is_loaded { pretrained::weights_file(&pretrained::locate(path)?).map(drop) } else { Ok(()) };
        if let Err(error) = pretrained::files(path).and_then(loaded) {
            problems.push(resolved.problem(&key, chain(&error), ""));
        }
    }
    problems
}

/// What is wrong with the data that an experiment names, and what of it is hardly meant.
///
/// Where files and their columns are in order, the data are read; `progress` is called with the items that are done, and their
/// number.
pub fn data(resolved: &Resolved, progress: &(dyn Fn(usize, usize) + Sync)) -> (Vec<Problem>, Vec<String>) {
    let experiment = &resolved.experiment;
    let (refusals, mut notes) = lgdea_data::check(&experiment.data);
    let mut problems: Vec<Problem> =
        refusals.into_iter().map(|refusal| resolved.problem(refusal.key, refusal.reason, &refusal.remedy)).collect();
    if problems.is_empty() {
        let seed = experiment.inputs().split_seed.unwrap_or(Seed(0));
        match lgdea_data::load(&experiment.data, seed, progress) {
            Ok(corpus) => match uncovered(resolved, &corpus) {
                Some((problem, true)) => problems.push(resolved.problem("eval.zero-shot.prompts", problem, "")),
                Some((note, false)) => notes.push(note),
                None => {}
            },
            Err(error) => problems.push(resolved.problem("data", chain(&error), "")),
        }
    }
    (problems, notes)
}

/// The classes of the prompts that cannot be scored, in words, and whether a run is refused for it.
fn uncovered(resolved: &Resolved, corpus: &Corpus) -> Option<(String, bool)> {
    let zero_shot = &resolved.experiment.eval.zero_shot;
    let prompts = PromptSet::named_or_path(&zero_shot.prompts).ok().filter(|_| zero_shot.enabled)?;
    let splits = &resolved.experiment.eval.splits;
    let coverage = coverage(&prompts, &corpus.studies, splits);
    Some((coverage.problem(&zero_shot.prompts)?, coverage.is_empty() && zero_shot.prompts_file().is_some()))
}

/// What the studies of some splits know of the classes of prompts.
pub fn coverage(prompts: &PromptSet, studies: &[Study], splits: &[HeldOut]) -> Coverage {
    let is_scored = |study: &&Study| {
        splits.iter().any(|split| match split {
            HeldOut::Validation => study.split == Split::Validation,
            HeldOut::Test => study.split == Split::Test,
        })
    };
    Coverage::new(prompts, studies.iter().filter(is_scored).map(|study| study.labels.as_ref()))
}

/// The key that an error of who reads the evidence is about.
fn evidence_key(evidence: &Evidence, error: &EvidenceError) -> String {
    let table = match evidence {
        Evidence::Rules(_) => "evidence.rules",
        Evidence::Openai(_) => "evidence.openai",
        Evidence::Replay(_) => "evidence.replay",
    };
    let key = match (evidence, error) {
        (_, EvidenceError::UnknownPrompt { .. } | EvidenceError::Prompt { .. }) => "prompt",
        (Evidence::Rules(_), _)
        | (_, EvidenceError::UnknownOntology { .. } | EvidenceError::Ontology { .. } | EvidenceError::Parse { .. }) => {
            "ontology"
        }
        _ => return table.to_owned(),
    };
    format!("{table}.{key}")
}
