//! What a run of an experiment would be refused for, all of it at once, each with its place in the experiment.

use std::collections::BTreeSet;

use lgdea_data::{Corpus, DataError, Diagnosis, Refusal, SkipReason, Split, Study, StudyLabels, pretrained};
use lgdea_eval::prompts::PromptSet;
use lgdea_eval::scoring::of_run::OfRun;
use lgdea_eval::task::Strata;
use lgdea_eval::{Bootstrap, EvalError, SplitCoverage};
use lgdea_evidence::{EvidenceError, Ontology, Provider, Rules};
use lgdea_fault::chain;
use lgdea_spec::{
    Data, Eval, Evidence, Experiment, HeldOut, Inputs, Problem, Resolved, SetInputs, Within, WordPieces, ZeroShot,
    agreeing, counted,
};

use crate::{Apart, InputsError, LoadedSet};

/// What is wrong with the small files that an experiment names: its ontology and the prompt of its language model, zero-shot
/// prompts, published weights.
pub fn references(resolved: &Resolved) -> Vec<Problem> {
    let experiment = &resolved.experiment;
    let mut problems = Vec::new();
    if let Err(error) = Provider::new(&experiment.evidence) {
        let key = evidence_key(&experiment.evidence, &error);
        problems.push(resolved.problem(&key, chain(&error), ""));
    }
    for (key, zero_shot) in zero_shots(&experiment.eval) {
        if let Err(error) = PromptSet::named_or_path(&zero_shot.prompts) {
            problems.push(resolved.problem(&key, chain(&error), ""));
        }
    }
    problems.extend(protocols(resolved));
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

/// The classifications that an experiment asks for, each with the key of its prompts: on the held-out splits, and on sets.
fn zero_shots(eval: &Eval) -> impl Iterator<Item = (String, &ZeroShot)> {
    let of_sets = eval.sets.iter().map(|(name, set)| (prompts_of_set(name), &set.zero_shot));
    of_sets.chain([(PROMPTS.to_owned(), &eval.zero_shot)]).filter(|(_, zero_shot)| zero_shot.enabled)
}

/// What is wrong with the protocols that an experiment and its sets name.
pub fn protocols(resolved: &Resolved) -> Vec<Problem> {
    let problem = |(key, task, protocol): (String, &str, &str)| {
        let error = OfRun::new(protocol, task, Bootstrap::NONE).err()?;
        Some(resolved.problem(&key, chain(&error), ""))
    };
    named_protocols(&resolved.experiment.eval).filter_map(problem).collect()
}

/// The protocols that an experiment names, each with its key and its task.
fn named_protocols(eval: &Eval) -> impl Iterator<Item = (String, &str, &str)> {
    let own = eval.protocols().map(|(task, protocol)| (format!("eval.{task}.protocol"), task, protocol));
    own.chain(eval.sets.iter().flat_map(|(name, set)| {
        set.protocols().map(move |(task, protocol)| (format!("eval.set.{name}.{task}.protocol"), task, protocol))
    }))
}

/// Data as far as they can be read.
pub struct Read {
    /// Each with the table that its key is in: that of an evaluation set, or none.
    refusals: Vec<(String, Refusal)>,
    notes: Vec<String>,
    /// `None` where there are refusals.
    corpus: Option<Corpus>,
    sets: Vec<LoadedSet>,
}

/// Reads the data that inputs name, where files and their columns are in order. `progress` is called with the items that are
/// done, and their number.
pub fn read(inputs: &Inputs, progress: &(dyn Fn(usize, usize) + Sync)) -> Read {
    let (refusals, notes) = lgdea_data::check(&inputs.data);
    let mut read = Read { refusals: Vec::new(), notes, corpus: None, sets: Vec::new() };
    read.refusals.extend(refusals.into_iter().map(|refusal| (String::new(), refusal)));
    for SetInputs { name, data, .. } in &inputs.sets {
        let (refusals, notes) = data.as_ref().map(lgdea_data::check).unwrap_or_default();
        read.refusals.extend(refusals.into_iter().map(|Refusal { key, reason, remedy }| {
            let [reason, remedy] = [reason, remedy].map(|text| with_keys_of_set(name, &text));
            (format!("eval.set.{name}."), Refusal { key, reason, remedy })
        }));
        read.notes.extend(notes.into_iter().map(|note| note_on_set(name, &note)));
    }
    if read.refusals.is_empty()
        && let Err((table, reason)) = read.load(inputs, progress)
    {
        read.refusals.push((table, Refusal { key: "data", reason, remedy: String::new() }));
    }
    read
}

impl Read {
    /// Loads the experiment's studies and those of its sets; where that fails, the table at fault, and why.
    fn load(&mut self, inputs: &Inputs, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<(), (String, String)> {
        let of_experiment = |error: DataError| (String::new(), chain(&error));
        let at_fault = |error: InputsError| (table_of(&error), chain(&error));
        let mut corpus = lgdea_data::load(&inputs.data, inputs.seed(), progress).map_err(of_experiment)?;
        let load = |data: &Data, seed| lgdea_data::load(data, seed, progress);
        self.sets = LoadedSet::all(inputs, &corpus, load).map_err(at_fault)?;
        let sets: Vec<&LoadedSet> = self.sets.iter().collect();
        let apart = Apart::new(inputs, &corpus, &sets).map_err(at_fault)?;
        corpus.take_out(SkipReason::PatientOfEvaluationSet, &apart.training);
        for (set, out) in self.sets.iter_mut().zip(&apart.sets) {
            set.corpus.take_out(SkipReason::PatientOfTraining, out);
        }
        self.corpus = Some(corpus);
        Ok(())
    }
}

/// The table of the evaluation set that an error is about; empty where it is about none.
fn table_of(error: &InputsError) -> String {
    match error {
        InputsError::Set { name, .. } | InputsError::NothingScored { name, .. } => format!("eval.set.{name}."),
        _ => String::new(),
    }
}

/// A note on an evaluation set.
fn note_on_set(name: &str, note: &str) -> String {
    format!("evaluation set `{name}`: {}", with_keys_of_set(name, note))
}

/// What readers of data say, who name keys from `[data]` on, with the keys of a set.
fn with_keys_of_set(name: &str, text: &str) -> String {
    text.replace("`data.", &format!("`eval.set.{name}.data.")).replace("`[data.", &format!("`[eval.set.{name}.data."))
}

/// What is wrong with the data that an experiment names, and what of it is hardly meant; `read` is what [`read()`] made of its
/// inputs.
pub fn told(resolved: &Resolved, read: &Read) -> (Vec<Problem>, Vec<String>) {
    let experiment = &resolved.experiment;
    let problem = |(table, refusal): &(String, Refusal)| {
        let key = named_by(resolved, table, refusal.key);
        resolved.problem(&key, refusal.reason.clone(), &refusal.remedy)
    };
    let mut problems: Vec<Problem> = read.refusals.iter().map(problem).collect();
    let mut notes = read.notes.clone();
    let Some(corpus) = &read.corpus else { return (problems, notes) };
    notes.extend(notes_of_corpus(corpus));
    // As a run draws its pairs, once it has decoded the images.
    if let Err(error) = lgdea_data::pair(corpus, &experiment.pairing, experiment.seed.stream("pairing")) {
        problems.push(resolved.problem("data", chain(&error), &notes_of_pairs(corpus, &read.notes)));
    }
    if experiment.labels_teach() {
        match labels_to_teach(&experiment.evidence, &corpus.studies) {
            Ok(note) => notes.extend(note),
            Err(problem) => problems.push(resolved.problem("graph.labels", problem, "")),
        }
    }
    let Eval { zero_shot, splits, .. } = &experiment.eval;
    let mut classes = |key: &str, zero_shot: &ZeroShot, scored: &[Scored<'_>], data: &Data| match uncovered(
        key, zero_shot, scored, data,
    ) {
        Ok(Some((problem, true))) => problems.push(resolved.problem(key, problem, "")),
        Ok(Some((note, false))) => notes.push(note),
        // That prompts cannot be read is told of the references.
        Ok(None) | Err(_) => {}
    };
    classes(PROMPTS, zero_shot, &scored_splits(&corpus.studies, splits), &experiment.data);
    for set in &read.sets {
        if let Some(settings) = experiment.eval.sets.get(&set.name) {
            let scored = [scored_set(&set.name, &set.corpus.studies)];
            classes(&prompts_of_set(&set.name), &settings.zero_shot, &scored, &set.data);
        }
    }
    notes.extend(undivided_sets(&experiment.eval, &read.sets));
    notes.extend(splits.iter().flat_map(|&split| undivided_split(&experiment.eval, &corpus.studies, split)));
    let empty = splits.iter().filter(|&&split| !has_images(&corpus.studies, split));
    let empty = empty.map(|&split| Split::from(split));
    notes.extend(empty.map(|split| format!("no study of the {split} split has an image: it is not scored")));
    for LoadedSet { name, corpus, .. } in &read.sets {
        notes.extend(notes_of_corpus(corpus).into_iter().map(|note| note_on_set(name, &note)));
        let images = corpus.studies.iter().filter(|study| study.image.is_some()).count();
        notes.push(note_on_set(
            name,
            &format!("{} scored, {images} of them with an image", counted(corpus.studies.len(), "study")),
        ));
    }
    (problems, notes)
}

/// Which labels that are to teach the ontology does not know.
///
/// # Errors
/// There are none that could teach, in words.
fn labels_to_teach(evidence: &Evidence, studies: &[Study]) -> Result<Option<String>, String> {
    let training = studies.iter().filter(|study| study.split == Split::Train && study.image.is_some());
    let names: BTreeSet<&String> =
        training.filter_map(|study| study.labels.as_ref()).flat_map(|it| &it.present).collect();
    if names.is_empty() {
        return Err("labels are to teach, and no training image has one that names a finding: leave it out, or name the labels of the \
                    data (`data.manifest.columns.labels`)"
            .to_owned());
    }
    // That the ontology cannot be read is told of the references.
    let Ok(ontology) = Ontology::named_or_path(evidence.ontology()) else { return Ok(None) };
    let rules = Rules::new(&ontology);
    let unknown: Vec<&str> = names.into_iter().map(String::as_str).filter(|name| !rules.knows(name)).collect();
    let told = "`graph.labels`: the ontology does not know these labels, so each teaches a finding of its own that no report names";
    Ok((!unknown.is_empty()).then(|| format!("{told}: {}", unknown.join(", "))))
}

/// What of studies is left out or doubtful.
fn notes_of_corpus(corpus: &Corpus) -> Vec<String> {
    let is_told = |reason: &SkipReason| !reason.may_pass();
    let lines = corpus.skipped.lines().filter(|(reason, _)| is_told(reason)).map(|(_, line)| line);
    missing_images(corpus).into_iter().chain(lines).collect()
}

fn has_images(studies: &[Study], split: HeldOut) -> bool {
    studies.iter().any(|study| study.split == Split::from(split) && study.image.is_some())
}

/// The key that a problem of columns points at: where none are named, that of the files that lack them.
fn named_by(resolved: &Resolved, table: &str, key: &str) -> String {
    let written = format!("{table}{key}");
    match key {
        "data.manifest.columns" if !resolved.is_written(&written) => format!("{table}data.manifest.studies"),
        "data.manifest.box-columns" if !resolved.is_written(&written) => format!("{table}data.manifest.boxes"),
        _ => written,
    }
}

/// How many of the image files that the data name are not there.
fn missing_images(corpus: &Corpus) -> Option<String> {
    let missing = corpus.skipped.missing_images();
    let first = missing.examples.first()?;
    let all = missing.count + corpus.studies.iter().filter(|study| study.image.is_some()).count();
    Some(format!(
        "{} of {} {} missing, the first is {first}",
        missing.count,
        counted(all, "image"),
        agreeing(missing.count, "is", "are")
    ))
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
    let left_out = corpus.skipped.count(SkipReason::PatientOfEvaluationSet);
    if left_out > 0 {
        reasons.push(format!(
            "{} {} of patients of evaluation sets, which `pairing.leave-out.sets` leaves out",
            counted(left_out, "training study"),
            agreeing(left_out, "is", "are")
        ));
    }
    if left_out == 0 && corpus.studies.iter().all(|study| study.split != Split::Train) {
        reasons.push("no study is for training: name it `train` in the column of the split".to_owned());
    }
    reasons.join("\n")
}

/// Studies that are scored together, and their name.
pub type Scored<'a> = (String, Vec<Option<&'a StudyLabels>>);

/// How the labels of the scored studies fit the classes of an experiment's prompts, for a doctor of its data.
///
/// # Errors
/// The prompts cannot be read.
pub fn unfit_labels(experiment: &Experiment, studies: &[Study]) -> Result<Vec<Diagnosis>, EvalError> {
    let ZeroShot { enabled, prompts, .. } = &experiment.eval.zero_shot;
    if !enabled {
        return Ok(Vec::new());
    }
    let is_scored = |study: &&Study| {
        study.image.is_some() && experiment.eval.splits.iter().any(|&split| study.split == Split::from(split))
    };
    let scored = studies.iter().filter(is_scored).map(|study| study.labels.as_ref());
    let are_labels = experiment.data.has_known_labels();
    Ok(lgdea_eval::doctor::labels(&PromptSet::named_or_path(prompts)?, scored, are_labels))
}

/// What is scored of the held-out splits that have images.
pub fn scored_splits<'a>(studies: &'a [Study], splits: &[HeldOut]) -> Vec<Scored<'a>> {
    let of_split = |&split: &HeldOut| {
        let split = Split::from(split);
        (format!("{split} split"), labels(studies.iter().filter(|study| study.split == split)))
    };
    splits.iter().filter(|&&split| has_images(studies, split)).map(of_split).collect()
}

