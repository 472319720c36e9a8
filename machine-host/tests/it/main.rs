//! Behaviour of the host through its public interface.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "tests")]
mod config;
#[cfg(feature = "full")]
mod engine;
#[cfg(feature = "full")]
mod gc;
mod hostile;
mod journal;
mod keys;
#[cfg(feature = "full")]
mod lifecycle;
mod lock;
#[cfg(feature = "native-ssh")]
mod native;
mod platform;
#[cfg(feature = "full")]
mod provision;
#[cfg(all(unix, feature = "full"))]
mod shells;
#[cfg(feature = "full")]
mod site;
#[cfg(feature = "full")]
mod ssh;
mod store;
mod support;
#[cfg(feature = "full")]
mod tls;
#[cfg(feature = "full")]
mod upgrade;
