//! The `docker-machine` command.
fn main() {}
