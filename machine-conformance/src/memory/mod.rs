//! An in-memory cloud and a provider for it: the worked example for authors.
//!
//! Read `provider.rs` first, then the steps. `account.rs` plays the service, `client.rs` its SDK.
mod account;
mod client;
mod config;
mod error;
mod fixture;
mod provider;
mod state;
mod steps;

pub use account::{MemoryAccount, MemoryThing, SECRET_KEY};
pub use client::MemoryClient;
pub use fixture::MemoryFixture;
pub use provider::MemoryProvider;
