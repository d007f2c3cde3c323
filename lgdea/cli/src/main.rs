//! The `lgdea` command.
fn main() {}
