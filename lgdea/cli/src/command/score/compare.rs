//! `lgdea score compare`: paired differences between models.

use lgdea_eval::protocol::Protocol;
use lgdea_eval::scoring::{compared, tables, warnings};
use serde_json::json;

use super::Inputs;
use super::answer::{caption, differences, named, unit};
use crate::args::score::CompareArgs;
use crate::failure::{Failure, refused};
use crate::output::{print, print_json};
use crate::progress::say;

pub(super) fn compare(args: &CompareArgs) -> Result<(), Failure> {
    let protocol = Protocol::named_or_path(&args.protocol)?;
    let inputs = Inputs {
        texts: &args.texts,
        validation: &args.validation,
        ..Inputs::new(&args.predictions, &args.names, &args.reference, args.cases.of(args.columns.columns(&[])))
    };
    let named_models = inputs.scored(&protocol)?;
    let (base, scored) = &named_models[0];
    let compared = compared(&named_models, protocol.interval());
    let warnings = warnings(&named_models);
    if let Some(one) = compared.iter().find(|one| one.differences.is_empty()) {
        let problem = format!("{} and {base} have no score in common: {}", one.name, warnings.join("; "));
        return Err(refused(problem));
    }
    if args.json {
        return print_json(&json!({
            "base": args.predictions[0].display().to_string(),
            "protocol": named(&protocol),
            "cases": scored.cases,
            unit(&protocol): scored.units,
            "files": inputs.sources()?,
            "compared": differences(&inputs, &compared),
            "warnings": warnings,
        }));
    }
    warnings.iter().for_each(say);
    for compared in &compared {
        print(&format!("{}\n", tables::differences(base, compared)))?;
    }
    print(&format!("{}\n", caption(&protocol, scored.cases, scored.units)))
}
