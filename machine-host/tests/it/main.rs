//! Behaviour of the host through its public interface.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "tests")]
mod config;
#[cfg(feature = "full")]
mod engine;
mod hostile;
mod journal;
mod keys;
mod lock;
mod platform;
mod store;
mod support;
#[cfg(feature = "full")]
mod tls;
