#![doc = include_str!("../README.md")]
mod account;
mod check;
mod client;
mod clock;
mod config;
mod error;
mod image;
mod limiter;
mod link;
mod memo;
mod options;
mod owner;
mod plan;
mod platform;
mod provider;
mod rules;
mod scope;
mod session;
mod sightings;
mod state;
mod status;
mod steps;
mod tagged;
mod user_key;

pub use clock::RealClock;
pub use provider::{AmazonEc2, NAME};

/// A provider that has not signed in, for a registry of providers.
pub fn boxed() -> Box<dyn machine_core::Provider> {
    Box::new(AmazonEc2::new())
}
