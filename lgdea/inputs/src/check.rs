//! What a run of an experiment would be refused for, all of it at once, each with its place in the experiment.

use lgdea_data::{Corpus, Diagnosis, Refusal, SkipReason, Split, Study, pretrained};
use lgdea_eval::prompts::PromptSet;
use lgdea_eval::{EvalError, SplitCoverage};
use lgdea_evidence::{EvidenceError, Provider};
use lgdea_fault::chain;
use lgdea_spec::{Evidence, Experiment, HeldOut, Inputs, Problem, Resolved, WordPieces, ZeroShot};

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

/// Data as far as they can be read.
pub struct Read {
    refusals: Vec<Refusal>,
    notes: Vec<String>,
    /// `None` where there are refusals.
    corpus: Option<Corpus>,
}

/// Reads the data that inputs name, where files and their columns are in order. `progress` is called with the items that are
/// done, and their number.
pub fn read(inputs: &Inputs, progress: &(dyn Fn(usize, usize) + Sync)) -> Read {
    let (mut refusals, notes) = lgdea_data::check(&inputs.data);
    let mut corpus = None;
    if refusals.is_empty() {
        match lgdea_data::load(&inputs.data, inputs.seed(), progress) {
            Ok(read) => corpus = Some(read),
            Err(error) => refusals.push(Refusal { key: "data", reason: chain(&error), remedy: String::new() }),
        }
    }
    Read { refusals, notes, corpus }
}

/// What is wrong with the data that an experiment names, and what of it is hardly meant; `read` is what [`read()`] made of its
/// inputs.
pub fn told(resolved: &Resolved, read: &Read) -> (Vec<Problem>, Vec<String>) {
    let experiment = &resolved.experiment;
    let problem =
        |refusal: &Refusal| resolved.problem(named_by(resolved, refusal.key), refusal.reason.clone(), &refusal.remedy);
    let mut problems: Vec<Problem> = read.refusals.iter().map(problem).collect();
    let mut notes = read.notes.clone();
    let Some(corpus) = &read.corpus else { return (problems, notes) };
    notes.extend(missing_images(corpus));
    let is_told = |reason: &SkipReason| !reason.may_pass();
    notes.extend(corpus.skipped.lines().filter(|(reason, _)| is_told(reason)).map(|(_, line)| line));
    // As a run draws its pairs, once it has decoded the images.
    if let Err(error) = lgdea_data::pair(corpus, &experiment.pairing, experiment.seed.stream("pairing")) {
        problems.push(resolved.problem("data", chain(&error), &notes_of_pairs(corpus, &read.notes)));
    }
    let zero_shot = &experiment.eval.zero_shot;
    let prompts = PromptSet::named_or_path(&zero_shot.prompts).ok().filter(|_| zero_shot.enabled);
    match prompts.and_then(|prompts| uncovered(zero_shot, &prompts, &corpus.studies, &experiment.eval.splits)) {
        Some((problem, true)) => problems.push(resolved.problem("eval.zero-shot.prompts", problem, "")),
        Some((note, false)) => notes.push(note),
        None => {}
    }
    let empty = experiment.eval.splits.iter().filter(|&&split| !has_images(&corpus.studies, split));
    let empty = empty.map(|&split| Split::from(split));
    notes.extend(empty.map(|split| format!("no study of the {split} split has an image: it is not scored")));
    (problems, notes)
}

fn has_images(studies: &[Study], split: HeldOut) -> bool {
    studies.iter().any(|study| study.split == Split::from(split) && study.image.is_some())
}

/// The key that a problem of columns points at: where none are named, that of the files that lack them.
fn named_by<'k>(resolved: &Resolved, key: &'k str) -> &'k str {
    match key {
        "data.manifest.columns" if !resolved.is_written(key) => "data.manifest.studies",
        "data.manifest.box-columns" if !resolved.is_written(key) => "data.manifest.boxes",
        key => key,
    }
}

/// How many of the image files that the data name are not there.
fn missing_images(corpus: &Corpus) -> Option<String> {
    let missing = corpus.skipped.missing_images();
    let first = missing.examples.first()?;
    let all = missing.count + corpus.studies.iter().filter(|study| study.image.is_some()).count();
    Some(format!("{} of {all} images are missing or cannot be read, the first is {first}", missing.count))
}

/// What explains that there is nothing to pair.
fn notes_of_pairs(corpus: &Corpus, notes: &[String]) -> String {
    let mut reasons: Vec<String> = missing_images(corpus).into_iter().collect();
    reasons.extend(notes.iter().cloned());
    if corpus.studies.iter().all(|study| study.report.is_none()) {
        reasons.push(
            "no study has a report: join a source that has some; in a table of your own name its column as `report`, or those of its \
             sections, in `[data.manifest.columns]`"
                .to_owned(),
        );
    }
    if corpus.studies.iter().all(|study| study.split != Split::Train) {
        reasons.push("no study is for training: name it `train` in the column of the split".to_owned());
    }
    reasons.join("\n")
}

/// The classes of prompts that cannot be scored on the studies of some splits, in words, and whether a run is refused for it:
/// prompts of one's own that score nothing are hardly meant.
pub fn uncovered(
    settings: &ZeroShot,
    prompts: &PromptSet,
    studies: &[Study],
    splits: &[HeldOut],
) -> Option<(String, bool)> {
    let coverage = coverage(prompts, studies, splits);
    Some((coverage.problem(&settings.prompts)?, coverage.is_empty() && settings.prompts_file().is_some()))
}

/// How the labels of the scored studies fit the classes of an experiment's prompts, for a doctor of its data.
///
/// # Errors
/// The prompts cannot be read.
pub fn labels(experiment: &Experiment, studies: &[Study]) -> Result<Vec<Diagnosis>, EvalError> {
    let ZeroShot { enabled, prompts, .. } = &experiment.eval.zero_shot;
    if !enabled {
        return Ok(Vec::new());
    }
    let is_scored = |study: &&Study| {
        study.image.is_some() && experiment.eval.splits.iter().any(|&split| study.split == Split::from(split))
    };
    let scored = studies.iter().filter(is_scored).map(|study| study.labels.as_ref());
    Ok(lgdea_eval::doctor::labels(&PromptSet::named_or_path(prompts)?, scored))
}

/// What the studies of some splits know of the classes of prompts. Only images are classified.
fn coverage(prompts: &PromptSet, studies: &[Study], splits: &[HeldOut]) -> SplitCoverage {
    let of_split = |&split: &HeldOut| {
        let split = Split::from(split);
        let of_split = studies.iter().filter(|study| study.split == split && study.image.is_some());
        (split.to_string(), of_split.map(|study| study.labels.as_ref()).collect())
    };
    let scored = splits.iter().filter(|&&split| has_images(studies, split));
    SplitCoverage::new(prompts, &scored.map(of_split).collect::<Vec<_>>())
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
