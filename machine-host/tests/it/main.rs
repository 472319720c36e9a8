//! Behaviour of the host through its public interface.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "tests")]
mod config;
mod hostile;
mod journal;
mod keys;
mod lock;
#[cfg(feature = "full")]
mod provision;
#[cfg(feature = "full")]
mod site;
#[cfg(feature = "full")]
mod ssh;
mod store;
mod support;
