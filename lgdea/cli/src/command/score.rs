//! `lgdea score`: outputs of anyone's model, by a protocol.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lgdea_eval::metric::paired::Difference;
use lgdea_eval::protocol::{Protocol, Rules};
use lgdea_eval::scoring::{self, Scored};
use lgdea_eval::table;
use lgdea_predictions::{Reference, Retrieval, Scores};
use serde_json::{Value, json};

use crate::args::score::{CompareArgs, RetrievalArgs, ScoreCommand, ValidationArgs, ZeroShotArgs};
use crate::failure::{Failure, refused};
use crate::output::{print, print_json};
use crate::progress::say;

pub(crate) fn score(command: &ScoreCommand) -> Result<(), Failure> {
    match command {
        ScoreCommand::ZeroShot(args) => zero_shot(args),
        ScoreCommand::Retrieval(args) => retrieval(args),
        ScoreCommand::Compare(args) => compare(args),
        ScoreCommand::Protocols(args) => protocols(args.json),
    }
}

fn zero_shot(args: &ZeroShotArgs) -> Result<(), Failure> {
    let protocol = Protocol::named_or_path(&args.protocol)?;
    let Rules::ZeroShot(_) = protocol.rules else { return Err(other_task(&protocol, "retrieval")) };
    let reference = Reference::read(&args.reference)?;
    let models = Models { protocol: &protocol, reference: &reference, texts: &[], validation: &args.validation };
    let scored = models.scored(std::slice::from_ref(&args.predictions))?.remove(0);
    show(&protocol, &args.predictions, scored, args.json)
}

fn retrieval(args: &RetrievalArgs) -> Result<(), Failure> {
    let protocol = Protocol::named_or_path(&args.protocol)?;
    let Rules::Retrieval(_) = protocol.rules else { return Err(other_task(&protocol, "zero-shot")) };
    let reference = Reference::read(&args.reference)?;
    let validation = ValidationArgs { validation_predictions: Vec::new(), validation_reference: None };
    let texts: Vec<PathBuf> = args.texts.iter().cloned().collect();
    let models = Models { protocol: &protocol, reference: &reference, texts: &texts, validation: &validation };
    let scored = models.scored(std::slice::from_ref(&args.predictions))?.remove(0);
    show(&protocol, &args.predictions, scored, args.json)
}

fn other_task(protocol: &Protocol, task: &str) -> Failure {
    refused(format!(
        "the protocol {} is of {task}; give it to `lgdea score {task}`, or take another one",
        protocol.name
    ))
}

/// What models are scored with.
struct Models<'a> {
    protocol: &'a Protocol,
    reference: &'a Reference,
    texts: &'a [PathBuf],
    validation: &'a ValidationArgs,
}

impl Models<'_> {
    /// What each model's outputs are worth.
    fn scored(&self, predictions: &[PathBuf]) -> Result<Vec<Scored>, Failure> {
        let validation = &self.validation.validation_predictions;
        for (flag, files) in [("--texts", self.texts), ("--validation-predictions", validation)] {
            if !files.is_empty() && files.len() != predictions.len() {
                let (given, needed) = (files.len(), predictions.len());
                return Err(refused(format!(
                    "{flag} is given {given} times for {needed} models; give one file for each, in their order"
                )));
            }
        }
        match &self.protocol.rules {
            Rules::ZeroShot(_) if !self.texts.is_empty() => Err(refused(
                "--texts is of retrieval, but the protocol is of zero-shot classification; leave it out".to_owned(),
            )),
            Rules::ZeroShot(rules) => {
                let truth = self.validation.validation_reference.as_deref().map(Reference::read).transpose()?;
                let one = |(at, path): (usize, &PathBuf)| {
                    let scores = Scores::read(path)?;
                    let chosen_on = validation.get(at).map(|path| Scores::read(path)).transpose()?;
                    let chosen_on = chosen_on.as_ref().zip(truth.as_ref());
                    Ok(scoring::zero_shot(rules, &scores, self.reference, chosen_on)?)
                };
                predictions.iter().enumerate().map(one).collect()
            }
            Rules::Retrieval(_) if !validation.is_empty() => {
                Err(refused("retrieval has no thresholds; leave --validation-predictions out".to_owned()))
            }
            Rules::Retrieval(rules) => {
                let one = |(at, path): (usize, &PathBuf)| {
                    let outputs = Retrieval::read(path, self.texts.get(at).map(PathBuf::as_path))?;
                    Ok(scoring::retrieval(rules, &outputs, self.reference)?)
                };
                predictions.iter().enumerate().map(one).collect()
            }
        }
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
        lgdea_eval::protocol::Unit::Patient => "patients",
        lgdea_eval::protocol::Unit::Case => "cases",
    }
}

fn show(protocol: &Protocol, predictions: &Path, scored: Scored, as_json: bool) -> Result<(), Failure> {
    let (cases, units, thresholds) = (scored.cases, scored.units, scored.thresholds.clone());
    let evaluation = scored.evaluation(protocol.interval());
    if as_json {
        return print_json(&json!({
            "predictions": predictions,
            "protocol": named(protocol),
            "cases": cases,
            unit(protocol): units,
            "scores": evaluation.scores,
            "thresholds": thresholds,
            "warnings": evaluation.warnings,
        }));
    }
    evaluation.warnings.iter().for_each(say);
    print(&format!("{}\n{}", table::outputs(&evaluation.scores), caption(protocol, cases, units)))
}

fn compare(args: &CompareArgs) -> Result<(), Failure> {
    let protocol = Protocol::named_or_path(&args.protocol)?;
    let reference = Reference::read(&args.reference)?;
    let models =
        Models { protocol: &protocol, reference: &reference, texts: &args.texts, validation: &args.validation };
    let mut scored = models.scored(&args.predictions)?;
    let base = scored.remove(0);
    let of_others: Vec<(&PathBuf, BTreeMap<String, Difference>)> = args.predictions[1..]
        .iter()
        .zip(&scored)
        .map(|(path, other)| (path, other.differences(&base, protocol.interval())))
        .collect();
    let warned = scored.iter().chain([&base]).flat_map(|one| one.warnings.iter().cloned());
    let warnings: std::collections::BTreeSet<String> = warned.collect();
    if args.json {
        let differences =
            of_others.iter().map(|(path, differences)| json!({ "predictions": path, "differences": differences }));
        return print_json(&json!({
            "base": args.predictions[0],
            "protocol": named(&protocol),
            "cases": base.cases,
            unit(&protocol): base.units,
            "compared": differences.collect::<Vec<Value>>(),
            "warnings": warnings,
        }));
    }
    warnings.iter().for_each(say);
    for (path, differences) in &of_others {
        let title = format!("{} less {}", path.display(), args.predictions[0].display());
        print(&format!("{title}\n{}\n", table::differences(differences)))?;
    }
    print(&caption(&protocol, base.cases, base.units))
}

fn protocols(as_json: bool) -> Result<(), Failure> {
    let shipped: Vec<Protocol> = Protocol::shipped().map(Protocol::named_or_path).collect::<Result<_, _>>()?;
    if as_json {
        return print_json(&shipped.iter().map(named).collect::<Vec<Value>>());
    }
    let mut rows = table::with_header(&["protocol", "task", "what it is", "digest"], 4..4);
    for protocol in &shipped {
        let (task, description) = match &protocol.rules {
            Rules::ZeroShot(rules) => ("zero-shot", &rules.description),
            Rules::Retrieval(rules) => ("retrieval", &rules.description),
        };
        rows.add_row([protocol.name.as_str(), task, description, &protocol.digest[..12]]);
    }
    print(&format!("{rows}\n"))
}
