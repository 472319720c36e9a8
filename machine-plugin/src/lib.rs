//! Docker Machine's driver plugin protocol.
pub mod codec;

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod platform;
#[cfg(feature = "client")]
mod rpc;

#[cfg(feature = "client")]
pub use client::{Driver, DriverSearch, PluginProvider, TimeLimits};
