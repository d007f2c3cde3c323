//! What commands answer: on standard output, and in files that the user names.

use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::failure::{Failure, refused};

/// Writes to standard output. A reader that has seen enough ends the output, not the command.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes a JSON object to standard output.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)?;
    print(&format!("{text}\n"))
}

/// Writes a file that the user names.
pub(crate) fn write_file(out: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(out, text).map_err(|error| unwritable(out, &error))
}

/// A file or folder that the user names cannot be written.
pub(crate) fn unwritable(out: &Path, error: &(dyn std::error::Error + 'static)) -> Failure {
    refused(format!("cannot write {}: {}", out.display(), innermost(error)))
}

/// What the system says, without what those said who asked it.
fn innermost<'e>(mut error: &'e (dyn std::error::Error + 'static)) -> &'e dyn std::error::Error {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

/// A number with so many decimals; a dash where there is none.
pub(crate) fn decimal(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

/// Seconds as people read them.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 90.0 => format!("{seconds:.0} s"),
        seconds if seconds < 5400.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_at_a_glance() {
        assert_eq!([45.0, 600.0, 9000.0].map(duration), ["45 s", "10 min", "2.5 h"]);
    }
}
