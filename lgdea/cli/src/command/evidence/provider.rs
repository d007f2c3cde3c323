//! Who reads: an experiment's choice, or another that takes over what the two have in common.

use std::path::PathBuf;

use clap::ValueEnum;
use lgdea_evidence::Provider;
use lgdea_spec::{Evidence, Replay, Resolved, experiment_files};

use crate::args::evidence::{ProviderArgs, ProviderName};
use crate::failure::Failure;

/// The provider that the user asks for. Contacts nobody.
pub(super) fn provider(args: &ProviderArgs) -> Result<Provider, Failure> {
    Ok(Provider::new(&settings(args)?)?)
}

/// The files that the choice of the provider, its ontology and its prompt are read from.
pub(super) fn files(args: &ProviderArgs) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Provider::files(&settings(args)?)?;
    files.extend(args.experiment.iter().flat_map(|file| experiment_files(file)));
    Ok(files)
}

fn settings(args: &ProviderArgs) -> Result<Evidence, Failure> {
    let evidence = resolve(args, &[])?;
    let Some(wanted) = args.provider.filter(|&wanted| wanted != name(&evidence)) else {
        return Ok(evidence);
    };
    match (wanted, evidence) {
        (ProviderName::Replay, Evidence::Openai(openai)) => Ok(Evidence::Replay(openai.replayed())),
        (ProviderName::Openai, Evidence::Replay(replay)) => resolve(args, &flags_of(&replay)?),
        _ => {
            let choice = wanted.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
            resolve(args, &[format!("evidence.{choice}={{}}")])
        }
    }
}

fn resolve(args: &ProviderArgs, more: &[String]) -> Result<Evidence, Failure> {
    let overrides = [&args.overrides, more].concat();
    let resolved = match &args.experiment {
        Some(file) => Resolved::from_file(file, &overrides),
        None => Resolved::from_overrides(&overrides),
    };
    Ok(resolved?.experiment.evidence)
}

fn name(evidence: &Evidence) -> ProviderName {
    match evidence {
        Evidence::Rules(_) => ProviderName::Rules,
        Evidence::Openai(_) => ProviderName::Openai,
        Evidence::Replay(_) => ProviderName::Replay,
    }
}

/// Overrides that ask a server for what `replay` takes from the cache. JSON's scalars are also TOML's.
fn flags_of(replay: &Replay) -> Result<Vec<String>, Failure> {
    let settings = serde_json::to_value(replay)?;
    let settings = settings.as_object().into_iter().flatten();
    Ok(settings.map(|(key, value)| format!("evidence.openai.{key}={value}")).collect())
}
