//! The `kazasu` command.
fn main() {}
