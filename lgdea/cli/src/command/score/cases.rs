//! `lgdea score cases`: the cases of a source as a table.

use lgdea_predictions::{Cases, write_cases};
use lgdea_spec::counted;

use crate::args::score::{CasesOf, SourceCasesArgs};
use crate::command::{not_read, replaceable, writable};
use crate::failure::Failure;
use crate::progress::say;

pub(super) fn cases(args: &SourceCasesArgs) -> Result<(), Failure> {
    writable(&args.out, "csv")?;
    not_read(&args.out, &[&args.reference])?;
    replaceable(&args.out, args.force)?;
    let of = match args.task {
        CasesOf::ZeroShot | CasesOf::Probe => Cases::Labelled,
        CasesOf::Retrieval => Cases::Pairs,
        CasesOf::Grounding => Cases::Boxes,
    };
    let rows = write_cases(&args.reference, of, args.split.map(Into::into), &args.out, args.force)?;
    say(format!("{}: {}", counted(rows, "row"), args.out.display()));
    Ok(())
}
