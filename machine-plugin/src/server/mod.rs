//! Serves a provider as a driver binary.
mod connection;
mod dispatch;
mod flags;
mod journal;
mod machine;
mod printer;
mod serve;
mod settings;
mod view;

pub use serve::{requested, serve};
