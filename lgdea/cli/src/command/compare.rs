//! `lgdea compare`: arms over seeds, as a table in any of several formats.

use std::path::Path;

use clap::ValueEnum;
use lgdea_comparison::{Collection, Comparison, Request, parquet, records, view};
use lgdea_spec::counted;

use crate::args::compare::{CompareArgs, Format};
use crate::command::collected::{collect, not_an_input, typed, warn};
use crate::command::{placeable, writable};
use crate::failure::{Failure, refused};
use crate::output::{print, unwritable, write_file};
use crate::progress::say;

pub(crate) fn compare(args: &CompareArgs) -> Result<(), Failure> {
    if let Some(file) = &args.records {
        writable(file, "jsonl")?;
    }
    if let Some(out) = &args.out {
        placeable(out)?;
        is_of(args.format, out)?;
        not_an_input(out, &args.inputs)?;
    }
    let collection = collect(&args.inputs)?;
    let request = args.comparing.request(typed());
    match &args.out {
        Some(out) if args.format == Format::Parquet => write_runs(&collection, &request, out)?,
        _ => answer(args, &Comparison::new(&collection, &request)?)?,
    }
    if let Some(file) = &args.records {
        records::write(&collection, file)?;
        say(format!("{} written to {}", counted(collection.runs.len(), "run"), file.display()));
    }
    Ok(())
}

/// How files of a format end; nothing of the table for the terminal, which is any text.
fn ending(format: Format) -> Option<&'static str> {
    Some(match format {
        Format::Table => return None,
        Format::Json => "json",
        Format::Csv => "csv",
        Format::Latex => "tex",
        Format::Markdown => "md",
        Format::Parquet => "parquet",
    })
}

/// Refuses a file that ends as those of another format do.
fn is_of(format: Format, out: &Path) -> Result<(), Failure> {
    let found = out.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let other =
        Format::value_variants().iter().find(|other| ending(**other) == Some(found.as_str()) && **other != format);
    match other.and_then(Format::to_possible_value) {
        Some(other) => Err(refused(format!(
            "{} ends in .{found}, and something else would be written: `--format {}` writes that, or name another file",
            out.display(),
            other.get_name()
        ))),
        None => Ok(()),
    }
}

/// Prints the comparison, or writes it to the file that is named.
fn answer(args: &CompareArgs, comparison: &Comparison) -> Result<(), Failure> {
    let text = match args.format {
        Format::Table if args.all => view::terminal(comparison),
        Format::Table => view::brief(comparison),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(comparison)?),
        Format::Csv => view::csv(comparison).map_err(std::io::Error::from)?,
        Format::Latex => view::latex(comparison),
        Format::Markdown => view::markdown(comparison),
        Format::Parquet => {
            return Err(refused("a Parquet file is no text to print: name it, as `--out runs.parquet`".to_owned()));
        }
    };
    match &args.out {
        Some(out) => write_file(out, &text)?,
        None => print(&text)?,
    }
    if matches!(args.format, Format::Json | Format::Csv) {
        comparison.notes.iter().for_each(|note| say(format!("note: {note}")));
    }
    Ok(())
}

fn write_runs(collection: &Collection, request: &Request, out: &Path) -> Result<(), Failure> {
    writable(out, "parquet")?;
    let bytes = parquet(collection, request)?;
    std::fs::write(out, bytes).map_err(|error| unwritable(out, &error))?;
    warn(collection);
    say(format!("{} written to {}", counted(collection.runs.len(), "run"), out.display()));
    Ok(())
}
