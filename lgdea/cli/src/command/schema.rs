//! `lgdea schema`: the JSON Schema of experiment and sweep files.

use std::io::Write;

use crate::args::SchemaArgs;
use crate::failure::{Failure, refused};
use crate::output::write_file;

pub(crate) fn schema(args: &SchemaArgs) -> Result<(), Failure> {
    let text = if args.sweep { lgdea_spec::sweep::sweep_schema_text() } else { lgdea_spec::json_schema_text() };
    match &args.out {
        Some(path) => write_file(path, &text),
        None => std::io::stdout().write_all(text.as_bytes()).map_err(|error| refused(error.to_string())),
    }
}
