//! `lgdea claims`: does a sweep show what it was to show?

use std::process::ExitCode;

use lgdea_comparison::claim::{self, CheckedClaim, Outcome};
use lgdea_comparison::{Interval, view};
use lgdea_spec::counted;

use crate::args::compare::ClaimsArgs;
use crate::command::collected::{collect, warn};
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::progress::say;

pub(crate) fn claims(args: &ClaimsArgs) -> Result<(), Failure> {
    let collection = collect(&args.inputs)?;
    let checked = claim::check(&collection, &args.judging.judgement(Interval::default()))?;
    if args.json {
        print_json(&checked)?;
    } else {
        print(&format!("{}\n", view::claims(&checked)))?;
        warn(&collection);
        let confounds = collection.sweeps.iter().flat_map(|sweep| sweep.confounds.iter().flatten()).count();
        if confounds > 0 {
            say(format!(
                "note: arms differ in more than what they are named for: `lgdea plan` and the report list the {confounds} \
                 confounds"
            ));
        }
    }
    let count =
        |which: fn(&Outcome) -> bool| checked.iter().filter(|claim: &&CheckedClaim| which(&claim.outcome)).count();
    let fails = count(|outcome| matches!(outcome, Outcome::Fails { .. }));
    let undecided = count(|outcome| matches!(outcome, Outcome::Undecided { .. }));
    if fails + undecided == 0 {
        return Ok(());
    }
    say(format!(
        "of {} at all settings, {fails} fail and {undecided} cannot be decided",
        counted(checked.len(), "claim")
    ));
    Err(Failure::Quiet(ExitCode::from(1)))
}
