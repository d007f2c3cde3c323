//! `lgdea report`: the comparison as one HTML file to be sent around.

use lgdea_report::{Comparison, page};

use crate::args::compare::ReportArgs;
use crate::command::collected::{collect, failure, typed};
use crate::command::writable;
use crate::failure::{Failure, refused};
use crate::output::print;
use crate::progress::say;

pub(crate) fn report(args: &ReportArgs) -> Result<(), Failure> {
    writable(&args.out, "html")?;
    let collection = collect(&args.inputs)?;
    let comparison = Comparison::new(&collection, &args.comparing.request(typed())).map_err(failure)?;
    let html = page(&collection, &comparison, !args.no_pictures).map_err(failure)?;
    std::fs::write(&args.out, html)
        .map_err(|error| refused(format!("cannot write {}: {error}", args.out.display())))?;
    comparison.notes.iter().for_each(|note| say(format!("note: {note}")));
    print(&format!("{}\n", args.out.display()))
}
