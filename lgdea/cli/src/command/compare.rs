//! `lgdea compare`: arms over seeds, as a table in any of several formats.

use lgdea_report::{Comparison, Request, records, view};

use crate::args::compare::{CompareArgs, Format};
use crate::command::collected::{collect, failure};
use crate::command::writable;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::progress::say;

pub(crate) fn compare(args: &CompareArgs) -> Result<(), Failure> {
    if let Some(file) = &args.records {
        writable(file, "jsonl")?;
    }
    let collection = collect(&args.inputs)?;
    let request = Request {
        metrics: args.metrics.clone(),
        split: args.split.into(),
        by: args.by.clone(),
        base: args.base.clone(),
        equals: args.equals.clone(),
        judgement: args.judging.judgement(args.interval.into()),
        command: typed(),
    };
    let comparison = Comparison::new(&collection, &request).map_err(failure)?;
    match args.format {
        Format::Table => print(&view::terminal(&comparison))?,
        Format::Json => print_json(&comparison)?,
        Format::Csv => print(&view::csv(&comparison).map_err(|error| Failure::failed(&error))?)?,
        Format::Latex => print(&view::latex(&comparison))?,
        Format::Markdown => print(&view::markdown(&comparison))?,
    }
    if matches!(args.format, Format::Json | Format::Csv) {
        comparison.notes.iter().for_each(|note| say(format!("note: {note}")));
    }
    if let Some(file) = &args.records {
        records::write(&collection, file).map_err(failure)?;
        say(format!("{} runs written to {}", collection.runs.len(), file.display()));
    }
    Ok(())
}

/// The command as it was typed, for captions; arguments with blanks in quotes.
fn typed() -> String {
    let arguments = std::env::args_os().skip(1).map(|argument| {
        let text = argument.to_string_lossy().into_owned();
        let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
        if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
    });
    ["lgdea".to_owned()].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}
