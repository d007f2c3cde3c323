//! `lgdea compare`: arms over seeds, as a table in any of several formats.

use lgdea_comparison::{Comparison, records, view};

use crate::args::compare::{CompareArgs, Format};
use crate::command::collected::{collect, typed};
use crate::command::writable;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::progress::say;

pub(crate) fn compare(args: &CompareArgs) -> Result<(), Failure> {
    if let Some(file) = &args.records {
        writable(file, "jsonl")?;
    }
    let collection = collect(&args.inputs)?;
    let comparison = Comparison::new(&collection, &args.comparing.request(typed()))?;
    match args.format {
        Format::Table => print(&view::terminal(&comparison, args.all))?,
        Format::Json => print_json(&comparison)?,
        Format::Csv => print(&view::csv(&comparison).map_err(std::io::Error::from)?)?,
        Format::Latex => print(&view::latex(&comparison))?,
        Format::Markdown => print(&view::markdown(&comparison))?,
    }
    if matches!(args.format, Format::Json | Format::Csv) {
        comparison.notes.iter().for_each(|note| say(format!("note: {note}")));
    }
    if let Some(file) = &args.records {
        records::write(&collection, file)?;
        say(format!("{} runs written to {}", collection.runs.len(), file.display()));
    }
    Ok(())
}
