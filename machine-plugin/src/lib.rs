#![doc = include_str!("../README.md")]
pub mod codec;

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod platform;
#[cfg(any(feature = "client", feature = "server"))]
mod rpc;
#[cfg(feature = "server")]
mod server;

#[cfg(feature = "client")]
pub use client::{Driver, DriverSearch, Installed, InstalledDrivers, PluginProvider, TimeLimits};
#[cfg(feature = "server")]
pub use server::{requested, serve};
