//! The `docker-machine` command.
mod argv;
mod failure;
mod flags;
mod golang;
mod platform;
mod render;
mod template;
fn main() {}
