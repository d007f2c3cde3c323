//! `lgdea schema`: the JSON Schema of experiment and sweep files.

use std::io::Write;

use crate::args::SchemaArgs;
use crate::failure::{Failure, refused};

pub(crate) fn schema(args: &SchemaArgs) -> Result<(), Failure> {
    let text = if args.sweep { lgdea_spec::sweep::sweep_schema_text() } else { lgdea_spec::json_schema_text() };
    let written = match &args.out {
        Some(path) => std::fs::write(path, text)
            .map_err(|error| std::io::Error::new(error.kind(), format!("failed to write {}: {error}", path.display()))),
        None => std::io::stdout().write_all(text.as_bytes()),
    };
    written.map_err(|error| refused(error.to_string()))
}
