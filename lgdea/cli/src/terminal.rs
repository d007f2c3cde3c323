//! What the terminal behind standard error can show.

use std::io::IsTerminal;

/// Whether what is written to standard error may have colours: on a terminal that has them and whose owner wants them.
pub(crate) fn is_coloured() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// Whether standard error can be drawn on: it is a terminal, and one that can move its cursor.
pub(crate) fn is_drawn_on() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}
