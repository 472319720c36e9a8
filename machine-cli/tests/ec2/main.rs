//! The binary with the driver `amazonec2`, against moto behind a proxy.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]
mod adopted;
#[path = "../support/answer.rs"]
mod answer;
mod bench;
mod end_to_end;
mod gc;
mod kills;
mod many;
mod refused;
mod secrets;
