//! `lgdea score`: outputs of anyone's model, by a protocol.

mod answer;
mod cases;
mod compare;
mod grounding;
mod names;
mod probe;
mod protocols;
mod retrieval;
mod zero_shot;

use std::path::{Path, PathBuf};

use lgdea_eval::protocol::{Protocol, Rules};
use lgdea_eval::scoring::{Models, Scored, Source};
use lgdea_predictions::Columns;

use self::answer::Answer;
use crate::args::score::{AnswerArgs, NO_VALIDATION, NameArgs, ScoreCommand, ValidationArgs};
use crate::command::{not_read, writable};
use crate::failure::{Failure, refused};
use crate::output::write_file;
use crate::progress::say;

pub(crate) fn score(command: &ScoreCommand) -> Result<(), Failure> {
    match command {
        ScoreCommand::ZeroShot(args) => zero_shot::score(args),
        ScoreCommand::Retrieval(args) => retrieval::score(args),
        ScoreCommand::Grounding(args) => grounding::score(args),
        ScoreCommand::Probe(args) => probe::score(args),
        ScoreCommand::Compare(args) => compare::compare(args),
        ScoreCommand::Cases(args) => cases::cases(args),
        ScoreCommand::Protocols(args) => protocols::protocols(args),
    }
}

/// The files that models are scored by.
struct Inputs<'a> {
    /// One for each model.
    predictions: &'a [PathBuf],
    /// What the user calls them; empty where they are called as their files.
    names: &'a [String],
    /// The texts' embeddings, where they lie in files of their own: one for each model.
    texts: &'a [PathBuf],
    /// What is true.
    reference: &'a Path,
    /// What thresholds are chosen on.
    validation: &'a ValidationArgs,
    /// Which columns of references are read for what.
    columns: Columns,
}

impl<'a> Inputs<'a> {
    /// Models without texts' embeddings of their own and without validation files.
    fn new(predictions: &'a [PathBuf], names: &'a NameArgs, reference: &'a Path, columns: Columns) -> Self {
        Self { predictions, names: &names.name, texts: &[], reference, validation: &NO_VALIDATION, columns }
    }

    /// What each model's outputs are worth by a protocol, with its name.
    fn scored(&self, protocol: &Protocol) -> Result<Vec<(String, Scored)>, Failure> {
        let names = names::of_models(self.predictions, self.names).map_err(refused)?;
        for (flag, files) in
            [("--texts", self.texts), ("--validation-predictions", &self.validation.validation_predictions)]
        {
            if !files.is_empty() && files.len() != self.predictions.len() {
                let (given, needed) = (files.len(), self.predictions.len());
                return Err(refused(format!(
                    "{flag} is given {given} times for {needed} models; give one file for each, in their order"
                )));
            }
        }
        let task = protocol.rules.task();
        if !self.texts.is_empty() && !matches!(protocol.rules, Rules::Retrieval(_)) {
            return Err(refused(format!("--texts is of retrieval, but the protocol is of {task}; leave it out")));
        }
        let scored = match &protocol.rules {
            Rules::ZeroShot(rules) => zero_shot::scored(rules, self),
            Rules::Retrieval(rules) => retrieval::scored(rules, self),
            Rules::Grounding(rules) => grounding::scored(rules, self),
            Rules::Probe(rules) => probe::scored(rules, self),
        };
        let scored = scored?;
        if let Some(empty) = scored.iter().find(|scored| scored.is_empty()) {
            return Err(refused(format!("nothing can be scored: {}", empty.warnings.join("; "))));
        }
        Ok(names.into_iter().zip(scored).collect())
    }

    /// Scores the models by a protocol of `task`, and shows them.
    fn show(&self, choice: &str, task: &str, args: &AnswerArgs) -> Result<(), Failure> {
        if let Some(html) = &args.html {
            writable(html, "html")?;
            let read: Vec<&Path> = self.files().into_iter().map(|(_, path)| path).collect();
            not_read(html, &read)?;
        }
        let protocol = Protocol::named_or_path(choice)?;
        let of = protocol.rules.task();
        if of != task {
            return Err(refused(format!(
                "the protocol {} is of {of}; give it to `lgdea score {of}`, or take another one",
                protocol.name
            )));
        }
        let models = Models::new(self.scored(&protocol)?, protocol.interval());
        let sources = self.sources()?;
        let answer = Answer { protocol: &protocol, inputs: self, models: &models, sources: &sources };
        if let Some(html) = &args.html {
            write_file(html, &answer.page()?)?;
            say(format!("a page with the tables, the protocol and the files: {}", html.display()));
        }
        if args.json { answer.print_json() } else { answer.print() }
    }

    /// All files that are read, with their digests.
    fn sources(&self) -> Result<Vec<Source>, Failure> {
        Ok(self.files().into_iter().map(|(role, path)| Source::read(role, path)).collect::<Result<_, _>>()?)
    }

    /// All files that are read, with what for.
    fn files(&self) -> Vec<(&'static str, &Path)> {
        let validation = self.validation;
        let of_models = [
            ("predictions", self.predictions),
            ("texts", self.texts),
            ("validation predictions", &validation.validation_predictions),
        ];
        let of_models =
            of_models.into_iter().flat_map(|(role, paths)| paths.iter().map(move |path| (role, path.as_path())));
        let truth = validation.validation_reference.iter().map(|path| ("validation reference", path.as_path()));
        of_models.chain([("reference", self.reference)]).chain(truth).collect()
    }
}