/// What is scored of an evaluation set.
pub fn scored_set<'a>(name: &str, studies: &'a [Study]) -> Scored<'a> {
    (format!("evaluation set `{name}`"), labels(studies.iter()))
}

/// Only images are classified.
fn labels<'a>(studies: impl Iterator<Item = &'a Study>) -> Vec<Option<&'a StudyLabels>> {
    studies.filter(|study| study.image.is_some()).map(|study| study.labels.as_ref()).collect()
}

/// The columns of `eval.within` that no image of a held-out split tells, in words.
pub fn undivided_split(eval: &Eval, studies: &[Study], split: HeldOut) -> Vec<String> {
    let split = Split::from(split);
    undivided(&format!("{split} split"), &eval.within, studies.iter().filter(|study| study.split == split))
}

fn undivided_sets(eval: &Eval, sets: &[LoadedSet]) -> Vec<String> {
    let of_set = |LoadedSet { name, corpus, .. }: &LoadedSet| {
        let within = eval.sets.get(name).map(|set| eval.of_set(set).within).unwrap_or_default();
        undivided(&format!("evaluation set `{name}`"), &within, corpus.studies.iter())
    };
    sets.iter().flat_map(of_set).collect()
}

fn undivided<'a>(on: &str, within: &[Within], studies: impl Iterator<Item = &'a Study>) -> Vec<String> {
    let studies: Vec<&Study> = studies.filter(|study| study.image.is_some()).collect();
    let is_told = |column: &&Within| {
        Strata::new(std::slice::from_ref(*column), &studies).is_some_and(|strata| !strata.is_empty())
    };
    let untold = within.iter().filter(|column| !studies.is_empty() && !is_told(column)).map(Within::column);
    let note = |column: &str| {
        format!(
            "`eval.within` divides by {column}, but no image of the {on} tells it: nothing is scored within strata there; of a table \
             of your own `[data.manifest.columns]` names the column"
        )
    };
    untold.map(note).collect()
}

