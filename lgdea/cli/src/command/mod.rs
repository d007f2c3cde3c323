//! One file per subcommand.

pub(crate) mod check;
pub(crate) mod evidence;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod schema;
