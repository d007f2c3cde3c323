//! `lgdea score compare`: paired differences between models.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use lgdea_eval::metric::paired::Difference;
use lgdea_eval::protocol::Protocol;
use lgdea_eval::table;
use serde_json::{Value, json};

use super::{Inputs, caption, named, unit};
use crate::args::score::CompareArgs;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::progress::say;

pub(super) fn compare(args: &CompareArgs) -> Result<(), Failure> {
    let protocol = Protocol::named_or_path(&args.protocol)?;
    let inputs = Inputs {
        predictions: &args.predictions,
        texts: &args.texts,
        reference: &args.reference,
        validation: &args.validation,
        by: &[],
    };
    let mut scored = inputs.scored(&protocol)?;
    let base = scored.remove(0);
    let of_others: Vec<(&PathBuf, BTreeMap<String, Difference>)> = args.predictions[1..]
        .iter()
        .zip(&scored)
        .map(|(path, other)| (path, other.differences(&base, protocol.interval())))
        .collect();
    let warned = scored.iter().chain([&base]).flat_map(|one| one.warnings.iter().cloned());
    let warnings: BTreeSet<String> = warned.collect();
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
