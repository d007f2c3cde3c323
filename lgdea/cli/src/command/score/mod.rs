//! `lgdea score`: outputs of anyone's model, by a protocol.

mod compare;
mod grounding;
mod probe;
mod protocols;
mod retrieval;
mod zero_shot;

use std::path::{Path, PathBuf};

use lgdea_eval::protocol::{Protocol, Rules, Unit};
use lgdea_eval::scoring::Scored;
use lgdea_eval::table;
use lgdea_predictions::GroupBy;
use serde_json::{Value, json};

use crate::args::score::{ScoreCommand, ValidationArgs};
use crate::failure::{Failure, refused};
use crate::output::{print, print_json};
use crate::progress::say;

pub(crate) fn score(command: &ScoreCommand) -> Result<(), Failure> {
    match command {
        ScoreCommand::ZeroShot(args) => zero_shot::score(args),
        ScoreCommand::Retrieval(args) => retrieval::score(args),
        ScoreCommand::Grounding(args) => grounding::score(args),
        ScoreCommand::Probe(args) => probe::score(args),
        ScoreCommand::Compare(args) => compare::compare(args),
        ScoreCommand::Protocols(args) => protocols::list(args.json),
    }
}

/// The files that models are scored by.
struct Inputs<'a> {
    /// One for each model.
    predictions: &'a [PathBuf],
    /// The texts' embeddings, where they lie in files of their own: one for each model.
    texts: &'a [PathBuf],
    /// What is true.
    reference: &'a Path,
    /// What thresholds are chosen on.
    validation: &'a ValidationArgs,
    /// What subgroups are made by.
    by: &'a [GroupBy],
}

impl Inputs<'_> {
    /// What each model's outputs are worth by a protocol.
    fn scored(&self, protocol: &Protocol) -> Result<Vec<Scored>, Failure> {
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
        match &protocol.rules {
            Rules::ZeroShot(rules) => zero_shot::scored(rules, self),
            Rules::Retrieval(rules) => retrieval::scored(rules, self),
            Rules::Grounding(rules) => grounding::scored(rules, self),
            Rules::Probe(rules) => probe::scored(rules, self),
        }
    }

    /// Scores the one model by a protocol of `task`, and shows it.
    fn show(&self, choice: &str, task: &str, as_json: bool) -> Result<(), Failure> {
        let protocol = Protocol::named_or_path(choice)?;
        let of = protocol.rules.task();
        if of != task {
            return Err(refused(format!(
                "the protocol {} is of {of}; give it to `lgdea score {of}`, or take another one",
                protocol.name
            )));
        }
        for (model, scored) in self.predictions.iter().zip(self.scored(&protocol)?) {
            show(&protocol, model, scored, as_json)?;
        }
        Ok(())
    }
}

/// The protocol as answers name it.
fn named(protocol: &Protocol) -> Value {
    json!({ "name": protocol.name, "digest": protocol.digest, "switches": protocol.rules })
}

/// What stands below a table: what it is by, and of how much.
fn caption(protocol: &Protocol, cases: usize, units: usize) -> String {
    let hash = &protocol.digest[..protocol.digest.len().min(12)];
    format!("protocol {} ({hash}); {cases} cases; intervals over {units} {}\n", protocol.name, unit(protocol))
}

fn unit(protocol: &Protocol) -> &'static str {
    match protocol.interval().of {
        Unit::Patient => "patients",
        Unit::Case => "cases",
    }
}

fn show(protocol: &Protocol, predictions: &Path, scored: Scored, as_json: bool) -> Result<(), Failure> {
    let (cases, units) = (scored.cases, scored.units);
    let (thresholds, fits) = (scored.thresholds.clone(), scored.fits.clone());
    let by_subgroup = scored.by_subgroup(protocol.interval());
    let evaluation = scored.evaluation(protocol.interval());
    if as_json {
        let mut answer = json!({
            "predictions": predictions,
            "protocol": named(protocol),
            "cases": cases,
            unit(protocol): units,
            "scores": evaluation.scores,
            "thresholds": thresholds,
            "by_subgroup": by_subgroup,
            "warnings": evaluation.warnings,
        });
        if !fits.is_empty() {
            answer["fits"] = json!(fits);
        }
        return print_json(&answer);
    }
    evaluation.warnings.iter().for_each(say);
    let subgroups: String = by_subgroup.iter().map(|by| format!("{}\n", table::subgroups(by))).collect();
    print(&format!("{}\n{subgroups}{}", table::outputs(&evaluation.scores), caption(protocol, cases, units)))
}
