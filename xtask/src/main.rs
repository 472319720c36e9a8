//! Tasks for maintainers: `cargo xtask`.
fn main() {}