/// The key of the prompts of the held-out splits.
pub const PROMPTS: &str = "eval.zero-shot.prompts";

/// The key of the prompts of an evaluation set.
pub fn prompts_of_set(name: &str) -> String {
    format!("eval.set.{name}.zero-shot.prompts")
}

/// The classes of prompts that cannot be scored on studies of `data`, in words, and whether a run is refused for it: prompts of one's own that score
/// nothing are hardly meant. None where the task does not run, or all can be scored.
///
/// # Errors
/// The prompts cannot be read.
pub fn uncovered(
    key: &str,
    settings: &ZeroShot,
    scored: &[Scored<'_>],
    data: &Data,
) -> Result<Option<(String, bool)>, EvalError> {
    if !settings.enabled {
        return Ok(None);
    }
    let prompts = PromptSet::named_or_path(&settings.prompts)?;
    if !settings.protocol.is_empty() {
        let protocol = OfRun::new(&settings.protocol, "zero-shot", Bootstrap::NONE)?;
        for (on, labels) in scored {
            if let Some(problem) = protocol.refusal(&prompts.classes, labels.iter().copied().flatten()) {
                return Ok(Some((format!("{on}: {problem}"), true)));
            }
        }
    }
    let coverage = SplitCoverage::new(&prompts, scored);
    let line = format!("{key} = \"{}\"", settings.prompts);
    Ok(coverage
        .problem(&line, data.has_known_labels())
        .map(|problem| (problem, coverage.is_empty() && settings.prompts_file().is_some())))
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
