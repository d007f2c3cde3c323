//! `lgdea report`: the comparison as one HTML file to be sent around.

use std::path::Path;

use lgdea_comparison::{Comparison, Request, page};

use crate::args::compare::{Inputs, ReportArgs};
use crate::command::collected::{collect, not_an_input, typed};
use crate::command::writable;
use crate::failure::Failure;
use crate::output::{print, write_file};
use crate::progress::say;

pub(crate) fn report(args: &ReportArgs) -> Result<(), Failure> {
    writable(&args.out, "html")?;
    not_an_input(&args.out, &args.inputs)?;
    write(&args.inputs, &args.comparing.request(typed()), &args.out, !args.no_pictures)?;
    print(&format!("{}\n", args.out.display()))
}

/// Writes the page of runs.
pub(crate) fn write(inputs: &Inputs, request: &Request, out: &Path, pictures: bool) -> Result<(), Failure> {
    let collection = collect(inputs)?;
    let comparison = Comparison::new(&collection, request)?;
    let html = page(&collection, &comparison, pictures)?;
    write_file(out, &html)?;
    comparison.notes.iter().for_each(|note| say(format!("note: {note}")));
    Ok(())
}
